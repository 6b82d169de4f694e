"""A repository with settings and DVC, made once, in which the script of a test runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actum.filing import read_record
from actum.records.run import Run
from tests.made_once import once
from tests.real_git import git, write

Records = Callable[[], dict[str, Run]]
SETTINGS = """\
schema: settings/1
project: {name: trials, owner: ana}
environment: {python: "3.11"}
"""


def make(folder: Path) -> None:
    git(folder, "init", "-q")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=folder, check=True)
    write(folder, "actum.yaml", SETTINGS)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Begin")


@pytest.fixture(scope="session")
def template(shared_environments: Path) -> Path:
    return once(shared_environments.parent / "logbook", make)


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the repository, in which the test is."""
    shutil.copytree(template, tmp_path / "repo")
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


@pytest.fixture
def records(root: Path) -> Records:
    """Read all runs that lie in the work tree, each by its own path, by id."""

    def read() -> dict[str, Run]:
        paths = [path.relative_to(root).as_posix() for path in sorted(root.glob("runs/*/*/*.json"))]
        found = [read_record(path, (root / path).read_bytes()) for path in paths]
        return {record.id: record for record in found}

    return read


def listed(root: Path, *words: str) -> Any:
    """Return what ``actum ls runs --json`` says, in a process of its own."""
    command = [sys.executable, "-m", "actum", "ls", "runs", "--limit", "0", "--json", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    return json.loads(done.stdout)
