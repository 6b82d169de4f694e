"""The rows for which features are built: read whole, in their order, with moments in UTC microseconds."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from actum.definitions.expression import Dtype
from actum.errors import UserError
from actum.features.arrays import endless, numbers, whole_numbers
from actum.features.columns import Column, column_of
from actum.features.times import told
from actum.features.zones import Steps, local_offsets, unclear
from actum.records.feature_set import FeatureSet


class ZonelessError(UserError):
    """Moments have no time zone, and the set states none. ``because``: what is said of their column."""

    def __init__(self, name: str, because: str) -> None:
        problem = f"features/sets/{name}.yaml: labels.time_zone: is needed: {because}"
        super().__init__(problem, hint="time_zone: Europe/Rome, or UTC")
        self.because = because


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRows:
    """A table of labels.

    Attributes:
        table: As it was read, all its columns.
        moments: Whole microseconds, UTC, one a row.
    """

    set: FeatureSet
    table: Any
    moments: Any

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def values(self, name: str, told_as: str) -> tuple[Any, Dtype | None]:
        """Return a column in the type of the inside, for an entity or a value of the request.

        Raises:
            UserError: The column is of nothing that features know, or infinite somewhere.
        """
        column = column_of(name, self.table.schema.field(name).type)
        if column.type is None and column.kind is None:
            self.refuse(f"{told_as}: {name} is a {column.words}, which has no type here")
        values = self.table[name].combine_chunks()
        if column.type == "timestamp":
            return _micros(self, values, column), "timestamp"
        found = self._cast(name, values, _inside(column))
        if count := endless(found):
            problem = f"{told_as}: {name} is infinite in {_counted(count)}"
            self.refuse(problem, hint="leave it empty where it is unknown")
        return found, column.type

    def kept(self) -> Any:
        """Return what goes into the result as it is: the key, the moment, then the columns to keep."""
        import pyarrow as pa

        labels = self.set.labels
        first = [*labels.key, labels.moment]
        others = labels.keep if labels.keep is not None else self.table.column_names
        names = list(dict.fromkeys([*first, *others]))
        columns = [self._cast(name, self.table[name], _stable(self.table[name].type)) for name in names]
        columns[names.index(labels.moment)] = self.moments.cast(pa.timestamp("us", tz="UTC"))
        return pa.table(columns, names=names)

    def _cast(self, name: str, values: Any, kind: Any) -> Any:
        import pyarrow as pa

        try:
            return values.cast(kind)
        except pa.ArrowInvalid as error:
            self.refuse(f"labels: {name} cannot be read: {str(error).partition(chr(10))[0]}")

    def refuse(self, problem: str, *, hint: str = "") -> NoReturn:
        raise UserError(f"features/sets/{self.set.set}.yaml: {problem}", hint=hint)


def read_labels(wanted: FeatureSet, root: Path) -> LabelRows:
    """Read the labels of a set.

    Raises:
        UserError: The file, a column or a moment is missing, two rows have one key, or a moment has no time zone.
    """
    table = _read(wanted, root / wanted.labels.path)
    rows = LabelRows(set=wanted, table=table, moments=None)
    if twice := next((name for name in table.column_names if table.column_names.count(name) > 1), None):
        rows.refuse(f"labels.path: {wanted.labels.path} has {twice} more than once")
    labels = wanted.labels
    for field, names in (("moment", [labels.moment]), ("key", labels.key), ("keep", labels.keep or ())):
        for name in names:
            _require(rows, field, name)
    column = column_of(labels.moment, table.schema.field(labels.moment).type)
    if column.type != "timestamp":
        rows.refuse(f"labels.moment: {labels.moment} is a {column.words}, must be one of times")
    moments = _micros(rows, table[labels.moment].combine_chunks(), column)
    if moments.null_count:
        rows.refuse(f"labels.moment: {labels.moment} is missing in {_counted(moments.null_count)}")
    _refuse_twins(rows)
    return LabelRows(set=wanted, table=table, moments=moments)


def _read(wanted: FeatureSet, path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    where = f"features/sets/{wanted.set}.yaml: labels.path"
    if not path.is_file():
        raise UserError(f"{where}: {wanted.labels.path} is not there", hint="dvc pull, or run the stage that makes it")
    try:
        return pyarrow.csv.read_csv(path) if path.name.endswith((".csv", ".csv.gz")) else pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        first = str(error).partition("\n")[0]
        raise UserError(f"{where}: {wanted.labels.path} cannot be read: {first}") from error


def _require(rows: LabelRows, field: str, name: str) -> None:
    there = rows.table.column_names
    if name in there:
        return
    near = difflib.get_close_matches(name, there, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(there[:12])}"
    rows.refuse(f"labels.{field}: no column of {rows.set.labels.path} is called {name}, {guess}")


def _refuse_twins(rows: LabelRows) -> None:
    import pyarrow.compute as pc

    key = list(rows.set.labels.key)
    if not key:
        return
    counted = rows.table.select(key).group_by(key).aggregate([([], "count_all")])
    twins = counted.filter(pc.greater(counted["count_all"], 1))
    if twins.num_rows:
        shown = ", ".join(f"{name} {value}" for name, value in twins.select(key).slice(0, 1).to_pylist()[0].items())
        rows.refuse(f"labels.key: {_counted(len(rows) - counted.num_rows)} too many with a key of another: {shown}")


def _micros(rows: LabelRows, values: Any, column: Column) -> Any:
    """Return times as whole microseconds, UTC."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.kind == "date":
        values = values.cast(pa.timestamp("us"))
    try:
        whole = values.cast(pa.timestamp("us", tz=values.type.tz)).cast(pa.int64())
    except pa.ArrowInvalid:
        rows.refuse(f"labels: {column.name} has times finer than a microsecond", hint="round them in a stage")
    if column.zoned:
        return whole
    zone = rows.set.labels.time_zone
    if not zone:
        raise ZonelessError(rows.set.set, f"{column.name} is a {column.words}, so nobody knows when that was")
    try:
        offsets, never = local_offsets(zone, "first"), unclear(zone, ambiguous=True, skipped=True)
    except (KeyError, ValueError):
        rows.refuse(f"labels.time_zone: {zone} is no time zone")
    at = numbers(whole.fill_null(0))
    bad = np.flatnonzero((_at(never, at) == 1) & (numbers(whole.is_valid().cast(pa.int8())) == 1))
    if len(bad):
        shown = told(int(at[bad[0]])).removesuffix(" UTC")
        problem = f"labels: {column.name}: the clocks of {zone} showed {_counted(len(bad), 'time')} twice or never"
        rows.refuse(f"{problem}, such as {shown}", hint="write them in UTC")
    return pc.subtract(whole, whole_numbers(_at(offsets, at)))


def _at(steps: Steps, times: Any) -> Any:
    import numpy as np

    return np.array(steps.values, dtype=np.int64)[np.searchsorted(np.array(steps.starts), times, side="right")]


def _inside(column: Column) -> Any:
    """Return the type of a column inside; one without any value is of whole numbers."""
    import pyarrow as pa

    kinds = {"float": pa.float64(), "decimal": pa.float64(), "string": pa.string(), "bool": pa.bool_()}
    return kinds.get(str(column.kind), pa.int64())


def _stable(kind: Any) -> Any:
    """Return the type in which a column is written: text as plain strings, times with a zone in UTC microseconds."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


def _counted(count: int, noun: str = "row") -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
