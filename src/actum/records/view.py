"""``features/<view>.yaml``: variables that are defined once, for training, for the online store and for serving.

Three kinds of view have one form: with a ``source`` its values follow from events; without one they are computed
from other features and from what a request says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from actum.durations import duration_problem
from actum.records.codec import FieldError
from actum.records.forms import path_problem

Dtype = Literal["float", "int", "string", "bool", "timestamp"]
Aggregation = Literal["last", "count", "sum", "mean", "min", "max", "distinct", "share"]
Sensitivity = Literal["public", "internal", "personal", "special"]
OVER = "{over}"
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")


def variable_problem(value: str) -> str:
    return "" if _VARIABLE.fullmatch(value) else f"is {value[:80]!r}, must be small letters, digits and _, at most 63"


def _template(value: str) -> str:
    if value.count(OVER) > 1:
        return f"is {value[:80]!r}, must hold {OVER} once"
    return variable_problem(value.replace(OVER, "0"))


def _glob(value: str) -> str:
    return path_problem(value)


Variable = Annotated[str, variable_problem]
VariableTemplate = Annotated[str, _template]
Duration = Annotated[str, duration_problem]
Glob = Annotated[str, _glob]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where events come from: files under DVC (Parquet or CSV, one or a glob), or a table of a database.

    Attributes:
        connect: Address for ``ibis.connect``; ``table``: the table there.
        keys: Entity -> column, where the column has another name.
        event_at: Column that says when it happened; absent, the rows hold always.
        known_at: Column that says since when it is known; ``known_after``: or how long after it happened.
        time_zone: Of times that have none themselves; without it such times are refused.
        ambiguous: Which of the two an hour is that the clocks repeat.
        skipped: What becomes of an hour that the clocks skip: refused, or taken as that much later.
        where: Conditions that all must hold; a row of which one is missing does not count.
        order_by: Columns that decide between rows of one entity and time, the greatest counts.
    """

    path: Glob = ""
    connect: str = ""
    table: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    event_at: str = ""
    known_at: str = ""
    known_after: Duration | None = None
    time_zone: str = ""
    ambiguous: Literal["refuse", "first", "last"] = "refuse"
    skipped: Literal["refuse", "forward"] = "refuse"
    where: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.connect):
            raise FieldError("needs one of path and connect")
        if bool(self.connect) != bool(self.table):
            raise FieldError("needs connect and table together")
        if self.known_at and self.known_after:
            raise FieldError("needs at most one of known_at and known_after")
        if (self.known_at or self.known_after) and not self.event_at:
            raise FieldError("says since when rows are known, but not when they happened: event_at is missing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """One variable, or one a window.

    Attributes:
        name: Unique in the repository; with several windows it holds ``{over}``.
        of: Row expression; absent, the column of that name. ``count`` may do without.
        aggregate: Over the events of a window ``(t - over, t]``; absent, the latest one's value.
    """

    name: VariableTemplate
    type: Dtype
    of: str = ""
    aggregate: Aggregation | None = None
    over: tuple[Duration, ...] = ()
    description: str = ""
    unit: str = ""
    sensitivity: Sensitivity = "internal"

    def __post_init__(self) -> None:
        if self.aggregate not in (None, "last") and not self.over:
            raise FieldError(f"is needed by {self.aggregate}", ("over",))
        if self.over and self.aggregate is None:
            raise FieldError("is needed with over", ("aggregate",))
        if len(set(self.over)) > 1 and OVER not in self.name:
            raise FieldError(f"is {self.name!r}, must hold {OVER} where there are several windows", ("name",))
        if OVER in self.name and not self.over:
            raise FieldError(f"is {self.name!r}, has no window for {OVER}", ("name",))


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestValue:
    """What a request brings along: known at the moment it is made, and not before."""

    name: Variable
    type: Dtype
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureView:
    """One view. ``entity``: what a value belongs to; ``ttl``: for how long the latest event counts."""

    schema: Literal["feature-view/1"]
    view: Variable
    description: str = ""
    owner: str = ""
    entity: tuple[Variable, ...] = ()
    source: Source | None = None
    ttl: Duration | None = None
    request: tuple[RequestValue, ...] = ()
    features: tuple[Feature, ...] = ()

    def __post_init__(self) -> None:
        if not self.features:
            raise FieldError("is empty: a view defines at least one feature", ("features",))
        if self.source is None:
            _refuse_events(self)
        else:
            _refuse_requests(self, self.source)


def _refuse_events(view: FeatureView) -> None:
    for name in ("entity", "ttl"):
        if getattr(view, name):
            raise FieldError("is given, but the view has no source", (name,))
    for index, feature in enumerate(view.features):
        if feature.aggregate:
            raise FieldError("is given, but the view has no source", ("features", index, "aggregate"))
        if not feature.of:
            raise FieldError("is required in a view without a source", ("features", index, "of"))


def _refuse_requests(view: FeatureView, source: Source) -> None:
    if not view.entity:
        raise FieldError("is required in a view with a source", ("entity",))
    if view.request:
        raise FieldError("is given, but the view has a source: compute from both in a view of its own", ("request",))
    for name in source.keys:
        if name not in view.entity:
            raise FieldError("is none of the view's entity", ("source", "keys", name))
    if not source.event_at and (view.ttl or any(feature.over for feature in view.features)):
        raise FieldError("is required by ttl and by windows", ("source", "event_at"))
