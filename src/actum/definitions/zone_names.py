"""Names of time zones that mean the same on every machine."""

from __future__ import annotations

import difflib
from zoneinfo import ZoneInfo, available_timezones

# Debian and others have these beside the zones: what they are is the machine's affair, or they count leap seconds.
_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
_FOLDERS = ("posix/", "right/")


def zone_problem(name: str) -> str:
    """Say why *name* is no time zone to define anything by; "" when it is one."""
    try:
        if name not in _OF_THE_MACHINE and not name.startswith(_FOLDERS) and ZoneInfo(name):
            return ""
    except (KeyError, ValueError, OSError):
        pass
    near = difflib.get_close_matches(name, available_timezones() - _OF_THE_MACHINE, n=1)
    guess = f"did you mean {near[0]}?" if near else "write one such as Europe/Rome"
    return f"{name[:80]!r} is no time zone, {guess}"
