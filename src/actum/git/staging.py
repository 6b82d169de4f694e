"""What the next commit would hold, as a tree: every read of a commit's files is then a read of that."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from actum.errors import UserError
from actum.git import plumbing
from actum.git.repository import Git

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git knows it without having it


def staged_tree(repo: Git, environ: Mapping[str, str], paths: Iterable[str] = ()) -> str:
    """Return the tree of the index, *paths* taken from the work tree; neither of the two changes.

    Inside a hook of ``git commit -a`` or ``git commit FILE`` the index is the one that git names in *environ*.

    Raises:
        UserError: A merge is not finished.
    """
    with _copy_of_index(repo, environ) as env:
        unmerged = plumbing.git(repo.root, "ls-files", "--unmerged", "-z", env=env)
        if unmerged:
            path = unmerged.partition(b"\t")[2].partition(b"\0")[0].decode(errors="replace")
            raise UserError(f"{path}: holds an unresolved merge", hint="git status")
        listed = b"".join(path.encode(errors="surrogateescape") + b"\0" for path in paths)
        if listed:
            plumbing.git(repo.root, "update-index", "--add", "--remove", "-z", "--stdin", stdin=listed, env=env)
        return plumbing.text(repo.root, "write-tree", env=env)


def known_or_new(repo: Git, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files among and below *paths* that git tracks, or would if they were added."""
    words = ("--cached", "--others", "--exclude-standard", "-z", "--full-name", "--")
    listed = plumbing.git(repo.root, "ls-files", *words, *paths)
    return tuple(sorted({path.decode(errors="surrogateescape") for path in listed.split(b"\0")[:-1]}))


@contextmanager
def _copy_of_index(repo: Git, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Lend the environment of a copy of the index: writing a tree would take the lock of the index itself."""
    folder = Path(plumbing.text(repo.root, "rev-parse", "--absolute-git-dir"))
    index = folder / "index"
    if named := environ.get("GIT_INDEX_FILE"):
        place = Path(os.path.realpath(repo.root / named))
        index = place if place.parent == Path(os.path.realpath(folder)) else index  # else another repository's
    with tempfile.TemporaryDirectory(prefix="actum-index-") as scratch:
        copy = Path(scratch, "index")
        if index.is_file():
            shutil.copyfile(index, copy)
        yield {"GIT_INDEX_FILE": str(copy)}
