"""Local time by steps is what zoneinfo says, at every change of the clocks and between."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from actum.definitions.zones import zone
from actum.features.zones import Steps, local_offsets, offsets, unclear

ZONES = (
    "America/New_York",
    "Europe/Rome",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "UTC",
    "Australia/Lord_Howe",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def value(steps: Steps, at: int) -> int:
    return steps.values[bisect_right(steps.starts, at)]


def micros(at: datetime) -> int:
    return (at.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize("name", ZONES)
def test_offsets_are_those_of_zoneinfo(name: str) -> None:
    steps, there, random = offsets(name), zone(name), Random(name)
    changes = [EPOCH + timedelta(microseconds=start) for start in steps.starts]
    for at in [*changes, *(one - SECOND for one in changes), *(_some(random) for _ in range(300))]:
        offset = at.astimezone(there).utcoffset()
        assert offset is not None
        assert value(steps, micros(at)) == offset // timedelta(microseconds=1), at


@pytest.mark.parametrize("name", ZONES)
def test_local_times_mean_what_zoneinfo_takes_them_for(name: str) -> None:
    there, random = zone(name), Random(name)
    changes = [EPOCH + timedelta(microseconds=start) for start in offsets(name).starts]
    around = [
        one.astimezone(there).replace(tzinfo=None) + timedelta(minutes=m) for one in changes for m in (-31, -1, 0, 29)
    ]
    for clock in [*around, *(_some(random).replace(tzinfo=None) for _ in range(300))]:
        first, second = (_utc(clock.replace(tzinfo=there, fold=fold)) for fold in (0, 1))
        twice = first < second
        never = first > second
        assert value(local_offsets(name, "first"), micros(clock)) == micros(clock) - micros(first)
        assert value(local_offsets(name, "last"), micros(clock)) == micros(clock) - micros(second if twice else first)
        assert value(unclear(name, ambiguous=True, skipped=False), micros(clock)) == twice
        assert value(unclear(name, ambiguous=False, skipped=True), micros(clock)) == never


def test_of_steps_only_those_are_kept_that_a_span_needs() -> None:
    steps = Steps((10, 20, 30), (0, 1, 2, 3))

    assert steps.between(0, 9) == Steps((), (0,))
    assert steps.between(10, 19) == Steps((), (1,))
    assert steps.between(9, 20) == Steps((10, 20), (0, 1, 2))
    assert steps.between(31, 99) == Steps((), (3,))


def _utc(clock: datetime) -> datetime:
    return clock.astimezone(UTC)


def _some(random: Random) -> datetime:
    return datetime(1905, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(190 * 365 * 86_400))
