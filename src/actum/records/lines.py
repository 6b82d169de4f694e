"""What lists tell of a version or an event: a few of its fields, enough to choose and order by.

A line is no record and never judged by; whoever needs more reads the record itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actum import moments
from actum.records.event import Event
from actum.records.forms import Person
from actum.records.imported import ImportedVersion
from actum.records.version import ModelVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionLine:
    """The fields of a :class:`ModelVersion` of the same names, or of an :class:`ImportedVersion`."""

    model: str
    version: str
    registered_at: datetime
    registered_by: Person | None
    run: str | None
    metrics: dict[str, float]
    imported: bool = False

    @classmethod
    def of(cls, version: ModelVersion | ImportedVersion) -> VersionLine:
        told = {name: getattr(version, name) for name in cls.__slots__ if name != "imported"}
        if isinstance(version, ImportedVersion):
            told |= {"registered_at": version.registered_at or version.recorded_at, "imported": True}
        return cls(**told)

    @classmethod
    def from_row(cls, model: str, row: Sequence[Any]) -> VersionLine:
        version, registered_at, name, email, run, metrics, *imported = row
        return cls(
            model=model,
            version=version,
            registered_at=moments.parse(registered_at),
            registered_by=None if name is None else Person(name=name, email=email),
            run=run,
            metrics=metrics,
            imported=bool(imported),
        )

    def row(self) -> list[Any]:
        """Return what JSON can hold, without the model; ``from_row`` takes it back unchanged."""
        name, email = (self.registered_by.name, self.registered_by.email) if self.registered_by else (None, None)
        row = [self.version, moments.write(self.registered_at), name, email, self.run, self.metrics]
        return [*row, True] if self.imported else row


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """The fields of an :class:`Event` and of its body of the same names; None where the body has no such field."""

    model: str
    id: str
    kind: str
    recorded_at: datetime
    effective_at: datetime
    version: str | None = None
    stage: str | None = None
    replaces: str | None = None
    supersedes: str | None = None
    lifted: bool = False

    @classmethod
    def of(cls, event: Event) -> EventLine:
        body = getattr(event, event.kind)
        return cls(
            model=event.model,
            id=event.id,
            kind=event.kind,
            recorded_at=event.recorded_at,
            effective_at=event.effective_at,
            **{name: getattr(body, name, None) for name in ("version", "stage", "replaces", "supersedes")},
            lifted=getattr(body, "lifted", False),
        )

    @classmethod
    def from_row(cls, model: str, row: Sequence[Any]) -> EventLine:
        ulid, kind, recorded_at, effective_at, version, stage, replaces, supersedes, *lifted = row
        return cls(
            model=model,
            id=ulid,
            kind=kind,
            recorded_at=moments.parse(recorded_at),
            effective_at=moments.parse(effective_at),
            version=version,
            stage=stage,
            replaces=replaces,
            supersedes=supersedes,
            lifted=bool(lifted),
        )

    def row(self) -> list[Any]:
        """Return what JSON can hold, without the model; ``from_row`` takes it back unchanged."""
        recorded, effective = moments.write(self.recorded_at), moments.write(self.effective_at)
        row = [self.id, self.kind, recorded, effective, self.version, self.stage, self.replaces, self.supersedes]
        return [*row, True] if self.lifted else row


Line = VersionLine | EventLine


def line_of(record: Any) -> Line:
    """Return the line of a version or an event."""
    return EventLine.of(record) if isinstance(record, Event) else VersionLine.of(record)
