"""What a run of MLflow's is here. Its tags say more than its fields: those that have a field of ours go there."""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from actum import names
from actum.files.text import CONTROL
from actum.mlflow_store.values import Point, StoredRun
from actum.records.forms import FileFact, Person
from actum.records.run import Origin, Run, RunStatus
from actum.records.settings import Clock

SYSTEM = "mlflow"
EXPERIMENT = "mlflow.experiment"
_PARENT, _NOTE, _COMMIT, _SOURCE = (
    "mlflow.parentRunId",
    "mlflow.note.content",
    "mlflow.source.git.commit",
    "mlflow.source.name",
)
_TAKEN = frozenset({"mlflow.runName", "mlflow.user", _PARENT, _NOTE, _COMMIT, _SOURCE})
_ENDED: Mapping[str, RunStatus] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "interrupted"}
UNDER_WAY = frozenset({"RUNNING", "SCHEDULED"})
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """The points of a run as one file, and the last value of each metric. ``steps``: whether there is more to say."""

    text: bytes
    last: dict[str, Any] = field(default_factory=dict)
    points: int = 0
    steps: bool = False


def id_of(uuid: str, started_ms: int) -> str:
    """Return the id that a run has here: the same at each import, and from each kind of store."""
    return names.ulid_of(started_ms, hashlib.sha256(f"{SYSTEM} run {uuid}".encode()).digest()[:10])


def run_of(
    stored: StoredRun,
    series: Series,
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
    user = stored.user or tags.get("mlflow.user", "")
    labels = {clean(key): clean(value) for key, value in tags.items() if key not in _TAKEN}
    if commit and not _is_commit(commit):
        labels[_COMMIT] = clean(commit)
    if stored.experiment is not None:
        labels[EXPERIMENT] = clean(stored.experiment)
    return Run(
        schema="run/1",
        id=id_of(stored.uuid, stored.started_ms),
        kind="imported",
        status=_ENDED.get(stored.status, "interrupted"),
        name=clean(stored.name) or None,
        parent=parent,
        origin=Origin(system=SYSTEM, id=stored.uuid, address=clean(stored.address) or None),
        started_at=moment(stored.started_ms),
        finished_at=None if stored.ended_ms is None else moment(stored.ended_ms),
        clock=clock,
        by=Person(name=clean(user), email=user if "@" in user else "") if user else None,
        command=(clean(source),) if source else (),
        code_commit=commit if _is_commit(commit) else None,
        tags=dict(sorted(labels.items())),
        notes=clean(note) if note else None,
        params={clean(key): read_param(value) for key, value in sorted(stored.params.items())},
        metrics=series.last,
        artifacts=artifacts,
        series=kept,
    )


def parent_of(stored: StoredRun) -> str | None:
    """Return MLflow's id of the run that this one is part of."""
    return stored.tags.get(_PARENT)


def series_of(points: Iterable[Point], started_ms: int) -> Series:
    """Write points as lines of ``step,seconds,metric,value``, and keep of each metric what MLflow calls the latest."""
    out, count = io.StringIO(), 0
    out.write("step,seconds,metric,value\n")
    last: dict[str, Point] = {}
    several = False
    for point in points:
        count += 1
        out.write(
            f"{point.step},{(point.at_ms - started_ms) / 1000!r},{_quoted(clean(point.metric))},{point.value!r}\n"
        )
        before = last.get(point.metric)
        several = several or before is not None
        if before is None or _rank(point) >= _rank(before):
            last[point.metric] = point
    named = {clean(metric): number(point.value) for metric, point in sorted(last.items())}
    return Series(text=out.getvalue().encode(), last=named, points=count, steps=several)


def number(value: float) -> float | str:
    """Return what a record can hold: JSON has no word for what is not finite."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


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
        return clean(text)
    return value if math.isfinite(value) and repr(value) == text else clean(text)


def clean(text: str) -> str:
    """Return text that a record can hold: a control character stands as its escape."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def _rank(point: Point) -> tuple[int, int, float]:
    """Source: mlflow/store/tracking: the latest is that of the highest step, then time, then value."""
    return point.step, point.at_ms, -math.inf if math.isnan(point.value) else point.value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(char in name for char in ',"\n\r') else name


def _is_commit(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", text) is not None
