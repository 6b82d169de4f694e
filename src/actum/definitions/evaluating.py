"""Row expressions evaluated in Python, one row at a time: for what a request brings along when it is made.

It says to the bit what the engines say (docs/adr/0013). An expression is compiled once, to closures that know the
types of what they read. A value is a float, int, str, bool or None; a moment is whole microseconds since 1970, UTC.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from actum.definitions import functions
from actum.definitions.expression import Call, Case, Cast, Dtype, Expression, Literal_, Name, Operation
from actum.definitions.functions import Value

Evaluate: TypeAlias = Callable[[Any], Value]
_COMPARISONS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le}
_NUMBERS = frozenset({"int", "float"})


class TypesError(ValueError):
    """An expression joins types that do not go together; ``str(error)`` says which."""


class Place(NamedTuple):
    """Where a name's value stands in a row, and of which type it is."""

    at: Any
    type: Dtype


class _Part(NamedTuple):
    """A part of an expression. ``type``: None of a bare null."""

    type: Dtype | None
    value: Evaluate


def compiled(expression: Expression, names: Mapping[str, Place], to: Dtype) -> Evaluate:
    """Return what computes an expression from a row, where a name's value is ``row[place.at]``.

    What is returned raises OverflowError where a whole number becomes larger than 64 bits hold.

    Raises:
        TypesError: Types do not go together, or what comes of it is no *to*.
    """
    found = _compile(expression, names)
    if found.type not in (to, None) and (found.type, to) != ("int", "float"):
        raise TypesError(f"is {found.type}, must be {to}" + (f": write cast(... as {to})" if _casts(found, to) else ""))
    return _lifted(functions.one_zero, [_as(found, to)]) if to == "float" else found.value


def _compile(expression: Expression, names: Mapping[str, Place]) -> _Part:
    match expression:
        case Literal_(value):
            return _Part(_type_of(value), lambda _row: value)
        case Name(name):
            return _Part(names[name].type, operator.itemgetter(names[name].at))
        case Operation(sign, operands):
            return _operation(sign, [_compile(each, names) for each in operands])
        case Call(function, arguments):
            return _call(function, [_compile(each, names) for each in arguments], arguments)
        case Case(branches, otherwise):
            conditions = [_truth("case", _compile(when, names)) for when, _ in branches]
            return _case(conditions, [_compile(each, names) for each in (*(then for _, then in branches), otherwise)])
        case Cast(operand, to):
            return _cast(_compile(operand, names), to)


def _type_of(value: Value) -> Dtype | None:
    kinds: dict[type, Dtype] = {bool: "bool", int: "int", float: "float", str: "string"}
    return kinds.get(type(value))


def _operation(sign: str, parts: Sequence[_Part]) -> _Part:
    match sign:
        case "and" | "or":
            return _Part("bool", _joined(sign == "or", *(_truth(sign, part) for part in parts)))
        case "not":
            return _Part("bool", _lifted(operator.not_, [_truth(sign, parts[0])]))
        case "is_null":
            value = parts[0].value
            return _Part("bool", lambda row: value(row) is None)
        case "=" | "<>" | "<" | "<=":
            return _Part("bool", _lifted(_COMPARISONS[sign], _one_type(sign, parts)[1]))
        case "/":
            return _Part("float", _lifted(functions.divide, [_as(part, "float") for part in _numbers(sign, parts)]))
        case _:
            kind, values = _one_type(sign, _numbers(sign, parts))
            of_floats, of_ints = functions.ARITHMETIC[sign]
            return _Part(kind, _lifted(of_floats if kind == "float" else of_ints, values))


