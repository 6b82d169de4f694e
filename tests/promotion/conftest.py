"""The release project, made once by real git and dvc and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.promotion.release_project import Project, counting_ids, environment, make


@pytest.fixture(scope="session")
def release_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    patch = pytest.MonkeyPatch()
    for name, value in environment(folder).items():
        patch.setenv(name, value)
    make(folder)
    patch.undo()
    return folder


@pytest.fixture
def project(release_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for part in ("project", "store"):
        shutil.copytree(release_template / part, tmp_path / part, symlinks=True)
    env = environment(tmp_path)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return Project(tmp_path / "project", env, counting_ids(1_714_600_000_000))
