"""The lines of a model's versions and events: read a folder at a time, and never twice for one tree.

A tree's id stands for all that lies in the folder, so lines that are kept by it hold for good: a commit elsewhere
leaves them as they are, and a version more costs one version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from actum import layout, names
from actum.errors import InvalidRecordError
from actum.git.joined import Layer
from actum.git.repository import FOLDER_MODE, REGULAR_FILE_MODES, TreeEntry
from actum.names import Version
from actum.records.lines import EventLine, VersionLine, line_of
from actum.store import LostObjectError, Store

L = TypeVar("L", VersionLine, EventLine)
Row = list[Any]
"""File name, blob, the fields of the line; where there is no line, None, the problem and its hint."""

_FEWEST = 32
"""Files below which a folder is as quickly read file by file."""


def version_lines(store: Store, model: str) -> tuple[VersionLine, ...]:
    """Return the lines of a model's versions, those that were taken over among them, lowest first."""
    found: list[VersionLine] = []
    for kind in ("model-version", "imported-version"):
        rows = _rows(store, store.files.layers[0], kind, model)
        found += _lines(store, VersionLine, layout.folder(kind, model), model, rows)
    return tuple(sorted(found, key=lambda line: Version.parse(line.version).order()))


def event_lines(store: Store, model: str) -> tuple[EventLine, ...]:
    """Return the lines of a model's events in the order of their ids, which is that of recording."""
    folder = layout.folder("event", model)
    joined: dict[str, Row] = {}
    for layer in reversed(store.files.layers):
        rows = _rows(store, layer, "event", model)
        joined |= {row[0]: row for row in rows if layer.admits(f"{folder}/{row[0]}")}
    return tuple(_lines(store, EventLine, folder, model, (joined[name] for name in sorted(joined))))


def _lines(store: Store, kind: type[L], folder: str, model: str, rows: Iterable[Row]) -> Iterator[L]:
    for name, _, fields, *problem in rows:
        if fields is None:
            store.note(f"{folder}/{name}", InvalidRecordError(problem[0], hint=problem[1]))
        else:
            yield kind.from_row(model, fields)


def _rows(store: Store, layer: Layer, kind: str, model: str) -> list[Row]:
    """Return the rows of one layer's folder: lines in their natural order, then what cannot be read, by name."""
    folder = layout.folder(kind, model)
    tree = store.files.tree(layer, folder)
    if tree is None:
        return []
    kept: list[Row] | None = store.index.folder(folder, tree) if store.index else None
    return _derived(store, layer, kind, folder, tree) if kept is None else kept


def _derived(store: Store, layer: Layer, kind: str, folder: str, tree: str) -> list[Row]:
    found = {f"{folder}/{name}": entry for name, entry in store.files.entries(layer, folder).items()}
    found = {path: entry for path, entry in found.items() if layout.kind_of(path) == kind and entry.mode != FOLDER_MODE}
    rows = _known(store, folder, found)
    told = store.outcomes({path: entry for path, entry in found.items() if path not in rows})
    rows |= {path: _row(path, found[path].blob, one) for path, one in told.items()}
    ordered = sorted(rows.values(), key=_natural)
    lost = any(isinstance(one, LostObjectError) for one in told.values())
    if store.index and len(ordered) >= _FEWEST and not lost:
        store.index.learn_folder(folder, tree, ordered)
    return ordered


def _known(store: Store, folder: str, entries: Mapping[str, TreeEntry]) -> dict[str, Row]:
    """Return the rows that the folder had when it was last looked at, of files that are still the same."""
    latest: list[Row] = (store.index.latest_folder(folder) if store.index else None) or []
    rows = ((f"{folder}/{row[0]}", row) for row in latest if row[2] is not None)
    same = ((path, row) for path, row in rows if path in entries and entries[path].blob == row[1])
    return {path: row for path, row in same if entries[path].mode in REGULAR_FILE_MODES}


def _row(path: str, blob: str, outcome: Any) -> Row:
    name = path.rpartition("/")[2]
    if isinstance(outcome, InvalidRecordError):
        return [name, blob, None, str(outcome), outcome.hint]
    return [name, blob, line_of(outcome).row()]


def _natural(row: Row) -> tuple[Any, ...]:
    """Versions by number; events by name, which is their id first."""
    name, _, fields = row[:3]
    if fields is None:
        return (1, name)
    return (0, name if names.is_ulid(fields[0]) else Version.parse(fields[0]).order())
