"""The log of a whole view: its parts brought together at every moment at which one of them changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum.definitions.definitions import Variable
from actum.definitions.expression import Dtype
from actum.features import latest
from actum.features.arrays import endless
from actum.features.engines import Engine
from actum.features.events import Events
from actum.features.lookup import COUNTED
from actum.features.measures import refuse_endless
from actum.features.parts import Part
from actum.features.values import Relation, Value, constant, real
from actum.features.writing import write_table

# When what has no time began to hold: before all times that are times of anything.
ALWAYS = -(2**62)


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """What features are and from when on.

    Attributes:
        relation: The entity, ``_since``, the features; times in microseconds since 1970, UTC. One row for an entity
            and a moment; a feature is what the last row at or before a moment says, before the first counts are 0 and
            the rest is missing.
        entity: Name -> type, in the order of the view.
        variables: The features, likewise.
    """

    relation: Relation
    entity: Mapping[str, Dtype]
    variables: tuple[Variable, ...]

    @property
    def features(self) -> Mapping[str, Dtype]:
        """Name -> type."""
        return {one.name: one.type for one in self.variables}

    def write(self, engine: Engine, path: Path) -> int:
        """Write entity, ``since`` and features as Parquet, sorted; return how many rows.

        Raises:
            DefinitionError: A feature is infinite.
        """
        keys = list(self.entity)
        written = self.relation.select(*keys, *self.features, since=self.relation["_since"])
        ordered = written.select(*keys, "since", *self.features).order_by([*keys, "since"])
        return write_table(self._finite(engine.reader(ordered)), path)

    def _finite(self, reader: Any) -> Any:
        """Return a reader of the same, which in the end refuses what was infinite."""
        import pyarrow as pa

        def batches() -> Iterator[Any]:
            found = dict.fromkeys(self.features, 0)
            for batch in reader:
                found = {name: count + endless(batch[name]) for name, count in found.items()}
                yield batch
            for one in self.variables:
                refuse_endless(one, found[one.name])

        return pa.RecordBatchReader.from_batches(reader.schema, batches())


def always(events: Events, part: Part) -> Relation:
    """Return the log of a source without times: one row for an entity."""
    found = events.relation.select(*events.keys).distinct()
    values = latest.values_at(found, events, part, events.keys)
    return values.mutate(_since=constant(ALWAYS))


def united(
    logs: Sequence[tuple[Part, Relation]], keys: Sequence[str], engine: Engine, known_until: int | None
) -> Relation:
    """Return one log of several parts of a view.

    Args:
        known_until: Leave out what is over by then: rows before each entity's last one.
    """
    import ibis

    (_, first), *others = logs
    moments = first.select(*keys, "_since")
    for _, other in others:
        moments = moments.union(other.select(*keys, "_since"))
    if others:
        moments = moments.distinct()
    if known_until is not None:
        moments = _unfinished(moments, keys, known_until)
    if not others:
        return first if known_until is None else moments.inner_join(first, [*keys, "_since"])
    numbered = ibis.row_number().over(ibis.window(order_by=[*keys, "_since"]))
    moments = engine.kept(moments.mutate(_row=numbered, _at=moments["_since"]))
    result = moments.select("_row", *keys, "_since")
    for part, log in logs:
        names = [one.name for one in part.variables]
        found = engine.as_of(moments, log, keys).select("_row", *keys, "_since")
        values = engine.kept(found.inner_join(log, [*keys, "_since"]).select("_row", *names))
        result = result.left_join(values, "_row").select(*result.columns, *names)
        result = result.mutate(
            **{one.name: _counted(result, one) for one in part.variables if one.aggregate in COUNTED}
        )
    return result.drop("_row")


def _counted(relation: Relation, variable: Variable) -> Value:
    """Return what is 0 before anything was seen."""
    zero = constant(0)
    return relation[variable.name].coalesce(real(zero) if variable.type == "float" else zero)


def _unfinished(moments: Relation, keys: Sequence[str], known_until: int) -> Relation:
    """Leave out moments that a later one, not after *known_until*, follows."""
    import ibis

    later = ibis.window(group_by=list(keys), order_by="_since")
    following = moments.mutate(_next=moments["_since"].lead().over(later))
    open_end = following["_next"].isnull() | (following["_next"] > constant(known_until))
    return following.filter(open_end).drop("_next")
