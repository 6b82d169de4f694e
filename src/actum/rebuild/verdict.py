"""How near did a rebuild come? Pure: levels, the first stage that differs, and what else was different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from actum.records.event import Verdict
from actum.records.run import RunEnvironment


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """What a comparison of two models found; None where it could not be made."""

    same_bytes: bool
    same_state: bool | None = None
    same_predictions: bool | None = None
    largest_difference: float | None = None
    flips: int | None = None
    rows: int | None = None


def level_of(likeness: Likeness, tolerance: float) -> Verdict:
    """Return the highest rung that is proved; within tolerance, no decision may flip."""
    if likeness.same_bytes:
        return "bytes"
    if likeness.same_state:
        return "state"
    if likeness.same_predictions:
        return "predictions"
    difference = likeness.largest_difference
    if difference is not None and difference <= tolerance and not likeness.flips:
        return "tolerance"
    return "different"


def first_difference(
    order: Iterable[str], recorded: Mapping[str, Mapping[str, str]], rebuilt: Mapping[str, Mapping[str, str]]
) -> tuple[str, tuple[str, ...]] | None:
    """Return the first stage of which an output differs, with these outputs. Each maps stage -> path -> md5."""
    for stage in order:
        old, new = recorded.get(stage, {}), rebuilt.get(stage, {})
        differing = tuple(sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)))
        if differing:
            return stage, differing
    return None


def likely_cause(recorded: RunEnvironment, now: RunEnvironment, overrides: Mapping[str, str]) -> str:
    """Name what was not the same this time, nearest to the caller first."""
    if overrides:
        given = ", ".join(f"{name}={value}" for name, value in overrides.items())
        return f"{given}, given by --with-env"
    differing = [
        f"{name} {old} then, {new} now"
        for name, old, new in _pairs(recorded, now)
        if old is not None and new is not None and old != new
    ]
    if differing:
        return "; ".join(differing)
    return "nothing on record differs: the stage itself is not deterministic (clock, unset seed, order of files)"


def _pairs(recorded: RunEnvironment, now: RunEnvironment) -> Iterable[tuple[str, Any, Any]]:
    yield "python", recorded.python, now.python
    yield "lock", recorded.lock_sha256[:15], now.lock_sha256[:15]
    yield "wing", recorded.wing.sha256, now.wing.sha256
    for name in sorted(recorded.pin.keys() | now.pin.keys()):
        yield name, recorded.pin.get(name, "unset"), now.pin.get(name, "unset")
    for name in sorted(recorded.facts.keys() & now.facts.keys()):
        yield name, recorded.facts[name], now.facts[name]
