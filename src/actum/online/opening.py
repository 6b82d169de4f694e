"""From a path to a connection: what is foreign, damaged or of a newer form is refused here, before a row is read."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from actum import moments
from actum.errors import NotFoundError
from actum.online.store import Column, Published, StoreError

APPLICATION_ID = 0x6163746D  # "actm", in the header of the file
FORMAT = 1
_MATERIALIZE = "actum features materialize"


def connect(path: Path, mode: Literal["rw", "rwc"], busy_s: float) -> sqlite3.Connection:
    """Open *path*; transactions begin and end only where we say so.

    ``rw``: to read. Only who may write can take up what a writer left that was killed.

    Raises:
        StoreError: It cannot be opened.
    """
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=busy_s
        )
    except sqlite3.Error as error:
        raise refusal(path, error) from error


def open_to_read(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open a store that something was published to.

    Raises:
        NotFoundError: There is none, or nothing was published yet.
        StoreError: It is foreign, damaged or of a newer form.
    """
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no online store", hint=materialize_to(path))
    connection = connect(path, "rw", busy_s)
    try:
        connection.execute("PRAGMA query_only = TRUE")
        if not is_ours(connection, path):
            raise NotFoundError(f"{path}: nothing is published there yet", hint=materialize_to(path))
        require_whole(connection, path)
        return connection
    except BaseException:
        connection.close()
        raise


def is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a store; False where it is empty, as a first writer leaves it that was killed.

    Raises:
        StoreError: It is something else, or of a newer form.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if application or objects:
                raise StoreError(f"{path}: is a database of something else", hint="name another file with --store")
            return False
        if version > FORMAT:
            problem = f"{path}: is of form {version}, this actum knows {FORMAT}"
            raise StoreError(problem, hint="install the actum that wrote it, or materialize to another file")
    except sqlite3.Error as error:
        raise refusal(path, error) from error
    return True


def require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Look over every page of the file.

    Raises:
        StoreError: It is damaged.
    """
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise refusal(path, error) from error
    if found != "ok":
        raise damaged(path, found)


def refusal(path: Path, error: sqlite3.Error) -> StoreError:
    """Say what SQLite's error means for who asked."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{path}: another process is publishing to it", hint="wait for it to end, then try again")
        case sqlite3.SQLITE_NOTADB:
            return StoreError(f"{path}: is no online store", hint="name another file with --store")
        case sqlite3.SQLITE_CORRUPT:
            return damaged(path, str(error))
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
            # A reader shares memory with the writer in a file beside the store.
            return StoreError(f"{path}: cannot be opened: {error}", hint="make it and its folder writable for you")
        case _:
            return StoreError(f"{path}: {error}", hint=materialize_to(path))


def damaged(path: Path, what: str) -> StoreError:
    again = f"rm -f {shlex.quote(str(path))}*; {materialize_to(path)}"
    return StoreError(f"{path}: is damaged: {' '.join(what.split())}", hint=again)


def materialize_to(path: Path) -> str:
    return f"{_MATERIALIZE} --store {shlex.quote(str(path))}"


def published_in(connection: sqlite3.Connection) -> Mapping[str, Published]:
    """Return what the two tables about tables say."""
    columns: dict[str, list[Column]] = {}
    keys: dict[str, int] = {}
    for view, name, kind, digest in connection.execute(
        "SELECT view, name, type, digest FROM _columns ORDER BY view, place"
    ):
        columns.setdefault(view, []).append(Column(name=name, type=kind, digest=digest))
        keys[view] = keys.get(view, 0) + (not digest)
    return {
        view: Published(
            view=view,
            entity=tuple(columns[view][: keys[view]]),
            features=tuple(columns[view][keys[view] :]),
            until=moments.parse(until),
            commit=commit,
            at=moments.parse(at),
            engine=engine,
            changed=tuple(json.loads(changed)),
            rows=rows,
        )
        for view, until, commit, at, engine, changed, rows in connection.execute(
            "SELECT view, until, source_commit, published_at, engine, changed, rows FROM _views ORDER BY view"
        )
    }
