"""Files that run code when they are loaded and that nobody vouches for: neither DVC's files nor a version name them."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from actum import digests
from actum.checking.findings import Objection, printable
from actum.dvc.definitions import LOCK
from actum.dvc.lockfile import read_lock
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError
from actum.files.pickles import what_loading_runs
from actum.git.repository import REGULAR_FILE_MODES
from actum.planning.scope import Scope
from actum.store import Store

KIND = "pickle-unregistered"
# Up to here git is asked for the bytes; a larger file is looked at where it lies.
_MOST_READ = 16 << 20
_PORTION = 64 << 20


def stranger_objections(scope: Scope, *, on_disk: bool) -> Iterator[Objection]:
    """Yield the files that could run code and that no output on record and no version accounts for.

    Args:
        on_disk: The work tree is meant, not what git has taken in.
    """
    known = _Known(scope.head)
    for path, stream in _on_disk(scope) if on_disk else _in_git(scope):
        if stream is None:
            hint = f"git rm --cached '{path}' && dvc add '{path}'"
            yield _object(path, "is too large to be looked into", hint)
            continue
        with stream:
            found = what_loading_runs(stream)
            if found and not known.vouches_for(path, stream):
                message = f"is {found}: loading it can run code, and no output on record or version has these bytes"
                yield _object(path, message, f"git rm --cached '{path}' && dvc add '{path}'")


class _Known:
    """What DVC's files and the versions of a tree name; read when first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._outs: set[tuple[str, str]] | None = None
        self._versions: set[str] = set()

    def vouches_for(self, path: str, stream: BinaryIO) -> bool:
        if self._outs is None:
            self._outs = set(_outputs(self._store))
            models = self._store.models()
            self._versions = {one.artifact.sha256 for model in models for one in self._store.versions(model)}
        stream.seek(0)
        own = digests.of_stream(stream)
        return (path, own.md5) in self._outs or own.sha256 in self._versions


def _outputs(store: Store) -> Iterator[tuple[str, str]]:
    for path in store.tree:
        try:
            if posixpath.basename(path) == LOCK:
                entries = [entry for stage in read_lock(store.read, path).stages.values() for entry in stage.outs]
            elif path.endswith(SUFFIX) and (data := store.read(path)) is not None:
                entries = list(read_tracked(data, path).outs)
            else:
                continue
        except InvalidRecordError:
            continue  # it vouches for nothing; that it is malformed is for others to say
        yield from ((entry.path, entry.md5 or "") for entry in entries)


def _in_git(scope: Scope) -> Iterator[tuple[str, BinaryIO | None]]:
    tree, repo = scope.head.tree, scope.head.repo
    blobs = {path: tree[path].blob for path in scope.paths() if tree[path].mode in REGULAR_FILE_MODES}
    sizes = repo.sizes(blobs.values())
    portion: list[str] = []
    for path in blobs:
        if sizes.get(blobs[path], 0) > _MOST_READ:
            yield path, _same_on_disk(repo.root / path, sizes[blobs[path]])
            continue
        portion.append(path)
        if sum(sizes.get(blobs[each], 0) for each in portion) > _PORTION:
            yield from _read(scope, portion)
            portion = []
    yield from _read(scope, portion)


def _read(scope: Scope, paths: list[str]) -> Iterator[tuple[str, BinaryIO]]:
    tree = scope.head.tree
    bytes_of = scope.head.repo.blobs(tree[path].blob for path in paths)
    yield from ((path, io.BytesIO(bytes_of.get(tree[path].blob, b""))) for path in paths)


def _same_on_disk(place: Path, size: int) -> BinaryIO | None:
    """Open the file that was staged, if it is as large still: git gives gigabytes too slowly for a hook."""
    return place.open("rb") if place.is_file() and not place.is_symlink() and place.stat().st_size == size else None


def _on_disk(scope: Scope) -> Iterator[tuple[str, BinaryIO | None]]:
    for path in sorted(scope.changed):
        place = scope.head.repo.root / path
        if place.is_file() and not place.is_symlink():
            yield path, place.open("rb")


def _object(path: str, message: str, hint: str) -> Objection:
    return Objection(kind=KIND, weight="block", path=printable(path), message=printable(message), hint=printable(hint))
