"""The online store in one SQLite file: a table a view, which ``sqlite3 FILE`` shows, and two about these tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from actum.errors import NotFoundError
from actum.online.opening import materialize_to, open_to_read, published_in, refusal
from actum.online.store import Change, Key, Publication, Published, StoreError, Values
from actum.online.writing import write

BUSY_S = 5.0
_REOPENED = 1 << 32


class SqliteStore:
    """A store at *path*. It is read by the thread and the process that made this value; each makes its own."""

    def __init__(self, path: Path, *, busy_s: float = BUSY_S) -> None:
        self.path, self._busy_s = path, busy_s
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._opened = self._state = 0
        self._statements: dict[tuple[str, tuple[str, ...]], tuple[str, tuple[int, ...]]] = {}

    @property
    def name(self) -> str:
        return str(self.path)

    def __enter__(self) -> int:
        """Begin to read one state; see :class:`OnlineStore`.

        Raises:
            NotFoundError: There is no store, or nothing in it.
            StoreError: It is foreign, damaged or of a newer form.
        """
        connection = self._current()
        try:
            connection.execute("BEGIN")
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            self.close()  # what lies there may be another file the next time
            raise refusal(self.path, error) from error
        if (state := self._opened * _REOPENED + int(version)) != self._state:
            self._statements.clear()
            self._state = state
        return state

    def __exit__(self, *raised: object) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def meta(self) -> Mapping[str, Published]:
        """Return the views that are published, by name."""
        try:
            return published_in(self._connection or self._current())
        except sqlite3.Error as error:
            raise refusal(self.path, error) from error

    def read(self, view: str, features: tuple[str, ...], key: Key, at: int) -> Values | None:
        """Return an entity's last values at or before *at*, or None where it was not seen until then."""
        connection = self._connection or self._current()
        try:
            statement, truths = self._statements.get((view, features)) or self._prepare(view, features)
            found: Values | None = connection.execute(statement, (*key, at)).fetchone()
        except sqlite3.Error as error:
            raise refusal(self.path, error) from error
        except UnicodeEncodeError:
            return None  # half a character: no text that could ever be stored
        return found if found is None or not truths else _with_truths(found, truths)

    def read_many(self, view: str, features: tuple[str, ...], keys: Sequence[Key], at: int) -> list[Values | None]:
        """Return the same for several entities, in their order."""
        connection = self._connection or self._current()
        try:
            statement, truths = self._statements.get((view, features)) or self._prepare(view, features)
            ask = connection.cursor().execute
            found: list[Values | None] = [ask(statement, (*key, at)).fetchone() for key in keys]
        except sqlite3.Error as error:
            raise refusal(self.path, error) from error
        except UnicodeEncodeError:  # in one of them
            return [self.read(view, features, key, at) for key in keys]
        return found if not truths else [values and _with_truths(values, truths) for values in found]

    def write(self, publications: Sequence[Publication]) -> tuple[Change, ...]:
        """Publish views together; see :func:`actum.online.writing.write`."""
        return write(self.path, publications, self._busy_s)

    def _current(self) -> sqlite3.Connection:
        """Return the connection to the file that lies at the path now: it may have been removed and made anew."""
        try:
            told = self.path.stat()
        except FileNotFoundError as error:
            self.close()
            raise NotFoundError(f"{self.path}: there is no online store", hint=materialize_to(self.path)) from error
        if self._connection is None or self._file != (told.st_dev, told.st_ino):
            self.close()
            self._connection = open_to_read(self.path, self._busy_s)
            self._file, self._opened = (told.st_dev, told.st_ino), self._opened + 1
        return self._connection

    def _prepare(self, view: str, features: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
        published = self.meta().get(view)
        if published is None:
            raise StoreError(f"{self.path}: has no view {view}", hint=f"{materialize_to(self.path)} {view}")
        types = {column.name: column.type for column in published.features}
        lacking = [name for name in features if name not in types]
        if lacking:
            problem = f"{self.path}: {view} has no feature {', '.join(lacking)}"
            raise StoreError(problem, hint=f"{materialize_to(self.path)} {view}")
        where = " AND ".join(f'"{column.name}" = ?' for column in published.entity)
        wanted = ", ".join(f'"{name}"' for name in features)
        statement = f'SELECT {wanted} FROM "{view}" WHERE {where} AND since <= ? ORDER BY since DESC LIMIT 1'  # noqa: S608
        truths = tuple(place for place, name in enumerate(features) if types[name] == "bool")
        self._statements[view, features] = (statement, truths)
        return statement, truths


def _with_truths(found: Values, places: tuple[int, ...]) -> Values:
    values = list(found)
    for place in places:
        value = values[place]
        values[place] = None if value is None else bool(value)
    return tuple(values)
