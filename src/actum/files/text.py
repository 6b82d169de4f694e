"""What any record's text must be, whatever its grammar: small enough, UTF-8, free of control characters."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from actum.errors import InvalidRecordError

Nulls = Literal["refused", "written"]

# Also what an escape may not smuggle in: a terminal obeys these, and a lone surrogate is no text at all.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# In the bytes of a file a carriage return may end a line.
_RAW_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LARGEST = int(sys.float_info.max)
_SAVE_AS_UTF8 = "save the file as UTF-8 without a byte order mark"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much is read before a file is refused.

    Attributes:
        size: Bytes.
        depth: Mappings and lists within each other.
        aliases: YAML aliases (``*name``); our own records have none, a dvc.yaml may.
    """

    size: int = 1 << 20
    depth: int = 50
    aliases: int = 0


RECORD = Limits()


def decode(data: bytes, *, where: str, limits: Limits) -> str:
    """Return the text of a file.

    Raises:
        InvalidRecordError: It is too large, no UTF-8, or holds a control character.
    """
    if len(data) > limits.size:
        raise InvalidRecordError(f"{where}: has {len(data):,} bytes, must have at most {limits.size:,}")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise InvalidRecordError(f"{where}: byte 0: is a byte order mark, must be plain UTF-8", hint=_SAVE_AS_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        problem = f"byte {error.start}: is 0x{data[error.start]:02x}, which is not UTF-8"
        raise InvalidRecordError(f"{where}: {problem}", hint=_SAVE_AS_UTF8) from error
    if found := _RAW_CONTROL.search(text):
        raise InvalidRecordError(
            f"{place(where, text, found.start())}: holds the control character U+{ord(found[0]):04X}",
            hint="delete that character",
        )
    return text


def place(where: str, text: str, index: int) -> str:
    """Write the position of a character as editors take it: ``file:line:column``."""
    line_start = text.rfind("\n", 0, index) + 1
    return f"{where}:{text.count(chr(10), 0, index) + 1}:{index - line_start + 1}"


def children(value: Any) -> Iterator[Any]:
    """Yield the mappings and lists that stand directly in a mapping or a list."""
    items = value.values() if type(value) is dict else value
    return (item for item in items if type(item) in (dict, list))


def height(value: Any, most: int) -> int:
    """Return how deep mappings and lists lie within each other in *value*; no more than *most* + 1 is counted."""
    level, deep = [value], 0
    while level and deep <= most:
        deep += 1
        level = [child for node in level for child in children(node)]
    return deep


def refuse_unwritable(value: Any, *, nulls: Nulls, at: str = "", room: int = RECORD.depth) -> None:
    """Refuse what would not read back as it was.

    Raises:
        InvalidRecordError: A null where none may be, NaN, an infinity, a whole number that no float holds, a control
            character, or too deep.
        TypeError: A value of a type that records do not have.
    """
    if value is None:
        if nulls == "refused":
            raise InvalidRecordError(f"{at}: is null", hint="leave the key out where there is nothing to say")
    elif isinstance(value, str):
        _refuse_text(value, at)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidRecordError(f"{at}: is {float(value)}, must be a finite number")
    elif isinstance(value, (Mapping, list, tuple)):
        if room == 0:
            raise InvalidRecordError(f"{at}: lies more than {RECORD.depth} levels deep")
        for part, item in _entries(value, at):
            refuse_unwritable(item, nulls=nulls, at=part, room=room - 1)
    elif isinstance(value, int):
        if not -_LARGEST <= value <= _LARGEST:
            raise InvalidRecordError(f"{at}: is too large for a number")
    else:
        raise TypeError(f"{at}: {type(value).__name__} has no place in a record")


def _entries(value: Mapping[str, Any] | list[Any] | tuple[Any, ...], at: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield from ((f"{at}[{index}]", item) for index, item in enumerate(value))
        return
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"{at}: the key {key!r} is no text")
        _refuse_text(key, at or "a key")
        yield f"{at}.{key}" if at else key, item


def _refuse_text(text: str, at: str) -> None:
    if found := CONTROL.search(text):
        raise InvalidRecordError(f"{at}: holds the control character U+{ord(found[0]):04X}")
