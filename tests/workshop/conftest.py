"""A repository with git, DVC and a lock of one small package; its environment is made once for all tests."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actum.environment.lock import make_lock
from actum.environment.machine import platform_name
from actum.git.repository import Git
from actum.progress import silent
from actum.records.settings import EnvironmentSettings
from actum.workshop import Workshop, open_workshop
from tests.real_git import git, write

Open = Callable[..., Workshop]


@pytest.fixture(scope="session")
def lock(tmp_path_factory: pytest.TempPathFactory, _session_surroundings: None) -> bytes:
    root = tmp_path_factory.mktemp("lock")
    (root / "requirements.in").write_text("six==1.17.0\n")
    python = platform.python_version()
    make_lock(root, source="requirements.in", out="requirements.lock", python=python, caller=os.environ)
    return (root / "requirements.lock").read_bytes()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, lock: bytes) -> Path:
    root = tmp_path_factory.mktemp("workshop") / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for words in (("init", "-q"), ("remote", "add", "-q", "--default", "storage", "../store")):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True)
    write(root, "requirements.lock", lock)
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    return root


@pytest.fixture
def here(template: Path, tmp_path: Path) -> Git:
    (tmp_path / "store").mkdir()
    return Git(shutil.copytree(template, tmp_path / "project", symlinks=True))


@pytest.fixture
def settings() -> EnvironmentSettings:
    return EnvironmentSettings(python=platform.python_version(), platform=platform_name(), lock="requirements.lock")


@pytest.fixture
def opened(here: Git, lock: bytes, settings: EnvironmentSettings) -> Open:
    """Open the workshop of the project's lock."""

    def make(**changes: object) -> Workshop:
        return open_workshop(here.root, lock, settings, environ=os.environ, tell=silent, **changes)  # type: ignore[arg-type]

    return make
