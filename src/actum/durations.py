"""Spans of time as people write them in definitions: ``30m``, ``3h``, ``7d``."""

from __future__ import annotations

import re
from datetime import timedelta

_FORM = re.compile(r"([1-9][0-9]{0,4})(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_duration(text: str) -> timedelta:
    """Read a whole number of seconds, minutes, hours, days or weeks; a day is 24 hours, whatever the clocks do.

    Raises:
        ValueError: It is none, or nothing at all, or has more than five digits.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"is {text[:80]!r}, must be 1 to 99999 of s, m, h, d or w, such as 30m, 3h or 7d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def write_duration(seconds: int) -> str:
    """Write whole seconds in the largest of days, hours, minutes and seconds that divides them: ``3h``, ``7d``."""
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def duration_problem(text: str) -> str:
    """Say what is wrong with a span of time; "" when it is sound."""
    try:
        parse_duration(text)
    except ValueError as error:
        return str(error)
    return ""
