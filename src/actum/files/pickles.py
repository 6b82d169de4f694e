"""Does a file bring objects to life when it is loaded? Told by its bytes alone: nothing here is ever loaded.

Pickle is looked for bare, compressed as joblib does it, as a member of a zip (torch) or a tar, and in an array of
objects (NumPy). Only formats that every Python can open are opened; what is left is said to be unreadable, not
harmless. A scanner of opcodes would not do: a working payload in a compressed joblib file passed two of them.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import IO, BinaryIO

HEAD = 1 << 20
_MEMBER = 1 << 16
_STEP = 1 << 12
_MOST_MEMBERS = 10_000
_TOO_MANY = "a zip with more members than can be looked into"
_NEWEST_PROTOCOL = 5
_DOTTED = re.compile(r"[^\W\d][\w.]* [^\W\d][\w.]*")
# Opcodes that name code, or call it.
_NAMES = frozenset({"GLOBAL", "INST"})
_CALLS = frozenset({"STACK_GLOBAL", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "BUILD", "EXT1", "EXT2", "EXT4"})
_NUMPY = b"\x93NUMPY"
_LZ4 = b"\x04\x22\x4d\x18"
# joblib before 0.10: two letters, the length in 19 characters, then zlib.
_OLD_JOBLIB = re.compile(rb"ZF0x[0-9a-f]+ *")


def what_loading_runs(stream: BinaryIO) -> str:
    """Return what a seekable file holds that runs code when it is loaded: ``a pickle``; "" for nothing of that kind."""
    head = stream.read(HEAD)
    if found := _in_bytes(head):
        return found
    if head.startswith(_LZ4):
        return "compressed with LZ4, as joblib can do it, and cannot be looked into"
    name, opened = _decompressed(head)
    if opened and (found := _in_bytes(opened) or _in_tar(opened)):
        return f"{found}, compressed with {name}"
    stream.seek(0)
    return _in_tar(head) or _in_zip(stream)


def _in_bytes(head: bytes) -> str:
    if head.startswith(_NUMPY):
        description = head[: head.find(b"\n", 0, _MEMBER) + 1]
        return "an array of objects, which is a pickle" if re.search(rb"'descr':[^\n]*\|O", description) else ""
    return "a pickle" if _is_pickle(head) else ""


def _is_pickle(head: bytes) -> bool:
    """Whether bytes read as the opcodes of a pickle: of a binary one its beginning, of a text one all that is here.

    Many a text begins like an opcode or two; one that names code and reads on to its end is a pickle.
    """
    binary = len(head) > 2 and head[0] == 0x80 and head[1] <= _NEWEST_PROTOCOL
    read, alive = 0, False
    with suppress(ValueError, IndexError, OverflowError):  # no opcode, or cut off
        for opcode, argument, _ in pickletools.genops(head):
            if opcode.name in _NAMES and not _DOTTED.fullmatch(str(argument)):
                return False
            alive = alive or opcode.name in _NAMES or opcode.name in _CALLS
            read += 1
            if opcode.name == "STOP":
                return binary or alive
    return read > 2 if binary else alive and read > 64 and len(head) in (HEAD, _MEMBER)


def _decompressed(head: bytes) -> tuple[str, bytes]:
    """Return the beginning of what was compressed, however it was; nothing where it was not."""
    if old := _OLD_JOBLIB.match(head):
        return "zlib", _attempt(zlib.decompressobj().decompress, head[max(old.end(), 21) :])
    ways: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
        (b"\x1f\x8b", "gzip", zlib.decompressobj(31).decompress),
        (b"BZh", "bz2", bz2.BZ2Decompressor().decompress),
        (b"\xfd7zXZ", "xz", lzma.LZMADecompressor().decompress),
        (b"\x5d\x00\x00", "lzma", lzma.LZMADecompressor().decompress),
        (b"\x78", "zlib", zlib.decompressobj().decompress),
    )
    for magic, name, way in ways:
        if head.startswith(magic):
            return name, _attempt(way, head)
    return "", b""


def _attempt(way: Callable[..., bytes], data: bytes) -> bytes:
    try:
        return way(data, HEAD)  # never more than this comes out, whatever the file claims
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        return b""


def _in_zip(stream: BinaryIO) -> str:
    try:
        if not zipfile.is_zipfile(stream):
            return ""
        with zipfile.ZipFile(_Wary(stream)) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                return _TOO_MANY
            for member in members:
                try:
                    with archive.open(member) as inner:
                        found = _in_bytes(_beginning(inner))
                except (RuntimeError, NotImplementedError, zlib.error, OSError, lzma.LZMAError, EOFError):
                    continue  # encrypted or damaged: nobody loads it from there
                if found:
                    return f"a zip whose member {member.filename[:80]} is {found}"
    except _TooMuchError:
        return _TOO_MANY
    except (zipfile.BadZipFile, ValueError, OSError):
        pass
    return ""


class _TooMuchError(Exception):
    """So much was to be read at once that memory might not hold what comes of it."""


class _Wary(io.RawIOBase):
    """A file of which nothing reads much at once, whatever the file itself says: zipfile holds its whole directory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(HEAD + 1 if size < 0 else min(size, HEAD + 1))
        if len(data) > HEAD:
            raise _TooMuchError
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


def _beginning(inner: IO[bytes]) -> bytes:
    """Read in small steps: of bz2 and lzma zipfile unpacks a whole step at once, which may be thousands of times it."""
    data = b""
    while len(data) < _MEMBER and (step := inner.read1(_STEP)):  # type: ignore[attr-defined]
        data += step[: _MEMBER - len(data)]
    return data


def _in_tar(head: bytes) -> str:
    """Look at the members that begin in *head*."""
    if head[257:262] != b"ustar":
        return ""
    with suppress(tarfile.TarError, OSError, ValueError), tarfile.open(fileobj=io.BytesIO(head), mode="r:") as archive:
        for member in archive:
            inner = archive.extractfile(member) if member.isfile() else None
            if inner and (found := _in_bytes(head[member.offset_data : member.offset_data + _MEMBER])):
                return f"a tar whose member {member.name[:80]} is {found}"
    return ""
