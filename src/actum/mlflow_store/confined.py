"""Somebody else's folder, read without leaving it: no link below its root is followed, only regular files are opened.

A store may come from anybody. A link in it could lead to what its reader may see and others may not; a pipe would
never end.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from actum.errors import InvalidRecordError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # or the opening of a pipe waits for its writer


class Confined:
    """A folder and what lies below it. The root itself was named by the user, and may be a link.

    Every method raises FileNotFoundError for what is not there, and InvalidRecordError for what is no such thing, or
    cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def names(self, folder: Path) -> tuple[list[str], list[str]]:
        """Return the names of the folders in a folder, and those of all else in it: links are not folders."""
        with self._folder(folder) as opened, _told(self.shown(folder)), os.scandir(opened) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        return [name for name, is_folder in found if is_folder], [name for name, is_folder in found if not is_folder]

    @contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """Open a regular file; what fails while it is open is told of it, too."""
        where = self.shown(path)
        with self._folder(path.parent) as folder, _told(where):
            opened = os.open(path.name, _FILE, dir_fd=folder)
        with os.fdopen(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise InvalidRecordError(f"{where}: is no regular file")
            with _told(where):
                yield stream

    def read(self, path: Path, most: int) -> bytes:
        """Return at most so many bytes of a regular file."""
        with self.open(path) as stream:
            return stream.read(most)

    @contextmanager
    def _folder(self, folder: Path) -> Iterator[int]:
        """Open a folder from the root down, part by part: a link on the way is met, whoever puts it there and when."""
        with _told("."):
            opened = os.open(self._root, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for part in folder.relative_to(self._root).parts:
                with _told(self.shown(folder)):
                    inner = os.open(part, _FOLDER, dir_fd=opened)
                os.close(opened)
                opened = inner
            yield opened
        finally:
            os.close(opened)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except NotADirectoryError as error:
        raise InvalidRecordError(f"{where}: is no folder, or a link, which may lead anywhere") from error
    except OSError as error:
        why = "is a link, which may lead anywhere" if error.errno == errno.ELOOP else error.strerror or str(error)
        raise InvalidRecordError(f"{where}: {why}") from error
