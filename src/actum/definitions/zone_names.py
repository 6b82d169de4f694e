"""Names of time zones that mean the same on every machine."""

from __future__ import annotations

import difflib
from zoneinfo import ZoneInfo, available_timezones

# Debian and others have these beside the zones: what they are is the machine's affair, or they count leap seconds.
_OF_THE_MACHINE = frozenset({"", "localtime", "posixrules", "Factory"})
_FOLDERS = ("posix/", "right/")


def zone_problem(name: str) -> str:
    """Say why *name* is no time zone to define anything by; "" when it is one."""
    try:
        known = name not in _OF_THE_MACHINE and not name.startswith(_FOLDERS) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        known = False
    if known:
        return ""
    near = difflib.get_close_matches(name, available_timezones(), n=1)
    return f"{name[:80]!r} is no time zone" + (f", did you mean {near[0]}?" if near else " such as Europe/Rome")
