"""Where an import puts what it takes over: records into the work tree, bytes into DVC. A dry run puts nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actum import digests, files, layout
from actum.dvc.cache import DirEntry, ObjectStore, cache_of, dir_bytes
from actum.dvc.config import read_config
from actum.dvc.tracked import SUFFIX, write_tracked
from actum.errors import NotFoundError
from actum.filing import read_record, write_record
from actum.git.repository import Git
from actum.importing.ledger import Ledger
from actum.records.forms import FileFact
from actum.records.settings import Settings


@dataclass(frozen=True)
class Desk:
    """The work tree that records are put into; what is there already is never written over."""

    repo: Git
    cache: ObjectStore
    settings: Settings
    ledger: Ledger
    dry_run: bool
    _wrote: set[str] = field(default_factory=set)

    def is_new(self, kind: str, path: str, record: object) -> bool:
        """Whether a record is still to be put. One that is there otherwise stays as it is, and that is said."""
        data = write_record(record, path=path)
        place = files.inside(self.repo.root, path)
        if place.is_file():
            if place.read_bytes() == data:
                self.ledger.known[kind] += 1
            else:
                self.ledger.leave(kind, "changed there since it was taken over: the record stays as it is", path)
            return False
        return True

    def write_new(self, kind: str, path: str, record: object) -> None:
        """Write a record that is not there yet. It is taken once it is written."""
        self.write(path, write_record(record, path=path), anew=True)
        self.ledger.taken[kind] += 1

    def put(self, kind: str, path: str, record: object) -> None:
        """Write a record that is the same at each import."""
        if self.is_new(kind, path, record):
            self.write_new(kind, path, record)

    def add_once(self, kind: str, path: str, record: object) -> None:
        """Write a record whose path alone tells whether it is here: it says when it was taken over."""
        if files.inside(self.repo.root, path).is_file():
            self.ledger.known[kind] += 1
            return
        self.write_new(kind, path, record)

    def write_record(self, path: str, record: object) -> None:
        """Write a record that may change: a pointer."""
        self.write(path, write_record(record, path=path))

    def write(self, path: str, data: bytes, *, anew: bool = False) -> None:
        """Write a file. *anew*: it must not be there."""
        self._wrote.add(path)
        if not self.dry_run:
            place = files.inside(self.repo.root, path)
            (files.create if anew else files.replace)(place, data)

    def remove(self, path: str) -> None:
        self._wrote.add(path)
        if not self.dry_run:
            files.inside(self.repo.root, path).unlink(missing_ok=True)

    def file_fact(self, path: str, place: Path) -> FileFact:
        """Return the fact of a file under the name that it will have here; nothing is kept yet."""
        found = digests.of_file(place)
        return FileFact(path=path, md5=found.md5, sha256=found.sha256, size=found.size)

    def folder_fact(self, path: str, folder: Path) -> FileFact:
        """Return the fact of a folder under the name that it will have here; nothing is kept yet."""
        entries, size = [], 0
        for place in sorted(place for place in folder.rglob("*") if place.is_file()):
            found = digests.of_file(place)
            entries.append(DirEntry(place.relative_to(folder).as_posix(), found.md5))
            size += found.size
        return FileFact(path=path, md5=digests.md5_of_bytes(dir_bytes(entries)) + ".dir", size=size)

    def keep_file(self, fact: FileFact, place: Path, *, in_git: bool) -> None:
        """Keep a file of our own making: in git, or under DVC, where ``dvc checkout`` brings it."""
        if in_git:
            self.write(fact.path, place.read_bytes())
        elif not self.dry_run:
            self.cache.put_file(place)
            self._track(fact, None)

    def keep_folder(self, fact: FileFact, folder: Path) -> None:
        """Keep the files of a folder under DVC, without a copy of them in the work tree."""
        if not self.dry_run:
            self._track(fact, self.cache.put_dir(folder).nfiles)

    def _track(self, fact: FileFact, nfiles: int | None) -> None:
        folder, _, name = fact.path.rpartition("/")
        self.write(fact.path + SUFFIX, write_tracked(name, fact.md5, fact.size or 0, nfiles))
        ignore = f"{folder}/.gitignore"
        place = files.inside(self.repo.root, ignore)
        said = place.read_bytes() if place.is_file() else b""
        line = f"/{name}\n".encode()
        if line not in said.splitlines(keepends=True):
            self.write(ignore, said + line)

    def read(self, path: str) -> object | None:
        """Return the record that the work tree has at a path, or None."""
        place = files.inside(self.repo.root, path)
        return read_record(path, place.read_bytes()) if place.is_file() else None

    def beside(self, path: str) -> tuple[str, ...]:
        """Return the paths of all files in a path's folder of the work tree, itself among them."""
        folder = files.inside(self.repo.root, path).parent
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return tuple(f"{posixpath.dirname(path)}/{place.name}" for place in found if place.is_file())

    def paths(self) -> tuple[str, ...]:
        """Return the topmost folders of what was written, for git."""
        return tuple(sorted({path.split("/")[0] for path in self._wrote}))


def open_desk(repo: Git, environ: Mapping[str, str], *, dry_run: bool) -> Desk:
    """Open the work tree.

    Raises:
        NotFoundError: It has no actum.yaml.
    """
    place = repo.root / layout.SETTINGS
    if not place.is_file():
        raise NotFoundError(f"{repo.root} has no {layout.SETTINGS}", hint="actum init")
    settings = read_record(layout.SETTINGS, place.read_bytes())
    assert isinstance(settings, Settings)
    cache = cache_of(read_config(repo.root, environ))
    return Desk(repo=repo, cache=cache, settings=settings, ledger=Ledger(), dry_run=dry_run)
