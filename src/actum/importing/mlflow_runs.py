"""What a run of MLflow's is here. Its tags say more than its fields: those that have a field of ours go there."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

from actum import names
from actum.mlflow_store.values import Point, StoredRun
from actum.records.forms import FileFact, Person
from actum.records.run import Origin, Run, RunStatus
from actum.records.settings import Clock
from actum.runlog import series
from actum.runlog.values import cleaned, name_of, on_record

SYSTEM = "mlflow"
EXPERIMENT = "mlflow.experiment"
_PARENT, _NOTE, _COMMIT, _SOURCE = (
    "mlflow.parentRunId",
    "mlflow.note.content",
    "mlflow.source.git.commit",
    "mlflow.source.name",
)
_TAKEN = frozenset({"mlflow.runName", "mlflow.user", _PARENT, _NOTE, _COMMIT, _SOURCE})
UNDER_WAY = frozenset({"RUNNING", "SCHEDULED"})
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """What the points of a run come to. ``last``: of each metric; ``steps``: whether there is more to say than that."""

    last: dict[str, Any] = field(default_factory=dict)
    points: int = 0
    steps: bool = False


def id_of(uuid: str, started_ms: int) -> str:
    """Return the id that a run has here: the same at each import, and from each kind of store."""
    return names.ulid_of(started_ms, hashlib.sha256(f"{SYSTEM} run {uuid}".encode()).digest()[:10])


def run_of(
    stored: StoredRun,
    told: Series,
    *,
    parent: str | None,
    clock: Clock,
    artifacts: tuple[FileFact, ...],
    kept: FileFact | None,
) -> Run:
    """Return the record of a run that has a start."""
    assert stored.started_ms is not None
    tags, commit = stored.tags, stored.tags.get(_COMMIT, "")
    source, note = tags.get(_SOURCE), tags.get(_NOTE)
    user = cleaned(stored.user or tags.get("mlflow.user", ""))
    labels = {name_of(key): cleaned(value) for key, value in tags.items() if key not in _TAKEN}
    if commit and not _is_commit(commit):
        labels[_COMMIT] = cleaned(commit)
    if stored.experiment is not None:
        labels[EXPERIMENT] = cleaned(stored.experiment)
    return Run(
        schema="run/1",
        id=id_of(stored.uuid, stored.started_ms),
        kind="imported",
        status=_status(stored.status),
        name=cleaned(stored.name) or None,
        parent=parent,
        origin=Origin(system=SYSTEM, id=stored.uuid, address=cleaned(stored.address) or None),
        started_at=moment(stored.started_ms),
        finished_at=None if stored.ended_ms is None else moment(stored.ended_ms),
        clock=clock,
        by=Person(name=user, email=user if "@" in user else "") if user else None,
        command=(cleaned(source),) if source else (),
        code_commit=commit if _is_commit(commit) else None,
        tags=dict(sorted(labels.items())),
        notes=cleaned(note) if note else None,
        params={name_of(key): read_param(value) for key, value in sorted(stored.params.items())},
        metrics=told.last,
        artifacts=artifacts,
        series=kept,
    )


def _status(told: str) -> RunStatus | None:
    return None if told == "FINISHED" else "failed" if told == "FAILED" else "interrupted"


def parent_of(stored: StoredRun) -> str | None:
    """Return MLflow's id of the run that this one is part of."""
    return stored.tags.get(_PARENT)


def write_series(points: Iterable[Point], started_ms: int, out: TextIO) -> Series:
    """Write points as the lines of a run's series, and return of each metric what MLflow calls the latest."""
    count, several = 0, False
    last: dict[str, Point] = {}
    out.write(series.HEAD)
    for point in points:
        count += 1
        row = series.Row(point.step, (point.at_ms - started_ms) / 1000, name_of(point.metric), point.value)
        out.write(series.line(row))
        before = last.get(point.metric)
        several = several or before is not None
        if before is None or _rank(point) >= _rank(before):
            last[point.metric] = point
    named = {name_of(metric): on_record(point.value) for metric, point in sorted(last.items())}
    return Series(last=named, points=count, steps=several)


def read_param(text: str) -> Any:
    """Return what MLflow was given, where its text is just how Python writes that; else the text.

    MLflow keeps ``str(value)``. What is read here is written back as the same text, so nothing is lost.
    """
    if text in ("True", "False"):
        return text == "True"
    if _WHOLE.fullmatch(text) and text != "-0":
        return int(text)
    try:
        value = float(text)
    except ValueError:
        return cleaned(text)
    return value if math.isfinite(value) and repr(value) == text else cleaned(text)


def moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def _rank(point: Point) -> tuple[int, int, float]:
    """Source: mlflow/store/tracking: the latest is that of the highest step, then time, then value."""
    return point.step, point.at_ms, -math.inf if math.isnan(point.value) else point.value


def _is_commit(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", text) is not None
