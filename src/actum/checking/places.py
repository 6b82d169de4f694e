"""At which line of a file something is said: what an annotation of a pull request points at."""

from __future__ import annotations

import re

from actum import files
from actum.store import Store

_PLACE = re.compile(r"(\d+)(?::(\d+))?: ")


def line_of(store: Store, path: str, *at: str | int) -> int | None:
    """Return the line of a field in a YAML record, or of what encloses it; None where *store* has no such record."""
    data = store.read(path)
    return files.line_of(data, at) if data is not None else None


def placed(path: str, told: str) -> tuple[int | None, str]:
    """Split an error's message into the line that it names, if any, and what it says without the path."""
    said = told.removeprefix(f"{path}:").strip()
    found = _PLACE.match(said)
    if found is None:
        return None, said
    column = f"column {found[2]}: " if found[2] else ""
    return int(found[1]), column + said[found.end() :]
