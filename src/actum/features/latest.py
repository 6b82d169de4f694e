"""The latest value: of the event that happened last among those that are known, and nothing of an older one.

Of rows of one entity and time the one known last counts, then the greatest by ``order_by``; what is equal in all that
is decided for each feature by itself, the greatest value counts: so a feature does not depend on what stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from actum.features.compiling import Typed
from actum.features.events import Events
from actum.features.parts import Part, finished
from actum.features.values import Relation, constant, missing


def line(events: Events) -> Relation:
    """Return the moments at which another event becomes the latest: the entity and ``_since``.

    An event that becomes known after a later one is the latest at no moment. Where every event is known in the order
    in which it happened, all are there, those of one time more than once.
    """
    import ibis

    keys, seen = events.keys, events.relation
    if not events.late:
        return seen.select(*keys, "_since")
    so_far = ibis.window(group_by=keys, order_by="_since", preceding=None, following=0)
    seen = seen.select(*keys, "_since", "_event_at").mutate(_newest=lambda rows: rows["_event_at"].max().over(so_far))
    return seen.filter(seen["_event_at"] >= seen["_newest"]).select(*keys, "_since").distinct()


def values_at(found: Relation, events: Events, part: Part, also: Sequence[str], *, several: bool = True) -> Relation:
    """Return the latest values at moments of :func:`line`, and ``_until`` where they do not count for ever.

    Args:
        found: The entity and, unless the source is static, ``_since``.
        also: Columns that name a row of *found*; they stand in the result, once each.
        several: Whether to look for several events that are equal in all that decides; without it each has a row.
    """
    at = events.keys if events.static else [*events.keys, "_since"]
    decided_by = [*(["_event_at", "_known_at"] if events.late else []), *events.orders]
    until = [] if part.span is None or "_event_at" in decided_by else ["_event_at"]
    there = events.relation.select(*at, *decided_by, *until, *events.read_by(part.variables))
    rows = found.select(*dict.fromkeys([*also, *at])).inner_join(there, at)
    if decided_by:
        rows = _winners(rows, also, decided_by)
    rows, columns = events.valued(rows, part.variables)
    values = {
        one.name: finished(one, Typed(rows[columns[one.of][0]], columns[one.of][1])) for one in part.variables if one.of
    }
    if part.span is not None:
        values["_until"] = rows["_event_at"] + constant(part.span)
    rows = rows.select(*also, **values)
    return rows.group_by(list(also)).aggregate(**{name: rows[name].max() for name in values}) if several else rows


def log(events: Events, part: Part) -> Relation:
    """Return what the latest values are from when on: the entity, ``_since``, the features.

    A row of missing values says that the latest event no longer counts.
    """
    import ibis

    keys = events.keys
    known = values_at(line(events), events, part, [*keys, "_since"])
    if part.span is None:
        return known
    known = known.filter(known["_until"] > known["_since"])
    later = ibis.window(group_by=keys, order_by="_since")
    known = known.mutate(_next=known["_since"].lead().over(later))
    gone = known.filter(known["_next"].isnull() | (known["_until"] < known["_next"]))
    names = {one.name: missing(one.type) for one in part.variables}
    ends = gone.select(*keys, _since=gone["_until"], **names)
    return known.select(*keys, "_since", *names).union(ends)


def _winners(rows: Relation, names: Sequence[str], decided_by: Sequence[str]) -> Relation:
    """Keep, of the rows that share *names*, those that are greatest by the columns in turn; missing is least."""
    import ibis

    order = [ibis.desc(column, nulls_first=False) for column in decided_by]
    rank = ibis.rank().over(ibis.window(group_by=list(names), order_by=order))
    rows = rows.mutate(_rank=rank)
    return rows.filter(rows["_rank"] == 0).drop("_rank")
