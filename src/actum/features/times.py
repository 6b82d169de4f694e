"""Times of a source in UTC: by the zone that the view states where they have none, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from actum.definitions.definitions import DefinitionError
from actum.features.columns import Column
from actum.features.engines import FINER, Engine
from actum.features.values import Relation, Value, constant, stepped, whole
from actum.features.zones import SECOND, local_offsets, unclear
from actum.records.view import FeatureView, Source

# Local times are at most this far from UTC, so a span in one is a span in the other with so much around it.
_FARTHEST = 2 * 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TWICE, _NEVER = "_twice {}", "_never {}"


@dataclass(kw_only=True)
class Clock:
    """Brings the times of one source to UTC. ``calendar``: whether expressions ask for local days and hours.

    ``flags``: columns that say which rows must be refused.
    """

    view: FeatureView
    columns: Mapping[str, Column]
    calendar: bool
    flags: list[str] = field(default_factory=list)

    @property
    def _source(self) -> Source:
        assert self.view.source is not None
        return self.view.source

    def in_utc(self, raw: Relation, engine: Engine) -> tuple[Relation, tuple[int, int] | None]:
        """Return the source with times in UTC, and the earliest and latest where somebody needs to know.

        Raises:
            DefinitionError: A column has no zone and none is stated, or is no time where one is needed.
        """
        self._refuse_others()
        times = [one for one in self.columns.values() if one.type == "timestamp"]
        self.flags += [FINER.format(one.name) for one in times if one.nano]
        local = [one for one in times if not one.zoned]
        for one in local:
            self._require_zone(one)
        if not times or not (local or self.calendar):
            return raw, None
        span = _span(raw, [one.name for one in times], engine)
        made: dict[str, Value] = {}
        for one in local:
            made |= self._from_local(raw[one.name], one.name, span)
        return (raw.mutate(**made) if made else raw), span

    def refuse_flagged(self, relation: Relation, engine: Engine) -> None:
        """Look whether rows that count hold times that are not clear.

        Raises:
            DefinitionError: Some do.
        """
        if not self.flags:
            return
        counts = {f"n{index}": relation[flag].sum() for index, flag in enumerate(self.flags)}
        found = engine.one(relation.aggregate(**{name: whole(count) for name, count in counts.items()}))
        for index, flag in enumerate(self.flags):
            if count := found[f"n{index}"]:
                self._refuse(flag, int(count))

    def _refuse(self, flag: str, count: int) -> None:
        kind, _, name = flag.partition(" ")
        zone, times = self._source.time_zone, f"{count:,} time{'' if count == 1 else 's'} of {name}"
        at = ("source", "event_at") if name == self._source.event_at else ("source",)
        problem, hint = {
            "_finer": (f"{times} are finer than a microsecond", "round them in a stage"),
            "_twice": (f"{times} came twice on the clocks of {zone}", "say which: ambiguous: first, or last"),
            "_never": (f"{times} never came on the clocks of {zone}", "take them as that much later: skipped: forward"),
        }[kind]
        raise DefinitionError(self.view.view, at, problem, hint=hint)

    def _refuse_others(self) -> None:
        for field_ in ("event_at", "known_at"):
            name = getattr(self._source, field_)
            if name and self.columns[name].type not in ("timestamp", None):
                problem = f"{name} is a {self.columns[name].words}, must be one of times"
                raise DefinitionError(self.view.view, ("source", field_), problem)

    def _require_zone(self, one: Column) -> None:
        zone = self._source.time_zone
        if not zone:
            problem = f"is needed: {one.name} is a {one.words}, so nobody knows when that was"
            raise DefinitionError(
                self.view.view, ("source", "time_zone"), problem, hint="time_zone: Europe/Rome, or UTC"
            )
        try:
            local_offsets(zone, "first")
        except (KeyError, ValueError) as error:
            raise DefinitionError(self.view.view, ("source", "time_zone"), f"{zone} is no time zone") from error

    def _from_local(self, local: Value, name: str, span: tuple[int, int]) -> dict[str, Value]:
        source = self._source
        offsets = local_offsets(source.time_zone, source.ambiguous).between(*span)
        made = {name: local - stepped(local, offsets)}
        for flag, refused, steps in (
            (_TWICE, source.ambiguous, unclear(source.time_zone, ambiguous=True, skipped=False)),
            (_NEVER, source.skipped, unclear(source.time_zone, ambiguous=False, skipped=True)),
        ):
            inside = steps.between(*span)
            if refused == "refuse" and any(inside.values):
                made[flag.format(name)] = stepped(local, inside) == constant(1)
                self.flags.append(flag.format(name))
        return made


def _span(raw: Relation, names: list[str], engine: Engine) -> tuple[int, int]:
    asked = {f"{end}{index}": getattr(raw[name], end)() for index, name in enumerate(names) for end in ("min", "max")}
    found = [value for value in engine.one(raw.aggregate(**asked)).values() if value is not None]
    return (min(found) - _FARTHEST, max(found) + _FARTHEST) if found else (0, 0)


def told(at: int) -> str:
    """Write a time as people read it."""
    return (_EPOCH + timedelta(microseconds=at)).isoformat(sep=" ").replace("+00:00", " UTC")
