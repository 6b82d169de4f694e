"""One decision: what was asked, answered and decided, by which model, under which promotion.

It lies as a row of a segment (Parquet under DVC); its leaf in the segment's Merkle tree is its canonical JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from actum.records.forms import Name, Semver, Sha256, Ulid


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        id: ULID; people write ``MODEL/ID``.
        key: The row's own name in the business, such as an application number.
        decided_at: Business time. ``recorded_at``: the real clock.
        inputs: What the model was given, by name; null where it was missing.
        subject: Columns kept for people.
        batch: Which batch of the segment it was scored in; replay repeats the whole batch.
        salt: 16 random bytes in hex, so that a leaf's hash tells nothing about a person.
    """

    schema: Literal["decision/1"]
    id: Ulid
    model: Name
    version: Semver
    artifact: Sha256
    key: str
    decided_at: datetime
    recorded_at: datetime
    score: float
    outcome: str
    threshold: float
    batch: int
    salt: str
    inputs: dict[str, Any] = field(default_factory=dict)
    subject: dict[str, Any] = field(default_factory=dict)
    stage: Name | None = None
    stage_event: Ulid | None = None
