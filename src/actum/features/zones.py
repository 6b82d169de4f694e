"""Time zones as steps: when which offset began, as Python's zoneinfo has it, never as an engine's own tables have it.

The locked ``tzdata`` comes before the system's files, so that a result does not depend on the machine.
All times are whole microseconds since 1970: UTC, or what a clock on the wall showed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from actum.definitions.zones import FIRST, LAST, zone

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=1)

Ambiguous = Literal["refuse", "first", "last"]


@dataclass(frozen=True, slots=True)
class Steps:
    """A function of time in steps: ``values[i]`` holds before ``starts[i]``, the last one from the last start on."""

    starts: tuple[int, ...]
    values: tuple[int, ...]

    def between(self, first: int, last: int) -> Steps:
        """Return what is needed for times from *first* to *last*, both included."""
        inside = [i for i, start in enumerate(self.starts) if first < start <= last]
        if not inside:
            before = sum(start <= first for start in self.starts)
            return Steps((), (self.values[before],))
        low, high = inside[0], inside[-1] + 1
        return Steps(self.starts[low:high], self.values[low : high + 1])


@lru_cache(maxsize=64)
def offsets(name: str) -> Steps:
    """Return what is added to UTC to have the local time, by UTC."""
    info = zone(name)
    starts, values, at, here = [], [_offset(info, FIRST)], FIRST, _offset(info, FIRST)
    while at < LAST:
        there = _offset(info, at + _STEP)
        if there != here:
            starts.append(_micros(_turn(info, at, at + _STEP)))
            values.append(there)
        at, here = at + _STEP, there
    return Steps(tuple(starts), tuple(values))


def local_offsets(name: str, ambiguous: Ambiguous) -> Steps:
    """Return what is taken from local time to have UTC, by local time; a skipped hour is taken as that much later."""
    pieces = []
    for unclear_from, clear_from, before, after in _changes(name):
        during = after if after < before and ambiguous == "last" else before
        pieces += [(unclear_from, during), (clear_from, after)]
    return _steps(offsets(name).values[0], pieces)


def unclear(name: str, *, ambiguous: bool, skipped: bool) -> Steps:
    """Return 1 for local times that the clocks showed twice or never, whichever is asked for, and 0 for others."""
    pieces = []
    for unclear_from, clear_from, before, after in _changes(name):
        pieces += [(unclear_from, int(ambiguous if after < before else skipped)), (clear_from, 0)]
    return _steps(0, pieces)


def _changes(name: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield the local times between which a change of the clocks leaves it unclear what is meant, and both offsets."""
    steps = offsets(name)
    for at, before, after in zip(steps.starts, steps.values, steps.values[1:], strict=False):
        yield at + min(before, after), at + max(before, after), before, after


def _steps(first: int, pieces: list[tuple[int, int]]) -> Steps:
    return Steps(tuple(at for at, _ in pieces), (first, *(value for _, value in pieces)))


def _turn(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Find the second at which the offset changes."""
    before = _offset(info, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
    return high


def _offset(info: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(info).utcoffset()
    assert offset is not None
    return _whole(offset)


def _micros(at: datetime) -> int:
    return _whole(at - _EPOCH)


def _whole(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
