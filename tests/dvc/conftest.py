"""A real DVC project with a remote, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.dvc.dvc_project import PIPELINE, Files, Project, environment
from tests.made_once import once


def make(folder: Path) -> None:
    root = folder / "project"
    (root / "rows" / "deep").mkdir(parents=True)
    project = Project(root, environment(folder))
    (root / "rows" / "one").write_text("1\n")
    (root / "rows" / "deep" / "two").write_text("2\n")
    (root / "labels.csv").write_text("id,late\n")
    (root / "params.yaml").write_text("rate: 1e-05\nseed: 7\n")
    (root / "dvc.yaml").write_text(PIPELINE)
    project.git("init", "-q", "-b", "main")
    project.dvc("init", "-q")
    project.dvc("remote", "add", "-q", "--default", "storage", "../store")
    project.dvc("add", "-q", "rows", "labels.csv")
    project.dvc("repro")
    project.dvc("push", "-q")
    project.git("add", ".")
    project.git("commit", "-qm", "first")


@pytest.fixture(scope="session")
def template(shared_environments: Path) -> Path:
    return once(shared_environments.parent / "dvc", make)


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    shutil.copytree(template / "project", tmp_path / "project", symlinks=True)
    shutil.copytree(template / "store", tmp_path / "store")
    return Project(tmp_path / "project", environment(tmp_path))


@pytest.fixture
def reader() -> Files:
    return lambda files: lambda path: files[path].encode() if path in files else None
