"""Engines are started once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actum.features.engines import Engine
from actum.features.opening import opened
from tests.features.work_tree import WorkTree


@pytest.fixture(scope="session")
def duck() -> Iterator[Engine]:
    with opened("duckdb", threads=2) as engine:
        yield engine


@pytest.fixture
def tree(tmp_path: Path, duck: Engine) -> WorkTree:
    return WorkTree(tmp_path, duck)
