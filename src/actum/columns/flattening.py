"""One run as one row: a value by column, such as ``started_at``, ``by``, ``params.depth``, ``metrics.auc``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actum import moments
from actum.records.run import Run

BLOB = "blob"
"""The column of what names a run's file by its content; it is not for people."""
FIXED = (
    *("id", "name", "kind", "status", "started_at", "finished_at", "seconds", "by", "clock", "dirty", "code_commit"),
    *("pipeline", "parent", "executed", "stages", "command", "notes", "origin.system", "origin.id"),
    *("environment.python", "environment.platform", "environment.lock_sha256"),
)
"""What any run may say, whether or not one does."""
GROUPS = ("metrics", "params", "tags")
"""What people name themselves: a column of these has the name of the group before its own."""


_NUMBERS = {text: float(text) for text in ("NaN", "Infinity", "-Infinity")}
"""What a record writes for metrics that JSON has no number for; a param or a tag of that name is a text."""


def row_of(run: Run, blob: str) -> dict[str, Any]:
    """Return a run's values; what it does not say is absent."""
    told: dict[str, Any] = {
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "status": run.status or "finished",
        "started_at": moments.write(run.started_at),
        "finished_at": moments.write(run.finished_at) if run.finished_at else None,
        "seconds": None if run.seconds is None else round(run.seconds, 3),
        "by": run.by.name if run.by else None,
        "clock": run.clock,
        "dirty": run.dirty,
        "code_commit": run.code_commit,
        "pipeline": run.pipeline,
        "parent": run.parent,
        "executed": len(run.executed()) if run.stages else None,
        "stages": len(run.stages) or None,
        "command": " ".join(run.command) or None,
        "notes": run.notes,
        BLOB: blob,
        **_surroundings(run),
    }
    for group in reversed(GROUPS):
        told |= _flat(f"{group}.", getattr(run, group), _NUMBERS if group == "metrics" else {})
    return {name: value for name, value in told.items() if value is not None}


def _surroundings(run: Run) -> dict[str, Any]:
    given, origin = run.environment or run.interpreter, run.origin
    return {
        "origin.system": origin.system if origin else None,
        "origin.id": origin.id if origin else None,
        "environment.python": given.python if given else None,
        "environment.platform": given.platform if given else None,
        "environment.lock_sha256": run.environment.lock_sha256 if run.environment else None,
    }


def _flat(start: str, values: Mapping[str, Any], numbers: Mapping[str, float]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{start}{name}.", value, numbers)
        else:
            yield start + name, numbers.get(value, value) if isinstance(value, str) else value
