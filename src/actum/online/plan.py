"""Which views are read by which keys, and what is computed from them, in which order: settled once for many look-ups.

A look-up works on a row of slots: what is given comes first into it, then step by step what is read and computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from actum.definitions.definitions import DefinitionError, Definitions, Variable
from actum.definitions.evaluating import Place, TypesError, compiled
from actum.errors import InvalidRecordError
from actum.online.columns import entity_by_column
from actum.online.store import OnlineStore, Plain, Published, StoreError
from actum.records.view import Dtype, FeatureView

Row: TypeAlias = list[Plain]
Step: TypeAlias = Callable[[Row, int], None]
_ENDLESS = (math.inf, -math.inf)
_COUNTS = frozenset({"count", "distinct"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A value that whoever asks must bring along: a part of a key, or a value of a request."""

    column: str
    type: Dtype
    slot: int
    of: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How to look features up. ``slots``: of a row; ``wanted``: those of the features, in the order asked for.

    ``reads``: the features that come from the store, by view.
    """

    given: tuple[Given, ...]
    steps: tuple[Step, ...]
    slots: int
    wanted: tuple[int, ...]
    reads: Mapping[str, tuple[str, ...]]


def plan(
    store: OnlineStore,
    published: Mapping[str, Published],
    definitions: Definitions,
    wanted: Iterable[str],
    keys: Mapping[str, str] | None,
) -> Plan:
    """Plan look-ups of *wanted* from what is published.

    Args:
        keys: Entity or request value -> the name under which it is given, or the feature that gives it; one that is
            not named has its own name. None: whoever asks gives them all, by their own names.

    Raises:
        NotFoundError: No view defines one of them.
        DefinitionError: They go round in a circle, or an expression joins types that do not go together.
        StoreError: The store lacks a view or a feature.
    """
    planner = _Planner(store, published, definitions, keys)
    names = tuple(wanted)
    planner.gather(names)
    slots = tuple(planner.slot_of(name, ()) for name in names)
    return Plan(
        given=tuple(planner.given.values()),
        steps=tuple(planner.steps),
        slots=planner.slots,
        wanted=slots,
        reads={view: tuple(features) for view, features in planner.by_view.items()},
    )


class _Planner:
    def __init__(
        self,
        store: OnlineStore,
        published: Mapping[str, Published],
        definitions: Definitions,
        keys: Mapping[str, str] | None,
    ) -> None:
        self.store, self.published, self.definitions, self.keys = store, published, definitions, keys
        self.by_view: dict[str, list[str]] = {}
        self.given: dict[tuple[str, Dtype], Given] = {}
        self.steps: list[Step] = []
        self.slots = 0
        self._slot_of: dict[str, int] = {}

    def gather(self, names: Iterable[str]) -> None:
        """Find all features that must be read, by view: those of one view are read together."""
        todo, seen = list(names), set[str]()
        for name in todo:  # which grows meanwhile
            for variable in self.definitions.in_order([name]):
                if variable.name not in seen:
                    seen.add(variable.name)
                    if variable.view.source is not None:
                        self.by_view.setdefault(variable.view.view, []).append(variable.name)
                    todo += filter(None, map(self._giver, self._asked_by(variable)))

    def _asked_by(self, variable: Variable) -> Iterable[str]:
        return self.definitions.requests_of(variable) if variable.view.source is None else variable.view.entity

    def _giver(self, name: str) -> str | None:
        """Return the feature that gives a part of a key or a value of a request, if one does."""
        return None if self.keys is None else self.definitions.giver(name, self.keys)

    def slot_of(self, name: str, above: tuple[str, ...]) -> int:
        """Return where a feature will stand, and put what leads there into the steps, once."""
        if name not in self._slot_of:
            if name in above:
                circle = " -> ".join([*above[above.index(name) :], name])
                raise InvalidRecordError(f"keys: they go round in a circle: {circle}", hint="actum ls features")
            variable = self.definitions.variable(name)
            if variable.view.source is None:
                self._compute(variable, (*above, name))
            else:
                self._read(variable.view, (*above, name))
        return self._slot_of[name]

    def _new(self, count: int = 1) -> int:
        self.slots += count
        return self.slots - count

    def _compute(self, variable: Variable, above: tuple[str, ...]) -> None:
        assert variable.of is not None
        places = {
            name: Place(self._given_to(name, kind, variable.name, above), kind)
            for name, kind in self.definitions.requests_of(variable).items()
        }
        for name in self.definitions.needs(variable):
            places[name] = Place(self.slot_of(name, above), self.definitions.variables[name].type)
        slot = self._slot_of[variable.name] = self._new()
        try:
            self.steps.append(_computing(variable, slot, compiled(variable.of, places, variable.type)))
        except TypesError as error:
            raise DefinitionError(variable.view.view, ("features", variable.place, "of"), str(error)) from error

    def _read(self, view: FeatureView, above: tuple[str, ...]) -> None:
        published = self.published.get(view.view)
        if published is None:
            again = f"actum features materialize {view.view} --store {self.store.name}"
            raise StoreError(f"{self.store.name}: has no view {view.view}", hint=again)
        names, called = tuple(self.by_view[view.view]), entity_by_column(view)
        if lacking := [part.source for part in published.entity if part.source not in called]:
            again = f"actum features materialize {view.view} --store {self.store.name}"
            raise StoreError(f"{self.store.name}: has {view.view} by {', '.join(lacking)}", hint=again)
        # In the order of the store, whatever the view calls the parts of its key now.
        key = tuple(self._given_to(called[part.source], part.type, view.view, above) for part in published.entity)
        first = self._new(len(names))
        self._slot_of |= {name: first + place for place, name in enumerate(names)}
        unseen = tuple(_of_nothing(self.definitions.variables[name]) for name in names)
        self.steps.append(_reading(self.store, view.view, names, key, first, unseen))

    def _given_to(self, name: str, kind: Dtype, of: str, above: tuple[str, ...]) -> int:
        """Return where a part of a key or a value of a request stands: given, or by a feature."""
        if (giver := self._giver(name)) is not None:
            if (found := self.definitions.variables[giver].type) != kind:
                raise InvalidRecordError(f"keys.{name}: {giver} is {found}, {of} wants {kind}")
            return self.slot_of(giver, above)
        column = (self.keys or {}).get(name, name)
        if (column, kind) not in self.given:
            self.given[column, kind] = Given(column=column, type=kind, slot=self._new(), of=of)
        return self.given[column, kind].slot


def _of_nothing(variable: Variable) -> Plain:
    """Return what a feature is of an entity that was never seen."""
    if variable.aggregate not in _COUNTS:
        return None
    return 0.0 if variable.type == "float" else 0


def _reading(
    store: OnlineStore, view: str, names: tuple[str, ...], key: tuple[int, ...], first: int, unseen: tuple[Plain, ...]
) -> Step:
    last, read = first + len(names), store.read

    def step(row: Row, at: int) -> None:
        values = tuple([row[slot] for slot in key])
        found = None if None in values else read(view, names, values, at)
        row[first:last] = unseen if found is None else found

    return step


def _computing(variable: Variable, slot: int, evaluate: Callable[[Any], Plain]) -> Step:
    def step(row: Row, _at: int) -> None:
        try:
            row[slot] = value = evaluate(row)
        except OverflowError as error:
            raise _refused(
                variable, str(error), hint="whole numbers end at 64 bits: write cast(... as float)"
            ) from error
        if value in _ENDLESS:
            raise _refused(
                variable,
                "is infinite, a feature is a finite number",
                hint="write case when ... then ... end, which is missing elsewhere",
            )

    return step


def _refused(variable: Variable, problem: str, *, hint: str) -> DefinitionError:
    at = ("features", variable.place, "of")
    return DefinitionError(variable.view.view, at, f"{variable.name}: {problem}", hint=hint)
