"""Folders that are there only while a command lives: a lock in each tells, and the next command removes the dead.

The kernel drops the lock with its holder, also after ``kill -9``; the number of a process would be given out again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOCK = "held"


@dataclass(frozen=True, slots=True)
class Held:
    """A folder of our own, readable by nobody else. It is alive until :meth:`release`, or until we are not."""

    path: Path
    lock: int

    def let_go(self) -> None:
        """Leave the folder as it is, for the next command."""
        os.close(self.lock)

    def release(self) -> None:
        """Remove the folder with all that is in it; what cannot be removed is the next command's to try again."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def hold(parent: Path, prefix: str) -> Held:
    """Make a new folder in *parent* and hold it. Children do not inherit the lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = _locked(path / LOCK, os.O_CREAT)
        if lock is not None:
            return Held(path, lock)
        shutil.rmtree(path, ignore_errors=True)  # somebody took it for dead before it was locked


def dead(parent: Path, prefix: str = "") -> tuple[Path, ...]:
    """Return the folders in *parent* that nobody holds any more; nothing is changed."""
    found = []
    for path in _ours(parent, prefix):
        lock = _locked(path / LOCK)
        if lock is not None:
            os.close(lock)
        if lock is not None or not os.path.lexists(path / LOCK):
            found.append(path)
    return tuple(found)


def remove_dead(parent: Path, prefix: str = "", *, first: Callable[[Path], None] | None = None) -> tuple[Path, ...]:
    """Remove the folders that nobody holds any more, and return them. ``first``: what is done with each before."""
    removed = []
    for held in take_dead(parent, prefix):
        if first is not None:
            first(held.path)
        held.release()
        removed.append(held.path)
    return tuple(removed)


def take_dead(parent: Path, prefix: str = "") -> Iterator[Held]:
    """Yield the folders that nobody holds any more, each held by us: it is to be released, or let go."""
    for path in _ours(parent, prefix):
        lock = _locked(path / LOCK, os.O_CREAT)
        if lock is not None:
            yield Held(path, lock)


def _ours(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield the folders of this user: *parent* may be everybody's, and a link could lead anywhere."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(parent.iterdir()):
            with suppress(FileNotFoundError):
                told = path.lstat()
                if path.name.startswith(prefix) and stat.S_ISDIR(told.st_mode) and told.st_uid == os.geteuid():
                    yield path


def _locked(path: Path, flags: int = 0) -> int | None:
    """Return the lock's descriptor once it is ours; None when another holds it, or it is gone."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | flags, 0o600)
    except OSError:
        return None  # its folder was removed under us, or may not be entered
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), path.lstat()):  # else its holder has removed it, and it guards nothing
            return lock
    except OSError:
        pass
    os.close(lock)
    return None
