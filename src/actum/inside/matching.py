"""Rows of two tables brought together by their key, whole columns at a time: the holdout's order decides.

A holdout has a hundred thousand rows and a features table several times as many: nothing here makes an object a row.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actum.inside.errors import ModelError
from actum.inside.tables import Table, decoded, moments

SHOWN_KEYS = 3
MAX_SLICES = 200
MISSING = "(missing)"
"""The slice of the rows that have no value in its column."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Coded:
    """A column by which rows are told apart: its values as people read them, sorted, and which of them a row has."""

    column: str
    values: tuple[str, ...]
    codes: Any


def rows_of(features: Table, holdout: Table, key: str) -> Any:
    """Return for each row of the holdout where the features have its key: an Arrow array of indices.

    Raises:
        ModelError: keys that are null, stand twice or are of two kinds, or keys that the features do not cover.
    """
    import pyarrow.compute as pc

    known, wanted = _keys(features, key), _keys(holdout, key)
    if features.is_text != holdout.is_text:
        known, wanted = _alike(features, known, wanted.type, key), _alike(holdout, wanted, known.type, key)
    if known.type != wanted.type:
        told = f"column {key} is {known.type}, but {wanted.type} in {holdout.place}"
        raise ModelError(f"{features.place}: {told}")
    for table, keys in ((features, known), (holdout, wanted)):
        _refuse_twice(table, keys, key)
    rows = pc.index_in(wanted, value_set=known)
    if rows.null_count:
        first = ", ".join(repr(one) for one in wanted.filter(rows.is_null())[:SHOWN_KEYS].to_pylist())
        told = f"has no row for {rows.null_count} of the {len(rows)} keys of {holdout.place}, first {first}"
        raise ModelError(f"{features.place}: {told}", hint="judge on keys that the pipeline makes features for")
    return rows


def refuse_other_moments(features: Table, holdout: Table, moment: str, key: str) -> None:
    """Refuse features that were built for another moment than the holdout's: they may know what came after it.

    Both tables have the same rows by now.
    """
    import numpy as np

    differ = np.flatnonzero(instants(features, moment) != instants(holdout, moment))
    if len(differ):
        first = decoded(holdout, key)[int(differ[0])].as_py()
        told = f"column {moment} is not that of {holdout.place} in {len(differ)} rows, first {first!r}"
        raise ModelError(f"{features.place}: {told}", hint="both versions must answer at the same moment")


def coded(table: Table, name: str) -> Coded:
    """Return a column as slices.

    Raises:
        ModelError: it has so many values that no slice would say anything.
    """
    import numpy as np

    found = _whole(decoded(table, name)).dictionary_encode()
    said = [_as_text(value) for value in found.dictionary.to_pylist()]
    indices = found.indices.fill_null(len(said)).to_numpy(zero_copy_only=False)
    used = [*said, MISSING] if found.null_count else said
    values = sorted(set(used))
    if len(values) > MAX_SLICES:
        told = f"column {name} has {len(values)} values, at most {MAX_SLICES} slices of a column are looked at"
        raise ModelError(f"{table.place}: {told}", hint=f"take {name} out of slices: of the card")
    codes = np.array([values.index(text) for text in used], dtype=np.int32)
    return Coded(column=name, values=tuple(values), codes=codes[indices])


def _keys(table: Table, name: str) -> Any:
    column = _whole(decoded(table, name))
    if column.null_count:
        raise ModelError(f"{table.place}: column {name} is null in {column.null_count} rows")
    return column


def _whole(column: Any) -> Any:
    """Bring integers to one width, and NaN to null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def _alike(table: Table, keys: Any, wanted: Any, name: str) -> Any:
    """Read the text of a CSV as what the other table's keys are."""
    import pyarrow as pa

    if not table.is_text:
        return keys
    try:
        return keys.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ModelError(f"{table.place}: column {name} is not {wanted}: {error}") from error


def _refuse_twice(table: Table, keys: Any, name: str) -> None:
    import pyarrow.compute as pc

    if pc.count_distinct(keys).as_py() == len(keys):
        return
    counted = pc.value_counts(keys)
    twice = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
    told = f"column {name}: {len(twice)} keys stand more than once, first {twice[0].as_py()!r}"
    raise ModelError(f"{table.place}: {told}")


def instants(table: Table, name: str) -> Any:
    """Return a column of moments as microseconds since 1970."""
    import numpy as np
    import pyarrow as pa

    column = table.column(name)
    if column.null_count:
        raise ModelError(f"{table.place}: column {name} is null in {column.null_count} rows")
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        with contextlib.suppress(pa.ArrowInvalid):  # finer than a microsecond: the words for it stand below
            return column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64()).to_numpy()
    # Text, and what is no moment at all: one by one, with the words of every other job.
    told: Sequence[Any] = moments(table, name)
    return np.array([moment.timestamp() * 1e6 for moment in told]).round().astype(np.int64)


def _as_text(value: object) -> str:
    """Write a value as people read it; a control character, which no record may hold, as its number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
