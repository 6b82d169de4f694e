"""Segments as files: the only place of the decisions that starts DuckDB.

One thread, so that rows keep their order, and no extension is ever fetched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actum.decisions.leaves import COLUMNS, TIMES
from actum.errors import InvalidRecordError

Row = tuple[Any, ...]
_PORTION = 4096
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_CONFIG: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


@contextmanager
def _connected() -> Iterator[Any]:
    import duckdb

    connection = duckdb.connect(":memory:", config={**_CONFIG, "memory_limit": "1GB"})
    try:
        yield connection
    finally:
        connection.close()


def write(lines: Path, target: Path) -> None:
    """Turn rows, one JSON object a line (times in microseconds since 1970), into a segment; whole or not at all."""
    draft = target.with_name(f".{target.name}.draft")
    source = {name: "BIGINT" if name in TIMES else kind for name, kind in COLUMNS.items()}
    chosen = ", ".join(f'make_timestamp("{name}") AS "{name}"' if name in TIMES else f'"{name}"' for name in COLUMNS)
    try:
        with _connected() as connection:
            rows = connection.read_json(str(lines), columns=source, format="newline_delimited")
            rows.project(chosen).write_parquet(str(draft), compression="zstd")
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def rows(path: Path, condition: str = "TRUE", parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
    """Yield the rows of a segment in their order, times in microseconds since 1970.

    Args:
        condition: SQL of ours over the columns; values enter by ``$name`` alone.

    Raises:
        InvalidRecordError: The file is no segment.
    """
    chosen = ", ".join(f'epoch_us("{name}")' if name in TIMES else f'"{name}"' for name in COLUMNS)
    yield from _query(path, f"SELECT {chosen} FROM read_parquet($path) WHERE {condition}", parameters or {})  # noqa: S608


def column(path: Path, name: str, condition: str = "TRUE", parameters: Mapping[str, Any] | None = None) -> list[Any]:
    """Return one column of a segment, in the order of its rows."""
    query = f'SELECT "{name}" FROM read_parquet($path) WHERE {condition}'  # noqa: S608
    return [row[0] for row in _query(path, query, parameters or {})]


def look_up(path: Path, key: str, value: str, columns: list[str]) -> list[Row]:
    """Return *columns* of the rows of any table (Parquet or CSV, told by content) whose *key* reads as *value*.

    Moments come as microseconds since 1970, all else as the table has it.

    Raises:
        InvalidRecordError: It is no table, or has no such column.
    """
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
    reader = "read_parquet($path)" if is_parquet else "read_csv($path, all_varchar=true)"
    asked = f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {reader})"  # noqa: S608
    kinds: dict[str, str] = dict(_query(path, asked, {}))
    absent = [name for name in (key, *columns) if name not in kinds]
    if absent:
        raise InvalidRecordError(f"{path}: has no column {', '.join(absent)}")
    chosen = ", ".join(_plain(name, kinds[name]) for name in columns)
    query = f"SELECT {chosen} FROM {reader} WHERE CAST({_quoted(key)} AS VARCHAR) = $value"  # noqa: S608
    return list(_query(path, query, {"value": value}))


def _plain(name: str, kind: str) -> str:
    if kind == "DATE":
        return f"epoch_us(CAST({_quoted(name)} AS TIMESTAMP))"
    return f"epoch_us({_quoted(name)})" if kind.startswith("TIMESTAMP") else _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _query(path: Path, query: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
    import duckdb

    with _connected() as connection:
        try:
            cursor = connection.execute(query, {"path": str(path), **parameters})
            while portion := cursor.fetchmany(_PORTION):
                yield from portion
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise InvalidRecordError(f"{path}: cannot be read: {first}", hint="actum fsck") from error


def line(row: Mapping[str, Any]) -> str:
    """Write a row as :func:`write` takes it."""
    return _encode(row) + "\n"
