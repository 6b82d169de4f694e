"""The file itself: its tables, how it is opened, made and written, and what an error of SQLite means for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    import sqlite3

Table = Literal["records", "folders", "columns"]
Row = tuple[bytes, bytes, bytes, bytes]
"""Path, object, what is told, seal."""

FORM = 4
_APPLICATION = 0x61637475  # "actu"
_PATIENCE_S = 0.5
_REMEMBERED = 8
"""How many trees of one folder stay known: those of a few branches and of the latest past."""
_BROKEN = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_SCHEMA"})
# records: what one file says, by its path and its blob; the same bytes under another name are not the same record.
# folders: what the files of a folder say in short, by its path and its tree, which stands for all that lies in it.
# columns: one value of each of many files, by what is asked and by what names these files by their content.
_COLUMNS = "path BLOB NOT NULL, object BLOB NOT NULL, told BLOB NOT NULL, seal BLOB NOT NULL"
_TABLES = tuple(
    f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {_COLUMNS}, UNIQUE (object, path))"
    for table in ("records", "folders", "columns")
)
_ADD: Mapping[Table, str] = {
    "records": "INSERT OR REPLACE INTO records (path, object, told, seal) VALUES (?, ?, ?, ?)",
    "folders": "INSERT OR REPLACE INTO folders (path, object, told, seal) VALUES (?, ?, ?, ?)",
    "columns": "INSERT OR REPLACE INTO columns (path, object, told, seal) VALUES (?, ?, ?, ?)",
}
_FORGET = """\
DELETE FROM folders WHERE path = :path
AND id NOT IN (SELECT id FROM folders WHERE path = :path ORDER BY id DESC LIMIT :remembered)
"""


class UnfitError(Exception):
    """The file is none of ours, or damaged: to be made anew."""


class OffError(Exception):
    """The file cannot be used now, and must not be touched: it is held, of a newer actum, or the disk refuses."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there.

    Raises:
        UnfitError, OffError
    """
    with _translated():
        import sqlite3

        place = f"file:{quote(os.fsencode(path))}?mode=rw"
        opened = sqlite3.connect(place, uri=True, timeout=_PATIENCE_S, isolation_level=None)
        try:
            opened.execute("PRAGMA trusted_schema = OFF")
            opened.execute("PRAGMA cell_size_check = ON")
            opened.execute("PRAGMA synchronous = OFF")  # what a power failure tears does not fit its seal
            _require_ours(opened)
        except BaseException:
            opened.close()
            raise
        return opened


def create(path: Path) -> sqlite3.Connection:
    """Make an empty file in the place of what lies there; nobody else may be writing.

    Raises:
        UnfitError, OffError, OSError
    """
    for beside in ("-journal", "-wal", "-shm", ""):  # a journal must never outlive the file that it belongs to
        Path(f"{path}{beside}").unlink(missing_ok=True)
    with _translated():
        import sqlite3

        made = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
        try:
            made.execute("PRAGMA synchronous = OFF")
            made.execute("BEGIN IMMEDIATE")
            made.execute(f"PRAGMA application_id = {_APPLICATION}")
            made.execute(f"PRAGMA user_version = {FORM}")
            for table in _TABLES:
                made.execute(table)
            made.execute("COMMIT")
        except BaseException:
            made.close()
            raise
        return made


def ask(opened: sqlite3.Connection, query: str, values: Sequence[bytes]) -> list[Row]:
    """Return all rows of an answer, so that nothing stays locked.

    Raises:
        UnfitError, OffError
    """
    with _translated():
        return opened.execute(query, values).fetchall()


def write(opened: sqlite3.Connection, rows: Iterable[tuple[Table, Row]], leaving: Iterable[bytes] = ()) -> None:
    """Add rows, all or none, in the place of those that have the same path and object.

    Args:
        leaving: Objects whose columns go.

    Raises:
        UnfitError, OffError
    """
    with _translated():
        opened.execute("BEGIN IMMEDIATE")
        for table, row in rows:
            opened.execute(_ADD[table], row)
            if table == "folders":
                opened.execute(_FORGET, {"path": row[0], "remembered": _REMEMBERED})
        opened.executemany("DELETE FROM columns WHERE object = ?", [(each,) for each in leaving])
        opened.execute("COMMIT")


def count(opened: sqlite3.Connection, table: Table) -> int:
    """Return how many rows a table holds.

    Raises:
        UnfitError, OffError
    """
    with _translated():
        return int(opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  one of our own


def is_sound(opened: sqlite3.Connection) -> bool:
    """Whether SQLite finds nothing wrong with the whole file."""
    try:
        with _translated():
            return bool(opened.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except UnfitError:
        return False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        import sqlite3
    except ImportError as error:  # a Python may come without it
        raise OffError(str(error)) from error
    try:
        yield
    except sqlite3.Error as error:
        raise (UnfitError if _is_broken(error) else OffError)(str(error)) from error


def _is_broken(error: sqlite3.Error) -> bool:
    """Whether the file is to blame, not somebody who holds it, nor the disk."""
    name = getattr(error, "sqlite_errorname", None)
    if name is None:  # text that is none, and the like: it is no file that we wrote
        return True
    return any(name == broken or name.startswith(broken + "_") for broken in _BROKEN)


def _require_ours(opened: sqlite3.Connection) -> None:
    application = opened.execute("PRAGMA application_id").fetchone()[0]
    form = opened.execute("PRAGMA user_version").fetchone()[0]
    if application == _APPLICATION and form > FORM:
        raise OffError(f"has form {form}, this actum knows {FORM}")
    if (application, form) != (_APPLICATION, FORM):
        raise UnfitError("is no index of this actum")
    # Views and triggers of a foreign file are never run, whatever they are called.
    found = opened.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid LIMIT 4").fetchall()
    if tuple(row[0] for row in found) != _TABLES:
        raise UnfitError("has other tables than ours")
