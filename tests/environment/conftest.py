"""A real uv, a real index, real interpreters; the smallest packages there are, each environment made once."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actum.environment.lock import make_lock
from actum.environment.venv import Environment, Environments
from actum.environment.wing import build_wing


@pytest.fixture(scope="session")
def python() -> str:
    """The exact version of the interpreter that runs the tests: it is here for sure."""
    return platform.python_version()


@pytest.fixture(scope="session")
def caller() -> Mapping[str, str]:
    return dict(os.environ)


@pytest.fixture(scope="session")
def lock_of(tmp_path_factory: pytest.TempPathFactory, python: str, caller: Mapping[str, str]) -> Callable[..., bytes]:
    """Lock the named requirements."""

    def make(*requirements: str) -> bytes:
        root = tmp_path_factory.mktemp("lock")
        (root / "requirements.in").write_text("\n".join(requirements) + "\n")
        make_lock(root, source="requirements.in", out="requirements.lock", python=python, caller=caller)
        return (root / "requirements.lock").read_bytes()

    return make


@pytest.fixture(scope="session")
def six_lock(lock_of: Callable[..., bytes]) -> bytes:
    return lock_of("six==1.17.0")


@pytest.fixture(scope="session")
def environments(shared_environments: Path, caller: Mapping[str, str]) -> Environments:
    return Environments(shared_environments, caller)


@pytest.fixture(scope="session")
def six(environments: Environments, six_lock: bytes, python: str) -> Environment:
    return environments.ensure(six_lock, python)


@pytest.fixture(scope="session")
def numpy_24(environments: Environments, lock_of: Callable[..., bytes], python: str) -> Environment:
    return environments.ensure(lock_of("numpy==2.4.6", "threadpoolctl"), python)


@pytest.fixture(scope="session")
def numpy_22(environments: Environments, lock_of: Callable[..., bytes], python: str) -> Environment:
    return environments.ensure(lock_of("numpy==2.2.6", "threadpoolctl"), python)


@pytest.fixture(scope="session")
def wing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wing") / "wing.zip"
    path.write_bytes(build_wing())
    return path
