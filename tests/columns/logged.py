"""Repositories with many runs, made in no time; a test names only what it is about."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from actum import layout
from actum.filing import write_record
from actum.records.run import Run
from tests.index.grown import Grown
from tests.real_git import git, write
from tests.records import samples

KINDS = ("linear", "forest", "boosted")


class Logged(Grown):
    """A repository whose runs are an hour apart, with params, metrics and tags."""

    def start(self, runs: int) -> list[Run]:
        made = [self.run() for _ in range(runs)]
        self.commit({layout.SETTINGS: samples.settings()} | dict(map(at_its_place, made)))
        git(self.repo.root, "symbolic-ref", "HEAD", "refs/heads/main")
        git(self.repo.root, "reset", "-q", "--hard")
        return made

    def run(self, **known: Any) -> Run:
        number = self.minute // 60
        self.minute += 59
        told: dict[str, Any] = {
            "id": self.ulid(),
            "started_at": self.now,
            "finished_at": self.now + timedelta(seconds=30 + number),
            "params": {"model.kind": KINDS[number % 3], "model.depth": 2 + number % 5, "seed": number},
            "metrics": {"auc": round(0.5 + (number * 37 % 100) / 250, 4), "rows": 1000 + number},
            "tags": {"team": "risk" if number % 2 else "fraud"},
        }
        return samples.run(**told | known)

    def beside(self, run: Run) -> Path:
        """Lay a run into the work tree, and commit nothing."""
        path, _ = at_its_place(run)
        write(self.repo.root, path, write_record(run, path=path))
        return self.repo.root / path

    def add(self, *runs: Run) -> None:
        self.commit(dict(map(at_its_place, runs)))


def at_its_place(run: Run) -> tuple[str, Run]:
    return layout.run(run.id, run.started_at), run


def data(out: str) -> list[dict[str, Any]]:
    """Return the rows of a printed document."""
    found: list[dict[str, Any]] = json.loads(out)["data"]
    return found
