"""``registry/<model>/stages/<stage>.yaml``: the pointer. The truth about which version stands where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum.records.forms import Name, Semver, Sha256, Ulid


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePointer:
    """Which version stands at a stage.

    ``event`` is unique to each move, so that two concurrent moves always conflict in git; ``supersedes``
    is the event of the pointer that this one replaces, absent for the first. ``artifact`` is absent where the event
    was taken over from a registry that keeps no digests, and nobody read the bytes.
    """

    schema: Literal["stage/1"]
    model: Name
    stage: Name
    version: Semver
    artifact: Sha256 | None = None
    event: Ulid
    supersedes: Ulid | None = None
