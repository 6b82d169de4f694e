"""Two clones of one origin, as two approvers have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from actum.git.repository import Git
from tests.real_git import git, write


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    place = tmp_path / "origin"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(place))
    return place


@pytest.fixture
def clones(origin: Path, tmp_path: Path) -> tuple[Git, Git]:
    first = tmp_path / "one"
    git(tmp_path, "clone", "-q", str(origin), str(first))
    write(first, "README.md", "begin\n")
    git(first, "add", ".")
    git(first, "commit", "-qm", "Begin")
    git(first, "push", "-q", "origin", "main")
    git(tmp_path, "clone", "-q", str(origin), str(tmp_path / "two"))
    return Git(first), Git(tmp_path / "two")
