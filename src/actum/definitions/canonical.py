"""The one form of a row expression: what means the same has the same form, as far as that can be told for sure.

Only rules that hold for every row are used: order of ``and``, ``or``, ``=``, and of the operands of one ``+`` or ``*``
(floats commute, but do not associate); negation moved inward, which three-valued logic allows. Missing is one
value here, NaN included, so ``not a < b`` is ``b <= a``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from actum.definitions.expression import Call, Case, Cast, Expression, Literal_, Name, Operation

Form: TypeAlias = list[Any]
Meaning = Callable[[str], Any]
_COMMUTE = frozenset({"=", "<>", "+", "*"})
_OPPOSITE = {"=": "<>", "<>": "=", "and": "or", "or": "and"}
_ANY_ORDER = frozenset({"least", "greatest"})


def canonical(expression: Expression, meaning: Meaning) -> Form:
    """Return the form as nested lists of JSON.

    Args:
        meaning: What a name stands for: a column, or the digest of a feature, so that a renamed one is the same.
    """
    match expression:
        case Literal_(value):
            return [_kind(value), repr(value) if isinstance(value, float) else value]
        case Name(name):
            return ["name", meaning(name)]
        case Operation("not", (operand,)):
            return _negated(operand, meaning)
        case Operation(("and" | "or") as operator, operands):
            return joined(operator, operands, meaning)
        case Operation(operator, operands):
            forms = [canonical(each, meaning) for each in operands]
            return [operator, *(_sorted(forms) if operator in _COMMUTE else forms)]
        case Call(function, arguments):
            forms = [canonical(each, meaning) for each in arguments]
            return _one_or(function, _unique(forms)) if function in _ANY_ORDER else [function, *forms]
        case Case(branches, otherwise):
            forms = [[canonical(when, meaning), canonical(then, meaning)] for when, then in branches]
            return ["case", forms, canonical(otherwise, meaning)]
        case Cast(operand, to):
            return ["cast", canonical(operand, meaning), to]


def joined(operator: str, operands: Iterable[Expression], meaning: Meaning) -> Form:
    """Return the form of a chain of ``and`` or ``or``: flat, sorted, and nothing said twice."""
    found: list[Form] = []
    for form in (canonical(each, meaning) for each in operands):
        found += form[1:] if form[0] == operator else [form]
    return _one_or(operator, _unique(found))


def _negated(operand: Expression, meaning: Meaning) -> Form:
    match operand:
        case Operation("not", (inner,)):
            return canonical(inner, meaning)
        case Operation(("and" | "or") as operator, operands):
            return joined(_OPPOSITE[operator], (Operation("not", (each,)) for each in operands), meaning)
        case Operation(("=" | "<>") as sign, operands):
            return canonical(Operation(_OPPOSITE[sign], operands), meaning)
        case Operation("<", (left, right)):
            return canonical(Operation("<=", (right, left)), meaning)
        case Operation("<=", (left, right)):
            return canonical(Operation("<", (right, left)), meaning)
        case _:
            return ["not", canonical(operand, meaning)]


def _one_or(operator: str, forms: list[Form]) -> Form:
    return forms[0] if len(forms) == 1 else [operator, *forms]


def _unique(forms: Iterable[Form]) -> list[Form]:
    return _sorted({_text(form): form for form in forms}.values())


def _sorted(forms: Iterable[Form]) -> list[Form]:
    return sorted(forms, key=_text)


def _text(form: Form) -> str:
    return json.dumps(form, sort_keys=True, ensure_ascii=False)


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
