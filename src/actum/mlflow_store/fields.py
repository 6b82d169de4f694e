"""Values as a store has them, which anybody may have written: each has the form that MLflow gives it, or is none.

Every reader raises FieldError, which says of which field and what it is instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actum.files.text import CONTROL
from actum.mlflow_store.values import Point, StoredVersion
from actum.records.codec import FieldError

Raw = Mapping[str, Any]
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""MLflow's words; a folder has their numbers, from 1 on."""
_LATEST_MS = 253_402_300_799_000
_MOST_VERSIONS = 999_999_999
_LARGEST = 2**63


def text(raw: Raw, key: str) -> str:
    """Return a text; "" where there is none."""
    value = raw.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FieldError(f"is {_kind(value)}, must be text", (key,))
    return str(value)


def name(raw: Raw, key: str) -> str:
    """Return a text that is some thing's name: not empty, and free of control characters."""
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise FieldError(f"is {_kind(value)}, must be a name" if value != "" else "is empty", (key,))
    if found := CONTROL.search(value):
        raise FieldError(f"holds the character U+{ord(found[0]):04X}", (key,))
    return value


def label(raw: Raw, key: str) -> str:
    """Return the name of a param, a metric or a tag: any text that is not empty."""
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise FieldError(f"is {_kind(value)}, must be text" if value != "" else "is empty", (key,))
    return value


def moment(raw: Raw, key: str) -> int | None:
    """Return a time in milliseconds since 1970, where there is one."""
    value = raw.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _LATEST_MS:
        shown = str(value)[:40] if type(value) is int else _kind(value)
        raise FieldError(f"is {shown}, must be milliseconds since 1970, before the year 10000", (key,))
    return value


def status(raw: Raw, key: str) -> str:
    value = raw.get(key)
    if type(value) is int and 0 < value <= len(STATUSES):
        return STATUSES[value - 1]
    if value not in STATUSES:
        raise FieldError(f"is {str(value)[:40]!r}, must be one of {', '.join(STATUSES)}", (key,))
    return str(value)


def number_of_version(raw: Raw, key: str) -> int:
    """Return the number of a version, from a whole number or its digits."""
    value = raw.get(key)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if type(value) is not int or not 0 < value <= _MOST_VERSIONS:
        raise FieldError(f"is {str(value)[:40]!r}, must be the number of a version", (key,))
    return value


def point(metric: str, step: object, at_ms: object, value: object) -> Point:
    """Return one value of a metric; NaN and the infinities are values like others."""
    for key, told in (("step", step), ("timestamp", at_ms)):
        if type(told) is not int or not -_LARGEST <= told < _LARGEST:
            raise FieldError(f"is {str(told)[:40]!r}, must be a whole number of 64 bits", (key,))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FieldError(f"is {_kind(value)}, must be a number", ("value",))
    assert isinstance(step, int)
    assert isinstance(at_ms, int)
    return Point(metric, step, at_ms, float(value))


def version(raw: Raw, number: int, created: str, tags: Mapping[str, str]) -> StoredVersion:
    """Return a version of a registered model; *created*: the field that says since when it is."""
    return StoredVersion(
        number=number,
        created_ms=moment(raw, created),
        user=text(raw, "user_id"),
        description=text(raw, "description"),
        stage=text(raw, "current_stage") or "None",
        source=text(raw, "source"),
        run=text(raw, "run_id") or None,
        tags=tags,
    )


def _kind(value: object) -> str:
    words = {str: "text", bytes: "bytes", int: "a whole number", bool: "a truth value", type(None): "nothing"}
    return words.get(type(value), f"a {type(value).__name__}")
