"""What the operators and functions of row expressions do with values of Python that are not missing.

The only place that says it for Python: engines are held against it. None is an answer that is missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from actum.definitions.zones import zone

Value: TypeAlias = float | int | str | bool | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63
_MICROSECONDS = 1_000_000


def whole(number: int) -> int:
    """Return a number that 64 bits hold.

    Raises:
        OverflowError: They do not.
    """
    if -_LARGEST <= number < _LARGEST:
        return number
    raise OverflowError("a whole number becomes larger than 64 bits hold")


def real(number: float) -> float | None:
    """Return a number, or None for NaN, which is missing."""
    return None if number != number else number


def divide(one: float, other: float) -> float | None:
    return None if other == 0 else real(one / other)


def absolute(number: int) -> int:
    return whole(abs(number))


def seconds(one: int, other: int) -> float:
    """Return the seconds from one moment to another."""
    return (other - one) / _MICROSECONDS


def calendar(part: str, zone_name: str) -> Callable[[int], int]:
    """Return what a part of the calendar, such as ``hour``, is at a moment in a time zone."""
    there = zone(zone_name)
    pick: Callable[[datetime], int] = datetime.isoweekday if part == "weekday" else operator.attrgetter(part)

    def value(moment: int) -> int:
        return pick((_EPOCH + timedelta(microseconds=moment)).astimezone(there))

    return value


def _of_floats(function: Callable[[float, float], float]) -> Callable[[float, float], float | None]:
    return lambda one, other: real(function(one, other))


def _of_ints(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda one, other: whole(function(one, other))


def _float_rest(one: float, other: float) -> float | None:
    return None if other == 0 or math.isinf(one) else math.fmod(one, other)


def _int_rest(one: int, other: int) -> int | None:
    """Return the rest with the sign of the dividend."""
    if other == 0:
        return None
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def _to_int(number: float) -> int:
    if math.isinf(number):
        raise OverflowError("an infinite value has no whole number")
    return whole(math.trunc(number))


def _root(number: float) -> float | None:
    return math.sqrt(number) if number >= 0 else None


def _logarithm(number: float) -> float | None:
    return math.log(number) if number > 0 else None


def _exponential(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


def _lower(text: str) -> str:
    return "".join(one.lower()[0] for one in text)


def _upper(text: str) -> str:
    """Return the text in capitals, character by character; where that would be several, it stays, save for the ß."""
    return "".join(up if len(up := one.upper()) == 1 else "\u1e9e" if one == "\u00df" else one for one in text)


def _parsed(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def value(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            return None

    return value


ARITHMETIC: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "+": (_of_floats(operator.add), _of_ints(operator.add)),
    "-": (_of_floats(operator.sub), _of_ints(operator.sub)),
    "*": (_of_floats(operator.mul), _of_ints(operator.mul)),
    "%": (_float_rest, _int_rest),
    "neg": (operator.neg, lambda number: whole(-number)),
}
"""Operator -> of floats, of whole numbers."""
OF_A_FLOAT: Mapping[str, Callable[[float], Any]] = {
    "abs": abs,
    "ceil": lambda number: _to_int(math.ceil(number) if math.isfinite(number) else number),
    "floor": lambda number: _to_int(math.floor(number) if math.isfinite(number) else number),
    "sqrt": _root,
    "ln": _logarithm,
    "exp": _exponential,
}
OF_TEXT: Mapping[str, Callable[..., Any]] = {
    "lower": _lower,
    "upper": _upper,
    "trim": lambda text: text.strip(" "),
    "length": len,
    "concat": lambda *texts: "".join(texts),
}
CHOICES: Mapping[str, Callable[[Sequence[Any]], Value]] = {
    "least": min,
    "greatest": max,
    "coalesce": lambda present: present[0],
}
CASTS: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("int", "float"): float,
    ("float", "int"): _to_int,
    ("bool", "int"): int,
    ("bool", "float"): float,
    ("int", "bool"): bool,
    ("int", "string"): str,
    ("bool", "string"): lambda truth: "true" if truth else "false",
}
"""From type, to type. A float has no one text, and a moment none without a zone."""
