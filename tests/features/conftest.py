"""Engines are started once for all tests."""

from __future__ import annotations

import importlib.util
import shutil
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


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("Spark needs Java and pyspark")
    with opened("spark", threads=2) as engine:
        yield engine


@pytest.fixture
def tree(tmp_path: Path, duck: Engine) -> WorkTree:
    return WorkTree(tmp_path, duck)
