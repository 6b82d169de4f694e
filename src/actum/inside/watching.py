"""Which files of the repository are opened while a command runs, as the kernel tells it (inotify, on Linux).

It tells of every process, not only of the command: what an editor opens meanwhile is among them. Folders whose name
begins with a dot, environments and what lies behind links are not watched; nor are more folders than a kernel's
common allowance. Where there is no inotify, nothing is told.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
import time
from collections.abc import Collection, Iterator

MOST_FOLDERS = 4096
MOST_FILES = 1000
_CREATE, _MOVED_TO, _OPEN, _IS_DIR = 0x100, 0x80, 0x20, 0x40000000
_ONLY_DIR, _DONT_FOLLOW = 0x01000000, 0x02000000
_HEAD = struct.Struct("iIII")
_CACHE = "__pycache__"
_NOT_WATCHED = frozenset({"node_modules", "runs"})  # other commands of ours read the runs meanwhile
_OF_DVC = ("dvc.yaml", "dvc.lock")
_COARSE_NS = 20_000_000
"""By how much the clock that files are stamped with may be behind."""


class Watch:
    """The folders of a repository, watched. ``known``: paths in it that need no mention, with all that is in them."""

    def __init__(self, queue: int, root: str, known: Collection[str]) -> None:
        self._queue, self._root, self._known = queue, root, frozenset(known)
        self._folders: dict[int, str] = {}
        self._opened: dict[str, None] = {}
        self._came_about: set[str] = set()
        self._began = time.time_ns() - _COARSE_NS

    def add(self, folder: str, number: int) -> None:
        self._folders[number] = folder

    def wait(self, pid: int) -> None:
        """Listen until the process *pid* has ended; it is left to be waited for."""
        ended = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            poll.register(self._queue, select.POLLIN)
            while ended not in [number for number, _ in poll.poll()]:
                self._listen()
            self._listen()
        finally:
            os.close(ended)

    def close(self) -> list[str]:
        """End it, and return what was opened, sorted, without what the command itself made or wrote."""
        os.close(self._queue)
        return sorted(path for path in self._opened if path not in self._came_about and self._is_as_before(path))

    def _is_as_before(self, path: str) -> bool:
        try:
            found = os.stat(os.path.join(self._root, path))
        except OSError:
            return False
        return found.st_mtime_ns < self._began

    def _listen(self) -> None:
        while True:
            try:
                told = os.read(self._queue, 1 << 16)
            except BlockingIOError:
                return
            at = 0
            while at < len(told):
                number, mask, _, length = _HEAD.unpack_from(told, at)
                name = told[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
                at += _HEAD.size + length
                if name and not mask & _IS_DIR and number in self._folders:
                    self._take(self._folders[number], os.fsdecode(name), mask)

    def _take(self, folder: str, name: str, mask: int) -> None:
        path = _source_of(folder, name)
        if path is None or path in self._known or name in _OF_DVC or name.startswith(".") or name.endswith(".dvc"):
            return
        if mask & (_CREATE | _MOVED_TO) and not folder.endswith(_CACHE):
            self._came_about.add(path)
        elif mask & _OPEN and len(self._opened) < MOST_FILES:
            self._opened[path] = None


def begin(root: str, known: Collection[str]) -> Watch | None:
    """Watch the folders under *root*; None where the kernel does not offer it."""
    if not sys.platform.startswith("linux") or not hasattr(os, "pidfd_open"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return None
    queue = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if queue < 0:
        return None
    watch = Watch(queue, root, known)
    mask = _OPEN | _CREATE | _MOVED_TO | _ONLY_DIR | _DONT_FOLLOW
    for count, folder in enumerate(_folders(root, frozenset(known))):
        number = libc.inotify_add_watch(queue, os.fsencode(os.path.join(root, folder)), mask)
        if number < 0 or count >= MOST_FOLDERS:
            break  # the allowance is used up: what could be watched is watched
        watch.add(folder, number)
    return watch


def _folders(root: str, known: Collection[str]) -> Iterator[str]:
    """Yield the folders to watch, from *root*, those above first."""
    waiting = [""]
    for folder in waiting:
        yield folder
        try:
            entries = sorted(entry.name for entry in os.scandir(os.path.join(root, folder)) if _is_folder(entry))
        except OSError:
            continue
        inner = (f"{folder}/{name}".lstrip("/") for name in entries if not name.startswith("."))
        waiting += (path for path in inner if path not in known and not _is_apart(root, path))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_apart(root: str, path: str) -> bool:
    """Whether a folder is no part of the project: an environment, or a repository of its own."""
    marks = ("pyvenv.cfg", ".git")
    return os.path.basename(path) in _NOT_WATCHED or any(os.path.exists(os.path.join(root, path, one)) for one in marks)


def _source_of(folder: str, name: str) -> str | None:
    """Return the path of a file, of a compiled module that of its source; None for what is neither."""
    if folder == _CACHE or folder.endswith("/" + _CACHE):
        if not name.endswith(".pyc"):
            return None
        folder, name = folder[: -len(_CACHE)].rstrip("/"), name.partition(".")[0] + ".py"
    return f"{folder}/{name}".lstrip("/")
