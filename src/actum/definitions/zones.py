"""Time zones by name, from the ``tzdata`` package where there is one: a result must not depend on the machine."""

from __future__ import annotations

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone that :func:`actum.definitions.parsing.parse` has let through.

    Raises:
        KeyError: There is none of that name.
    """
    try:
        data = resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb")
    except (ModuleNotFoundError, FileNotFoundError, IsADirectoryError):
        return ZoneInfo(name)
    with data:
        return ZoneInfo.from_file(data, key=name)
