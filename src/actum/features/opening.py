"""Start an engine by its name, once it is known that the environment has what it needs."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actum.errors import UserError
from actum.features.duck import Duck
from actum.features.engines import Engine, EngineName
from actum.features.spark import Spark

_NEEDED = {"ibis": "ibis-framework[duckdb]", "duckdb": "duckdb", "pyarrow": "pyarrow", "pyspark": "pyspark<4.1"}


@contextmanager
def opened(name: EngineName, *, memory: str = "1500MB", threads: int | None = None) -> Iterator[Engine]:
    """Start an engine, with a folder of its own to spill to, and stop it.

    Args:
        memory: What DuckDB may hold before it spills.
        threads: As many as there are processors when absent.

    Raises:
        UserError: The environment lacks the engine or what it is driven with.
    """
    _require("ibis", "duckdb", "pyarrow", *(["pyspark"] if name == "spark" else []))
    with (
        tempfile.TemporaryDirectory(prefix="actum-features-") as folder,
        _started(name, Path(folder), memory, threads) as engine,
    ):
        yield engine


def _started(name: EngineName, folder: Path, memory: str, threads: int | None) -> Engine:
    return Spark(folder, threads) if name == "spark" else Duck(folder, memory, threads)


def _require(*modules: str) -> None:
    lacking = [name for name in modules if importlib.util.find_spec(name) is None]
    if lacking:
        wanted = " and ".join(_NEEDED[name] for name in lacking)
        hint = f"write {wanted} into requirements.in, then: actum lock"
        raise UserError(f"the environment lacks {', '.join(lacking)}, which features are built with", hint=hint)
