"""Windows ``(t - d, t]``: each event changes the counts and sums when it begins to count, and when it no longer does.

Added up in the order of time these changes are what the window holds from each moment on: near-linear, however many
events an entity has. Everything that is added is a whole number, so no order of adding matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actum.definitions.definitions import Variable
from actum.features.compiling import Typed
from actum.features.engines import Engine
from actum.features.events import Events, Values
from actum.features.exact import Scale, cut, in_step, joined
from actum.features.extremes import extremes
from actum.features.measures import scales_of
from actum.features.parts import Part, finished, result_type
from actum.features.values import Relation, Value, constant, either, nothing_where, real, whole


def log(events: Events, part: Part, engine: Engine) -> Relation:
    """Return what a window holds from when on: the entity, ``_since``, the features.

    Raises:
        DefinitionError: Something cannot be added up, or is without end.
    """
    valued, columns = events.valued(events.relation, part.variables)
    types = {one.name: result_type(one, columns) for one in part.variables}
    scales = scales_of(valued, columns, part.variables, events.rows, engine)
    assert part.span is not None
    counting = valued.mutate(_until=valued["_event_at"] + constant(part.span))
    counting = counting.filter(counting["_since"] < counting["_until"])
    counting = in_step(counting, [cut(column, scale, _sum(column)) for column, scale in scales.items()], engine)
    changes = [_changes(counting, part, columns, scales, events.keys)]
    changes += [_newcomers(counting, events.keys, column) for column in _columns(part, columns, ("distinct",))]
    held = _added_up(changes, events.keys)
    wanted = _columns(part, columns, ("min", "max"))
    if wanted:
        held = engine.kept(held)
        held = extremes(counting, held, events.keys, wanted, engine)
    held = in_step(held, [joined(_sum(column), scale, _total(column)) for column, scale in scales.items()], engine)
    made = {one.name: finished(one, Typed(_result(held, one, columns), types[one.name])) for one in part.variables}
    return held.select(*events.keys, "_since", **made)


def _sum(column: str) -> str:
    return f"_sum{column}"


def _total(column: str) -> str:
    return f"_total{column}"


def _columns(part: Part, columns: Values, aggregates: Sequence[str]) -> list[str]:
    found = (columns[one.of][0] for one in part.variables if one.of is not None and one.aggregate in aggregates)
    return list(dict.fromkeys(found))


def _changes(
    counting: Relation, part: Part, columns: Values, scales: Mapping[str, Scale], keys: Sequence[str]
) -> Relation:
    """Return what each event adds when it begins to count, and takes away when it no longer does."""
    zero, one = constant(0), constant(1)
    adds: dict[str, Value] = {"_rows": one}
    for column in _columns(part, columns, ("count", "sum", "mean", "share")):
        adds[f"_known{column}"] = either(counting[column].isnull(), zero, one)
    for column in _columns(part, columns, ("share",)):
        is_truth = counting[column].type().is_boolean()  # a column without any value is of whole numbers
        adds[f"_true{column}"] = either(counting[column], one, zero) if is_truth else zero
    for column in _columns(part, columns, ("sum", "mean")):
        if column in scales:
            adds |= {
                name: counting[name] for limb in range(scales[column].limbs) for name in [f"{_sum(column)}_{limb}"]
            }
        else:
            adds[_total(column)] = counting[column].coalesce(zero)
    begin = counting.select(*keys, "_since", **adds)
    end = counting.select(*keys, _since=counting["_until"], **{name: -value for name, value in adds.items()})
    return begin.union(end)


def _newcomers(counting: Relation, keys: Sequence[str], column: str) -> Relation:
    """Return when a value that was not among an entity's appears, +1, and when its last event is gone, -1.

    What comes and goes at one moment, in whatever order, comes to nothing when it is added up.
    """
    import ibis

    seen = counting.filter(counting[column].notnull())
    begin = seen.select(*keys, column, "_since", _more=constant(1))
    end = seen.select(*keys, column, _since=seen["_until"], _more=constant(-1))
    there = begin.union(end)
    so_far = ibis.window(group_by=[*keys, column], order_by="_since", preceding=None, following=0)
    there = there.mutate(_now=there["_more"].sum().over(so_far))
    now, before = there["_now"], there["_now"] - there["_more"]
    there = there.select(
        *keys, "_since", **{f"_distinct{column}": whole(now > constant(0)) - whole(before > constant(0))}
    )
    return there.filter(there[f"_distinct{column}"] != constant(0))


def _added_up(changes: Sequence[Relation], keys: Sequence[str]) -> Relation:
    """Return the sums of all changes so far, one row for each moment at which something changes.

    All changes of one moment see the same sums, so it does not matter which of them is kept.
    """
    import ibis

    names = list(dict.fromkeys(name for one in changes for name in one.columns if name not in (*keys, "_since")))
    zero = constant(0)
    alike = [one.select(*keys, "_since", **{n: one[n] if n in one.columns else zero for n in names}) for one in changes]
    every = alike[0].union(*alike[1:]) if len(alike) > 1 else alike[0]
    until_now = ibis.range_window(group_by=list(keys), order_by="_since", preceding=None, following=0)
    after = ibis.window(group_by=list(keys), order_by="_since")
    sums = {name: every[name].sum().over(until_now) for name in names}
    added = every.select(*keys, "_since", **sums, _next=every["_since"].lead().over(after))
    added = added.filter(added["_next"].isnull() | (added["_next"] > added["_since"]))
    return added.select(*keys, "_since", **{name: whole(added[name]) for name in names})


def _result(held: Relation, variable: Variable, columns: Values) -> Value:
    """Return what a variable is, of what its window holds."""
    if variable.of is None:
        return held["_rows"]
    column = columns[variable.of][0]
    match variable.aggregate:
        case "count":
            return held[f"_known{column}"]
        case "distinct":
            return held[f"_distinct{column}"]
        case "min" | "max" as end:
            return held[f"_{end}{column}"]
    known = held[f"_known{column}"]
    none = known == constant(0)
    if variable.aggregate == "sum":
        return nothing_where(none, held[_total(column)])
    part = f"_true{column}" if variable.aggregate == "share" else _total(column)
    return real(held[part]) / nothing_where(none, real(known))
