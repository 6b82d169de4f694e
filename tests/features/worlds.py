"""Made-up sources and labels with everything in them that goes wrong, and what every feature of them should be."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from tests.features.oracle import feature
from tests.features.work_tree import UTC_TIMES, WorkTree

MINUTE = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
# Ten minutes before the clocks of Rome go forward, and before the hour that they show twice.
LOCAL = (datetime(2013, 3, 31, 1, 50), datetime(2013, 10, 27, 1, 50))
TYPES = {"v": "float", "w": "string", "i": "int", "b": "bool"}
NUMBERS = [0.1, 0.2, -0.3, -0.0, 0.0, 1e10, 1.5, 1e-3, 1 / 3, None, float("nan")]
WILD = [5e-324, -5e-324, 1e300, -1e300, 2.0**-1000, 1e-310, 1e16, -1.0, 2.0**53 + 2]


@dataclass(frozen=True)
class World:
    """One source and its labels. ``local``: the wall clock of Rome at each event, where that is all there is."""

    known: str
    order: Sequence[str]
    ttl: int | None
    where: bool
    ambiguous: str
    local: bool
    events: Sequence[Mapping[str, Any]]
    labels: Sequence[tuple[int | None, int]]

    def moved(self, number: int) -> World:
        """Return the same with entities that no other world has."""
        far = number * 1000
        events = [{**one, "key": None if one["key"] is None else one["key"] + far} for one in self.events]
        return replace(self, events=events, labels=[(None if k is None else k + far, at) for k, at in self.labels])

    def joined(self, others: Sequence[World]) -> World:
        """Return a world of all entities, by the rules of this one; all read their clocks in one manner."""
        assert {one.ambiguous for one in others} <= {self.ambiguous}
        worlds = [self, *(one.moved(number) for number, one in enumerate(others, 1))]
        return replace(
            self,
            events=[event for one in worlds for event in one.events],
            labels=[label for one in worlds for label in one.labels],
        )


def world(r: Random, *, known: str | None = None, local: bool | None = None, ambiguous: str | None = None) -> World:
    """Make a world up."""
    known = known or r.choice(["at once", "later", "after"])
    local = r.random() < 0.3 if local is None else local
    ambiguous, begin = ambiguous or r.choice(["first", "last"]), r.choice(LOCAL)
    wild = r.random() < 0.3
    events = [_event(r, known, wild, (begin, ambiguous) if local else None) for _ in range(r.randint(1, 40))]
    keys = [0, 0, 1, 2, 9, None]
    start = events[0]["begin"]
    labels = [(r.choice(keys), start + r.randint(-2, 30) * MINUTE + r.choice([0, 0, 1, -1, 7])) for _ in range(25)]
    near = [(one["key"], one["at"]) for one in events[:8] if one["at"] is not None]
    labels += [(key, at + later) for key, at in near for later in (0, -1, 2 * MINUTE, 2 * MINUTE - 1, 5 * MINUTE)]
    order = r.choice([[], ["o"], ["o", "p"], ["w"]])
    ttl = r.choice([None, 5 * MINUTE])
    return World(known, order, ttl, r.random() < 0.3, ambiguous, local, events, labels)


def _event(r: Random, known: str, wild: bool, local: tuple[datetime, str] | None) -> dict[str, Any]:
    minutes = r.randint(0, 20) * MINUTE + r.choice([0, 0, 0, 1, -1, r.randint(0, MINUTE)])
    begin, ambiguous = local or (LOCAL[0], "first")
    clock = begin + timedelta(microseconds=minutes)
    # In a skipped hour a fold would mean another thing than "that much later".
    fold = int(ambiguous == "last" and begin == LOCAL[1])
    at: int | None = _micros(clock.replace(tzinfo=ROME if local else UTC, fold=fold))
    if r.random() < 0.04:
        at = None
    wait = r.choice([0, 0, MINUTE, -MINUTE, 3 * MINUTE, r.randint(0, 30 * MINUTE)])
    since = {"at once": 0, "after": 2 * MINUTE, "later": wait}[known]
    return {
        "key": r.choice([0, 0, 0, 1, 2, None]),
        "begin": _micros(begin.replace(tzinfo=ROME if local else UTC)),
        "clock": None if at is None else clock,
        "at": at,
        "known": None if at is None or (known == "later" and r.random() < 0.05) else at + since,
        "v": r.choice([*NUMBERS, r.uniform(-1, 1), r.gauss(0, 1e6), *(WILD if wild else [])]),
        "w": r.choice(["x", "y", "z", "é", None]),
        "i": r.choice([None, 1, 2, -3, 10**9, 7]),
        "b": r.choice([True, False, None]),
        "o": r.choice([1, 2, None]),
        "p": r.choice([0.5, float("nan"), None, -0.0, 0.0]),
    }


def specs(windows: Sequence[int]) -> list[tuple[str | None, str | None, int | None, str]]:
    """Return (aggregate, column, minutes, type) of every feature that there can be."""
    found: list[tuple[str | None, str | None, int | None, str]] = [(None, of, None, kind) for of, kind in TYPES.items()]
    for over in windows:
        found += [("last", of, over, kind) for of, kind in TYPES.items()]
        found += [(name, of, over, "int") for of in TYPES for name in ("count", "distinct")]
        found += [(name, of, over, TYPES[of]) for of in ("v", "w", "i") for name in ("min", "max")]
        found += [("count", None, over, "int"), ("share", "b", over, "float")]
        found += [(name, of, over, TYPES[of] if name == "sum" else "float") for of in "vi" for name in ("sum", "mean")]
    return found


def write(one: World, tree: WorkTree, features: Sequence[tuple[str | None, str | None, int | None, str]]) -> None:
    """Write a world into a work tree: a source, a view with the features f0, f1, ... and a set of them all."""
    events, arrow = one.events, {"v": pa.float64(), "w": pa.string(), "i": pa.int64(), "b": pa.bool_()}
    columns = {name: pa.array([each[name] for each in events], kind) for name, kind in arrow.items()}
    clock = pa.array([each["clock"] for each in events], pa.timestamp("us"))
    tree.table(
        "events",
        {
            "key": pa.array([each["key"] for each in events], pa.int64()),
            "at": clock if one.local else _times([each["at"] for each in events]),
            "known": _times([each["known"] for each in events]),
            "o": pa.array([each["o"] for each in events], pa.int64()),
            "p": pa.array([each["p"] for each in events], pa.float64()),
            **columns,
        },
    )
    moments = _times([at for _, at in one.labels])
    tree.table("labels", {"key": pa.array([key for key, _ in one.labels], pa.int64()), "at": moments})
    source: dict[str, Any] = {"path": "data/events.parquet", "event_at": "at", "order_by": list(one.order)}
    source |= {"later": {"known_at": "known"}, "after": {"known_after": "2m"}}.get(one.known, {})
    source |= {"time_zone": "Europe/Rome", "ambiguous": one.ambiguous, "skipped": "forward"} if one.local else {}
    source |= {"where": ["w <> 'z'"]} if one.where else {}
    ttl = {"ttl": f"{one.ttl // MINUTE}m"} if one.ttl else {}
    tree.view(
        "world", [_written(*each, number) for number, each in enumerate(features)], entity=["key"], source=source, **ttl
    )
    tree.set([f"f{number}" for number in range(len(features))])


def expected(one: World, features: Sequence[tuple[str | None, str | None, int | None, str]]) -> dict[str, list[Any]]:
    """Return what each feature of each label should be, by the oracle."""
    counting = [each for each in one.events if not one.where or each["w"] not in (None, "z")]
    found = {}
    for number, (aggregate, of, over, _) in enumerate(features):
        spec = {"of": of, "aggregate": aggregate, "over": over and over * MINUTE, "ttl": one.ttl, "order_by": one.order}
        found[f"f{number}"] = [feature(spec, counting, key, at) for key, at in one.labels]
    return found


def bits(values: Sequence[Any]) -> list[Any]:
    """Return floats as their bits, so that nothing is equal but the same."""
    return [struct.pack(">d", value).hex() if isinstance(value, float) else value for value in values]


def _written(aggregate: str | None, of: str | None, over: int | None, kind: str, number: int) -> dict[str, Any]:
    raw = {"name": f"f{number}", "type": kind, "of": of, "aggregate": aggregate, "over": over and [f"{over}m"]}
    return {name: value for name, value in raw.items() if value is not None}


def _times(micros: Sequence[int | None]) -> pa.Array:
    return pa.array([None if each is None else EPOCH + timedelta(microseconds=each) for each in micros], UTC_TIMES)


def _micros(at: datetime) -> int:
    return (at.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
