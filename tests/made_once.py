"""What is slow to make is made once for all workers of a session."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path], None]


def once(folder: Path, make: Make) -> Path:
    """Return *folder*, filled by *make* in one of the workers while the others wait."""
    with folder.with_name(folder.name + ".making").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not folder.exists():
            draft = folder.with_name(folder.name + ".draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(folder)
    return folder
