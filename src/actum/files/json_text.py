"""JSON, read with the guarantees of our YAML and written so that it diffs: one item a line."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from actum.errors import InvalidRecordError
from actum.files.text import RECORD, Limits, decode, height, place, refuse_unwritable

# The only escapes by which a control character or half a surrogate pair can enter (a whole pair is one character).
_ESCAPE = re.compile(r"\\(?:[bfr]|u00[01789]|u[dD][89a-fA-F])")

# Made once: a record asks it for each of its values.
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Refused(ValueError):
    """``token``: the text to look for, so that the error can say where."""

    def __init__(self, problem: str, token: str) -> None:
        super().__init__(problem)
        self.token = token


def read_json(data: bytes, *, where: str, limits: Limits = RECORD) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        InvalidRecordError: It is malformed, too large or too deep, repeats a key, or holds NaN or a control
            character.
    """
    text = decode(data, where=where, limits=limits)
    value = _load(text, where, limits)
    if type(value) is not dict:
        raise InvalidRecordError(f"{where}: the top level is {_kind(value)}, must be a mapping")
    # No value can lie deeper than there are brackets.
    if text.count("{") + text.count("[") > limits.depth and height(value, limits.depth) > limits.depth:
        raise _too_deep(where, limits.depth)
    if _ESCAPE.search(text):
        _refuse_escaped(value, where)
    return value


def write_json(value: Mapping[str, Any]) -> bytes:
    """Write an object canonically: the given order, one entry or list item a line, UTF-8, a final newline.

    Raises:
        InvalidRecordError: It holds NaN, an infinity or a control character, or is too deep.
    """
    refuse_unwritable(value, nulls="written")
    entries = [f"  {_compact(key)}: {_block(item)}" for key, item in value.items()]
    return (_wrapped("{", entries, "}", "") + "\n").encode()


def _refuse_escaped(value: Any, where: str) -> None:
    """Refuse control characters that came in as escapes."""
    try:
        refuse_unwritable(value, nulls="written")
    except InvalidRecordError as error:
        raise InvalidRecordError(f"{where}: {error}", hint=error.hint) from error


def _load(text: str, where: str, limits: Limits) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except json.JSONDecodeError as error:
        raise InvalidRecordError(f"{where}:{error.lineno}:{error.colno}: is not JSON: {error.msg}") from error
    except _Refused as error:
        at = [found.start() for found in re.finditer(error.token, text)]
        # The token may also stand in other objects; only where it cannot be mistaken is a place named.
        spot = place(where, text, at[-1]) if 1 <= len(at) <= 2 else where
        raise InvalidRecordError(f"{spot}: {error}") from error
    except ValueError as error:  # Python reads no integer of more than 4,300 digits.
        raise InvalidRecordError(f"{where}: holds a whole number of too many digits") from error
    except RecursionError as error:
        raise _too_deep(where, limits.depth) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        again, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise _Refused(f"the key {_compact(again)} is given twice", re.escape(_compact(again)) + r"\s*:")
    return built


def _constant(name: str) -> NoReturn:
    raise _Refused(f"holds {name}, must be a finite number", rf"(?<![\w\"]){re.escape(name)}\b")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"{text[:40]} is too large for a number", re.escape(text))
    return value


def _too_deep(where: str, depth: int) -> InvalidRecordError:
    return InvalidRecordError(f"{where}: lies more than {depth} levels deep")


def _kind(value: object) -> str:
    return {type(None): "null", list: "a list", str: "text"}.get(type(value), "a single value")


def _block(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return _wrapped("{", [f"    {_compact(key)}: {_compact(item)}" for key, item in value.items()], "}", "  ")
    if isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        return _wrapped("[", [f"    {_compact(item)}" for item in value], "]", "  ")
    return _compact(value)


def _wrapped(opening: str, lines: list[str], closing: str, pad: str) -> str:
    return f"{opening}\n" + ",\n".join(lines) + f"\n{pad}{closing}" if lines else opening + closing


def _compact(value: Any) -> str:
    return _COMPACT.encode(value)
