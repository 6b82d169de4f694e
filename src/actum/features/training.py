"""Training sets by one call, from Python or for a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from actum.features.building import Built, Say, built
from actum.features.engines import EngineName
from actum.features.opening import opened
from actum.features.reading import SETS, read_wanted
from actum.features.writing import write_table

_CACHE = "ACTUM_FEATURES_CACHE"


def training_set(name: str | Path, *, root: Path = Path(), **options: Any) -> Any:
    """Return the rows of a set with its features as a pandas DataFrame: key, moment, kept columns, features.

    Args:
        name: Of the set, or the path of its file.
        options: ``engine``, ``memory``, ``threads`` and ``cache``, as for :func:`built_from`.

    Raises:
        UserError: Labels, views and sources do not fit together; the message says where.
    """
    return built_from(_place(name, root), **options).table.to_pandas()


def write_training_set(name: str | Path, out: Path, *, root: Path = Path(), **options: Any) -> Built:
    """Write the rows of a set with its features as Parquet; the same inputs give the same bytes.

    Raises:
        UserError: As :func:`training_set`.
    """
    found = built_from(_place(name, root), **options)
    write_table(found.table.to_reader(), out)
    return found


def built_from(
    path: Path,
    *,
    engine: EngineName = "duckdb",
    memory: str = "1500MB",
    threads: int | None = None,
    cache: Path | None = None,
    say: Say = lambda _: None,
) -> Built:
    """Build the training set that a file describes.

    Args:
        memory: What DuckDB may hold before it spills to disk.
        threads: As many as there are processors when absent.
        cache: A folder in which the logs of views stay for other sets; ``ACTUM_FEATURES_CACHE`` when absent.

    Raises:
        UserError: As :func:`training_set`.
    """
    wanted = read_wanted(path)
    folder = cache or (Path(os.environ[_CACHE]) if os.environ.get(_CACHE) else None)
    with opened(engine, memory=memory, threads=threads) as running:
        return built(wanted, running, cache=folder, say=say)


def _place(name: str | Path, root: Path) -> Path:
    return name if isinstance(name, Path) else root / SETS / f"{name}.yaml"
