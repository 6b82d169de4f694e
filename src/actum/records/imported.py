"""``registry/<model>/imported/<semver>.yaml``: a version that another registry gave, with what that one knows of it.

It lies apart from ``versions``: nobody here saw it trained, so nothing that computes takes it for one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from actum.records.forms import Commit, FileFact, Name, Person, Semver, Ulid
from actum.records.run import Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedVersion:
    """One version of one model, as another registry has it. What that one does not know is absent.

    Attributes:
        registered_at, registered_by: There, by its clock. ``recorded_at``: when it was taken over.
        commit: What the other registry registered, where that is a commit.
        run: The imported run that it came from.
        artifact: The model's file at that commit, or of that run.
        metrics: Of that run, or as that commit has them.
    """

    schema: Literal["imported-version/1"]
    model: Name
    version: Semver
    origin: Origin
    recorded_at: datetime
    registered_at: datetime | None = None
    registered_by: Person | None = None
    commit: Commit | None = None
    run: Ulid | None = None
    artifact: FileFact | None = None
    tags: dict[str, str] = field(default_factory=dict)
    notes: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
