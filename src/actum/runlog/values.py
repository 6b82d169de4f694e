"""As what a logged value goes on record: the rules, in one place.

A training of six hours does not end for a strange parameter: what JSON has no form for becomes text. A metric
is a number, and what is none is refused.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import PurePath
from typing import Any

from actum.errors import UserError
from actum.files.text import CONTROL

_BREAKS = re.compile(r"[\t\n]")
_PLAIN = frozenset({str, int, float, bool, type(None)})
_DEEPEST = 40
_LARGEST = 2**63


def flat_params(params: Mapping[Any, Any]) -> dict[str, Any]:
    """Return parameters by dotted name, however deep they are nested.

    Raises:
        UserError: Two of them have one name, or they lie too deep to be anybody's.
    """
    found: dict[str, Any] = {}
    for name, value in _leaves(params, "", _DEEPEST):
        if name in found:
            raise UserError(f"params: {name} is given twice", hint="a dot in a name means what a nested one means")
        found[name] = plain(value)
    return found


def plain(value: Any, room: int = _DEEPEST) -> Any:
    """Return a value as JSON holds it.

    Texts lose no character: a control character is written as its escape. NaN, the infinities, whole numbers of more
    than 64 bits and every other object become text; an array of one number that number.
    """
    if room == 0:
        raise UserError(f"params: a value lies more than {_DEEPEST} levels deep")
    value = _unwrapped(value)
    if isinstance(value, str):
        return cleaned(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else in_words(value)
    if isinstance(value, int):
        return int(value) if -_LARGEST <= value < _LARGEST else hex(value)
    if isinstance(value, Mapping):
        return {name_of(key): plain(item, room - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, room - 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item, room - 1) for item in value), key=repr)
    if isinstance(value, date):
        return value.isoformat()
    return text_of(value, str if isinstance(value, PurePath) else repr)


def text_of(value: object, written: Callable[[object], str] = str) -> str:
    """Return what an object says of itself; one whose own code fails is told by its type."""
    try:
        return cleaned(written(value))
    except Exception as error:  # anybody's code, which may raise anything
        return cleaned(f"<{type(value).__qualname__}: {written.__name__} raises {type(error).__name__}>")


def step_of(value: Any) -> int:
    """Return the step of a metric.

    Raises:
        UserError: It is no whole number of 64 bits.
    """
    try:
        step = value if type(value) is int else operator.index(value)
    except Exception as error:  # anybody's code, which may raise anything
        raise UserError(f"step is {text_of(value, repr)}, must be a whole number") from error
    if not -_LARGEST <= step < _LARGEST:
        raise UserError("step is a whole number of more than 64 bits")
    return step


def number(name: str, value: Any) -> float:
    """Return a metric's value; NaN and the infinities are values like others.

    Raises:
        UserError: It is no number, or too large for one.
    """
    value = _unwrapped(value)
    if isinstance(value, (str, bytes, type(None))) or not hasattr(type(value), "__float__"):
        raise UserError(
            f"metric {name}: is {type(value).__name__}, must be a number", hint="log it as a param or a tag"
        )
    try:
        return float(value)
    except OverflowError as error:
        raise UserError(f"metric {name}: is too large for a number") from error
    except Exception as error:  # an array of several, or anybody's code, which may raise anything
        raise UserError(f"metric {name}: is {type(value).__name__}, must be one number") from error


def on_record(value: float) -> float | str:
    """Return a metric as it stands in a record: what JSON has no number for as text."""
    return value if math.isfinite(value) else in_words(value)


def in_words(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def cleaned(text: str) -> str:
    """Return a text with each control character and each half of a surrogate pair written as its escape."""
    return CONTROL.sub(_escape, text)


def name_of(name: object) -> str:
    """Return a name as it goes on record: on one line.

    Raises:
        UserError: It is empty.
    """
    found = _BREAKS.sub(_escape, text_of(name))
    if not found:
        raise UserError("a name is empty")
    return found


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _leaves(params: Mapping[Any, Any], prefix: str, room: int) -> Iterator[tuple[str, Any]]:
    if room == 0:
        raise UserError(f"params: {prefix[:40]}... lies more than {_DEEPEST} levels deep")
    for key, value in params.items():
        name = prefix + name_of(key)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{name}.", room - 1)
        else:
            yield name, value


def _unwrapped(value: Any) -> Any:
    """Return the number in a NumPy scalar, or in an array or a tensor of one; Python has a type for none of them."""
    if type(value) in _PLAIN:
        return value
    try:
        one = getattr(value, "size", None) == 1 or getattr(value, "shape", None) == ()
        return value.item() if one and hasattr(value, "item") else value
    except Exception:  # anybody's code; a tensor without memory has no item: it is what it says of itself
        return value
