"""All feature views of one revision together: what each name means, in which order they are computed, their digests.

A digest is over what decides a value and over nothing else: not over names, words, owners or the order of fields.
Two variables with one digest are the same variable; one variable whose digest moved means something else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actum import digests
from actum.definitions.canonical import canonical, joined
from actum.definitions.expression import Expression, Name, names_in
from actum.definitions.parsing import ExpressionError, parse
from actum.durations import parse_duration
from actum.errors import InvalidRecordError, NotFoundError
from actum.records.codec import field_path
from actum.records.feature_set import FeatureSet
from actum.records.view import Aggregation, Dtype, Feature, FeatureView, Source

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
        super().__init__(f"features/{view}.yaml: {field_path(at)}: {problem}", hint=hint)
        self.view, self.at, self.problem = view, at, problem


class CircleError(DefinitionError):
    """A feature is computed from itself. ``members``: all that are, each from the next."""

    def __init__(self, view: str, at: tuple[str | int, ...], members: tuple[str, ...]) -> None:
        super().__init__(view, at, f"goes round in a circle: {' -> '.join((*members, members[0]))}")
        self.members = members


@dataclass(frozen=True)
class Definitions:
    """The views by name. Nothing is checked until it is asked for: one bad view does not hide the others."""

    views: Mapping[str, FeatureView]

    @classmethod
    def of(cls, views: Iterable[FeatureView]) -> Definitions:
        return cls({view.view: view for view in views})

    @cached_property
    def every(self) -> tuple[Variable, ...]:
        """All features by view, in the order in which each view has them; a name may be here more than once.

        Raises:
            DefinitionError: An expression cannot be read.
        """
        return tuple(variable for name in sorted(self.views) for variable in variables_of(self.views[name]))

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """The features by name, of a name that is defined twice the first by view; ``problems`` tells of the rest.

        Raises:
            DefinitionError: An expression cannot be read.
        """
        found: dict[str, Variable] = {}
        for variable in self.every:
            found.setdefault(variable.name, variable)
        return found

    def variable(self, name: str) -> Variable:
        """Raises: NotFoundError when no view defines it."""
        if name not in self.variables:
            near = difflib.get_close_matches(name, self.variables, n=1)
            guess = f", did you mean {near[0]}?" if near else ""
            raise NotFoundError(f"no view defines the feature {name}{guess}", hint="actum ls features")
        return self.variables[name]

    def requests_of(self, variable: Variable) -> dict[str, Dtype]:
        """Return the values of a request that a variable reads itself, by name."""
        return {one.name: one.type for one in variable.view.request if one.name in _reads(variable)}

    def needs(self, variable: Variable) -> tuple[str, ...]:
        """Return the features that a computed variable reads itself, sorted; of one from events, none."""
        if variable.view.source is not None:
            return ()
        return tuple(sorted(_reads(variable) - {one.name for one in variable.view.request}))

    def readers(self, name: str) -> tuple[str, ...]:
        """Return the features that are computed from one directly, sorted."""
        return tuple(sorted({one.name for one in self.every if name in self.needs(one)}))

    def in_order(self, names: Iterable[str]) -> tuple[Variable, ...]:
        """Return variables and all that they are computed from, each after what it reads.

        Raises:
            NotFoundError: No view defines one of them.
            CircleError: They go round in a circle.
            DefinitionError: One of them reads what is neither a feature nor a value of the request.
        """
        done: dict[str, Variable] = {}
        for name in names:
            self._visit(name, done, ())
        return tuple(done.values())

    def of_set(self, taken: FeatureSet) -> tuple[Variable, ...]:
        """Return all that a set makes use of: its features, those that give its keys, and what they are computed from.

        Raises:
            NotFoundError, DefinitionError: As :meth:`in_order`.
        """
        return self.in_order([*taken.features, *self.keys_of(taken)])

    def keys_of(self, taken: FeatureSet) -> tuple[str, ...]:
        """Return the features that give a set its keys and are none of its own, sorted."""
        return tuple(sorted(set(taken.keys.values()) & self.variables.keys() - set(taken.features)))

    def digest(self, name: str) -> str:
        """Return the digest of what a feature means.

        Raises:
            NotFoundError: No view defines it or what it reads.
            DefinitionError: It goes round in a circle, or an expression cannot be read.
        """
        return self._digests(self.in_order([name]))[name]

    def digest_of(self, variable: Variable) -> str:
        """Return the digest of one definition, also where another has taken its name.

        Raises:
            DefinitionError: As :meth:`digest`.
        """
        self._refuse_unknown(variable)
        return self._digest(variable, self._digests(self.in_order(self.needs(variable))))

    def digests_of(self, names: Iterable[str]) -> dict[str, str]:
        """Return the digests of several features, by name, in the order asked for."""
        wanted = tuple(names)
        known = self._digests(self.in_order(wanted))
        return {name: known[name] for name in wanted}

    def view_digest(self, view: str) -> str:
        """Return the digest over all features of a view, their names included.

        Raises:
            NotFoundError: As :meth:`digest`.
        """
        names = [variable.name for variable in variables_of(self.views[view])]
        return digests.of_value({"schema": "feature-view/1", "features": self.digests_of(names)})

    def _visit(self, name: str, done: dict[str, Variable], above: tuple[str, ...]) -> None:
        if name in done:
            return
        variable = self.variable(name)
        if name in above:
            at = ("features", variable.place, "of")
            raise CircleError(variable.view.view, at, above[above.index(name) :])
        self._refuse_unknown(variable)
        for needed in self.needs(variable):
            self._visit(needed, done, (*above, name))
        done[name] = variable

    def _refuse_unknown(self, variable: Variable) -> None:
        for needed in self.needs(variable):
            if needed not in self.variables:
                near = difflib.get_close_matches(needed, self.variables, n=1)
                guess = f", did you mean {near[0]}?" if near else ""
                raise DefinitionError(
                    variable.view.view,
                    ("features", variable.place, "of"),
                    f"reads {needed}, which is neither a feature nor in request{guess}",
                    hint="actum ls features",
                )

    def _digests(self, ordered: tuple[Variable, ...]) -> dict[str, str]:
        known: dict[str, str] = {}
        for variable in ordered:
            known[variable.name] = self._digest(variable, known)
        return known

    def _digest(self, variable: Variable, known: Mapping[str, str]) -> str:
        return self._same_as(variable, known) or digests.of_value(_meaning(variable, known))

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
        for name, over in zip(feature.names(), feature.over or (None,), strict=True):
            yield Variable(
                name=name,
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
    """Say which events. Of the entity its columns, not what a view calls them, but in the order of their names:
    two that change places give other values for the same keys.
    """
    return {
        "from": source.path or [source.connect, source.table],
        "entity": [source.keys.get(name, name) for name in sorted(view.entity)],
        "event_at": source.event_at,
        "known_at": source.known_at or source.event_at,
        "known_after_s": _seconds(source.known_after),
        "zone": [source.time_zone, source.ambiguous, source.skipped] if source.time_zone else None,
        "where": joined("and", conditions_of(view), str),
    }
