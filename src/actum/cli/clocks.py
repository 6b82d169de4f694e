"""Which clock the records of a project carry, for commands whose result does not hold it."""

from __future__ import annotations

from pathlib import Path

from actum import files, layout
from actum.errors import UserError
from actum.filing import read_record
from actum.git.repository import Git
from actum.records.settings import Settings


def clock_at(folder: Path) -> str:
    """Return what the actum.yaml of the work tree says; "" where none can be read, of which others tell."""
    try:
        path = files.inside(Git.find(folder).root, layout.SETTINGS)
        found = read_record(layout.SETTINGS, path.read_bytes())
    except (UserError, OSError):
        return ""
    return found.clock if isinstance(found, Settings) else ""
