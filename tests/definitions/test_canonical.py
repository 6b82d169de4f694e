"""The one form: equal for what is surely the same, different for near misses, and true for every row."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actum.definitions.canonical import Form, canonical
from actum.definitions.expression import Call, Case, Expression, Literal_, Name, Operation
from actum.definitions.parsing import parse

Row = Mapping[str, Any]


def form(text: str) -> Form:
    return canonical(parse(text), str)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a>30", "30 < a"),
        ("a >= 30", "30 <= a"),
        ("a = b", "b = a"),
        ("a <> b", "b != a"),
        ("a and b", "b and a"),
        ("a and (b and c)", "(c and a) and b"),
        ("a or a", "a"),
        ("a in (1, 2)", "a = 2 or a = 1"),
        ("a in (1, 2, 1)", "a in (2, 1)"),
        ("a between 1 and 2", "a <= 2 and a >= 1"),
        ("a not in (1, 2)", "a <> 1 and a <> 2"),
        ("not (a and b)", "not a or not b"),
        ("not (a or not b)", "b and not a"),
        ("not a < b", "a >= b"),
        ("not a <= b", "b < a"),
        ("not a = b", "a != b"),
        ("not not a", "a"),
        ("a not between 1 and 2", "a < 1 or a > 2"),
        ("a is not null", "not (a is null)"),
        ("a + b", "b + a"),
        ("a * (b + c)", "(c + b) * a"),
        ("least(a, b, a)", "least(b, a)"),
        ("greatest(a, a)", "a"),
        ("case when a then b end", "case when a then b else null end"),
        ("case when not a > b then 1 end", "CASE WHEN b >= a THEN 1 ELSE NULL END"),
        ("ABS(a)", "abs(a)"),
        ("((a))", '"a"'),
        ("-1", "- 1"),
    ],
)
def test_what_means_the_same_has_one_form(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a > 30", "a >= 30"),
        ("a > 30", "a > 30.0"),
        ("a > 30", "a > '30'"),
        ("a = 1", "a = true"),
        ("a", "A"),
        ("a", "'a'"),
        ("a - b", "b - a"),
        ("a / b", "b / a"),
        ("a % b", "b % a"),
        ("a + b + c", "a + (b + c)"),
        ("a and b or c", "a and (b or c)"),
        ("not a and b", "not (a and b)"),
        ("a is null", "a = null"),
        ("coalesce(a, b)", "coalesce(b, a)"),
        ("coalesce(a, 0)", "a"),
        ("nullif(a, b)", "nullif(b, a)"),
        ("least(a, b)", "greatest(a, b)"),
        ("concat(a, b)", "concat(b, a)"),
        ("seconds_between(a, b)", "seconds_between(b, a)"),
        ("case when a then 1 when b then 2 end", "case when b then 2 when a then 1 end"),
        ("hour(a, 'Europe/Rome')", "hour(a, 'UTC')"),
        ("cast(a as int)", "cast(a as float)"),
        ("0.0", "-0.0"),
        ("null", "'null'"),
    ],
)
def test_a_near_miss_has_another_form(one: str, other: str) -> None:
    assert form(one) != form(other)


def test_a_name_stands_for_what_it_means() -> None:
    text, meaning = "x + y", {"x": "sha256:1", "y": "sha256:2"}
    assert canonical(parse(text), meaning.__getitem__) == ["+", ["name", "sha256:1"], ["name", "sha256:2"]]


# Three-valued logic, said once more and otherwise: None is missing, and NaN is missing too.


def missing(*values: Any) -> bool:
    return any(value is None or (isinstance(value, float) and math.isnan(value)) for value in values)


def both(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def either(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if missing(*values) else function(*values)


MEANS: Mapping[str, Callable[..., Any]] = {
    "and": both,
    "or": either,
    "not": lifted(lambda a: not a),
    "=": lifted(lambda a, b: a == b),
    "<>": lifted(lambda a, b: a != b),
    "<": lifted(lambda a, b: a < b),
    "<=": lifted(lambda a, b: a <= b),
    "+": lifted(lambda a, b: a + b),
    "is_null": missing,
    "least": lambda *values: min((value for value in values if not missing(value)), default=None),
}


def value_of(expression: Expression, row: Row) -> Any:
    match expression:
        case Literal_(value):
            return value
        case Name(name):
            return row[name]
        case Case(branches, otherwise):
            held = (then for when, then in branches if value_of(when, row) is True)
            return value_of(next(held, otherwise), row)
        case Operation(name, parts) | Call(name, parts):
            return MEANS[name](*(value_of(part, row) for part in parts))
        case _:
            raise AssertionError(expression)


def value_of_form(form: Form, row: Row) -> Any:
    match form:
        case ["name", name]:
            return row[name]
        case ["int" | "null", value]:
            return value
        case ["case", branches, otherwise]:
            held = (then for when, then in branches if value_of_form(when, row) is True)
            return value_of_form(next(held, otherwise), row)
        case [name, *parts]:
            return MEANS[name](*(value_of_form(part, row) for part in parts))
        case _:
            raise AssertionError(form)


def operations(names: str, *operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.builds(Operation, st.sampled_from(names.split()), st.tuples(*operands))


atoms: list[Expression] = [Name("x"), Name("y"), Literal_(0), Literal_(1), Literal_(None)]
flags: list[Expression] = [Name("p")]
numbers = st.recursive(
    st.sampled_from(atoms),
    lambda inner: operations("+", inner, inner) | st.builds(Call, st.just("least"), st.tuples(inner, inner)),
    max_leaves=3,
)
truths = st.recursive(
    st.sampled_from(flags) | operations("= <> < <=", numbers, numbers) | operations("is_null", numbers),
    lambda inner: (
        operations("and or", inner, inner)
        | operations("not", inner)
        | st.builds(lambda when, then, otherwise: Case(((when, then),), otherwise), inner, inner, inner)
    ),
    max_leaves=8,
)
ROWS = [
    {"x": x, "y": y, "p": p}
    for x, y, p in itertools.product((None, math.nan, 0, 1.5), (None, 1, -1), (None, True, False))
]


@settings(max_examples=300)
@given(truths)
def test_the_form_is_true_of_every_row_missing_values_and_nan_included(expression: Expression) -> None:
    found = canonical(expression, str)
    assert [value_of_form(found, row) for row in ROWS] == [value_of(expression, row) for row in ROWS]


@given(truths)
def test_the_form_of_a_negation_twice_is_that_of_the_thing_itself(expression: Expression) -> None:
    twice = Operation("not", (Operation("not", (expression,)),))
    assert canonical(twice, str) == canonical(expression, str)


@given(truths, truths)
def test_equal_forms_are_equal_for_every_row(one: Expression, other: Expression) -> None:
    if canonical(one, str) == canonical(other, str):
        assert [value_of(one, row) for row in ROWS] == [value_of(other, row) for row in ROWS]
