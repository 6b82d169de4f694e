"""Tables from disk (Parquet or CSV, told by content) as columns of exact JSON values.

A CSV cell is text until the declared type says otherwise; an empty unquoted cell is missing, ``NA`` is a string.
Floats are parsed and kept to the last bit; integers stay integers; NaN is a missing value.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum.inside.errors import ModelError
from actum.inside.frames import Input, InputType, Value

_PARQUET_MAGIC = b"PAR1"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<offset>Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Some columns of a file. ``is_text``: cells are still text, as CSV has them."""

    place: str
    columns: Any
    is_text: bool

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def column(self, name: str) -> Any:
        """Return one column as an Arrow array in one piece."""
        return self.columns.column(name).combine_chunks()

    def take(self, indices: Sequence[int]) -> Table:
        """Return the rows at ``indices``."""
        return Table(place=self.place, columns=self.columns.take(list(indices)), is_text=self.is_text)


def missing_columns(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``names`` that the file has no column for."""
    found = set(_names(path))
    return tuple(name for name in names if name not in found)


def read_table(path: Path, names: Sequence[str]) -> Table:
    """Read the named columns.

    Raises:
        ModelError: no such file, not a table, or columns missing; they are named.
    """
    import pyarrow as pa

    lacking = missing_columns(path, names)
    if lacking:
        raise ModelError(f"{path}: has no column {', '.join(lacking)}")
    wanted = list(dict.fromkeys(names))
    try:
        is_text = not _is_parquet(path)
        columns = _read_csv(path, wanted) if is_text else _read_parquet(path, wanted)
    except (pa.ArrowException, OSError) as error:
        raise ModelError(f"{path}: cannot be read as a table: {error}") from error
    return Table(place=str(path), columns=columns, is_text=is_text)


def _names(path: Path) -> list[str]:
    """Return the column names; refuse a name that stands twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = list(pq.read_schema(path).names) if _is_parquet(path) else _header(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise ModelError(f"{path}: cannot be read as a table: {error}") from error
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ModelError(f"{path}: column {twice[0]} stands twice")
    if not names:
        raise ModelError(f"{path}: is empty: it has neither columns nor rows")
    return names


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def _read_parquet(path: Path, names: list[str]) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=names, use_threads=False).select(names)


def _read_csv(path: Path, names: list[str]) -> Any:
    """Read cells as text: types are the request's to say, not a guess from the first block of rows."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    return arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(use_threads=False),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=names,
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def input_values(table: Table, item: Input) -> list[Value]:
    """Return one input's column as exact JSON values.

    Raises:
        ModelError: a dtype or a cell that is not of the declared type, or an infinite value; the column is named.
    """
    return list(input_column(table, item).to_pylist())


def input_column(table: Table, item: Input) -> Any:
    """Return the same as an Arrow array: float64, int64, bool or string, missing values as nulls."""
    column = decoded(table, item.name)
    kind = item.type or _guess(table, column, item.name)
    if not table.is_text and not _fits(column.type, kind):
        raise ModelError(f"{table.place}: column {item.name} is {column.type}, wanted {kind}")
    return _finite(table, _cast(table, column, kind, item.name), item.name)


def plain_values(table: Table, name: str) -> list[Value]:
    """Return a column that is carried along (a key, a label) as JSON values; moments as RFC 3339."""
    import pyarrow as pa

    column = decoded(table, name)
    if table.is_text or pa.types.is_string(column.type):
        return list(column.to_pylist())
    if pa.types.is_timestamp(column.type):
        return [None if moment is None else rfc3339(moment) for moment in moments(table, name)]
    if pa.types.is_date(column.type):
        return [None if day is None else day.isoformat() for day in column.to_pylist()]
    kind = _guess(table, column, name)
    return list(_finite(table, _cast(table, column, kind, name), name).to_pylist())


def moments(table: Table, name: str) -> list[dt.datetime | None]:
    """Return a column of moments in UTC.

    Raises:
        ModelError: not moments, without time zone or offset, or finer than a microsecond.
    """
    import pyarrow as pa

    column = table.column(name)
    if table.is_text or pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return [
            None if text is None else _moment(text, table, name, row) for row, text in enumerate(column.to_pylist())
        ]
    if not pa.types.is_timestamp(column.type):
        raise ModelError(f"{table.place}: column {name} is {column.type}, wanted moments")
    if column.type.tz is None:
        raise ModelError(f"{table.place}: column {name} holds moments without a time zone", hint="make them UTC")
    try:
        ticks = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64()).to_pylist()
    except pa.ArrowInvalid as error:
        raise ModelError(f"{table.place}: column {name} holds moments finer than a microsecond") from error
    try:
        return [None if tick is None else _EPOCH + dt.timedelta(microseconds=tick) for tick in ticks]
    except OverflowError as error:  # how databases write "for ever"
        raise ModelError(f"{table.place}: column {name} holds a moment outside the years 1 to 9999") from error


def parse_moment(text: str, where: str) -> dt.datetime:
    """Read a moment that carries its offset, as UTC."""
    match = _MOMENT.fullmatch(text)
    if not match:
        raise ModelError(f"{where}: {text!r} is not a moment", hint="2013-04-18T22:07:00Z")
    if not match["offset"]:
        raise ModelError(f"{where}: {text!r} has no time zone", hint="add Z or an offset such as -04:00")
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise ModelError(f"{where}: {text!r} is not a moment: {error}") from error


def rfc3339(moment: dt.datetime) -> str:
    """Write a moment in UTC, with a fraction only where there is one."""
    return moment.isoformat().replace("+00:00", "Z")


def _moment(text: str, table: Table, name: str, row: int) -> dt.datetime:
    return parse_moment(text, f"{table.place}: column {name}, row {row + 1}")


def decoded(table: Table, name: str) -> Any:
    """Return one column without dictionary encoding and without the large and view layouts of strings."""
    import pyarrow as pa

    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    is_text = pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)
    return column.cast(pa.string()) if is_text else column


def _guess(table: Table, column: Any, name: str) -> InputType:
    """Tell the type of a column nobody declared: by its dtype; in CSV a number if every cell is one."""
    import pyarrow as pa

    if table.is_text:
        return _guess_text(column)
    for kind in ("bool", "int", "float", "string"):
        if _is_kind(column.type, kind):
            return kind
    if pa.types.is_null(column.type):
        return "float"
    raise ModelError(f"{table.place}: column {name} is {column.type}, which no model input can be")


def _guess_text(column: Any) -> InputType:
    import pyarrow as pa

    if set(column.unique().to_pylist()) - {None} <= {"true", "false", "True", "False"} and column.null_count < len(
        column
    ):
        return "bool"
    try:
        column.cast(pa.float64())
    except pa.ArrowInvalid:
        return "string"
    return "float"


def _is_kind(dtype: Any, kind: InputType) -> bool:
    import pyarrow as pa

    tests = {
        "bool": pa.types.is_boolean,
        "int": pa.types.is_integer,
        "float": pa.types.is_floating,
        "string": pa.types.is_string,
    }
    return bool(tests[kind](dtype))


def _fits(dtype: Any, kind: InputType) -> bool:
    """Tell whether a column may serve as ``kind``: a whole number as either number, a column of nulls as anything."""
    import pyarrow as pa

    if kind in ("int", "float"):  # pandas turns a column of integers with gaps into floats
        return bool(pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_null(dtype))
    return _is_kind(dtype, kind) or bool(pa.types.is_null(dtype))


def _cast(table: Table, column: Any, kind: InputType, name: str) -> Any:
    """Bring a column to its Arrow type without losing anything: NaN becomes null first."""
    import pyarrow as pa

    targets = {"float": pa.float64(), "int": pa.int64(), "bool": pa.bool_(), "string": pa.string()}
    try:
        if kind == "int" and pa.types.is_string(column.type):
            column = _whole_numbers(column)
        if pa.types.is_floating(column.type):
            column = _without_nan(column.cast(pa.float64()))
        if pa.types.is_integer(column.type) and kind == "float":
            return column.cast(pa.float64())  # checked: refuses what a float cannot hold
        column = column.cast(targets[kind])
        return _without_nan(column) if kind == "float" else column
    except pa.ArrowInvalid as error:
        raise ModelError(f"{table.place}: column {name} is not {kind}: {error}") from error


def _whole_numbers(texts: Any) -> Any:
    """Read whole numbers; "6.0" is one, because pandas writes a column of integers with gaps so."""
    import pyarrow as pa

    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return texts.cast(pa.float64())


def _without_nan(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def _finite(table: Table, column: Any, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type) and pc.any(pc.is_inf(column)).as_py():
        raise ModelError(f"{table.place}: column {name} holds an infinite value")
    return column
