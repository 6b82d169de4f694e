"""Which objects one revision needs, from the bytes of its dvc.lock and ``.dvc`` files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from actum.dvc.cache import ObjectStore
from actum.dvc.definitions import LOCK, PIPELINE, Definition, is_inside, read_definitions
from actum.dvc.dialect import Reader
from actum.dvc.lockfile import Entry, read_lock
from actum.dvc.pipeline import Out, declared
from actum.dvc.tracked import is_tracked_file, read_tracked

Source = Literal["source", "output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One object. ``source``: from a ``.dvc`` file; ``output``: made by a stage, so a rebuild does without it.

    ``size`` in bytes, None where nobody recorded it (a folder's list, files in a folder); ``sha256``: "" unless
    a record of ours vouches for it; ``legacy``: written by DVC 2; ``push``: False where the user keeps it local;
    ``remote``: the only remote for it, "" for the default.
    """

    path: str
    md5: str
    size: int | None = None
    is_dir: bool = False
    kind: Source = "source"
    sha256: str = ""
    legacy: bool = False
    push: bool = True
    remote: str = ""


def objects_of(reader: Reader, paths: Sequence[str], *, stores: Sequence[ObjectStore] = ()) -> tuple[Needed, ...]:
    """Return every object that the revision needs, in the order of *paths*, each path once.

    Left out, since no store of ours is to hold them: outputs with ``cache: false`` (git holds them), stages of
    dvc.lock that dvc.yaml no longer knows, data imported from another DVC repository, what lies outside.

    Args:
        paths: all paths of the revision, POSIX, from the root.
        stores: where folders are looked up. A folder whose list none of them holds in good state comes alone.
    """
    found: dict[tuple[str, str], Needed] = {}
    for path in paths:
        for needed in _in_file(reader, path):
            for one in (needed, *_members(needed, stores)):
                found.setdefault((one.path, one.md5), one)
    return tuple(found.values())


def _in_file(reader: Reader, path: str) -> Iterator[Needed]:
    if posixpath.basename(path) == LOCK:
        yield from _outputs(reader, path)
    elif is_tracked_file(path):
        yield from _sources(reader, path)


def _outputs(reader: Reader, path: str) -> Iterator[Needed]:
    beside = posixpath.join(posixpath.dirname(path), PIPELINE)
    definitions: dict[str, Definition] = read_definitions(reader, beside)
    for name, stage in read_lock(reader, path).stages.items():
        for entry in stage.outs:
            out = declared(name, entry.path, definitions, beside) or Out(path=entry.path)
            if out.cached:
                yield from _of_entry(entry, "output", out.push, out.remote)


def _sources(reader: Reader, path: str) -> Iterator[Needed]:
    tracked = read_tracked(reader(path) or b"", path)
    for out in () if tracked.imported else tracked.outs:
        if out.cache:
            yield from _of_entry(out, "source", out.push, out.remote)


def _of_entry(entry: Entry, kind: Source, push: bool, remote: str) -> Iterator[Needed]:
    if not is_inside(entry.path):
        return
    if entry.md5 is not None:
        # DVC records the sum over a folder's files as its size, not the length of the list.
        size = None if entry.is_dir else entry.size
        yield Needed(
            path=entry.path, md5=entry.md5, size=size, is_dir=entry.is_dir, kind=kind,
            legacy=entry.legacy, push=push, remote=remote,
        )  # fmt: skip
    for member in entry.files:
        if member.md5 is not None:
            yield Needed(
                path=f"{entry.path}/{member.relpath}", md5=member.md5, size=member.size, kind=kind,
                legacy=entry.legacy, push=push, remote=remote,
            )  # fmt: skip


def _members(needed: Needed, stores: Sequence[ObjectStore]) -> Iterator[Needed]:
    if not needed.md5.endswith(".dir"):
        return
    legacy = needed.legacy
    store = next((one for one in stores if one.verify(needed.md5, legacy=legacy).state == "ok"), None)
    for entry in store.read_dir(needed.md5, legacy=legacy) if store else ():
        yield Needed(
            path=f"{needed.path}/{entry.relpath}", md5=entry.md5, kind=needed.kind,
            legacy=legacy, push=needed.push, remote=needed.remote,
        )  # fmt: skip
