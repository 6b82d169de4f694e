"""A project in which nothing is wrong, made once and copied for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.health.healthy_project import Project, surroundings
from tests.made_once import once


def make(folder: Path) -> None:
    env = surroundings(folder / "home")
    root = folder / "project"

    def call(*words: str, cwd: Path = root) -> None:
        subprocess.run(words, cwd=cwd, env=env, check=True)

    call(sys.executable, "-m", "actum", "init", "project", cwd=folder)
    call(sys.executable, "-m", "dvc", "remote", "add", "-q", "--default", "storage", "../store")
    (folder / "store").mkdir()
    (root / "requirements.lock").write_text(f"red==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    call("git", "add", ".")
    call("git", "commit", "-qm", "Begin")


@pytest.fixture(scope="session")
def template(shared_environments: Path) -> Path:
    return once(shared_environments.parent / "healthy", make)


@pytest.fixture
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("project", "store", "home"):
        shutil.copytree(template / name, tmp_path / name)
    env = surroundings(tmp_path / "home")
    for name in os.environ.keys() - env.keys():
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "project", env)
