"""What a view reads, as Parquet files: its own, or what a CSV or a table of a database holds, written down once."""

from __future__ import annotations

import contextlib
import difflib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from actum.definitions.definitions import DefinitionError
from actum.features.columns import Column, column_of
from actum.features.delimited import why_no_times, write_typed
from actum.records.view import FeatureView, Source

_TEXT = (".csv", ".csv.gz")
_FILE_OF_DATABASE = re.compile(r"(?:duckdb|sqlite)://(?!md:)([^?]*)")
_PATTERN = frozenset("*?[]{}")
_MEND_DRIFT = "bring the files into one form in a stage, or name fewer of them"


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """Parquet files that are one table.

    Attributes:
        told: How people call them.
        paths: What is read; ``originals``: what it was made of, the same but for CSV and databases.
        each: The columns of each file, by name.
        rows: Of all together.
    """

    view: FeatureView
    told: str
    paths: tuple[Path, ...]
    originals: tuple[Path, ...]
    each: tuple[Mapping[str, Column], ...]
    rows: int

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.each[0]

    def column(self, name: str, at: tuple[str | int, ...]) -> Column:
        """Return a column that the view names at *at*.

        Raises:
            DefinitionError: It is not there, is nothing that features are made of, or is not the same in each file.
        """
        for path, columns in zip(self.originals, self.each, strict=False):
            if name not in columns:
                self._refuse_unknown(name, at, path)
            if twins := [one for one in columns if one != name and one.lower() == name.lower()]:
                problem = f"{self.told} has {name} and {twins[0]}, which no engine tells apart"
                raise DefinitionError(self.view.view, at, problem, hint="rename one of them in a stage")
        one = next((columns[name] for columns in self.each if columns[name].kind != "nothing"), self.columns[name])
        if one.kind is None:
            raise DefinitionError(self.view.view, at, f"{name} is a {one.words} in {self.told}, which has no type here")
        for path, columns in zip(self.originals, self.each, strict=False):
            other = columns[name]
            if other.kind != "nothing" and (other.kind, other.nano) != (one.kind, one.nano):
                problem = f"{name} is a {one.words} in one file, a {other.words} in {path.name}"
                raise DefinitionError(self.view.view, ("source", "path"), problem, hint=_MEND_DRIFT)
        return one

    def refuse_text(self, name: str, at: tuple[str | int, ...]) -> None:
        """Look whether a column that must be one of times is text that a CSV file has instead.

        Raises:
            DefinitionError: It is; the message has the first value that is to blame.
        """
        assert self.view.source is not None
        if is_text(self.originals) and self.column(name, at).kind == "string":
            problem, hint = why_no_times(self.originals, self.view.source.missing, name)
            raise DefinitionError(self.view.view, at, problem, hint=hint)

    def _refuse_unknown(self, name: str, at: tuple[str | int, ...], path: Path) -> NoReturn:
        if any(name in columns for columns in self.each):
            problem = f"{path.name} has no column {name}, other files have"
            raise DefinitionError(self.view.view, ("source", "path"), problem, hint=_MEND_DRIFT)
        near = difflib.get_close_matches(name, self.columns, n=1, cutoff=0.5)
        guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(list(self.columns)[:12])}"
        raise DefinitionError(self.view.view, at, f"no column of {self.told} is called {name}, {guess}")


def files_of(view: FeatureView, root: Path, scratch: Path) -> Files:
    """Find what a view's source names, and look at the columns; of CSV and databases a copy is made in *scratch*.

    Raises:
        DefinitionError: There is nothing, it is empty, or it cannot be read.
    """
    assert view.source is not None
    source, copy = view.source, scratch / f"{view.view}.parquet"
    if source.connect:
        _from_database(view, source, root, copy)
        return _looked_at(view, source.table, (copy,), (copy,))
    found = originals_of(view, root)
    if strange := next((path for path in found if _PATTERN & set(str(path))), None):
        _refuse(view, "path", f"engines take the name of {strange} for a pattern", hint="rename it, without * ? [ ]")
    if is_text(found):
        _from_text(view, found, copy)
        return _looked_at(view, source.path, (copy,), found)
    return _looked_at(view, source.path, found, found)


def originals_of(view: FeatureView, root: Path) -> tuple[Path, ...]:
    """Return the files that a view's source names; of a database there are none.

    Raises:
        DefinitionError: No file is called so.
    """
    assert view.source is not None
    if view.source.connect:
        return ()
    found = tuple(path for path in sorted(root.glob(view.source.path)) if path.is_file())
    if not found:
        _refuse(view, "path", f"no file is called {view.source.path}", hint="dvc pull, or run the stage that makes it")
    return found


def is_text(originals: Sequence[Path]) -> bool:
    """Whether files are CSV, which must be understood before it is used."""
    return bool(originals) and all(path.name.endswith(_TEXT) for path in originals)


def _looked_at(view: FeatureView, told: str, paths: tuple[Path, ...], originals: tuple[Path, ...]) -> Files:
    import pyarrow as pa
    import pyarrow.parquet as pq

    each, rows = [], 0
    for path in paths:
        try:
            with pq.ParquetFile(path) as opened:
                schema, rows = opened.schema_arrow, rows + opened.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            hint = "name files that end in .parquet or .csv"
            _refuse(view, "path", f"{path.name} is no Parquet file: {_first_line(error)}", hint=hint)
        each.append({field.name: column_of(field.name, field.type) for field in schema})
    if not rows:
        _refuse(view, "path" if view.source and view.source.path else "table", f"{told} holds no row")
    return Files(view=view, told=told, paths=paths, originals=originals, each=tuple(each), rows=rows)


def _from_text(view: FeatureView, found: tuple[Path, ...], copy: Path) -> None:
    import duckdb

    assert view.source is not None
    try:
        write_typed(found, view.source.missing, copy)
    except duckdb.Error as error:
        _refuse(view, "path", f"cannot be read as CSV: {_first_line(error)}")


def _from_database(view: FeatureView, source: Source, root: Path, copy: Path) -> None:
    import ibis

    made = _FILE_OF_DATABASE.match(source.connect)
    if made and not (root / made[1]).is_file():  # its driver would make one
        _refuse(view, "connect", f"{source.connect} is not there")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of a driver, which Ibis calls by an older name
            with contextlib.chdir(root):  # the database may be a file of the repository
                table: Any = ibis.connect(source.connect).table(source.table)
            table.to_parquet(copy)
    except Exception as error:  # each database has a driver of its own, with errors of its own
        hint = "is its driver in requirements.in?" if isinstance(error, ImportError) else ""
        _refuse(view, "connect", f"{source.table} cannot be read: {_first_line(error)}", hint=hint)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _refuse(view: FeatureView, field: str, problem: str, *, hint: str = "") -> NoReturn:
    raise DefinitionError(view.view, ("source", field), problem, hint=hint)
