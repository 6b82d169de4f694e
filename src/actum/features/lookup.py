"""The values that features had at given moments: an as-of look-up in the log of their view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actum.definitions.definitions import DefinitionError, Variable
from actum.definitions.expression import Dtype
from actum.features import latest
from actum.features.arrays import endless, numbers, whole_numbers
from actum.features.engines import Engine
from actum.features.events import Events
from actum.features.measures import refuse_endless
from actum.features.parts import Part
from actum.features.values import INSIDE, Relation
from actum.records.view import FeatureView

# What there is of nothing: of these there are none, all else is missing.
COUNTED = ("count", "distinct")


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """Rows that ask: when, in microseconds UTC, and the entity of each, all of Arrow."""

    at: Any
    keys: Mapping[str, Any]
    types: Mapping[str, Dtype | None]

    def relation(self, engine: Engine) -> Relation:
        """Return ``_row``, the entity and ``_at``."""
        import numpy as np
        import pyarrow as pa

        rows = whole_numbers(np.arange(len(self.at), dtype=np.int64))
        return engine.rows(pa.table({"_row": rows, **self.keys, "_at": self.at}))


def refuse_other_keys(view: FeatureView, entity: Mapping[str, Dtype], moments: Moments) -> None:
    """Text and numbers are never equal: such an entity would just not be found.

    Raises:
        DefinitionError: Labels and source have an entity in different types.
    """
    for index, (name, kind) in enumerate(entity.items()):
        if moments.types[name] not in (kind, None):
            problem = f"{name} is {kind} in the source, {moments.types[name]} where it is asked for"
            raise DefinitionError(view.view, ("entity", index), problem, hint="give both one type in a stage")


def from_events(part: Part, events: Events, rows: Relation, engine: Engine) -> Any:
    """Return the latest values for rows without writing down a log: ``_row`` and the features, where there are any.

    Events that are equal in all that decides are rare, and looked for among those that were found alone.
    """
    import pyarrow.compute as pc

    if events.static:
        return engine.table(latest.values_at(rows, events, part, ["_row"]))
    # Kept: an optimizer that does not know how few there are would build its tables of the events.
    found = engine.kept(engine.as_of(rows, latest.line(events), events.keys))
    count = engine.one(found.aggregate(rows=found.count()))["rows"]
    also = ["_row"] if part.span is None else ["_row", "_at"]
    table = engine.table(latest.values_at(found, events, part, also, several=False))
    if table.num_rows != count:
        table = engine.table(latest.values_at(found, events, part, also))
    return table.filter(pc.less(table["_at"], table["_until"])) if part.span is not None else table


def from_log(log: Relation, keys: Sequence[str], rows: Relation, engine: Engine) -> Any:
    """Return the values of a log for rows: ``_row`` and the features, where the entity was seen."""
    found = engine.kept(engine.as_of(rows, log, keys))
    return engine.table(found.select("_row", *keys, "_since").inner_join(log, [*keys, "_since"]))


def in_order(variables: Sequence[Variable], found: Any, count: int) -> dict[str, Any]:
    """Bring looked-up values into the order of the rows, each feature in an Arrow array of its own.

    Raises:
        DefinitionError: One of them is infinite.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    places = np.full(count, -1, dtype=np.int64)
    places[numbers(found["_row"].combine_chunks())] = np.arange(found.num_rows)
    taken = whole_numbers(places, places >= 0)
    arrays = {}
    for one in variables:
        values = found[one.name].combine_chunks().cast(_arrow(one.type)).take(taken)
        refuse_endless(one, endless(values))
        arrays[one.name] = pc.fill_null(values, pa.scalar(0, values.type)) if one.aggregate in COUNTED else values
    return arrays


def _arrow(kind: Dtype) -> Any:
    import pyarrow as pa

    return {"float64": pa.float64(), "int64": pa.int64(), "string": pa.string(), "boolean": pa.bool_()}[INSIDE[kind]]
