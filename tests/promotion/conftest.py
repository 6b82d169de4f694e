"""The release project, made once by real git and dvc and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.promotion.approving import Court
from tests.promotion.release_project import Project, counting_ids, environment, make
from tests.signing.real_keys import RealKey, make_key


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


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RealKey]:
    """Keys by name: Ana is the author, Rosa and Ben review, nobody knows Mallory."""
    folder = tmp_path_factory.mktemp("people")
    return {name: make_key(folder, f"{name}@example.org") for name in ("ana", "rosa", "ben", "mallory")}


@pytest.fixture
def court(project: Project, people: dict[str, RealKey], monkeypatch: pytest.MonkeyPatch) -> Court:
    """A promotion of 1.1.0 to production waits, which two people must approve, one of them of model-risk."""
    court = Court(project, people, monkeypatch)
    court.rule()
    project.promote("churn@v1.1.0")
    return court
