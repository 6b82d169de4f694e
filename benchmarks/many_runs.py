"""A repository with any number of runs, a minute apart, made by ``git fast-import``.

Of a script: 20 params and 20 metrics. Of a pipeline: four stages, of which each run executed two, and ten files.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from actum import layout
from actum.filing import write_record
from actum.names import Ids
from actum.records.forms import FileFact, Person
from actum.records.run import Interpreter, Run, RunEnvironment, RunStage
from actum.records.settings import EnvironmentSettings, Project, Settings

START = datetime(2026, 1, 1, tzinfo=UTC)
RAW = ("data/raw/a.csv", "data/raw/b.csv")
WHO = Person(name="bench", email="bench@example.org")


Maker = Callable[[str, datetime, random.Random], Run]


def make(root: Path, count: int, one: Maker | None = None) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(
            b"commit refs/heads/main\ncommitter bench <bench@example.org> 1767225600 +0000\ndata 4\nruns\n"
        )
        for path, record in [(layout.SETTINGS, _settings()), *_runs(count, one or of_script)]:
            data = write_record(record, path=path)
            child.stdin.write(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    if child.returncode:
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=root, check=True)
    return root


def values(chance: random.Random) -> tuple[dict[str, float], dict[str, float]]:
    """Return params, every other one of a few values, and metrics."""
    params = {f"p{at}": chance.choice((1, 2, 3, 4)) if at % 2 else round(chance.random(), 6) for at in range(20)}
    return params, {f"m{at}": chance.random() for at in range(20)}


def of_script(ulid: str, now: datetime, chance: random.Random) -> Run:
    params, metrics = values(chance)
    return Run(
        **_begun(ulid, "script", now),
        command=("python", "fit.py"),
        interpreter=Interpreter(python="3.11.7", platform="linux-x86_64"),
        params=params,
        metrics=metrics,
    )


class OfPipeline:
    """Runs of one pipeline: every hundredth has new raw data, the others another param of training."""

    def __init__(self) -> None:
        self._first = ""
        self._kept: dict[str, FileFact] = {}
        self._count = 0

    def __call__(self, ulid: str, now: datetime, chance: random.Random) -> Run:
        if self._count % 100 == 0:
            self._first = ulid
            self._kept = {fact.path: fact for fact in map(_fact, (*RAW, "data/all.parquet", "data/train.parquet"))}
        self._count += 1
        made = {path: _fact(path) for path in ("models/m.skops", "metrics.json", "plots/roc.csv")}
        src = {path: _fact(path, "code") for path in ("src/train.py", "src/evaluate.py")}
        return Run(
            **_begun(ulid, "pipeline", now),
            code_commit=uuid4().hex + uuid4().hex[:8],
            dirty=False,
            pipeline=".",
            environment=RunEnvironment(
                python="3.11.7",
                platform="linux-x86_64",
                lock="requirements.lock",
                lock_sha256="sha256:" + "0" * 64,
                wing=_fact("environments/wings/wing.zip", "code"),
            ),
            params={"c": chance.random()},
            metrics={"auc": chance.random()},
            stages=(
                _stage("ingest", self._first, RAW, ("data/all.parquet",)),
                _stage("split", self._first, ("data/all.parquet",), ("data/train.parquet",)),
                _stage("train", ulid, ("data/train.parquet", "src/train.py"), ("models/m.skops",)),
                _stage("evaluate", ulid, ("models/m.skops", "src/evaluate.py"), ("metrics.json", "plots/roc.csv")),
            ),
            files=tuple(sorted({**self._kept, **made, **src}.values(), key=lambda fact: fact.path)),
        )


def _begun(ulid: str, kind: str, now: datetime) -> dict[str, Any]:
    told = {"schema": "run/1", "id": ulid, "kind": kind, "clock": "real", "by": WHO}
    return told | {"started_at": now, "finished_at": now + timedelta(seconds=40)}


def _stage(name: str, run: str, deps: tuple[str, ...], outs: tuple[str, ...]) -> RunStage:
    return RunStage(name=name, run=run, cmd=f"python src/{name}.py", seconds=1.0, deps=deps, outs=outs)


def _fact(path: str, content: str | None = None) -> FileFact:
    sha256 = hashlib.sha256((content or uuid4().hex).encode()).hexdigest()
    return FileFact(path=path, md5=sha256[:32], sha256=f"sha256:{sha256}", size=1000)


def _runs(count: int, one: Maker) -> Iterator[tuple[str, Run]]:
    chance, now = random.Random(1), START  # noqa: S311  the same in every run
    ids = Ids(lambda: round(now.timestamp() * 1000), random.Random(2).randbytes)  # noqa: S311
    for minute in range(count):
        now = START + timedelta(minutes=minute)
        run = one(ids.new(), now, chance)
        yield layout.run(run.id, now), run


def _settings() -> Settings:
    return Settings(
        schema="settings/1",
        project=Project(name="runs", owner="bench@example.org"),
        environment=EnvironmentSettings(python="3.11"),
    )
