"""The events of a view: the rows of its source that count, every value in its type.

A row counts when all conditions hold, its entity is named, and it is known when it happened and since when that is
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from actum.definitions.definitions import DefinitionError, Variable, conditions_of
from actum.definitions.expression import CALENDAR, Call, Dtype, Expression, Name, names_in, parts
from actum.durations import parse_duration
from actum.features.columns import Column
from actum.features.compiling import Scope, Typed, TypeProblem, compiled
from actum.features.engines import Engine
from actum.features.files import Files
from actum.features.times import Clock
from actum.features.values import Relation, Value, cleaned, constant, either
from actum.features.zones import SECOND
from actum.records.view import FeatureView, Source

Place = tuple[str | int, ...]
_KEYS: tuple[Dtype, ...] = ("int", "string", "bool", "timestamp")


@dataclass(frozen=True, kw_only=True, slots=True)
class Events:
    """Rows that count.

    Attributes:
        relation: The entity by its names; ``_event_at`` and ``_since`` (when it counts from: it happened and is
            known), unless the source is static; ``_known_at`` where that is a column; ``_order<i>``; the columns that
            features read, under names of the inside.
        entity: Name -> type.
        columns: Column of the source -> its name inside and its type.
        orders: What decides between rows of one entity and time: the greatest of these columns in turn.
        rows: At most how many.
        span: Earliest and latest time, where the calendar is asked for.
    """

    view: FeatureView
    relation: Relation
    entity: Mapping[str, Dtype]
    columns: Mapping[str, tuple[str, Dtype | None]]
    orders: tuple[str, ...]
    rows: int
    told: str
    span: tuple[int, int] | None

    @property
    def keys(self) -> list[str]:
        return list(self.entity)

    @property
    def static(self) -> bool:
        return not source_of(self.view).event_at

    @property
    def late(self) -> bool:
        """Whether an event may be known later than another that happened after it."""
        return bool(source_of(self.view).known_at)

    def read_by(self, variables: Sequence[Variable]) -> list[str]:
        """Return the inside names of the columns that variables read."""
        names = {name for one in variables if one.of is not None for name in names_in(one.of)}
        return [inside for name, (inside, _) in self.columns.items() if name in names]

    def valued(self, relation: Relation, variables: Sequence[Variable]) -> tuple[Relation, Values]:
        """Return a relation that has the columns with a column more for each expression.

        Done as late as can be: after a join there are fewer rows to compute for.

        Raises:
            DefinitionError: An expression cannot be computed from the columns.
        """
        names = {
            name: _typed(relation, inside, kind)
            for name, (inside, kind) in self.columns.items()
            if inside in relation.columns
        }
        scope = Scope(names=names, span=self.span, what=f"column of {self.told}")
        values: Values = {}
        made: dict[str, Value] = {}
        for variable in variables:
            if variable.of is None or variable.of in values:
                continue
            try:
                one = compiled(variable.of, scope)
            except TypeProblem as error:
                raise DefinitionError(variable.view.view, place_of(variable), str(error)) from error
            name = f"_v{len(values)}"
            values[variable.of], made[name] = (name, one.type), _comparable(one)
        return relation.mutate(**made), values


Values: TypeAlias = dict[Expression, tuple[str, Dtype | None]]
"""Expression of a feature -> its column and type."""


def _typed(relation: Relation, column: str, kind: Dtype | None) -> Typed:
    return Typed(relation[column], kind, kind == "float")


def source_of(view: FeatureView) -> Source:
    assert view.source is not None
    return view.source


def events_of(files: Files, variables: Sequence[Variable], engine: Engine) -> Events:
    """Return what the variables of one view are made of.

    Raises:
        DefinitionError: The view asks for what the source does not have.
    """
    view, source = files.view, source_of(files.view)
    refuse_names(variables)
    used = _used(files, variables)
    raw = engine.files(files.paths, list(used.values()))
    clock = Clock(view=view, columns=used, calendar=_looks_at_calendar(view, variables))
    relation, span = clock.in_utc(raw, engine)
    scope = Scope(
        names={name: _typed(relation, name, one.type) for name, one in used.items()},
        span=span,
        what=f"column of {files.told}",
    )
    made, entity = _entity(view, scope)
    made |= _times(source, scope)
    orders = tuple(f"_order{index}" for index in range(len(source.order_by)))
    made |= {order: _comparable(scope.names[name]) for order, name in zip(orders, source.order_by, strict=True)}
    read = sorted({name for one in variables if one.of is not None for name in names_in(one.of)})
    columns = {name: (f"_c{index}", used[name].type) for index, name in enumerate(read)}
    made |= {inside: relation[name] for name, (inside, _) in columns.items()}
    counts = [*_conditions(view, scope), *(made[name].notnull() for name in (*entity, *_TIMES) if name in made)]
    relation = relation.filter(counts).select(**made, **{name: relation[name] for name in clock.flags})
    clock.refuse_flagged(relation, engine)
    if "_known_at" in made:
        happened, known = relation["_event_at"], relation["_known_at"]
        relation = relation.mutate(_since=either(known > happened, known, happened))
    return Events(
        view=view,
        relation=relation,
        entity=entity,
        columns=columns,
        orders=orders,
        rows=files.rows,
        told=files.told,
        span=span,
    )


_TIMES = ("_event_at", "_known_at")


def _used(files: Files, variables: Sequence[Variable]) -> dict[str, Column]:
    """Return the columns that the view names, each looked for where the view names it."""
    view, source = files.view, source_of(files.view)
    named: list[tuple[str, Place]] = []
    for index, name in enumerate(view.entity):
        renamed = name in source.keys
        named.append((source.keys.get(name, name), ("source", "keys", name) if renamed else ("entity", index)))
    named += [(name, ("source", field)) for field in ("event_at", "known_at") if (name := getattr(source, field))]
    named += [(name, ("source", "order_by", index)) for index, name in enumerate(source.order_by)]
    for index, condition in enumerate(conditions_of(view)):
        named += [(name, ("source", "where", index)) for name in sorted(names_in(condition))]
    for variable in variables:
        if variable.of is not None:
            named += [(name, place_of(variable)) for name in sorted(names_in(variable.of))]
    used = {name: files.column(name, at) for name, at in named}
    for name, at in _needed_as_times(source, variables):
        files.refuse_text(name, at)
    return used


def _needed_as_times(source: Source, variables: Sequence[Variable]) -> Iterator[tuple[str, Place]]:
    """Yield the columns that must be of times, and where the view says so."""
    for field in ("event_at", "known_at"):
        if name := getattr(source, field):
            yield name, ("source", field)
    for variable in variables:
        if variable.type == "timestamp" and isinstance(variable.of, Name):
            yield variable.of.name, place_of(variable)


def place_of(variable: Variable) -> Place:
    """Say where a variable's expression stands."""
    return ("features", variable.place, "of" if variable.feature.of else "name")


