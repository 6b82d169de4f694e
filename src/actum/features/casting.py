"""Casts between types, as Python would write them out: engines round, trim and refuse in their own ways.

What cannot be represented is missing: text that is no number, a float beyond the whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from actum.definitions.expression import Dtype
from actum.features.values import Value, constant, either, nothing_where, real, rounded_down, whole

# The second pattern refuses line breaks, before which a $ would be content.
_WHOLE, _NOT_WHOLE = "^[+-]?[0-9]{1,18}$", "[^0-9+-]"
_REAL, _NOT_REAL = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$", "[^0-9.eE+-]"


def _cut(value: Value) -> Value:
    towards_zero = either(value < constant(0.0), -rounded_down(-value), rounded_down(value))
    return whole(nothing_where(value.abs() >= constant(2.0**63), towards_zero))


def _read_whole(text: Value) -> Value:
    fits = text.re_search(_WHOLE) & ~text.re_search(_NOT_WHOLE)
    return whole(nothing_where(~fits, text))


def _read_real(text: Value) -> Value:
    fits = text.re_search(_REAL) & ~text.re_search(_NOT_REAL)
    found = real(nothing_where(~fits, text))
    return nothing_where(found.isinf(), found)


def _read_truth(text: Value) -> Value:
    import ibis

    return ibis.cases((text == "true", constant(True)), (text == "false", constant(False)))


def _told(yes: str | float, no: str | float) -> Callable[[Value], Value]:
    return lambda truth: either(truth, constant(yes), nothing_where(truth.isnull(), constant(no)))


CASTS: dict[tuple[Dtype, Dtype], Callable[[Value], Value]] = {
    ("int", "float"): real,
    ("float", "int"): _cut,
    ("int", "string"): lambda value: value.cast("string"),
    ("int", "bool"): lambda value: value != constant(0),
    ("float", "bool"): lambda value: value != constant(0.0),
    ("bool", "int"): _told(1, 0),
    ("bool", "float"): _told(1.0, 0.0),
    ("bool", "string"): _told("true", "false"),
    ("string", "int"): _read_whole,
    ("string", "float"): _read_real,
    ("string", "bool"): _read_truth,
}
