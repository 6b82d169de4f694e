"""Where the index lies, and what speaks against opening what lies there."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from actum import layout, state
from actum.errors import UserError
from actum.index.tables import OffError

NAME = "index.sqlite"
# SQLite keeps its journal beside the file, and would write through a link that lies in its place.
_BESIDE = ("", "-journal", "-wal", "-shm")

_TRIES, _PAUSE_S = 20, 0.025


class Objection(NamedTuple):
    path: Path
    says: str


def path_in(root: Path) -> Path:
    return root / layout.STATE / NAME


def objection(root: Path) -> Objection | None:
    """Return why nothing may be opened here, None where nothing speaks against it.

    A repository may bring anything along under these names.
    """
    folder = root / layout.STATE
    if folder.is_symlink():
        return Objection(folder, f"{layout.STATE} is a symbolic link")
    for beside in _BESIDE:
        path = folder / (NAME + beside)
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        if not stat.S_ISREG(mode):
            what = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
            return Objection(path, f"{layout.STATE}/{path.name} is {what}")
    return None


@contextmanager
def one_writer(root: Path) -> Iterator[None]:
    """Hold the right to write the index.

    Raises:
        OffError: Another process has it for longer than writing takes, or nobody may write here.
        OSError
    """
    try:
        place = state.folder(root) / "index.lock"
    except UserError as error:
        raise OffError(str(error)) from error
    lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        _wait_for(lock)
        yield
    finally:
        os.close(lock)  # and with it the lock


def _wait_for(lock: int) -> None:
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(_PAUSE_S)
    raise OffError("another process is writing it")
