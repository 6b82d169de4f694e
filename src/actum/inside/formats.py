"""Which format a model file has, told by its content and never by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from actum.inside.archive import ZIP_MAGIC, check_unpacked, opened
from actum.inside.errors import ModelError

CANONICAL = "canonical-skops/1"
MARKER = "_actum_format"
"""The key of schema.json's root that names our format; skops ignores it."""
SCHEMA = "schema.json"
MAX_SCHEMA_BYTES = 2**30

Format = Literal["canonical-skops/1", "skops", "joblib", "pickle"]

_PICKLE_MAGIC = b"\x80"
_JOBLIB_COMPRESSED = (b"\x78", b"\x1f\x8b", b"BZ", b"\x5d\x00\x00", b"\xfd7zXZ", b"\x04\x22\x4d\x18")
_JOBLIB_INSIDE = b"joblib.numpy_pickle"


def sniff(data: bytes, what: str) -> Format:
    """Tell the format of a model file; ``what`` names the file in errors.

    Raises:
        ModelError: none of the formats we know, or a zip that is damaged or out of proportion.
    """
    if data.startswith(ZIP_MAGIC):
        return "canonical-skops/1" if read_schema(data, what).get(MARKER) == CANONICAL else "skops"
    if data.startswith(_PICKLE_MAGIC):
        return "joblib" if _JOBLIB_INSIDE in data else "pickle"
    if data.startswith(_JOBLIB_COMPRESSED):
        return "joblib"
    raise ModelError(f"{what}: not a model file: neither skops nor joblib nor pickle")


def read_schema(data: bytes, what: str) -> dict[str, Any]:
    """Return a .skops file's schema after checking that it is sound and within the limits.

    Raises:
        ModelError: no schema, not JSON, nested too deep, or asking for far more bytes than the file has.
    """
    with opened(data, what) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        if SCHEMA not in sizes:
            raise ModelError(f"{what}: a zip without {SCHEMA}: not a skops file")
        if sizes[SCHEMA] > MAX_SCHEMA_BYTES:
            raise ModelError(f"{what}: {SCHEMA} has {sizes[SCHEMA]} bytes, at most {MAX_SCHEMA_BYTES} are read")
        text = archive.read(SCHEMA)
    schema = _parse(text, what)
    # one member may be named by a million nodes, and each would read it anew
    try:
        wanted = sum(sizes.get(name, 0) for name in _members(schema))
    except RecursionError as error:
        raise ModelError(f"{what}: {SCHEMA} is nested too deep") from error
    check_unpacked(wanted, len(data), what)
    return schema


def _parse(text: bytes, what: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{what}: {SCHEMA} is not valid JSON: {error}") from error
    if not isinstance(schema, dict):
        raise ModelError(f"{what}: {SCHEMA} is not an object")
    return schema


def _members(value: object) -> Iterator[str]:
    """Yield every member name that a schema refers to, as often as it does."""
    if isinstance(value, dict):
        name = value.get("file")
        if isinstance(name, str):
            yield name
        for child in value.values():
            yield from _members(child)
    elif isinstance(value, list):
        for child in value:
            yield from _members(child)
