"""``features/<view>.yaml``: variables that are defined once, for training, for the online store and for serving.

Three kinds of view have one form: with a ``source`` its values follow from events; without one they are computed
from other features and from what a request says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Literal

from actum.durations import duration_problem, parse_duration
from actum.records.codec import FieldError
from actum.records.forms import path_problem

Dtype = Literal["float", "int", "string", "bool", "timestamp"]
Aggregation = Literal["last", "count", "sum", "mean", "min", "max", "distinct", "share"]
Sensitivity = Literal["public", "internal", "personal", "special"]
OVER = "{over}"
_LONGEST = 63
_VARIABLE = re.compile(rf"[a-z][a-z0-9_]{{0,{_LONGEST - 1}}}")
_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")


def variable_problem(value: str) -> str:
    must = f"must be small letters, digits and _, at most {_LONGEST}"
    return "" if _VARIABLE.fullmatch(value) else f"is {value[:80]!r}, {must}"


def _template(value: str) -> str:
    if value.count(OVER) > 1:
        return f"is {value[:80]!r}, must hold {OVER} once"
    return variable_problem(value) if variable_problem(value.replace(OVER, "0")) else ""


Variable = Annotated[str, variable_problem]
VariableTemplate = Annotated[str, _template]
Duration = Annotated[str, duration_problem]
_TYPES_OF: Mapping[str, tuple[Dtype, ...]] = {
    "count": ("int",),
    "distinct": ("int",),
    "mean": ("float",),
    "share": ("float",),
    "sum": ("float", "int"),
}


@wraps(path_problem)
def _path_or_none(value: str) -> str:
    """Say what is wrong with a path; a table of a database has none."""
    return path_problem(value) if value else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where events come from: files under DVC (Parquet or CSV, one or a glob), or a table of a database.

    Attributes:
        path: One file or a glob.
        missing: Texts of a CSV file that say that nothing is there, beside the empty one.
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

    path: Annotated[str, _path_or_none] = ""
    missing: tuple[str, ...] = ()
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
        if _PASSWORD.search(self.connect):
            raise FieldError("holds a password, which git would keep for ever", ("connect",))
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
        possible = _TYPES_OF.get(self.aggregate or "", (self.type,))
        if self.type not in possible:
            raise FieldError(f"is {self.type!r}, {self.aggregate} gives {' or '.join(possible)}", ("type",))
        _refuse_windows(self)
        _refuse_names(self)

    def names(self) -> tuple[str, ...]:
        """Return the names of its variables, one for each window."""
        return tuple(self.name.replace(OVER, over) for over in self.over or ("",))


def _refuse_windows(feature: Feature) -> None:
    spans = [parse_duration(over) for over in feature.over]
    for index, span in enumerate(spans):
        if span in spans[:index]:
            other = feature.over[spans.index(span)]
            raise FieldError(f"is {feature.over[index]!r}, the same span as {other!r}", ("over", index))


def _refuse_names(feature: Feature) -> None:
    if len(feature.over) > 1 and OVER not in feature.name:
        raise FieldError(f"is {feature.name!r}, must hold {OVER} where there are several windows", ("name",))
    if OVER in feature.name and not feature.over:
        raise FieldError(f"is {feature.name!r}, has no window for {OVER}", ("name",))
    if OVER in feature.name and not feature.of and feature.aggregate != "count":
        raise FieldError(f"is required where the name holds {OVER}: no column is called so", ("of",))
    if longest := next((name for name in feature.names() if len(name) > _LONGEST), None):
        raise FieldError(f"gives {longest!r}, must give names of at most {_LONGEST} characters", ("name",))


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
        _refuse_twice("entity", self.entity)
        _refuse_twice("request", [value.name for value in self.request], "name")
        _refuse_twice_defined(self)
        if self.source is None:
            _refuse_events(self)
        else:
            _refuse_requests(self, self.source)


def _refuse_twice(field: str, names: Sequence[str], *under: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise FieldError(f"is {name!r} again", (field, index, *under))


def _refuse_twice_defined(view: FeatureView) -> None:
    """A value of the request and a feature cannot share a name either: whoever reads it could mean both."""
    taken = {value.name: "request" for value in view.request}
    for index, feature in enumerate(view.features):
        for name in feature.names():
            if name in taken:
                raise FieldError(f"gives {name!r}, as {taken[name]} does", ("features", index, "name"))
            taken[name] = f"features[{index}]"


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
