"""Views of airports, routes and aircraft, and what a store holds of them, named by what a test is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actum.definitions.definitions import Definitions
from actum.online.columns import feature_columns, key_columns
from actum.online.sqlite import SqliteStore
from actum.online.store import ALWAYS, Change, Publication, Published, microseconds_of
from actum.records.codec import decode
from actum.records.view import FeatureView

NOON = datetime(2013, 4, 18, 12, tzinfo=UTC)
COMMIT = "c" * 40
DELAYS: dict[str, Any] = {
    "schema": "feature-view/1",
    "view": "delays",
    "entity": ["origin"],
    "source": {"path": "data/flights.parquet", "event_at": "departed_at"},
    "features": [
        {"name": "departures_3h", "type": "int", "aggregate": "count", "over": ["3h"]},
        {"name": "delay_mean_3h", "type": "float", "of": "dep_delay", "aggregate": "mean", "over": ["3h"]},
        {"name": "last_tail", "type": "string", "of": "tailnum"},
    ],
}
PLANES: dict[str, Any] = {
    "schema": "feature-view/1",
    "view": "planes",
    "entity": ["tailnum"],
    "source": {"path": "data/planes.csv"},
    "features": [
        {"name": "built", "type": "int"},
        {"name": "is_jet", "type": "bool"},
        {"name": "checked_at", "type": "timestamp"},
    ],
}
AT_REQUEST: dict[str, Any] = {
    "schema": "feature-view/1",
    "view": "at_request",
    "request": [{"name": "minutes", "type": "float"}, {"name": "leaves_at", "type": "timestamp"}],
    "features": [
        {"name": "expected_min", "type": "float", "of": "minutes + coalesce(delay_mean_3h, 0.0)"},
        {"name": "hour", "type": "int", "of": "hour(leaves_at, 'America/New_York')"},
        {"name": "plane_age", "type": "int", "of": "year(leaves_at, 'UTC') - built"},
    ],
}


def definitions(*views: dict[str, Any]) -> Definitions:
    return Definitions.of(decode(FeatureView, view, strict=True) for view in views or (DELAYS, PLANES, AT_REQUEST))


def us(after: timedelta = timedelta()) -> int:
    """Return noon, or a moment after it, as a store has it."""
    return microseconds_of(NOON + after)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def publication(
    view: dict[str, Any], rows: Iterable[Sequence[Any]], *, until: datetime = NOON, keys: Sequence[str] = ("string",)
) -> Publication:
    known = definitions(view)
    (record,) = known.views.values()
    types: dict[str, Any] = dict(zip(record.entity, keys, strict=True))
    published = Published(
        view=record.view,
        entity=key_columns(record, types),
        features=feature_columns(record, known),
        until=until,
        commit=COMMIT,
        at=until,
        engine="duckdb 2.0.0",
    )
    return Publication(published=published, rows=rows)


JFK = [
    ("JFK", us(-hours(1)), 2, 30.5, "N1"),
    ("JFK", us(hours(1)), 1, 11.0, "N1"),
    ("JFK", us(hours(2)), 0, None, "N1"),
]
LGA = [("LGA", us(-hours(5)), 0, None, "N2")]
AIRCRAFT = [("N1", ALWAYS, 1999, True, us()), ("N2", ALWAYS, None, None, None)]


def filled(path: Path) -> tuple[Change, ...]:
    """Publish what the tests know of two airports and two aircraft."""
    return SqliteStore(path).write([publication(DELAYS, [*JFK, *LGA]), publication(PLANES, AIRCRAFT)])
