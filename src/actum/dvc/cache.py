"""DVC's store of bytes by md5, in the cache and in a remote that is a folder; read, checked and added to.

An object is added as DVC does it: a temporary file beside its place, mode 0444, renamed; and, unlike DVC,
flushed to the disk before its name exists. Nothing here overwrites or removes an object that is sound.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from actum import digests
from actum.digests import FileDigests
from actum.dvc.config import Config
from actum.dvc.lockfile import MD5
from actum.errors import InvalidRecordError, NotFoundError

State = Literal["ok", "missing", "corrupt"]
_CHUNK = 1 << 20
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"


class Verified(NamedTuple):
    """What an object's bytes say. ``sha256`` and ``size`` are of what is there, "" and 0 when nothing is."""

    state: State
    sha256: str = ""
    size: int = 0


class DirEntry(NamedTuple):
    """One file of a stored folder; ``relpath`` is POSIX, from that folder."""

    relpath: str
    md5: str


class DirDigests(NamedTuple):
    """A stored folder. ``md5`` ends with ``.dir``; ``size`` is the sum over its files, in bytes."""

    md5: str
    size: int
    nfiles: int


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects under *root*, the ``cache.dir`` of a project or the folder of a local remote.

    ``shared``: folders are made writable for the group, as ``cache.shared = group`` asks.
    """

    root: Path
    shared: bool = False

    def path(self, md5: str, *, legacy: bool = False) -> Path:
        """Return where the object lies or would lie. *legacy*: written by DVC 2."""
        if not MD5.fullmatch(md5):
            raise InvalidRecordError(f"{md5!r} is not the name of an object, must be 32 hex digits")
        return (self.root if legacy else self.root / "files" / "md5") / md5[:2] / md5[2:]

    def has(self, md5: str, *, legacy: bool = False) -> bool:
        """Whether a file of that name is there; its bytes are not looked at."""
        return self.path(md5, legacy=legacy).is_file()

    def verify(self, md5: str, *, size: int | None = None, legacy: bool = False) -> Verified:
        """Read the whole object and say whether it is what its name says; a wrong *size* is seen without reading."""
        path = self.path(md5, legacy=legacy)
        try:
            there = path.stat().st_size
            if size is not None and there != size and not legacy:
                return Verified("corrupt", "", there)
            found = digests.of_file(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return Verified("missing")
        sound = found.md5 == md5[:32] or (legacy and _md5_of_unix_text(path) == md5[:32])
        return Verified("ok" if sound else "corrupt", found.sha256, found.size)

    def put_file(self, path: Path) -> FileDigests:
        """Store the bytes of *path* and return their digests; a corrupt object of that name is replaced."""
        found = digests.of_file(path)
        self.adopt(found.md5, path)
        return found

    def put_bytes(self, data: bytes, *, suffix: Literal["", ".dir"] = "") -> str:
        """Store *data* and return its name."""
        md5 = digests.md5_of_bytes(data) + suffix
        if self.verify(md5).state != "ok":
            target = self._make_room(md5, legacy=False)
            _write(target, iter((data,)))
            _flush_folder(target.parent)
        return md5

    def put_dir(self, folder: Path) -> DirDigests:
        """Store every file of *folder* and the list of them, in the form in which DVC stores a folder.

        Raises:
            InvalidRecordError: It is empty, or holds something that is neither a file nor a folder.
        """
        entries, size = [], 0
        for path in _files(folder):
            found = digests.of_file(path)
            self._copy(found.md5, path, legacy=False)
            entries.append(DirEntry(path.relative_to(folder).as_posix(), found.md5))
            size += found.size
        if not entries:
            raise InvalidRecordError(f"{folder}: holds no file, there is nothing to store")
        for place in {self.path(entry.md5).parent for entry in entries}:
            _flush_folder(place)
        return DirDigests(self.put_bytes(dir_bytes(entries), suffix=".dir"), size, len(entries))

    def read_dir(self, md5: str, *, legacy: bool = False) -> tuple[DirEntry, ...]:
        """Return the files of a stored folder.

        Raises:
            NotFoundError: The list is not in this store.
            InvalidRecordError: Its bytes are not those of its name, or not such a list.
        """
        path = self.path(md5, legacy=legacy)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"{path}: the list of a tracked folder is missing", hint="dvc fetch") from error
        if digests.md5_of_bytes(data) + ".dir" != md5:
            raise InvalidRecordError(f"{path}: is corrupt, its bytes have another md5", hint="actum fsck")
        return _entries(data, path)

    def adopt(self, md5: str, source: Path, *, legacy: bool = False) -> None:
        """Copy an object in from *source*, a file of the work tree or of another store.

        Raises:
            InvalidRecordError: The bytes of *source* are not those of the name; nothing is stored.
        """
        self._copy(md5, source, legacy=legacy)
        _flush_folder(self.path(md5, legacy=legacy).parent)

    def _copy(self, md5: str, source: Path, *, legacy: bool) -> None:
        if self.verify(md5, legacy=legacy).state != "ok":
            target = self._make_room(md5, legacy=legacy)
            _write(target, _chunks(source), expected="" if legacy else md5[:32], source=source)

    def _make_room(self, md5: str, *, legacy: bool) -> Path:
        target = self.path(md5, legacy=legacy)
        missing = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing if self.shared else ():
            folder.chmod(0o2775)
        return target


def cache_of(config: Config) -> ObjectStore:
    """Return the cache of a project."""
    return ObjectStore(config.cache_dir, shared=config.cache.get("shared") == "group")


def dir_bytes(entries: list[DirEntry]) -> bytes:
    """Return the list of a folder's files as DVC writes it: by path, keys sorted, ASCII."""
    listed = [{"md5": entry.md5, "relpath": entry.relpath} for entry in sorted(entries)]
    return json.dumps(listed, sort_keys=True).encode()


def _entries(data: bytes, path: Path) -> tuple[DirEntry, ...]:
    try:
        return tuple(_entry(item) for item in json.loads(data))
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidRecordError(f"{path}: is not the list of a tracked folder: {error}") from error


def _entry(item: Any) -> DirEntry:
    relpath, md5 = item["relpath"], item["md5"]
    parts = PurePosixPath(relpath).parts
    if not parts or ".." in parts or relpath.startswith("/") or not MD5.fullmatch(md5):
        raise ValueError(f"{item!r}")
    return DirEntry(relpath, md5)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in folders + names:
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise InvalidRecordError(f"{path}: must be a plain file, not a link or a device")
        yield from (Path(place, name) for name in sorted(names))


def _raise(error: OSError) -> None:
    raise error


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _write(target: Path, chunks: Iterator[bytes], *, expected: str = "", source: Path | None = None) -> None:
    """Write beside *target*, flush, rename; *expected* is the md5 that the bytes must have."""
    waiting = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    md5 = hashlib.md5(usedforsecurity=False)
    try:
        with waiting.open("xb") as stream:
            for chunk in chunks:
                md5.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if expected and md5.hexdigest() != expected:
            raise InvalidRecordError(f"{source}: has md5 {md5.hexdigest()}, wanted {expected}", hint="actum fsck")
        waiting.chmod(0o444)
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _md5_of_unix_text(path: Path) -> str:
    """Return the md5 that DVC 2 gave a text: CRLF read as LF, chunk by chunk.

    Source: dvc_data/hashfile/hash.py, Dos2UnixHashStreamFile; each chunk is judged by its first 512 bytes.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    for chunk in _chunks(path):
        block = chunk[:512]
        is_text = b"\0" not in block and len(block.translate(None, _TEXT)) <= 0.30 * len(block)
        md5.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
    return md5.hexdigest()
