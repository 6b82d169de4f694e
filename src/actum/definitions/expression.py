"""Row expressions: a small, closed part of SQL, read into values that say what is meant and nothing else.

The grammar is ours (docs/adr/0013), so that a definition's digest does not move with the version of a library, and
so that an expression can do nothing but compute: there is no function here that reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Dtype = Literal["float", "int", "string", "bool", "timestamp"]
FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "sqrt": (1, 1),
    "ln": (1, 1),
    "exp": (1, 1),
    "least": (2, 16),
    "greatest": (2, 16),
    "coalesce": (2, 16),
    "nullif": (2, 2),
    "lower": (1, 1),
    "upper": (1, 1),
    "trim": (1, 1),
    "length": (1, 1),
    "concat": (2, 16),
    "year": (2, 2),
    "month": (2, 2),
    "day": (2, 2),
    "hour": (2, 2),
    "minute": (2, 2),
    "weekday": (2, 2),
    "seconds_between": (2, 2),
}
"""Name -> least and most arguments. The calendar takes a time and a time zone, as text; ``weekday``: Monday is 1."""
CALENDAR = frozenset({"year", "month", "day", "hour", "minute", "weekday"})


@dataclass(frozen=True, slots=True)
class Literal_:
    """A constant. Text, whole number, float, truth, or null."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the source, or in a view without one: a feature or a value of the request."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator on one or two operands: ``+ - * / % = <> < <= and or not neg is_null``."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ``FUNCTIONS``."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """``branches``: condition and result, the first that holds counts; ``otherwise``: null where nothing is said."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Cast:
    operand: Expression
    to: Dtype


Expression: TypeAlias = Literal_ | Name | Operation | Call | Case | Cast


def names_in(expression: Expression) -> frozenset[str]:
    """Return the columns, features or request values that an expression reads."""
    if isinstance(expression, Name):
        return frozenset({expression.name})
    return frozenset().union(*map(names_in, parts(expression)))


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Return what an expression is made of, one level down."""
    match expression:
        case Operation():
            return expression.operands
        case Call():
            return expression.arguments
        case Case():
            return (*(each for branch in expression.branches for each in branch), expression.otherwise)
        case Cast():
            return (expression.operand,)
        case _:
            return ()


def with_parts(expression: Expression, found: Sequence[Expression]) -> Expression:
    """Return the same expression of other parts, as many as :func:`parts` gives."""
    match expression:
        case Operation():
            return Operation(expression.operator, tuple(found))
        case Call():
            return Call(expression.function, tuple(found))
        case Case():
            *branches, otherwise = found
            return Case(tuple(zip(branches[::2], branches[1::2], strict=True)), otherwise)
        case Cast():
            (operand,) = found
            return Cast(operand, expression.to)
        case _:
            return expression
