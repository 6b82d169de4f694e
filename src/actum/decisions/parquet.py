"""Segments as files: the only place of the decisions that starts DuckDB.

One thread, so that rows keep their order, and no extension is ever fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any

from actum.decisions.leaves import COLUMNS, OWN, SHARED, TIMES, Columns, microseconds, moment_text
from actum.errors import InvalidRecordError

Row = tuple[Any, ...]
_PORTION = 512
_WORDS = ("key", "outcome")
"""What people call things stands in ``lines`` as JSON: of all that is written there, it alone may hold a separator."""
_AS_WRITTEN: dict[str, Any] = {"sep": "\x1f", "header": False, "auto_detect": False, "quotechar": "", "escapechar": ""}
_CONFIG: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


@contextmanager
def _connected() -> Iterator[Any]:
    import duckdb

    connection = duckdb.connect(":memory:", config={**_CONFIG, "memory_limit": "1GB"})
    try:
        yield connection
    finally:
        connection.close()


def write(lines: Path, target: Path, shared: Mapping[str, Any]) -> None:
    """Turn ``lines`` into a segment; whole or not at all. ``shared``: what all its decisions have in common."""
    draft = target.with_name(f".{target.name}.draft")
    columns = {name: "BIGINT" if name in TIMES else COLUMNS[name] for name in (*OWN, "leaf")}
    chosen = [_shared(name, shared.get(name)) if name in SHARED else _own(name) for name in COLUMNS]
    try:
        with _connected() as connection:
            rows = connection.read_csv(str(lines), columns=columns, **_AS_WRITTEN)
            rows.select(*chosen).write_parquet(str(draft), compression="zstd")
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _own(name: str) -> Any:
    import duckdb

    column = duckdb.ColumnExpression(name)
    if name in TIMES:
        return duckdb.FunctionExpression("make_timestamp", column).alias(name)
    if name in _WORDS:
        return duckdb.FunctionExpression("json_extract_string", column, duckdb.ConstantExpression("$")).alias(name)
    return column


def _shared(name: str, value: Any) -> Any:
    """Return a column that is the same in every row; by a condition, or DuckDB would store it in another way."""
    import duckdb

    constant = duckdb.ConstantExpression(microseconds(value) if name in TIMES else value)
    given = duckdb.FunctionExpression("make_timestamp", constant) if name in TIMES else constant.cast(COLUMNS[name])
    return duckdb.CaseExpression(duckdb.ColumnExpression("id") != duckdb.ConstantExpression(""), given).alias(name)


def lines(own: Columns, micros: Sequence[int], leaves: Sequence[bytes]) -> list[str]:
    """Return decisions as ``write`` takes them. ``micros``: their times since 1970."""
    columns = zip(*own, micros, leaves, strict=True)
    return [
        f"{batch}\x1f{at}\x1f{name}\x1f{inputs}\x1f{quoted(key)}\x1f{quoted(outcome)}\x1f{salt}\x1f{score!r}\x1f{subject}"
        f"\x1f{leaf.hex()}\n"
        for batch, _, name, inputs, key, outcome, salt, score, subject, at, leaf in columns
    ]


def shared(path: Path) -> dict[str, Any]:
    """Return what all rows of a segment have in common, as ``encode`` would write it.

    Raises:
        InvalidRecordError: The file is no segment, or its rows are not of one kind.
    """
    found = list(_query(path, f"SELECT DISTINCT {_chosen(SHARED)} FROM read_parquet($path)", {}))  # noqa: S608
    if len(found) != 1:
        problem = f"decisions of {len(found)} kinds in one segment" if found else "holds no decision"
        raise InvalidRecordError(f"{path}: {problem}", hint="actum fsck")
    fields = dict(zip(SHARED, found[0], strict=True))
    return fields | {name: moment_text(fields[name]) for name in TIMES if name in fields}


def rows(path: Path, condition: str = "TRUE", parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
    """Yield the rows of a segment in their order, times in microseconds since 1970.

    Args:
        condition: SQL of ours over the columns; values enter by ``$name`` alone.

    Raises:
        InvalidRecordError: The file is no segment.
    """
    query = f"SELECT {_chosen(COLUMNS)} FROM read_parquet($path) WHERE {condition}"  # noqa: S608
    for portion in _portions(path, query, parameters or {}):
        yield from portion


def owns(path: Path) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the columns of ``OWN``, so many rows at a time, times in microseconds since 1970."""
    for portion in _portions(path, f"SELECT {_chosen(OWN)} FROM read_parquet($path)", {}):  # noqa: S608
        yield list(zip(*portion, strict=True))


def _chosen(columns: Iterable[str]) -> str:
    return ", ".join(f'epoch_us("{name}")' if name in TIMES else f'"{name}"' for name in columns)


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


def overview(lines: Path, threshold: float, since: int | None, until: int) -> Row:
    """Say of the score worker's lines how many there are, how many reach *threshold*, the lowest and the highest score,
    the first and the last moment, and how many lie before *since* and after *until*; in microseconds since 1970.

    Raises:
        InvalidRecordError: They are no scored rows.
    """
    columns = "{score: 'DOUBLE', moment: 'TIMESTAMP'}"
    query = (
        "SELECT count(*), count(*) FILTER (score >= $threshold), min(score), max(score), min(micros), max(micros),"  # noqa: S608
        " count(*) FILTER (micros < $since), count(*) FILTER (micros > $until)"
        " FROM (SELECT score, epoch_us(moment) AS micros"
        f" FROM read_json($path, columns={columns}, format='newline_delimited'))"
    )
    (found,) = _query(lines, query, {"threshold": threshold, "since": since, "until": until})
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _query(path: Path, query: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
    for portion in _portions(path, query, parameters):
        yield from portion


def _portions(path: Path, query: str, parameters: Mapping[str, Any]) -> Iterator[list[Row]]:
    import duckdb

    with _connected() as connection:
        try:
            cursor = connection.execute(query, {"path": str(path), **parameters})
            while portion := cursor.fetchmany(_PORTION):
                yield portion
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise InvalidRecordError(f"{path}: cannot be read: {first}", hint="actum fsck") from error
