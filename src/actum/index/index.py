"""Ask the index, and teach it what it did not know. Whatever is wrong with it, the answer is: not known."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from actum.git.repository import Git
from actum.index import place, sealing, tables
from actum.index.tables import OffError, Row, Table, UnfitError

if TYPE_CHECKING:
    import sqlite3

_FEWEST = 100
"""Records below which making an index costs more than it saves."""
_MOST_WAITING = 1000
_MOST_ASKED = 500

Key = tuple[str, str]
"""A path, and the id of the blob or the tree that lies there."""


class Index:
    """The index of one clone. What it is taught must be what anybody would find in git."""

    def __init__(self, repo: Git) -> None:
        self._repo, self._root = repo, repo.root
        self._path = place.path_in(repo.root)
        self._state: Literal["unopened", "absent", "open", "unfit", "off"] = "unopened"
        self._opened: sqlite3.Connection | None = None
        self._key: bytes | None = None
        self._waiting: list[tuple[Table, Key, bytes]] = []
        self._leaving: list[bytes] = []
        self._saved = 0  # how many records need not be decoded again for what was learnt

    def records(self, wanted: Iterable[Key]) -> dict[Key, Any]:
        """Return what was learnt of these files; of those that are not known, nothing."""
        asked = list(wanted)
        found: dict[Key, Any] = {}
        for at in range(0, len(asked), _MOST_ASKED):
            blobs = [bytes.fromhex(blob) for _, blob in asked[at : at + _MOST_ASKED]]
            found |= self._believed("records", f"object IN ({', '.join('?' * len(blobs))})", blobs)
        return {key: found[key] for key in asked if key in found}

    def folder(self, path: str, tree: str) -> Any:
        """Return what was learnt of a folder as that tree has it, or None."""
        found = self._believed("folders", "path = ? AND object = ?", (_bytes(path), bytes.fromhex(tree)))
        return found.get((path, tree))

    def latest_folder(self, path: str) -> Any:
        """Return what was learnt last of a folder, whichever its tree was, or None."""
        found = self._believed("folders", "path = ? ORDER BY id DESC LIMIT 1", (_bytes(path),))
        return next(iter(found.values()), None)

    def columns(self, group: str, names: Iterable[str]) -> dict[str, Any]:
        """Return columns of a group of files, by name; of those that are not known, nothing."""
        asked = list(names)
        found: dict[Key, Any] = {}
        for at in range(0, len(asked), _MOST_ASKED):
            paths = [_bytes(name) for name in asked[at : at + _MOST_ASKED]]
            where = f"object = ? AND path IN ({', '.join('?' * len(paths))})"
            found |= self._believed("columns", where, [bytes.fromhex(group), *paths])
        return {name: told for (name, _), told in found.items()}

    def learn_record(self, path: str, blob: str, told: Any) -> None:
        self._saved += 1
        self._learn("records", (path, blob), told)

    def learn_folder(self, path: str, tree: str, told: Any) -> None:
        self._learn("folders", (path, tree), told)

    def learn_columns(self, group: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Keep what each file of a group says, by column, in the order of the files.

        Args:
            group: What names these files by their content, in hex.
        """
        self._saved += max(map(len, columns.values()), default=0)
        for name, values in columns.items():
            self._learn("columns", (name, group), values)

    def forget_columns(self, group: str) -> None:
        self._leaving.append(bytes.fromhex(group))

    def close(self) -> None:
        """Write what was learnt, and let go of the file; a file is not made for the sake of a few records."""
        if self._waiting and not (self._open() is None and self._state == "absent" and self._saved < _FEWEST):
            self._write()
        self._let_go("off")

    @cached_property
    def _git_folder(self) -> Path:
        return self._repo.folder()

    def _believed(self, table: Table, where: str, values: Sequence[bytes]) -> dict[Key, Any]:
        """Return the rows that carry our seal, in their order."""
        query = f"SELECT path, object, told, seal FROM {table} WHERE {where}"  # noqa: S608  the words are all ours
        opened = self._open()
        if opened is None or self._key is None:
            return {}
        try:
            rows = tables.ask(opened, query, values)
        except (UnfitError, OffError) as error:
            self._give_up(error)
            return {}
        return {(_text(row[0]), row[1].hex()): _unpacked(row[2]) for row in rows if _is_sealed(self._key, table, row)}

    def _learn(self, table: Table, key: Key, told: Any) -> None:
        if self._state != "off":
            self._waiting.append((table, key, _packed(told)))
            if len(self._waiting) >= _MOST_WAITING:
                self._write()

    def _open(self) -> sqlite3.Connection | None:
        if self._state == "unopened":
            try:
                self._state = self._looked_at()
            except (UnfitError, OffError, OSError) as error:
                self._give_up(error)
        return self._opened

    def _looked_at(self) -> Literal["absent", "open", "off"]:
        if place.objection(self._root):
            return "off"
        if not self._path.exists():
            return "absent"
        self._key = sealing.key(self._git_folder)
        self._opened = tables.connect(self._path)
        return "open"

    def _write(self) -> None:
        """Add what waits, or forget it: the next read learns it again."""
        waiting, self._waiting = self._waiting, []
        leaving, self._leaving = self._leaving, []
        self._open()
        if self._state == "off":
            return
        try:
            with place.one_writer(self._root):
                self._add(waiting, leaving)
                self._let_go("unopened")  # what we read from may be another file now
        except (UnfitError, OffError, OSError) as error:
            self._give_up(error)

    def _add(self, waiting: Iterable[tuple[Table, Key, bytes]], leaving: Iterable[bytes]) -> None:
        if objection := place.objection(self._root):
            raise OffError(objection.says)
        known = sealing.key(self._git_folder)
        key = sealing.draw(self._git_folder) if known is None else known
        rows = [(table, _sealed(key, table, *at, told)) for table, at, told in waiting]
        opened = tables.create(self._path) if known is None else self._writable()
        try:
            tables.write(opened, rows, leaving)
        except UnfitError:
            opened.close()
            opened = tables.create(self._path)
            tables.write(opened, rows)
        finally:
            opened.close()

    def _writable(self) -> sqlite3.Connection:
        """Open the file, or make it anew where it is still what we gave up."""
        if self._path.exists():
            try:
                opened = tables.connect(self._path)
                if self._state != "unfit" or tables.is_sound(opened):
                    return opened
                opened.close()
            except UnfitError:
                pass
        return tables.create(self._path)

    def _give_up(self, error: Exception) -> None:
        self._let_go("unfit" if isinstance(error, UnfitError) else "off")

    def _let_go(self, state: Literal["unopened", "unfit", "off"]) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened, self._state = None, state


def _packed(told: Any) -> bytes:
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 1)


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))


def _sealed(key: bytes, table: Table, path: str, blob: str, told: bytes) -> Row:
    parts = (_bytes(path), bytes.fromhex(blob), told)
    return (*parts, sealing.seal(key, (table.encode(), *parts)))


def _is_sealed(key: bytes, table: Table, row: Row) -> bool:
    """Whether we wrote this row; a file may hold anything, also what is no bytes."""
    if not all(isinstance(part, bytes) for part in row):
        return False
    return secrets.compare_digest(sealing.seal(key, (table.encode(), *row[:3])), row[3])


def _bytes(path: str) -> bytes:
    return path.encode(errors="surrogateescape")


def _text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")
