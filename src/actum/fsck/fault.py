"""What fsck finds, and what it looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["records", "versions", "tags", "objects", "seals", "leftovers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing. ``note`` is worth knowing and no fault; ``mend``: a command to type, "" where only people can tell."""

    part: Part
    weight: Literal["wrong", "note"]
    where: str
    what: str
    mend: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All faults, and how many things of each part were looked at."""

    looked_at: Mapping[Part, int]
    faults: tuple[Fault, ...]

    @property
    def clean(self) -> bool:
        return all(fault.weight != "wrong" for fault in self.faults)
