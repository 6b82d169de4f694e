"""Files that run code when they are loaded and that nobody vouches for: neither DVC's files nor a version name them."""

from __future__ import annotations

import io
import posixpath
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from actum import digests, layout
from actum.checking.findings import Objection, Weight, objection
from actum.dvc.definitions import LOCK
from actum.dvc.lockfile import read_lock
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError
from actum.files.pickles import what_loading_runs
from actum.git.repository import REGULAR_FILE_MODES
from actum.planning.scope import Scope
from actum.store import Store

Where = Literal["commits", "index", "disk"]
# Up to here git is asked for the bytes, and they are held in memory.
_MOST_HELD = 16 << 20
# Up to here a file of a commit is copied out of git to be looked into.
_MOST_COPIED = 1 << 30


def stranger_objections(
    scope: Scope, where: Where, weight: Weight = "block", *, vouched: bool = True
) -> Iterator[Objection]:
    """Yield the files that could run code and that no output on record and no version accounts for.

    Args:
        where: The bytes are looked for; a large file that is staged is looked at where it lies, if it still does.
        vouched: Whether anything in the tree vouches for another file of it.
    """
    known = _Known(scope) if vouched else None
    for path, found in _on_disk(scope) if where == "disk" else _in_git(scope, where):
        because = found if isinstance(found, str) else _objectionable(path, found, known)
        if because:
            hint = f"git rm --cached '{path}' && dvc add '{path}'"
            yield objection("pickle-unregistered", weight, path, because, hint)


def _objectionable(path: str, stream: BinaryIO, known: _Known | None) -> str:
    with stream:
        found = what_loading_runs(stream)
        if not found or (known is not None and known.vouches_for(path, stream)):
            return ""
    return f"is {found}: loading it can run code, and no output on record or version has these bytes"


class _Known:
    """What vouches for bytes; read when first asked for.

    The locks and versions of the head, which have rules of their own: a run must have made them. Of ``.dvc`` files only
    those that were there before: nothing vouches for one that comes with the file.
    """

    def __init__(self, scope: Scope) -> None:
        self._head, self._before = scope.head, scope.before
        self._outs: set[tuple[str, str]] | None = None
        self._versions: set[str] = set()

    def vouches_for(self, path: str, stream: BinaryIO) -> bool:
        if self._outs is None:
            self._outs = {*_locked(self._head), *_tracked(self._before)}
            models = self._head.models()
            self._versions = {one.artifact.sha256 for model in models for one in self._head.versions(model)}
        stream.seek(0)
        own = digests.of_stream(stream)
        return (path, own.md5) in self._outs or own.sha256 in self._versions


def _locked(store: Store) -> Iterator[tuple[str, str]]:
    for path in (path for path in store.tree if posixpath.basename(path) == LOCK):
        try:
            stages = read_lock(store.read, path).stages.values()
        except InvalidRecordError:
            continue  # it vouches for nothing; that it is malformed is for others to say
        yield from ((entry.path, entry.md5 or "") for stage in stages for entry in stage.outs)


def _tracked(store: Store) -> Iterator[tuple[str, str]]:
    for path in (path for path in store.tree if path.endswith(SUFFIX)):
        try:
            data = store.read(path)
            outs = read_tracked(data, path).outs if data is not None else ()
        except InvalidRecordError:
            continue
        yield from ((entry.path, entry.md5 or "") for entry in outs)


def _in_git(scope: Scope, where: Where) -> Iterator[tuple[str, BinaryIO | str]]:
    """Yield what can be looked into, or why it cannot be. A record is left out: as such a file it is no record."""
    tree, repo = scope.head.tree, scope.head.repo
    paths = (path for path in scope.paths() if not layout.kind_of(path))
    blobs = {path: tree[path].blob for path in paths if tree[path].mode in REGULAR_FILE_MODES}
    for path, size, data in repo.contents(blobs, most=_MOST_HELD):
        if data is not None:
            yield path, io.BytesIO(data)
        elif size is None:
            yield path, "cannot be looked into: git has lost its bytes"
        elif where == "commits" and size <= _MOST_COPIED:
            with tempfile.TemporaryFile(prefix="actum-looked-into-") as stream:
                repo.copy(blobs[path], stream)
                stream.seek(0)
                yield path, stream
        else:
            large = _same_on_disk(repo.root / path, size) if where == "index" else None
            yield path, large or "is too large to be looked into"


def _same_on_disk(place: Path, size: int) -> BinaryIO | None:
    """Open the file that was staged, if it is as large still: git gives gigabytes too slowly for a hook."""
    return place.open("rb") if place.is_file() and not place.is_symlink() and place.stat().st_size == size else None


def _on_disk(scope: Scope) -> Iterator[tuple[str, BinaryIO]]:
    for path in sorted(scope.changed):
        place = scope.head.repo.root / path
        if place.is_file() and not place.is_symlink():
            yield path, place.open("rb")
