"""Zip files as the wing reads and writes them: read with limits, written so that equal members give equal bytes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from actum.inside.errors import ModelError

ZIP_MAGIC = b"PK\x03\x04"
MAX_UNPACKED_BYTES = 16 * 2**30
MAX_MEMBERS = 1_000_000
MAX_RATIO = 100
"""A member set may unpack to this many times the file's size; fitted trees deflate about five times."""
ALWAYS_ALLOWED_BYTES = 256 * 2**20
"""Below this the ratio does not matter: a small file of zeros deflates a thousand times and harms nobody."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o644 << 16


def pack(members: Mapping[str, bytes]) -> bytes:
    """Zip ``members`` in sorted order, stored, with fixed times and modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, members[name])
    return buffer.getvalue()


@contextmanager
def opened(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip held in memory after checking what it claims to hold.

    ``zipfile`` never yields more of a member than its declared size, so limits on declared sizes are limits.

    Raises:
        ModelError: not a zip, a name twice, or more to unpack than the limits allow.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive.infolist(), len(data), what)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ModelError(f"{what}: damaged zip: {error}", hint="fetch the file again: dvc pull") from error


def _check_size(entries: list[zipfile.ZipInfo], packed: int, what: str) -> None:
    if len({entry.filename for entry in entries}) != len(entries):
        raise ModelError(f"{what}: the zip holds a member name twice")
    unpacked = sum(entry.file_size for entry in entries)
    check_unpacked(unpacked, packed, what)
    if len(entries) > MAX_MEMBERS:
        raise ModelError(f"{what}: {len(entries)} members in the zip, at most {MAX_MEMBERS} are read")


def check_unpacked(unpacked: int, packed: int, what: str) -> None:
    """Refuse to unpack ``unpacked`` bytes from a file of ``packed`` bytes when that is out of all proportion."""
    limit = min(MAX_UNPACKED_BYTES, max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * packed))
    if unpacked > limit:
        raise ModelError(
            f"{what}: {packed} bytes would unpack to {unpacked}, at most {limit} are read",
            hint="this looks like a zip bomb; find out who wrote the file",
        )
