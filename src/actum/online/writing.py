"""Publish views to a SQLite store: one transaction for all of them, and in it only what changed.

A reader sees the state before or the state after (WAL); a writer that is killed leaves the state before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from actum import moments
from actum.online.opening import APPLICATION_ID, FORMAT, connect, is_ours, published_in, refusal, require_whole
from actum.online.store import Change, Column, Publication, Published, StoreError

_ABOUT = (
    """CREATE TABLE _views (
    view TEXT PRIMARY KEY, until TEXT, source_commit TEXT, published_at TEXT, engine TEXT, changed TEXT, rows INTEGER
) WITHOUT ROWID""",
    """CREATE TABLE _columns (
    view TEXT, place INTEGER, name TEXT, type TEXT, digest TEXT, source TEXT, PRIMARY KEY (view, place)
) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)
# A column that SQLite knows to hold floats would lose the sign of -0.0: theirs are declared without a type.
_TYPES = {"float": ("", "real"), "string": ("TEXT", "text")}
_WHOLE = ("INTEGER", "integer")


def write(path: Path, publications: Sequence[Publication], busy_s: float) -> tuple[Change, ...]:
    """Publish *publications* to the store at *path*, which is made where there is none.

    Raises:
        StoreError: The file is no store of ours, damaged or of a newer form; another process is publishing; the store
            knows a view until later already; or rows do not have the form that is said of them.
    """
    for one in publications:
        _require_names(path, one.published)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path, "rwc", busy_s)) as connection:
        if is_ours(connection, path):
            require_whole(connection, path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            for number, one in enumerate(publications):
                _load(connection, number, one)
            connection.execute("BEGIN IMMEDIATE")
            changes = tuple(_publish(connection, path, publications))
            connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            raise StoreError(f"{path}: nothing was published: {error}", hint="this is a bug in actum") from error
        except sqlite3.Error as error:
            raise refusal(path, error) from error
    return changes


def _require_names(path: Path, view: Published) -> None:
    names = ["since", *(column.name for column in (*view.entity, *view.features))]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StoreError(f"{path}: {view.view} has more than one column {twice[0]}", hint="rename one of them")
    if view.view.startswith("sqlite_"):
        raise StoreError(f"{path}: SQLite keeps names such as {view.view} for itself", hint="rename the view")


def _load(connection: sqlite3.Connection, number: int, one: Publication) -> None:
    """Put the rows aside, into a table that only this connection sees; the store is not locked meanwhile."""
    connection.execute(_table(f"temp.incoming_{number}", one.published))
    marks = ", ".join("?" for _ in range(len(one.published.entity) + 1 + len(one.published.features)))
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO temp.incoming_{number} VALUES ({marks})", one.rows)  # noqa: S608  our names
    connection.execute("COMMIT")


def _publish(connection: sqlite3.Connection, path: Path, publications: Sequence[Publication]) -> Iterator[Change]:
    if not is_ours(connection, path):
        for statement in _ABOUT:
            connection.execute(statement)
    before = published_in(connection)
    for number, one in enumerate(publications):
        was, becomes = before.get(one.published.view), one.published
        if was is not None and was.until > becomes.until:
            raise StoreError(
                f"{path}: knows {becomes.view} until {moments.write(was.until)}, later than"
                f" {moments.write(becomes.until)}",
                hint="name another file with --store: a store does not go back",
            )
        yield _replace(connection, number, was, becomes)


def _replace(connection: sqlite3.Connection, number: int, was: Published | None, becomes: Published) -> Change:
    """Bring one view's table to what was put aside, by as few rows as that takes."""
    view = _quoted(becomes.view)
    rewritten = was is None or (was.entity, was.features) != (becomes.entity, becomes.features)
    if rewritten:
        connection.execute(f"DROP TABLE IF EXISTS {view}")
        connection.execute(_table(view, becomes))
    key = [*(_quoted(column.name) for column in becomes.entity), "since"]
    same = " AND ".join(f"new.{name} = old.{name}" for name in key)
    other = " OR ".join(f"new.{name} IS NOT old.{name}" for name in map(_quoted, becomes.digests))
    removed = connection.execute(
        f"DELETE FROM main.{view} AS old WHERE NOT EXISTS"  # noqa: S608  our names
        f" (SELECT 1 FROM temp.incoming_{number} AS new WHERE {same})"
    ).rowcount
    written = connection.execute(
        f"INSERT OR REPLACE INTO main.{view} SELECT new.* FROM temp.incoming_{number} AS new"  # noqa: S608  our names
        f" LEFT JOIN main.{view} AS old ON {same} WHERE old.since IS NULL OR {other}"
    ).rowcount
    (rows,) = connection.execute(f"SELECT count(*) FROM main.{view}").fetchone()  # noqa: S608  our names
    _describe(connection, becomes, rows)
    return Change(view=becomes.view, rows=rows, written=written, removed=removed, rewritten=rewritten)


def _describe(connection: sqlite3.Connection, one: Published, rows: int) -> None:
    connection.execute("DELETE FROM _columns WHERE view = ?", (one.view,))
    connection.executemany(
        "INSERT INTO _columns VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.view, place, column.name, column.type, column.digest, column.source)
            for place, column in enumerate(chain(one.entity, one.features))
        ],
    )
    times = moments.write(one.until), one.commit, moments.write(one.at)
    told = (one.view, *times, one.engine, json.dumps(one.changed), rows)
    connection.execute("INSERT OR REPLACE INTO _views VALUES (?, ?, ?, ?, ?, ?, ?)", told)


def _table(name: str, view: Published) -> str:
    key = ", ".join([*(_quoted(column.name) for column in view.entity), "since"])
    columns = [
        *(f"{_declared(column)} NOT NULL CHECK ({_holds(column)})" for column in view.entity),
        "since INTEGER NOT NULL",
        *(f"{_declared(column)} CHECK ({_holds(column, 'null')})" for column in view.features),
    ]
    return f"CREATE TABLE {name} ({', '.join(columns)}, PRIMARY KEY ({key})) WITHOUT ROWID"


def _declared(column: Column) -> str:
    return f"{_quoted(column.name)} {_TYPES.get(column.type, _WHOLE)[0]}".rstrip()


def _holds(column: Column, *others: str) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in (_TYPES.get(column.type, _WHOLE)[1], *others))
    return f"typeof({_quoted(column.name)}) IN ({kinds})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
