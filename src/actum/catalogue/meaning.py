"""What a feature means, in words that people compare: what is made of which events, of whom, and when it counts."""

from __future__ import annotations

from collections.abc import Iterator

from actum.definitions.definitions import Variable
from actum.records.view import FeatureView, Source

_ROWS = {"count": "count of events", "share": "share of events with", "distinct": "distinct values of"}
_SKIPPED = {"refuse": "", "forward": ", skipped hours moved forward"}


def in_words(variable: Variable) -> dict[str, str]:
    """Return label -> words of a definition, in reading order; what does not apply is absent."""
    return dict(_words(variable))


def _words(variable: Variable) -> Iterator[tuple[str, str]]:
    view, source = variable.view, variable.view.source
    yield "is", _what(variable)
    yield "type", variable.type
    if source is None:
        return
    yield "entity", ", ".join(_entity(view, source))
    yield "from", source.path or f"{source.table} at {source.connect}"
    if source.where:
        yield "where", " and ".join(source.where if len(source.where) == 1 else [f"({one})" for one in source.where])
    if source.missing:
        yield "missing", ", ".join(map(repr, source.missing))
    if source.event_at:
        yield "happens at", source.event_at
        yield "known", _known(source)
    if source.time_zone:
        ambiguous = "" if source.ambiguous == "refuse" else f", of repeated hours the {source.ambiguous}"
        yield "time zone", f"{source.time_zone}{ambiguous}{_SKIPPED[source.skipped]}"
    if view.ttl and variable.over_s is None:
        yield "counts for", view.ttl
    if source.order_by and variable.aggregate in (None, "last"):
        yield "among equals", f"the greatest {', '.join(source.order_by)}"


def _what(variable: Variable) -> str:
    feature = variable.feature
    if variable.view.source is None:
        return feature.of
    of = feature.of or variable.feature.name
    if variable.aggregate is None:
        return f"{of}, the latest" if variable.view.source.event_at else of
    if variable.aggregate == "count":
        what = f"count of {of}" if feature.of else _ROWS["count"]
    else:
        what = f"{_ROWS.get(variable.aggregate, f'{variable.aggregate} of')} {of}"
    return f"{what} over the last {_window(variable)}" if variable.over_s is not None else what


def _window(variable: Variable) -> str:
    return variable.feature.over[variable.feature.names().index(variable.name)]


def _entity(view: FeatureView, source: Source) -> Iterator[str]:
    for name in view.entity:
        column = source.keys.get(name, name)
        yield name if column == name else f"{name} (column {column})"


def _known(source: Source) -> str:
    if source.known_at:
        return f"from {source.known_at}"
    return f"{source.known_after} later" if source.known_after else "as it happens"
