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
_OPPOSITE = {"=": "<>", "<>": "="}
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
        case Operation(("and" | "or") as operator, _):
            return _joined(operator, expression, meaning)
        case Operation(operator, operands):
            forms = [canonical(each, meaning) for each in operands]
            return [operator, *(_sorted(forms) if operator in _COMMUTE else forms)]
        case Call(function, arguments):
            forms = [canonical(each, meaning) for each in arguments]
            return [function, *(_unique(forms) if function in _ANY_ORDER else forms)]
        case Case(branches, otherwise):
            forms = [[canonical(when, meaning), canonical(then, meaning)] for when, then in branches]
            return ["case", forms, canonical(otherwise, meaning)]
        case Cast(operand, to):
            return ["cast", canonical(operand, meaning), to]


def _negated(operand: Expression, meaning: Meaning) -> Form:
    match operand:
        case Operation("not", (inner,)):
            return canonical(inner, meaning)
        case Operation(("and" | "or") as operator, operands):
            opposite = Operation("or" if operator == "and" else "and", tuple(Operation("not", (o,)) for o in operands))
            return canonical(opposite, meaning)
        case Operation(("=" | "<>") as sign, operands):
            return canonical(Operation(_OPPOSITE[sign], operands), meaning)
        case Operation("<", (left, right)):
            return canonical(Operation("<=", (right, left)), meaning)
        case Operation("<=", (left, right)):
            return canonical(Operation("<", (right, left)), meaning)
        case _:
            return ["not", canonical(operand, meaning)]


def _joined(operator: str, expression: Expression, meaning: Meaning) -> Form:
    """Flatten a chain of one operator, drop what is said twice, and sort."""
    found: list[Form] = []
    for form in (canonical(each, meaning) for each in expression.operands):  # type: ignore[union-attr]
        found += form[1:] if form[0] == operator else [form]
    left = _unique(found)
    return left[0] if len(left) == 1 else [operator, *left]


def _unique(forms: Iterable[Form]) -> list[Form]:
    return _sorted({_text(form): form for form in forms}.values())


def _sorted(forms: Iterable[Form]) -> list[Form]:
    return sorted(forms, key=_text)


def _text(form: Form) -> str:
    return json.dumps(form, sort_keys=True, ensure_ascii=False)


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
