"""Does an attestation stand that says all that a new one would? Then another one is only noise in the log.

One a person, a verdict and a day is enough, as long as more than half of its life is left: past that, a rebuild
must carry the date on, and another day's rebuild is worth knowing for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from actum.records.event import Attestation, Event

_NO_TIME = datetime.fromtimestamp(0, UTC)


def standing(new: Event, events: Iterable[Event], *, valid_days: int) -> Event | None:
    """Return the attestation among *events* that makes *new* needless; None where there is no such one.

    It is the newest about the version, and of the same person, day (UTC), level and materials: a verdict that was
    another in between is not passed over.
    """
    assert new.attestation is not None
    version = new.attestation.version
    about = [event for event in events if event.attestation and event.attestation.version == version]
    old = max(about, key=lambda event: event.id, default=None)
    if old is None or old.attestation is None:
        return None
    # One of a clock that is ahead counts for nothing yet.
    same_day = old.recorded_at.date() == new.recorded_at.date() and old.recorded_at <= new.recorded_at
    left = old.attestation.expires_at - new.recorded_at
    lasts = left > timedelta(days=valid_days) / 2
    same = old.by == new.by and _said(old.attestation) == _said(new.attestation)
    return old if same_day and lasts and same else None


def _said(attestation: Attestation) -> Attestation:
    """Return an attestation without its times."""
    statement: dict[str, Any] = dict(attestation.statement)
    predicate: dict[str, Any] = dict(statement.get("predicate", {}))
    predicate["runDetails"] = {**predicate.get("runDetails", {}), "metadata": None}
    return replace(attestation, expires_at=_NO_TIME, statement={**statement, "predicate": predicate})
