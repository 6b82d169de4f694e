"""What features are, by the book: every event is looked at for every label, sums are fractions. Slow, and plain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Event = Mapping[str, Any]


def feature(spec: Mapping[str, Any], events: Sequence[Event], entity: Any, moment: int) -> Any:
    """Return one feature of an entity at a moment.

    Args:
        spec: ``of`` (a column), ``aggregate``, ``over`` and ``ttl`` (microseconds or None), ``order_by``.
        events: ``key``, ``at``, ``known`` (microseconds or None), and columns.
    """
    mine = [each for each in events if entity is not None and each["key"] == entity and _is_known(each, moment)]
    span = spec["over"] if spec["over"] is not None else spec["ttl"]
    mine = [each for each in mine if span is None or moment < each["at"] + span]
    if spec["aggregate"] in (None, "last"):
        order = ["at", "known", *spec["order_by"], spec["of"]]
        return _plain(max(mine, key=lambda each: [_rank(each[name]) for name in order])[spec["of"]]) if mine else None
    if spec["of"] is None:
        return len(mine)
    return _aggregated(spec["aggregate"], [value for each in mine if (value := _plain(each[spec["of"]])) is not None])


def _is_known(event: Event, moment: int) -> bool:
    return event["at"] is not None and event["known"] is not None and max(event["at"], event["known"]) <= moment


def _aggregated(aggregate: str, values: list[Any]) -> Any:
    if aggregate in ("count", "distinct"):
        return len(values) if aggregate == "count" else len(set(values))
    if not values:
        return None
    if aggregate in ("min", "max"):
        return min(values) if aggregate == "min" else max(values)
    if aggregate == "share":
        return sum(values) / len(values)
    total = sum(map(Fraction, values))
    rounded = int(total) if isinstance(values[0], int) else float(total)
    return rounded if aggregate == "sum" else float(total) / len(values)


def _rank(value: Any) -> tuple[bool, Any]:
    return (_plain(value) is not None, value if _plain(value) is not None else 0)


def _plain(value: Any) -> Any:
    """NaN is missing, and there is one zero."""
    if isinstance(value, float):
        return None if math.isnan(value) else value + 0.0
    return value
