"""What the operators and functions of row expressions do with values of Python that are not missing.

The only place that says it for Python: engines are held against it. None is an answer that is missing.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from actum.definitions.zones import FIRST, LAST, zone

Value: TypeAlias = float | int | str | bool | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63
_MICROSECONDS = 1_000_000
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_REAL = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?")


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


def one_zero(number: float) -> float:
    """Return a number; of the two zeros always the same."""
    return number + 0.0


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
        at = _EPOCH + timedelta(microseconds=moment)
        if FIRST <= at < LAST:
            return pick(at.astimezone(there))
        offset = (FIRST if at < FIRST else LAST).astimezone(there).utcoffset() or timedelta()
        return pick(at + offset)

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


def _cut(number: float) -> int | None:
    """Return a whole number, cut towards zero; what 64 bits do not hold is missing."""
    return int(number) if abs(number) < _LARGEST else None


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
    """Return the text in capitals, character by character: where that would be several, its title case or as it is."""
    return "".join(_capital(one) for one in text)


def _capital(one: str) -> str:
    if one == "\u00df":
        return "\u1e9e"
    return next((found for found in (one.upper(), one.title()) if len(found) == 1), one)


def _read_whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _read_real(text: str) -> float | None:
    found = float(text) if _REAL.fullmatch(text) else math.inf
    return found if math.isfinite(found) else None


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
    "ceil": lambda number: float(math.ceil(number)) if math.isfinite(number) else number,
    "floor": lambda number: float(math.floor(number)) if math.isfinite(number) else number,
    "sqrt": _root,
    "ln": _logarithm,
    "exp": _exponential,
}
OF_TEXT: Mapping[str, Callable[..., Any]] = {
    "lower": _lower,
    "upper": _upper,
    "trim": lambda text: text.strip(_SPACES),
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
    ("int", "string"): str,
    ("int", "bool"): bool,
    ("float", "int"): _cut,
    ("float", "bool"): bool,
    ("bool", "int"): int,
    ("bool", "float"): float,
    ("bool", "string"): lambda truth: "true" if truth else "false",
    ("string", "int"): _read_whole,
    ("string", "float"): _read_real,
    ("string", "bool"): {"true": True, "false": False}.get,
}
"""From type, to type. A float has no one text, and a moment none without a zone; what cannot be read is missing."""
