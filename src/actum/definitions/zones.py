"""Time zones by name, from the ``tzdata`` package where there is one: a result must not depend on the machine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

# Before and after these years the nearest offset holds, in Python as in every engine.
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        KeyError: There is none of that name.
    """
    try:
        data = resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb")
    except (ModuleNotFoundError, FileNotFoundError, IsADirectoryError):
        return ZoneInfo(name)
    with data:
        return ZoneInfo.from_file(data, key=name)
