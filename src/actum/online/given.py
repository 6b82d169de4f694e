"""Values that whoever asks brings along, brought to the types that definitions say; the rest is refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from actum.errors import UserError
from actum.online.plan import Given
from actum.online.store import Plain, microseconds_of

_EXACT: dict[str, type] = {"float": float, "int": int, "string": str, "bool": bool}
_LARGEST = 2**63
_ENDLESS = (math.inf, -math.inf)


class GivenError(UserError):
    """A key or a value of the request is not given, or is of another type."""


def taken(given: Given, values: Mapping[str, Any]) -> Plain:
    """Return one value as it is computed with; NaN is missing.

    Raises:
        GivenError: It is not there, of another type, or infinite.
    """
    try:
        value = values[given.column]
    except KeyError:
        problem = f"{given.column} is not given, which {given.of} needs ({given.type})"
        raise GivenError(problem, hint="give null where it is missing") from None
    if type(value) is _EXACT.get(given.type) and value == value and value not in _ENDLESS:
        return cast("Plain", value)
    return _brought(given, value.item() if hasattr(value, "item") else value)


def _brought(given: Given, value: Any) -> Plain:
    if value is None or value != value:
        return None
    match given.type:
        case "bool" if isinstance(value, bool):
            return value
        case "float" if isinstance(value, (int, float)) and type(value) is not bool:
            return _finite(given, float(value))
        case "int" if isinstance(value, int) and type(value) is not bool:
            return _whole(given, value)
        case "string" if isinstance(value, str):
            return str(value)
        case "timestamp" if isinstance(value, datetime):
            if value.tzinfo is None:
                raise GivenError(f"{given.column}: {value.isoformat()} has no time zone", hint="make it UTC")
            return microseconds_of(value)
    raise GivenError(f"{given.column}: is {value!r}, {given.of} wants {_a(given.type)}")


def _whole(given: Given, value: int) -> int:
    if -_LARGEST <= value < _LARGEST:
        return value
    raise GivenError(f"{given.column}: {value} is larger than a whole number can be")


def _finite(given: Given, value: float) -> float:
    if value in _ENDLESS:
        raise GivenError(f"{given.column}: is infinite", hint="give null where it is unknown")
    return value


def _a(kind: str) -> str:
    words = {"float": "a number", "int": "a whole number", "string": "text", "bool": "true or false"}
    return words.get(kind, "a moment with its time zone")
