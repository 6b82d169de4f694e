"""Training sets by one call, from Python or for a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actum.features.building import build
from actum.features.engines import EngineName
from actum.features.opening import opened
from actum.features.reading import read_wanted
from actum.features.writing import write_table


def training_set(name: str | Path, *, root: Path = Path(), engine: EngineName = "duckdb", **options: Any) -> Any:
    """Return the rows of a set with its features as a pandas DataFrame: key, moment, kept columns, features.

    Args:
        name: Of the set, or the path of its file.
        options: As :func:`actum.features.engines.opened` takes them.

    Raises:
        UserError: Labels, views and sources do not fit together; the message says where.
    """
    with opened(engine, **options) as running:
        return build(read_wanted(_path(name, root)), running).to_pandas()


def write_training_set(
    name: str | Path, path: Path, *, root: Path = Path(), engine: EngineName = "duckdb", **options: Any
) -> tuple[int, int]:
    """Write the rows of a set with its features as Parquet; return how many rows and features.

    Raises:
        UserError: As :func:`training_set`.
    """
    wanted = read_wanted(_path(name, root))
    with opened(engine, **options) as running:
        table = build(wanted, running)
    return write_table(table.to_reader(), path), len(wanted.set.features)


def _path(name: str | Path, root: Path) -> Path:
    return name if isinstance(name, Path) else root / "features" / "sets" / f"{name}.yaml"
