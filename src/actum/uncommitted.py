"""Runs that lie in the work tree and that no commit has yet: what a script logged a minute ago.

A commit speaks first: where it has a run, what became of the file in the work tree is not looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from actum import layout
from actum.errors import InvalidRecordError
from actum.files import Limits
from actum.filing import read_record
from actum.records.run import Run


@dataclass(frozen=True, slots=True)
class WorkTree:
    """The folder ``runs`` of a work tree. Links are never followed: they may lead anywhere."""

    root: Path

    def months(self) -> list[str]:
        """Return the folders in which runs can lie, sorted."""
        years = [f"{layout.RUNS}/{year}" for year in self._folders(layout.RUNS)]
        return [f"{year}/{month}" for year in years for month in self._folders(year)]

    def names(self, month: str, but: AbstractSet[str]) -> list[str]:
        """Return the names of the files of a folder that lie where runs do, without those that are known, sorted."""
        try:
            found = set(os.listdir(self.root / month)) - but
        except OSError:
            return []
        return sorted(name for name in found if layout.kind_of(f"{month}/{name}") == "run")

    def run(self, path: str) -> Run:
        """Raises: InvalidRecordError when the file is no run."""
        data, problem = self._bytes(path)
        if data is None:
            raise InvalidRecordError(problem)
        found = read_record(path, data)
        assert isinstance(found, Run)
        return found

    def files(self, paths: Iterable[str]) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """Yield each file with a digest of what it holds, and what returns the run that it is, or why it is none."""
        for path in paths:
            data, problem = self._bytes(path)
            digest = hashlib.blake2b(problem.encode() if data is None else data, digest_size=20).hexdigest()
            yield path, digest, partial(_attempted, path, data, problem)

    def _folders(self, folder: str) -> list[str]:
        place = self.root / folder
        try:
            with os.scandir(place) as found:
                names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
        except OSError:
            return []
        return [] if place.is_symlink() else names

    def _bytes(self, path: str) -> tuple[bytes | None, str]:
        """Return what a file holds, or what is wrong with it."""
        most = Limits().size
        try:
            opened = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(opened, "rb") as stream:
                about = os.fstat(opened)
                if not stat.S_ISREG(about.st_mode):
                    return None, f"{path}: is no regular file"
                if about.st_size > most:
                    return None, f"{path}: has {about.st_size:,} bytes, must have at most {most:,}"
                return stream.read(most + 1), ""
        except OSError as error:
            return None, f"{path}: cannot be read: {error.strerror}"


def _attempted(path: str, data: bytes | None, problem: str) -> Run | InvalidRecordError:
    if data is None:
        return InvalidRecordError(problem)
    try:
        found: Run = read_record(path, data)
    except InvalidRecordError as error:
        return error.with_traceback(None)
    return found
