"""Put rows in the order that ``--sort`` asks for: a field of theirs, or a metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from actum.catalogue.identify import near
from actum.catalogue.listing import Row
from actum.errors import UsageError
from actum.names import Version


def sort(rows: Sequence[Row], field: str) -> list[Row]:
    """Return the rows by a field or a metric, ascending; descending after ``-``. Rows without it come last.

    Raises:
        UsageError: No row has such a field or metric.
    """
    name = field.removeprefix("-")
    known = dict.fromkeys(known for row in rows for known in _fields(row))
    if rows and name not in known:
        raise UsageError(f"--sort {field}: no row has {name}{near(name, list(known))}")
    values = [(_value(row, name), row) for row in rows]
    with_it = sorted((pair for pair in values if pair[0] is not None), key=_by_value, reverse=field.startswith("-"))
    return [row for _, row in with_it] + [row for value, row in values if value is None]


def _by_value(pair: tuple[Any, Row]) -> Any:
    return pair[0]


def _fields(row: Row) -> list[str]:
    plain = [item.name for item in dataclasses.fields(row) if item.name not in ("metrics", "stages")]
    return [*plain, *(("stages",) if hasattr(row, "executed") else ()), *getattr(row, "metrics", {})]


def _value(row: Row, name: str) -> Any:
    value = getattr(row, "metrics", {}).get(name, getattr(row, name, None))
    if value is None:
        return None
    if name in ("version", "newest"):
        return Version.parse(value)
    return value if isinstance(value, (int, float, datetime)) else str(value)
