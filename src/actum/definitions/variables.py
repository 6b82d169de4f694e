"""One view by itself: its features ready to be computed, and what its source must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actum.definitions.expression import Expression, Name
from actum.definitions.parsing import ExpressionError, parse
from actum.durations import parse_duration
from actum.errors import InvalidRecordError
from actum.records.codec import field_path
from actum.records.view import Aggregation, Dtype, Feature, FeatureView


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One feature of one window, ready to be computed.

    Attributes:
        of: What is taken of each event, or computed; None only where rows are counted.
        over_s: Seconds of the window ``(t - over_s, t]``; None for the latest value whenever it was.
        place: Index of the definition in its view, for those who say where something is wrong.
    """

    name: str
    view: FeatureView
    feature: Feature
    of: Expression | None
    aggregate: Aggregation | None
    over_s: int | None
    type: Dtype
    place: int

    @property
    def id(self) -> str:
        return f"feature/{self.view.view}.{self.name}"


class DefinitionError(InvalidRecordError):
    """A view defines what cannot be. ``view`` and ``at`` say where, for whoever has the file."""

    def __init__(self, view: str, at: tuple[str | int, ...], problem: str, *, hint: str = "") -> None:
        super().__init__(f"features/{view}.yaml: {field_path(at)}: {problem}", hint=hint)
        self.view, self.at, self.problem = view, at, problem


class CircleError(DefinitionError):
    """A feature is computed from itself. ``members``: all that are, each from the next."""

    def __init__(self, view: str, at: tuple[str | int, ...], members: tuple[str, ...]) -> None:
        super().__init__(view, at, f"goes round in a circle: {' -> '.join((*members, members[0]))}")
        self.members = members


def variables_of(view: FeatureView) -> Iterator[Variable]:
    """Yield a view's features, one for each window.

    Raises:
        DefinitionError: An expression cannot be read.
    """
    for place, feature in enumerate(view.features):
        of = _expression(view, place, feature)
        for name, over in zip(feature.names(), feature.over or (None,), strict=True):
            yield Variable(
                name=name,
                view=view,
                feature=feature,
                of=of,
                aggregate=feature.aggregate,
                over_s=seconds_of(over),
                type=feature.type,
                place=place,
            )


def conditions_of(view: FeatureView) -> tuple[Expression, ...]:
    """Return what must hold of a row of the source.

    Raises:
        DefinitionError: One cannot be read.
    """
    found = []
    for place, text in enumerate(view.source.where if view.source else ()):
        try:
            found.append(parse(text))
        except ExpressionError as error:
            raise DefinitionError(view.view, ("source", "where", place), str(error)) from error
    return tuple(found)


def _expression(view: FeatureView, place: int, feature: Feature) -> Expression | None:
    if not feature.of:
        return None if feature.aggregate == "count" else Name(feature.name)
    try:
        return parse(feature.of)
    except ExpressionError as error:
        raise DefinitionError(view.view, ("features", place, "of"), str(error)) from error


def seconds_of(span: str | None) -> int | None:
    """Return the whole seconds of a window, a ttl or a delay, None for none."""
    return int(parse_duration(span).total_seconds()) if span else None
