"""From labels to a training set: each row gets what was known at its moment, in the order of the rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from actum.definitions.definitions import DefinitionError, Variable
from actum.definitions.expression import Dtype
from actum.features.arrays import whole_numbers
from actum.features.compiling import Scope, Typed, TypeProblem, compiled, fitted
from actum.features.engines import Engine
from actum.features.events import place_of, refuse_names
from actum.features.labels import LabelRows, read_labels
from actum.features.lookup import Moments, in_order
from actum.features.measures import blamed
from actum.features.parts import finished
from actum.features.reading import Wanted, located, refuse_two_meanings
from actum.features.shelf import Shelf
from actum.features.values import Relation, Value

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Known:
    """A column for the rows of labels, in the type of the inside."""

    values: Any
    type: Dtype | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A training set.

    Attributes:
        table: Of Arrow: key, moment, kept columns, features.
        features: How many.
        computed: Logs that were made on the way; ``read``: logs that lay in the folder of processed views.
        lacking: What was not read from that folder, and why.
    """

    table: Any
    features: int
    computed: int
    read: int
    lacking: tuple[str, ...]


def build(wanted: Wanted, engine: Engine) -> Any:
    """Return a training set as an Arrow table: key, moment, kept columns, features.

    Raises:
        UserError: As :func:`built`.
    """
    return built(wanted, engine).table


