"""What is a number, where records hold anything, and how a count is written for people."""

from __future__ import annotations


def is_number(value: object) -> bool:
    """Whether a value is a number: true and false are none, though Python counts with them, and NaN is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def plural(count: int, noun: str) -> str:
    """Write ``1 row``, ``2,000 rows``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
