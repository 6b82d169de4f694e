"""Put rows in the order that ``--sort`` asks for: a field of theirs, or a metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from actum.catalogue.identify import near
from actum.catalogue.listing import Row
from actum.errors import UsageError
from actum.names import Version

T = TypeVar("T")


def _itself(row: Row) -> Row:
    return row


def sort(items: Sequence[T], field: str, *, of: Callable[[Any], Row] = _itself) -> list[T]:
    """Return rows by a field or a metric, ascending; descending after ``-``. Rows without it come last.

    Args:
        of: Says which row an item stands for, where the items are no rows themselves.

    Raises:
        UsageError: No row has such a field or metric.
    """
    name = field.removeprefix("-")
    known = dict.fromkeys(known for item in items for known in _fields(of(item)))
    if items and name not in known:
        raise UsageError(f"--sort {field}: no row has {name}{near(name, list(known))}")
    values = [(_value(of(item), name), item) for item in items]
    with_it = sorted((pair for pair in values if pair[0] is not None), key=_by_value, reverse=field.startswith("-"))
    return [item for _, item in with_it] + [item for value, item in values if value is None]


def _by_value(pair: tuple[Any, object]) -> Any:
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
