"""What of a view is computed together: its latest values of one lifetime, or its windows of one length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from actum.definitions.definitions import DefinitionError, Variable
from actum.definitions.expression import Dtype
from actum.durations import parse_duration
from actum.features.compiling import Typed, TypeProblem, fitted
from actum.features.events import Values, place_of
from actum.features.values import Value
from actum.features.zones import SECOND
from actum.records.view import FeatureView


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Variables of one view that change at the same moments.

    Attributes:
        span: For how many microseconds an event counts after it happened; None for ever.
    """

    view: FeatureView
    kind: Literal["latest", "window"]
    span: int | None
    variables: tuple[Variable, ...]


def parts_of(variables: Iterable[Variable]) -> tuple[Part, ...]:
    """Sort variables of views with sources into parts, in the order of their first variables."""
    found: dict[tuple[str, Literal["latest", "window"], int | None], list[Variable]] = {}
    for one in variables:
        kind: Literal["latest", "window"] = "latest" if one.aggregate in (None, "last") else "window"
        found.setdefault((one.view.view, kind, _span(one)), []).append(one)
    return tuple(
        Part(view=members[0].view, kind=kind, span=span, variables=tuple(members))
        for (_, kind, span), members in found.items()
    )


def _span(variable: Variable) -> int | None:
    if variable.over_s is not None:
        return variable.over_s * SECOND
    ttl = variable.view.ttl
    return int(parse_duration(ttl).total_seconds()) * SECOND if ttl else None


_NUMBERS: tuple[Dtype | None, ...] = ("int", "float", None)


def result_type(variable: Variable, values: Values) -> Dtype | None:
    """Say of what type a variable comes out.

    Raises:
        DefinitionError: It cannot be aggregated so.
    """
    operand = values[variable.of][1] if variable.of is not None else None
    aggregate = variable.aggregate
    if aggregate in ("sum", "mean") and operand not in _NUMBERS:
        raise DefinitionError(variable.view.view, place_of(variable), f"is {operand}, {aggregate} takes numbers")
    if aggregate == "share" and operand not in ("bool", None):
        raise DefinitionError(variable.view.view, place_of(variable), f"is {operand}, share takes a condition")
    if aggregate in ("count", "distinct"):
        return "int"
    return "float" if aggregate in ("mean", "share") else operand


def finished(variable: Variable, one: Typed) -> Value:
    """Return a value as the feature has it.

    Raises:
        DefinitionError: The feature is declared as something else.
    """
    try:
        return fitted(one, variable.type)
    except TypeProblem as error:
        at = ("features", variable.place, "type")
        raise DefinitionError(variable.view.view, at, f"is {variable.type}, but {_told(variable)} {error}") from error


def _told(variable: Variable) -> str:
    return variable.feature.of or variable.name if variable.aggregate is None else f"the {variable.aggregate}"
