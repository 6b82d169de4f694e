"""Which metrics stand for a version or a run, and how a figure is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from actum.quantities import is_number

_LONGEST, _EXACT = 10**21, 1e15
_READS_AS_OTHER = re.compile(r"null|true|false|-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[\[{\"].*|", re.DOTALL)


def headline(metrics: Mapping[str, Any], most: int, first: Iterable[str] = ()) -> dict[str, float]:
    """Return the metrics to show: those named *first*, as a policy names them, then in the order of the record."""
    names = dict.fromkeys((*(name for name in first if name in metrics), *metrics))
    numbers = {name: metrics[name] for name in names if is_number(metrics[name])}
    return dict(list(numbers.items())[:most])


def as_given(value: object) -> str:
    """Write a parameter such that it can be given again: all of its digits, and a text that reads as none in quotes."""
    if isinstance(value, str) and not _READS_AS_OTHER.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def written(value: object) -> str:
    """Write a figure as people read it; four significant digits, whole numbers whole while they are of use so."""
    if not is_number(value):
        return str(value)
    if isinstance(value, int) and abs(value) < _LONGEST:
        return f"{value:,}"
    number = float(value)  # type: ignore[arg-type]
    whole = abs(number) < _EXACT and (number.is_integer() or abs(number) >= 10_000)
    return f"{number:,.0f}" if whole else f"{number:.4g}"
