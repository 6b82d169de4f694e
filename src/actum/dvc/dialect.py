"""Read dvc.yaml, dvc.lock and ``.dvc`` files: the limits that fit them, and errors that say the place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from actum.errors import InvalidRecordError
from actum.files import Limits, read_yaml
from actum.records.codec import FieldError, decode

Reader = Callable[[str], bytes | None]
"""Give the bytes of a path (POSIX, from the root of the repository) at one revision; None when it is not there."""

T = TypeVar("T")
# A dvc.lock grows with its stages, and people write anchors into a dvc.yaml.
LIMITS = Limits(size=64 << 20, aliases=1_000)
_CONFLICT = re.compile(rb"^(?:<{7}|>{7})(?: |$)", re.M)
_SAYS_SOMETHING = re.compile(rb"^[ \t]*[^\s#]", re.M)


def load(data: bytes, *, where: str) -> dict[str, Any]:
    """Return the mapping that *data* holds; an empty file is an empty mapping, as DVC has it.

    Raises:
        InvalidRecordError: It is not YAML, not a mapping, or goes past the limits.
    """
    if conflict := _CONFLICT.search(data):
        line = data.count(b"\n", 0, conflict.start()) + 1
        raise InvalidRecordError(f"{where}:{line}: holds an unresolved merge", hint=_way_out(where))
    return read_yaml(data, where=where, limits=LIMITS) if _SAYS_SOMETHING.search(data) else {}


def _way_out(where: str) -> str:
    """Two trainings make a third: no line of theirs may be kept by hand, and either side whole is a beginning."""
    if posixpath.basename(where) != "dvc.lock":
        return "git status"
    return f"git checkout HEAD -- {where}  # finish the merge, then: actum run"


def decode_at(kind: type[T], raw: object, *, where: str, at: tuple[str | int, ...] = ()) -> T:
    """Build a value from decoded YAML; the error says the file and the place in it."""
    try:
        return decode(kind, raw)
    except FieldError as error:
        climbed = error
        for part in reversed(at):
            climbed = climbed.under(part)
        raise InvalidRecordError(f"{where}: {climbed}", hint=error.hint) from error


def mapping_at(raw: Mapping[str, Any], key: str, *, where: str) -> dict[str, Any]:
    """Return the mapping under *key*, empty when it is absent or null."""
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRecordError(f"{where}: {key}: is {type(value).__name__}, must be a mapping")
    return value
