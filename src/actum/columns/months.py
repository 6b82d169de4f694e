"""The runs of one folder, ``runs/2026/11``, in parts: as the index knows it, or brought up to date.

Only files that the folder had not when it was last looked at are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from actum.columns.flattening import BLOB, row_of
from actum.columns.parts import Part, TornError
from actum.errors import InvalidRecordError
from actum.index.index import Index
from actum.records.run import Run

Files = Mapping[str, str]
"""Blobs by the name of the file."""
Outcomes = Iterator[tuple[str, Run | InvalidRecordError]]
_FEWEST = 32
"""Files below which a folder is as quickly read file by file."""
_PORTION = 512
_SMALLER = 2
"""A part is joined to the one before it until that is so many times as large."""


class Unread(NamedTuple):
    """A file that is no run, and why."""

    name: str
    blob: str
    problem: str
    hint: str = ""


class Source(NamedTuple):
    """Where the files of a folder come from.

    Attributes:
        folder: What the index calls it.
        state: What names its content; the same content has the same.
        files: The files; asked for only where the index does not know this state.
        read: Yields what files say, by name; nothing of what is lost.
    """

    folder: str
    state: str
    files: Callable[[], Files]
    read: Callable[[Iterable[str]], Outcomes]


class Month(NamedTuple):
    """The runs of a folder. ``lost``: names of files that git should have, and has not."""

    parts: tuple[Part, ...]
    unread: tuple[Unread, ...] = ()
    lost: tuple[str, ...] = ()


def state_of(*words: str) -> str:
    """Return one name for several."""
    return hashlib.blake2b("\n".join(words).encode(errors="surrogateescape"), digest_size=20).hexdigest()


def month(source: Source, index: Index | None, needed: Iterable[str]) -> Month:
    """Return the runs of a folder, with the columns held that are *needed*."""
    names = (*needed, "id")
    try:
        if index and (told := index.folder(source.folder, source.state)) is not None:
            known = _restored(told)
            for part in known.parts:
                part.load(index, names)
            return known
    except TornError:
        pass
    latest = index.latest_folder(source.folder) if index else None
    try:
        return _brought_up(source, index, names, Month(()) if latest is None else _restored(latest))
    except TornError:  # in a column that nobody asked for, and that was to be joined with others
        return _brought_up(source, index, names, Month(()))


def _brought_up(source: Source, index: Index | None, names: Iterable[str], known: Month) -> Month:
    """Return the runs of a folder from what is *known* of an earlier state, and from the files that this lacks.

    Raises:
        TornError: The index lacks a column of what is known.
    """
    files = source.files()
    parts, covered = _still_there(known, files, index, names)
    unread = {one.name: one for one in known.unread if files.get(one.name) == one.blob}
    missing = [name for name in files if name not in covered and name not in unread]
    new, told = _read(source, files, missing)
    unread |= {one.name: one for one in told}
    read = {f"{ulid}.json" for part in new for ulid in part.held["id"]}
    lost = tuple(name for name in missing if name not in read and name not in unread)
    found = _settled([*parts, *new], index)
    made = Month(tuple(found), tuple(unread[name] for name in sorted(unread)), lost)
    if index and len(files) >= _FEWEST and not lost:
        _learn(index, source, made, known=parts, before=known.parts)
    return made


def _read(source: Source, files: Files, missing: Sequence[str]) -> tuple[list[Part], list[Unread]]:
    """Return what files say, in parts of which none is large in memory as rows."""
    parts: list[Part] = []
    unread: list[Unread] = []
    for at in range(0, len(missing), _PORTION):
        rows: list[Mapping[str, Any]] = []
        for name, one in source.read(missing[at : at + _PORTION]):
            if isinstance(one, Run):
                rows.append(row_of(one, files[name]))
            else:
                unread.append(Unread(name=name, blob=files[name], problem=str(one), hint=one.hint))
        if rows:
            parts.append(Part.of_rows(rows))
    return parts, unread


def _still_there(known: Month, files: Files, index: Index | None, names: Iterable[str]) -> tuple[list[Part], set[str]]:
    """Return the parts of which something is still as it was, and the files that they speak for."""
    parts, covered = [], set[str]()
    for part in known.parts:
        try:
            part.load(index, (*names, BLOB))
        except TornError:
            continue
        dead = set()
        for row, (ulid, blob) in enumerate(zip(part.held["id"], part.held[BLOB], strict=True)):
            name = f"{ulid}.json"
            if files.get(name) == blob and name not in covered:
                covered.add(name)
            else:
                dead.add(row)
        if len(dead) < part.rows:
            parts.append(part.without(dead))
    return parts, covered


def _settled(parts: list[Part], index: Index | None) -> list[Part]:
    """Join what is small to what is not much larger, and write anew what is mostly dead."""
    groups: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: part.alive, reverse=True):
        group = [part]
        while groups and _alive(groups[-1]) < _SMALLER * _alive(group):
            group = [*groups.pop(), *group]
        groups.append(group)
    return [_joined(group, index) for group in groups]


def _joined(group: Sequence[Part], index: Index | None) -> Part:
    if len(group) == 1 and len(group[0].dead) <= group[0].alive:
        return group[0]
    for part in group:
        part.load(index, part.names)
    return Part.joined(group)


def _learn(index: Index, source: Source, made: Month, *, known: Sequence[Part], before: Sequence[Part]) -> None:
    """Teach the index what it did not know. ``before``: the parts that it had; ``known``: those that are whole."""
    now, whole = _groups(made.parts), _groups(known)
    for part in made.parts:
        if part.group not in whole:
            index.learn_columns(part.group, part.held)
    for group in _groups(before) - now:
        index.forget_columns(group)
    told = [[part.tell() for part in made.parts], [[one.name, one.blob, one.problem, one.hint] for one in made.unread]]
    index.learn_folder(source.folder, source.state, told)


def _restored(told: Any) -> Month:
    parts, unread = told
    return Month(
        tuple(Part.told(part) for part in parts),
        tuple(Unread(name=name, blob=blob, problem=problem, hint=hint) for name, blob, problem, hint in unread),
    )


def _groups(parts: Iterable[Part]) -> frozenset[str]:
    return frozenset(part.group for part in parts)


def _alive(parts: Iterable[Part]) -> int:
    return sum(part.alive for part in parts)