def _call(function: str, parts: Sequence[_Part], arguments: Sequence[Expression]) -> _Part:
    match function:
        case "abs" | "ceil" | "floor":
            (part,) = _numbers(function, parts)
            if part.type != "int":
                return _Part(part.type, _lifted(functions.OF_A_FLOAT[function], [part.value]))
            return _Part("int", _lifted(functions.absolute, [part.value]) if function == "abs" else part.value)
        case "sqrt" | "ln" | "exp":
            (part,) = _numbers(function, parts)
            return _Part("float", _lifted(functions.OF_A_FLOAT[function], [_as(part, "float")]))
        case "least" | "greatest" | "coalesce":
            kind, values = _one_type(function, parts)
            return _Part(kind, _chosen(functions.CHOICES[function], values))
        case "nullif":
            kind, (one, other) = _one_type(function, parts)
            return _Part(kind, lambda row: None if (a := one(row)) == other(row) else a)
        case "lower" | "upper" | "trim" | "length" | "concat":
            texts = [_of_type(function, part, "string").value for part in parts]
            return _Part("int" if function == "length" else "string", _lifted(functions.OF_TEXT[function], texts))
        case "seconds_between":
            return _Part("float", _lifted(functions.seconds, [_of_type(function, p, "timestamp").value for p in parts]))
        case _:
            zone = arguments[1]
            assert isinstance(zone, Literal_)
            moment = _of_type(function, parts[0], "timestamp").value
            return _Part("int", _lifted(functions.calendar(function, str(zone.value)), [moment]))


def _case(conditions: Sequence[Evaluate], parts: Sequence[_Part]) -> _Part:
    kind, (*results, otherwise) = _one_type("case", parts)
    branches = tuple(zip(conditions, results, strict=True))

    def value(row: Any) -> Value:
        for condition, result in branches:
            if condition(row):
                return result(row)
        return otherwise(row)

    return _Part(kind, value)


def _cast(part: _Part, to: Dtype) -> _Part:
    if part.type in (to, None):
        return _Part(to, part.value)
    change = functions.CASTS.get((str(part.type), to))
    if change is None:
        raise TypesError(f"cast: {part.type} cannot become {to}")
    return _Part(to, _lifted(change, [part.value]))


def _casts(part: _Part, to: Dtype) -> bool:
    return (str(part.type), to) in functions.CASTS


def _joined(decisive: bool, left: Evaluate, right: Evaluate) -> Evaluate:
    """Return ``or`` of two truths, which true decides, or ``and``, which false does; missing is neither."""

    def value(row: Any) -> Value:
        if (one := left(row)) is decisive or (other := right(row)) is decisive:
            return decisive
        return None if one is None or other is None else not decisive

    return value


def _chosen(choose: Callable[[Sequence[Any]], Value], values: Sequence[Evaluate]) -> Evaluate:
    """Return the choice among what is not missing."""

    def value(row: Any) -> Value:
        present = [found for each in values if (found := each(row)) is not None]
        return choose(present) if present else None

    return value


def _lifted(function: Callable[..., Any], values: Sequence[Evaluate]) -> Evaluate:
    """Return a function of values as one of rows; what is computed from something missing is missing."""
    if len(values) == 1:
        (only,) = values
        return lambda row: None if (a := only(row)) is None else function(a)
    if len(values) == 2:
        one, other = values
        return lambda row: None if (a := one(row)) is None or (b := other(row)) is None else function(a, b)

    def value(row: Any) -> Value:
        found = [each(row) for each in values]
        return None if None in found else function(*found)

    return value


def _one_type(what: str, parts: Sequence[_Part]) -> tuple[Dtype | None, list[Evaluate]]:
    """Bring parts to one type: whole numbers beside floats become floats, and nothing else changes."""
    kinds = {part.type for part in parts} - {None}
    if kinds == _NUMBERS:
        return "float", [_as(part, "float") for part in parts]
    if len(kinds) > 1:
        raise TypesError(f"{what} joins {' and '.join(sorted(map(str, kinds)))}")
    return next(iter(kinds), None), [part.value for part in parts]


def _as(part: _Part, to: Dtype) -> Evaluate:
    return _lifted(float, [part.value]) if (part.type, to) == ("int", "float") else part.value


def _numbers(what: str, parts: Sequence[_Part]) -> Sequence[_Part]:
    for part in parts:
        if part.type not in (*_NUMBERS, None):
            raise TypesError(f"{what} takes numbers, not {part.type}")
    return parts


def _of_type(what: str, part: _Part, kind: Dtype) -> _Part:
    if part.type not in (kind, None):
        raise TypesError(f"{what} takes {kind}, not {part.type}")
    return part


def _truth(what: str, part: _Part) -> Evaluate:
    return _of_type(what, part, "bool").value
