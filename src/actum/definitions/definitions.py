"""All feature views of one revision together: what each name means, in which order they are computed, their digests.

A digest is over what decides a value and over nothing else: not over names, words, owners or the order of fields.
Two variables with one digest are the same variable; one variable whose digest moved means something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actum import digests
from actum.definitions.canonical import canonical
from actum.definitions.expression import Expression, Name, names_in
from actum.definitions.parsing import ExpressionError, parse
from actum.durations import parse_duration
from actum.errors import InvalidRecordError, NotFoundError
from actum.records.view import OVER, Aggregation, Dtype, Feature, FeatureView, Source

_MEANING = "feature/1"


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
        super().__init__(f"features/{view}.yaml: {_place(at)}: {problem}", hint=hint)
        self.view, self.at, self.problem = view, at, problem


@dataclass(frozen=True)
class Definitions:
    """The views by name. Nothing is checked until it is asked for: one bad view does not hide the others."""

    views: Mapping[str, FeatureView]

    @classmethod
    def of(cls, views: Iterable[FeatureView]) -> Definitions:
        return cls({view.view: view for view in views})

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """Every feature by name, of a name that is defined twice the first by view; ``problems`` tells of the rest.

        Raises:
            DefinitionError: An expression cannot be read.
        """
        found: dict[str, Variable] = {}
        for view in self._in_order():
            for variable in variables_of(view):
                found.setdefault(variable.name, variable)
        return found

    def variable(self, name: str) -> Variable:
        """Raises: NotFoundError when no view defines it."""
        if name not in self.variables:
            raise NotFoundError(f"no view defines the feature {name}", hint="actum ls features")
        return self.variables[name]

    def requests_of(self, variable: Variable) -> dict[str, Dtype]:
        """Return the values of a request that a variable reads itself, by name."""
        return {one.name: one.type for one in variable.view.request if one.name in _reads(variable)}

    def needs(self, variable: Variable) -> tuple[str, ...]:
        """Return the features that a computed variable reads itself, sorted; of one from events, none."""
        if variable.view.source is not None:
            return ()
        return tuple(sorted(_reads(variable) - {one.name for one in variable.view.request}))

    def in_order(self, names: Iterable[str]) -> tuple[Variable, ...]:
        """Return variables and all that they are computed from, each after what it reads.

        Raises:
            NotFoundError: No view defines one of them.
            DefinitionError: They go round in a circle.
        """
        done: dict[str, Variable] = {}
        for name in names:
            self._visit(name, done, ())
        return tuple(done.values())

    def digest(self, name: str) -> str:
        """Return the digest of what a feature means.

        Raises:
            NotFoundError: No view defines it or what it reads.
            DefinitionError: It goes round in a circle, or an expression cannot be read.
        """
        return self._digests(self.in_order([name]))[name]

    def digests_of(self, names: Iterable[str]) -> dict[str, str]:
        """Return the digests of several features, by name, in the order asked for."""
        wanted = tuple(names)
        known = self._digests(self.in_order(wanted))
        return {name: known[name] for name in wanted}

    def view_digest(self, view: str) -> str:
        """Return the digest over all features of a view, their names included: what a version pins.

        Raises:
            NotFoundError: As :meth:`digest`.
        """
        names = [variable.name for variable in variables_of(self.views[view])]
        return digests.of_value({"schema": "feature-view/1", "features": self.digests_of(names)})

    def _in_order(self) -> Iterator[FeatureView]:
        yield from (self.views[name] for name in sorted(self.views))

    def _visit(self, name: str, done: dict[str, Variable], above: tuple[str, ...]) -> None:
        if name in done:
            return
        variable = self.variable(name)
        if name in above:
            circle = " -> ".join([*above[above.index(name) :], name])
            raise DefinitionError(
                variable.view.view, ("features", variable.place, "of"), f"goes round in a circle: {circle}"
            )
        for needed in self.needs(variable):
            if needed not in self.variables:
                raise DefinitionError(
                    variable.view.view,
                    ("features", variable.place, "of"),
                    f"reads {needed}, which is neither a feature nor in request",
                    hint="actum ls features",
                )
            self._visit(needed, done, (*above, name))
        done[name] = variable

    def _digests(self, ordered: tuple[Variable, ...]) -> dict[str, str]:
        known: dict[str, str] = {}
        for variable in ordered:
            known[variable.name] = self._same_as(variable, known) or digests.of_value(_meaning(variable, known))
        return known

    def _same_as(self, variable: Variable, known: Mapping[str, str]) -> str | None:
        """Return the digest of the feature that a variable only gives another name to, if that is all it does."""
        if isinstance(variable.of, Name) and self.needs(variable) == (variable.of.name,):
            return known[variable.of.name] if self.variables[variable.of.name].type == variable.type else None
        return None


def variables_of(view: FeatureView) -> Iterator[Variable]:
    """Yield a view's features, one for each window.

    Raises:
        DefinitionError: An expression cannot be read.
    """
    for place, feature in enumerate(view.features):
        of = _expression(view, place, feature)
        for over in feature.over or (None,):
            yield Variable(
                name=feature.name.replace(OVER, over or ""),
                view=view,
                feature=feature,
                of=of,
                aggregate=feature.aggregate,
                over_s=_seconds(over),
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


def _seconds(over: str | None) -> int | None:
    return int(parse_duration(over).total_seconds()) if over else None


def _reads(variable: Variable) -> frozenset[str]:
    return names_in(variable.of) if variable.of is not None else frozenset()


def _meaning(variable: Variable, known: Mapping[str, str]) -> Any:
    view = variable.view
    if view.source is None:
        request = {one.name: one.type for one in view.request}
        assert variable.of is not None
        of = canonical(variable.of, lambda name: ["request", name, request[name]] if name in request else known[name])
        return {"schema": _MEANING, "of": of, "type": variable.type}
    windowed = variable.over_s is not None
    return {
        "schema": _MEANING,
        "source": _source(view, view.source),
        "of": canonical(variable.of, str) if variable.of is not None else None,
        "aggregate": variable.aggregate or "last",
        "over_s": variable.over_s,
        "ttl_s": _seconds(view.ttl) if not windowed else None,
        "order_by": list(view.source.order_by) if variable.aggregate in (None, "last") else [],
        "type": variable.type,
    }


def _source(view: FeatureView, source: Source) -> Any:
    """Say which events: the columns of the entity, not what a view calls them."""
    where = {str(form): form for form in (canonical(condition, str) for condition in conditions_of(view))}
    return {
        "from": source.path or [source.connect, source.table],
        "entity": sorted(source.keys.get(name, name) for name in view.entity),
        "event_at": source.event_at,
        "known_at": source.known_at or source.event_at,
        "known_after_s": _seconds(source.known_after),
        "zone": [source.time_zone, source.ambiguous, source.skipped] if source.time_zone else None,
        "where": [where[key] for key in sorted(where)],
    }


def _place(at: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")
