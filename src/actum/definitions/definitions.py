"""All feature views of one revision together: what each name means, in which order they are computed, their digests.

A digest is over what decides a value and over nothing else: not over names, words, owners or the order of fields.
Two variables with one digest are the same variable; one variable whose digest moved means something else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from actum import digests
from actum.definitions.expression import Name, names_in
from actum.definitions.meaning import meaning_of
from actum.definitions.variables import CircleError, DefinitionError, Variable, conditions_of, variables_of
from actum.errors import NotFoundError
from actum.records.feature_set import FeatureSet
from actum.records.view import Dtype, FeatureView

__all__ = ["CircleError", "DefinitionError", "Definitions", "Variable", "conditions_of", "variables_of"]


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
        """Return the features that give a set its keys and are none of its own, sorted.

        Raises:
            NotFoundError, DefinitionError: As :meth:`in_order`.
        """
        given: set[str] = set()
        while True:
            names = {*taken.features, *given}
            asked = self.asked_by(self.in_order(sorted(names)))
            more = set(filter(None, (self.giver(name, taken.keys) for name in asked))) - names
            if not more:
                return tuple(sorted(given))
            given |= more

    def giver(self, name: str, keys: Mapping[str, str]) -> str | None:
        """Return the feature that gives an entity or a value of a request: the one that is called so, if there is one.

        Args:
            keys: What is called otherwise -> its name.
        """
        called = keys.get(name, name)
        return called if called in self.variables else None

    def asked_by(self, variables: Iterable[Variable]) -> frozenset[str]:
        """Return the entities and request values by which variables are asked for."""
        found: set[str] = set()
        for variable in variables:
            found |= {*variable.view.entity, *self.requests_of(variable)}
        return frozenset(found)

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
        return self._same_as(variable, known) or digests.of_value(meaning_of(variable, known))

    def _same_as(self, variable: Variable, known: Mapping[str, str]) -> str | None:
        """Return the digest of the feature that a variable only gives another name to, if that is all it does."""
        if isinstance(variable.of, Name) and self.needs(variable) == (variable.of.name,):
            return known[variable.of.name] if self.variables[variable.of.name].type == variable.type else None
        return None


def _reads(variable: Variable) -> frozenset[str]:
    return names_in(variable.of) if variable.of is not None else frozenset()
