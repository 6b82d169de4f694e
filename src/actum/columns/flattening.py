"""One run as one row: a value by column, such as ``started_at``, ``by``, ``params.depth``, ``metrics.auc``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actum import moments
from actum.records.run import Run, RunEnvironment

BLOB = "blob"
"""The column of what names a run's file by its content; it is not for people."""
FIXED = (
    *("id", "name", "kind", "status", "started_at", "finished_at", "seconds", "by", "clock", "dirty", "code_commit"),
    *("pipeline", "parent", "executed", "stages", "command", "notes", "origin.system", "origin.id"),
    *("environment.python", "environment.platform", "environment.lock_sha256"),
)
"""What any run may say, whether or not one does."""
GROUPS = ("tags", "params", "metrics")
"""What people name themselves: a column of these has the name of the group before its own."""


def row_of(run: Run, blob: str) -> dict[str, Any]:
    """Return a run's values; what it does not say is absent."""
    told: dict[str, Any] = {
        "id": run.id,
        "kind": run.kind,
        "started_at": moments.write(run.started_at),
        "seconds": round((run.finished_at - run.started_at).total_seconds(), 3),
        "by": run.by.name,
        "clock": run.clock,
        "dirty": run.dirty,
        "code_commit": run.code_commit,
        "pipeline": run.pipeline,
        "command": " ".join(run.command),
        "executed": len(run.executed()),
        "stages": len(run.stages),
        BLOB: blob,
        **_environment(run.environment),
    }
    for group in GROUPS:
        told |= _flat(f"{group}.", getattr(run, group, {}))
    return {name: value for name, value in told.items() if value is not None}


def _environment(given: RunEnvironment | None) -> dict[str, Any]:
    if given is None:
        return {}
    told = {"python": given.python, "platform": given.platform, "lock_sha256": given.lock_sha256}
    return {f"environment.{name}": value for name, value in told.items()}


def _flat(start: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{start}{name}.", value)
        else:
            yield start + name, value
