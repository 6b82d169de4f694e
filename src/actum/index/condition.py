"""What the index is like, for people who wonder why a read is slow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from actum import layout
from actum.git.repository import Git
from actum.index import place, sealing, tables
from actum.index.tables import OffError, UnfitError


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """``passed over``: reads do without it until somebody removes ``culprit``; ``unfit``: a long read makes it anew."""

    state: Literal["absent", "good", "passed over", "unfit"]
    says: str = ""
    culprit: Path | None = None
    records: int = 0
    columns: int = 0
    size: int = 0


def look(repo: Git) -> Condition:
    """Look at a clone's index, and change nothing."""
    name, path = f"{layout.STATE}/{place.NAME}", place.path_in(repo.root)
    if objection := place.objection(repo.root):
        return Condition(state="passed over", says=objection.says, culprit=objection.path)
    if not path.exists():
        return Condition(state="absent")
    try:
        opened = tables.connect(path)
        try:
            if not tables.is_sound(opened):
                return Condition(state="unfit", says=f"{name} is damaged")
            if sealing.key(repo.folder()) is None:
                return Condition(state="unfit", says=f"{name} comes from elsewhere")
            records, columns = tables.count(opened, "records"), tables.count(opened, "columns")
            return Condition(state="good", records=records, columns=columns, size=path.stat().st_size)
        finally:
            opened.close()
    except UnfitError as error:
        return Condition(state="unfit", says=f"{name}: {error}")
    except (OffError, OSError) as error:
        return Condition(state="passed over", says=f"{name}: {error}", culprit=path)