def _looks_at_calendar(view: FeatureView, variables: Sequence[Variable]) -> bool:
    expressions = [*conditions_of(view), *(variable.of for variable in variables if variable.of is not None)]
    return any(map(_calendar_in, expressions))


def _calendar_in(expression: Expression) -> bool:
    if isinstance(expression, Call) and expression.function in CALENDAR:
        return True
    return any(map(_calendar_in, parts(expression)))


def refuse_names(variables: Sequence[Variable]) -> None:
    """Raises: DefinitionError: One is called as the entity of its own view."""
    for one in variables:
        if one.name in one.view.entity:
            problem = f"{one.name} is the entity too: say what it is of"
            raise DefinitionError(one.view.view, ("features", one.place, "name"), problem, hint="give it another name")


def _entity(view: FeatureView, scope: Scope) -> tuple[dict[str, Value], dict[str, Dtype]]:
    columns, types = {}, {}
    for index, name in enumerate(view.entity):
        one = scope.names[source_of(view).keys.get(name, name)]
        if one.type not in _KEYS:
            problem = f"{name} is {one.type}, an entity must be one of {', '.join(_KEYS)}"
            raise DefinitionError(view.view, ("entity", index), problem)
        columns[name], types[name] = one.value, one.type
    return columns, types


def _times(source: Source, scope: Scope) -> dict[str, Value]:
    if not source.event_at:
        return {}
    happened = scope.names[source.event_at].value
    if source.known_at:
        return {"_event_at": happened, "_known_at": scope.names[source.known_at].value}
    if source.known_after:
        wait = int(parse_duration(source.known_after).total_seconds()) * SECOND
        return {"_event_at": happened, "_since": happened + constant(wait)}
    return {"_event_at": happened, "_since": happened}


def _comparable(one: Typed) -> Value:
    return cleaned(one.value) if one.type == "float" else one.value


def _conditions(view: FeatureView, scope: Scope) -> list[Value]:
    found = []
    for index, condition in enumerate(conditions_of(view)):
        at: Place = ("source", "where", index)
        try:
            one = compiled(condition, scope)
        except TypeProblem as error:
            raise DefinitionError(view.view, at, str(error)) from error
        if one.type != "bool":
            raise DefinitionError(view.view, at, f"is {one.type}, must be a condition")
        found.append(one.value)
    return found
