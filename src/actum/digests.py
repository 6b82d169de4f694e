"""Digests of bytes, as text: ``sha256:`` + 64 hex for ours, 32 bare hex digits for DVC's md5."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

SHA256 = "sha256:"
_CHUNK = 1 << 20
# Made once: a segment of decisions asks it a hundred thousand times.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class FileDigests(NamedTuple):
    """What one pass over a file's bytes yields. ``md5`` is DVC's name for the bytes, ``size`` is in bytes."""

    md5: str
    sha256: str
    size: int


def of_bytes(data: bytes) -> str:
    """Return ``sha256:<hex>`` of *data*."""
    return SHA256 + hashlib.sha256(data).hexdigest()


def md5_of_bytes(data: bytes) -> str:
    """Return the md5 by which DVC would store *data*."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def of_file(path: Path) -> FileDigests:
    """Read *path* once and return both digests and the size.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        return of_stream(stream)


def of_stream(stream: BinaryIO) -> FileDigests:
    """Read *stream* once, from where it stands, and return both digests and the size."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        md5.update(chunk)
        sha256.update(chunk)
        size += len(chunk)
    return FileDigests(md5.hexdigest(), SHA256 + sha256.hexdigest(), size)


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of *value* that digests are taken over: sorted keys, no white space, UTF-8.

    Floats are written as the shortest text that reads back to the same bits.

    Raises:
        ValueError: *value* holds NaN or an infinity.
    """
    return _CANONICAL.encode(value).encode()


def of_value(value: Any) -> str:
    """Return ``sha256:<hex>`` of the canonical JSON of *value*."""
    return of_bytes(canonical_json(value))


def short(digest: str | None) -> str:
    """Return the first eight hex digits, for people; of what has none, so much."""
    return "none" if digest is None else digest.removeprefix(SHA256)[:8]
