"""Row expressions to Ibis: the same meaning on every engine, checked types, and nothing left to what an engine likes.

Inside, a time is a whole number of microseconds since 1970, UTC. NaN is missing: arithmetic lets it pass, and whatever
looks at a number (a comparison, a choice, the feature itself) takes it for missing.
What engines do in their own ways is written out here: division by nothing, logarithms of nothing, casts, the calendar.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from actum.definitions.expression import (
    CALENDAR,
    Call,
    Case,
    Cast,
    Dtype,
    Expression,
    Literal_,
    Name,
    Operation,
    Scalar,
)
from actum.features.casting import CASTS
from actum.features.values import (
    Value,
    calendar_part,
    cleaned,
    constant,
    missing,
    nothing_where,
    real,
    rounded_down,
    sound,
    trimmed,
    whole,
)
from actum.features.zones import offsets

_NUMBERS: tuple[Dtype, ...] = ("int", "float")
_SHOWN = 12


class TypeProblem(ValueError):
    """An expression cannot be computed from what is there; ``str(error)`` says why."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An Ibis value and its type, None for what is missing in every row. ``rough``: NaN or -0.0 may be in it."""

    value: Value
    type: Dtype | None
    rough: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What names stand for. ``span``: earliest and latest time in it, where known, which makes calendars shorter."""

    names: Mapping[str, Typed]
    span: tuple[int, int] | None = None
    what: str = "column"


def compiled(expression: Expression, scope: Scope) -> Typed:
    """Return the value of an expression over the names of a scope.

    Raises:
        TypeProblem: A name is not there, or types do not fit.
    """
    match expression:
        case Literal_(value):
            return _literal(value)
        case Name(name):
            return named(name, scope)
        case Operation(operator, operands):
            return _operation(operator, [compiled(each, scope) for each in operands])
        case Call(function, arguments) if function in CALENDAR:
            return _calendar(function, arguments, scope)
        case Call(function, arguments):
            return _call(function, [compiled(each, scope) for each in arguments])
        case Case(branches, otherwise):
            return _case(branches, otherwise, scope)
        case Cast(operand, to):
            return _cast(compiled(operand, scope), to)


def named(name: str, scope: Scope) -> Typed:
    """Return what a name stands for.

    Raises:
        TypeProblem: It is not there.
    """
    if name in scope.names:
        return scope.names[name]
    near = difflib.get_close_matches(name, scope.names, n=1, cutoff=0.5)
    there = ", ".join(sorted(scope.names)[:_SHOWN]) + (", ..." if len(scope.names) > _SHOWN else "")
    guess = f"did you mean {near[0]}?" if near else f"there are {there}" if there else "there is none"
    raise TypeProblem(f"no {scope.what} is called {name}, {guess}")


def fitted(one: Typed, wanted: Dtype) -> Value:
    """Return the value as a feature of a type has it: whole numbers may stand for floats, and -0.0 is 0.0.

    Raises:
        TypeProblem: It is of another type.
    """
    if one.type not in (wanted, None) and (one.type, wanted) != ("int", "float"):
        advice = f": write cast(... as {wanted})" if (one.type, wanted) in CASTS else ""
        raise TypeProblem(f"is {one.type}, must be {wanted}{advice}")
    return cleaned(one.value) if one.rough and one.type == "float" else _as(one, wanted)


def _literal(value: Scalar) -> Typed:
    kinds: dict[type, Dtype] = {bool: "bool", int: "int", float: "float", str: "string"}
    return Typed(missing("int"), None) if value is None else Typed(constant(value), kinds[type(value)], value == 0.0)


def _as(one: Typed, kind: Dtype) -> Value:
    if one.type is None:
        return missing(kind)
    return real(one.value) if kind == "float" else one.value


def _solid(one: Typed, kind: Dtype) -> Value:
    """Return the value without NaN."""
    return sound(one.value) if one.rough and one.type == "float" else _as(one, kind)


def _operation(operator: str, operands: list[Typed]) -> Typed:
    if operator == "is_null":
        one = operands[0]
        return Typed(_solid(one, one.type or "int").isnull(), "bool")
    if operator in ("and", "or", "not"):
        return _logic(operator, operands)
    if operator in _COMPARISONS:
        return _compared(operator, operands)
    return _arithmetic(operator, operands)


_Binary: TypeAlias = Callable[[Value, Value], Value]
_COMPARISONS: dict[str, _Binary] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}
_ARITHMETIC: dict[str, _Binary] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / nothing_where(right == constant(0.0), right),
    "%": lambda left, right: left % nothing_where(right == _zero_like(right), right),
}
_INSTEAD: dict[tuple[str, str], str] = {
    ("-", "timestamp"): ": write seconds_between(earlier, later)",
    ("+", "string"): ": write concat(a, b)",
}


def _zero_like(like: Value) -> Value:
    return constant(0.0) if like.type().is_floating() else constant(0)


def _arithmetic(operator: str, operands: list[Typed]) -> Typed:
    sign = "-" if operator == "neg" else operator
    for one in operands:
        if one.type not in (*_NUMBERS, None):
            raise TypeProblem(f"{sign} takes numbers, not {one.type}{_INSTEAD.get((operator, str(one.type)), '')}")
    kinds = {one.type for one in operands}
    if None in kinds:
        return _literal(None)
    kind: Dtype = "float" if operator == "/" or "float" in kinds else "int"
    values = [_as(one, kind) for one in operands]
    if operator == "neg":
        return Typed(-values[0], kind, kind == "float")
    return Typed(_ARITHMETIC[operator](*values), kind, kind == "float")


def _logic(operator: str, operands: list[Typed]) -> Typed:
    for one in operands:
        if one.type not in ("bool", None):
            raise TypeProblem(f"{operator} takes conditions, not {one.type}")
    values = [_as(one, "bool") for one in operands]
    if operator == "not":
        # Ibis writes (~x).isnull() without its parentheses, which is not (x is null).
        return Typed(values[0] == constant(False), "bool")
    return Typed(values[0] & values[1] if operator == "and" else values[0] | values[1], "bool")


def _compared(operator: str, operands: list[Typed]) -> Typed:
    kind = _common(f"{operator} compares", operands)
    if kind is None:
        return Typed(missing("bool"), "bool")
    return Typed(_COMPARISONS[operator](*(_solid(one, kind) for one in operands)), "bool")


def _common(what: str, operands: list[Typed]) -> Dtype | None:
    """Return the one type that all have, floats taking in whole numbers; None when all are missing in every row."""
    kinds = {one.type for one in operands if one.type is not None}
    if kinds == {"int", "float"}:
        return "float"
    if len(kinds) > 1:
        raise TypeProblem(f"{what} {' and '.join(sorted(kinds))}, which have nothing in common")
    return next(iter(kinds), None)


def _call(function: str, arguments: list[Typed]) -> Typed:
    if function in ("least", "greatest", "coalesce", "nullif"):
        return _chosen(function, arguments)
    takes, gives, make = _FUNCTIONS[function]
    for one in arguments:
        if one.type not in (*takes, None):
            raise TypeProblem(f"{function}() takes {' or '.join(takes)}, not {one.type}")
    given = arguments[0].type or takes[0]
    inside: Dtype = "float" if gives == "float" and given == "int" else given
    kind = gives or given
    return Typed(make(*(_as(one, inside) for one in arguments)), kind, kind == "float")


def _chosen(function: str, arguments: list[Typed]) -> Typed:
    import ibis

    kind = _common(f"{function}() chooses between", arguments)
    if kind is None:
        return _literal(None)
    values = [_solid(one, kind) for one in arguments]
    if function == "nullif":
        return Typed(nothing_where(values[0] == values[1], values[0]), kind, kind == "float")
    choose = {"least": ibis.least, "greatest": ibis.greatest, "coalesce": ibis.coalesce}[function]
    return Typed(choose(*values), kind, kind == "float")


def _joined(first: Value, *others: Value) -> Value:
    found = first
    for other in others:
        found = found + other
    return found


_Function: TypeAlias = tuple[tuple[Dtype, ...], Dtype | None, Callable[..., Value]]
# What it takes (whole numbers become floats where it gives one), what it gives (None: the same), how.
_FUNCTIONS: dict[str, _Function] = {
    "abs": (_NUMBERS, None, lambda x: x.abs()),
    "ceil": (_NUMBERS, None, lambda x: -rounded_down(-x) if x.type().is_floating() else x),
    "floor": (_NUMBERS, None, lambda x: rounded_down(x) if x.type().is_floating() else x),
    "sqrt": (_NUMBERS, "float", lambda x: nothing_where(x < constant(0.0), x).sqrt()),
    "ln": (_NUMBERS, "float", lambda x: nothing_where(x <= constant(0.0), x).ln()),
    "exp": (_NUMBERS, "float", lambda x: x.exp()),
    "lower": (("string",), "string", lambda x: x.lower()),
    "upper": (("string",), "string", lambda x: x.upper()),
    "trim": (("string",), "string", trimmed),
    "length": (("string",), "int", lambda x: whole(x.length())),
    "concat": (("string",), "string", _joined),
    "seconds_between": (("timestamp",), "float", lambda a, b: real(b - a) / constant(1e6)),
}


def _calendar(function: str, arguments: tuple[Expression, ...], scope: Scope) -> Typed:
    at, zone = compiled(arguments[0], scope), arguments[1]
    assert isinstance(zone, Literal_)
    if at.type not in ("timestamp", None):
        raise TypeProblem(f"{function}() takes a timestamp, not {at.type}")
    steps = offsets(str(zone.value))
    steps = steps.between(*scope.span) if scope.span else steps
    return Typed(calendar_part(function, _as(at, "timestamp"), steps), "int")


def _case(branches: tuple[tuple[Expression, Expression], ...], otherwise: Expression, scope: Scope) -> Typed:
    import ibis

    conditions = [compiled(when, scope) for when, _ in branches]
    for one in conditions:
        if one.type not in ("bool", None):
            raise TypeProblem(f"case takes conditions, not {one.type}")
    results = [compiled(each, scope) for each in (*(then for _, then in branches), otherwise)]
    kind = _common("case gives", results)
    if kind is None:
        return _literal(None)
    *values, last = (_as(one, kind) for one in results)
    pairs = zip((_as(one, "bool") for one in conditions), values, strict=True)
    return Typed(ibis.cases(*pairs, else_=last), kind, any(one.rough for one in results))


def _cast(one: Typed, to: Dtype) -> Typed:
    if one.type == to:
        return one
    if one.type is None:
        return Typed(missing(to), to)
    if (one.type, to) not in CASTS:
        raise TypeProblem(f"{one.type} cannot be cast to {to}: engines differ in it, give the column its type before")
    return Typed(CASTS[one.type, to](_solid(one, one.type)), to, to == "float")
