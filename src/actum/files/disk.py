"""Put bytes in their place: whole or not at all, and never outside the root."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from actum.errors import DISK_HINTS, UserError

_TEMPORARY = re.compile(r"\.actum-[0-9a-f]{16}\.tmp")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


class _Taken(Exception):
    """The name is taken."""


def replace(path: Path, data: bytes) -> None:
    """Write *data* to *path*, atomically and durably; folders on the way are made, the file's mode is kept.

    Raises:
        UserError: The disk does not take it; what was there before is untouched.
    """
    _place(path, data, os.replace)


def create(path: Path, data: bytes) -> None:
    """Write a file that is never written again; the same bytes a second time are no error.

    Raises:
        UserError: Other bytes are there already, or the disk does not take these.
    """
    if _holds(path, data):
        return
    try:
        _place(path, data, _link)
    except _Taken as error:
        if not _holds(path, data):  # Another process may just have written the same.
            problem = f"{path}: is there already, with other content"
            raise UserError(problem, hint="what is written once is never edited: add a new file") from error


def inside(root: Path, relative: str) -> Path:
    """Join a POSIX path to the root that it must not leave, by ``..`` or by a symbolic link.

    Raises:
        UserError: It would leave the root, or is no relative POSIX path.
    """
    pure = PurePosixPath(relative)
    if not relative or pure.is_absolute() or ".." in pure.parts or _UNSAFE.search(relative):
        raise UserError(f"{relative!r} is no path inside {root}", hint="write a relative path with / and without ..")
    home = os.path.realpath(root)
    path = root
    for part in pure.parts:
        path = path / part
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home):
            raise UserError(f"{path}: is a link that leads out of {root}", hint=f"replace the link: rm {path}")
    return path


def sweep(root: Path, paths: Iterable[str]) -> None:
    """Remove those of *paths* that a killed :func:`replace` left beside its file; nobody may be writing there."""
    for path in paths:
        if _TEMPORARY.fullmatch(PurePosixPath(path).name):
            inside(root, path).unlink(missing_ok=True)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # Unlike a rename it fails when the name is taken.
    except FileExistsError as error:
        raise _Taken from error
    os.unlink(temporary)


def _place(path: Path, data: bytes, settle: Callable[[Path, Path], None]) -> None:
    temporary = path.with_name(f".actum-{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, data, path)
            settle(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise UserError(f"{path}: cannot be written: {why}", hint=DISK_HINTS.get(error.errno or 0, "")) from error


def _write(temporary: Path, data: bytes, path: Path) -> None:
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
        if path.is_file():
            os.fchmod(stream.fileno(), path.stat().st_mode & 0o777)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # Some network file systems cannot sync a folder.
            raise
    finally:
        os.close(descriptor)
