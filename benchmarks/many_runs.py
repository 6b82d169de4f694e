"""A repository with any number of runs of 20 params and 20 metrics, a minute apart, made by ``git fast-import``."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actum import layout
from actum.filing import write_record
from actum.names import Ids
from actum.records.forms import Person
from actum.records.run import Interpreter, Run
from actum.records.settings import EnvironmentSettings, Project, Settings

START = datetime(2026, 1, 1, tzinfo=UTC)
WHO = Person(name="bench", email="bench@example.org")


def make(root: Path, count: int) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(
            b"commit refs/heads/main\ncommitter bench <bench@example.org> 1767225600 +0000\ndata 4\nruns\n"
        )
        for path, record in [(layout.SETTINGS, _settings()), *_runs(count)]:
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


def _runs(count: int) -> Iterator[tuple[str, Run]]:
    chance, now = random.Random(1), START  # noqa: S311  the same in every run
    ids = Ids(lambda: round(now.timestamp() * 1000), random.Random(2).randbytes)  # noqa: S311
    for minute in range(count):
        now = START + timedelta(minutes=minute)
        params, metrics = values(chance)
        run = Run(
            schema="run/1",
            id=ids.new(),
            kind="script",
            started_at=now,
            finished_at=now + timedelta(seconds=40),
            clock="real",
            by=WHO,
            command=("python", "fit.py"),
            interpreter=Interpreter(python="3.11.7", platform="linux-x86_64"),
            params=params,
            metrics=metrics,
        )
        yield layout.run(run.id, now), run


def _settings() -> Settings:
    return Settings(
        schema="settings/1",
        project=Project(name="runs", owner="bench@example.org"),
        environment=EnvironmentSettings(python="3.11"),
    )
