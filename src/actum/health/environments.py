"""Which locked environments has nobody used for long? They are made anew when they are needed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from actum import state
from actum.environment import venv
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok

UNUSED = timedelta(days=90)
"""As long as an attestation holds where the card says nothing else."""


def look_at_environments(repo: Git, environ: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    place = state.environments_place(repo.root, environ)
    idle = venv.unused(place, now - UNUSED)
    if not idle:
        yield ok("environments", f"all used within {UNUSED.days} days")
        return
    size = sum(map(_size, idle))
    count = "1 was" if len(idle) == 1 else f"{len(idle)} were"
    says = f"{count} not used for {UNUSED.days} days, {size / 2**20:,.0f} MB; they are made anew when needed"
    yield note("environments", says, _removal(repo.root, idle))


def _removal(root: Path, homes: tuple[Path, ...]) -> str:
    """Each marker first: an environment that is half removed must not be taken for a whole one."""
    shown = [os.path.relpath(home, root) if home.is_relative_to(root) else str(home) for home in homes]
    return shlex.join(["rm", "-rf", *(word for home in shown for word in (f"{home}/{venv.MARKER}", home))])


def _size(home: Path) -> int:
    """Return the bytes of a folder; what is linked several times counts once."""
    seen = {}
    for place, _, names in os.walk(home):
        for name in names:
            told = os.lstat(os.path.join(place, name))
            seen[told.st_dev, told.st_ino] = told.st_size
    return sum(seen.values())