def built(wanted: Wanted, engine: Engine, *, views: Path | None = None, say: Say = lambda _: None) -> Built:
    """Build a training set.

    Args:
        views: A folder of processed views: logs that fit are read from there, all others are computed.
        say: Told what is being done.

    Raises:
        UserError: Labels, views and sources do not fit together; the message says where.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="actum-features-") as scratch:
            shelf = Shelf(root=wanted.root, engine=engine, scratch=Path(scratch), views=views)
            table = _Build(wanted, shelf, say).table()
            return Built(
                table=table,
                features=len(wanted.set.features),
                computed=shelf.computed,
                read=shelf.read,
                lacking=tuple(shelf.lacking),
            )
    except DefinitionError as error:
        raise located(wanted.root, error) from error


class _Build:
    """One training set in the making: columns become known until those that are asked for are."""

    def __init__(self, wanted: Wanted, shelf: Shelf, say: Say) -> None:
        self.wanted, self.shelf, self.say = wanted, shelf, say
        self.known: dict[str, Known] = {}

    @cached_property
    def labels(self) -> LabelRows:
        return read_labels(self.wanted.set, self.wanted.root)

    def table(self) -> Any:
        import pyarrow as pa

        names, kept = list(self.wanted.set.features), self.labels.kept()
        for name in names:
            if name in kept.column_names:
                self.labels.refuse(
                    f"features: {name} is a column of the labels too", hint="leave it out of labels.keep"
                )
        left = list(self.needed())
        while left:
            ready = [one for one in left if all(name in self.known for name in self.reads(one))]
            if not ready:
                circle = ", ".join(sorted(one.name for one in left))
                self.labels.refuse(f"keys: {circle} wait for each other: each is found by another")
            self.look_up([one for one in ready if one.view.source is not None])
            self.evaluate([one for one in ready if one.view.source is None])
            left = [one for one in left if one.name not in self.known]
        arrays = [_outside(self.known[name]) for name in names]
        return pa.table([*kept.columns, *arrays], names=[*kept.column_names, *names])

    def needed(self) -> tuple[Variable, ...]:
        """Return all variables on the way: those asked for, what they are computed from, what gives their entity."""
        names = list(self.wanted.set.features)
        while True:
            found = self.wanted.definitions.in_order(names)
            refuse_names(found)
            read = sorted({name for one in found for name in self.reads(one)})
            more = [name for name in read if name not in self.known and name not in names]
            if not more:
                refuse_two_meanings(self.wanted.definitions, tuple(one.name for one in found))
                return found
            names += more

    def reads(self, variable: Variable) -> tuple[str, ...]:
        """Return the columns that a variable waits for: of the labels, which become known, or features."""
        definitions = self.wanted.definitions
        if variable.view.source is not None:
            return tuple(self.column(name, "entity") for name in variable.view.entity)
        given = (self.column(name, "value of the request") for name in definitions.requests_of(variable))
        return (*definitions.needs(variable), *given)

    def column(self, name: str, what: str) -> str:
        """Return the column of the labels or the feature that an entity or a value of the request is taken from."""
        keys, there = self.wanted.set.keys, self.labels.table.column_names
        column = keys.get(name, name)
        if self.wanted.definitions.giver(name, keys) is not None:
            if column in there:
                problem = f"keys.{name}: {column} is a column of the labels and a feature too"
                self.labels.refuse(problem, hint=f"give the column another name, and write keys: {{{name}: COLUMN}}")
        elif column not in there:
            problem = f"keys: {column} is needed as the {what} {name}, but no column of the labels is called so"
            self.labels.refuse(problem, hint=f"write keys: {{{name}: COLUMN}}; there are {', '.join(there[:12])}")
        elif column not in self.known:
            self.known[column] = Known(*self.labels.values(column, f"keys.{name}"))
        return column

    def look_up(self, variables: Sequence[Variable]) -> None:
        """Let features become known that follow from events."""
        for view in {one.view.view: one.view for one in variables}.values():
            asked = [one for one in variables if one.view is view]
            keys = {name: self.known[self.column(name, "entity")] for name in view.entity}
            moments = Moments(
                at=self.labels.moments,
                keys={name: one.values for name, one in keys.items()},
                types={name: one.type for name, one in keys.items()},
            )
            for part, found in self.shelf.looked_up(view, asked, moments):
                self.say(f"{view.view}: {', '.join(one.name for one in part.variables)}")
                self.known |= {one.name: Known(found[one.name], one.type) for one in part.variables if one in asked}

    def evaluate(self, variables: Sequence[Variable]) -> None:
        """Let features become known that are computed from others and from what the request says."""
        import numpy as np
        import pyarrow as pa

        if not variables:
            return
        used = sorted({name for one in variables for name in self.reads(one)})
        arrays = {f"_c{index}": self.known[name].values for index, name in enumerate(used)}
        count = whole_numbers(np.arange(len(self.labels), dtype=np.int64))
        rows = self.shelf.engine.rows(pa.table({"_row": count, **arrays}))
        names = {name: f"_c{index}" for index, name in enumerate(used)}
        made = {one.name: self.value(one, rows, names) for one in variables}
        found = blamed(
            tuple(variables),
            lambda some: self.shelf.engine.table(rows.select("_row", **{one.name: made[one.name] for one in some})),
        )
        found = in_order(variables, found, len(self.labels))
        self.known |= {one.name: Known(found[one.name], one.type) for one in variables}

    def value(self, variable: Variable, rows: Relation, columns: Mapping[str, str]) -> Value:
        """Compile a computed feature over known columns."""
        requested = self.wanted.definitions.requests_of(variable)
        names = {}
        for name in self.wanted.definitions.needs(variable):
            names[name] = Typed(rows[columns[name]], self.known[name].type)
        for name, kind in requested.items():
            column = self.column(name, "value of the request")
            names[name] = self.requested(
                name, kind, Typed(rows[columns[column]], self.known[column].type, kind == "float")
            )
        assert variable.of is not None
        try:
            one = compiled(
                variable.of, Scope(names=names, span=self.span(columns), what="feature or value of the request")
            )
        except TypeProblem as error:
            raise DefinitionError(variable.view.view, place_of(variable), str(error)) from error
        return finished(variable, one)

    def span(self, columns: Mapping[str, str]) -> tuple[int, int] | None:
        """Return the earliest and latest time in columns."""
        import pyarrow.compute as pc

        times = [self.known[name].values for name in columns if self.known[name].type == "timestamp"]
        ends = [pc.min_max(one).as_py() for one in times if one.null_count < len(one)]
        return (min(one["min"] for one in ends), max(one["max"] for one in ends)) if ends else None

    def requested(self, name: str, kind: Dtype, given: Typed) -> Typed:
        try:
            return Typed(fitted(given, kind), kind)
        except TypeProblem as error:
            self.labels.refuse(f"keys.{name}: {self.column(name, 'value of the request')} {error}")


def _outside(known: Known) -> Any:
    """Return a column as it stands in the result: times as such again."""
    import pyarrow as pa

    return known.values.cast(pa.timestamp("us", tz="UTC")) if known.type == "timestamp" else known.values
