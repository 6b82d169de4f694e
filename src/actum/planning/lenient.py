"""Read one record, and None where it is absent or malformed: of what is malformed somebody else tells."""

from __future__ import annotations

from actum.errors import InvalidRecordError, NotFoundError
from actum.records.event import Event
from actum.records.imported import ImportedVersion
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.store import Store


def version_of(store: Store, model: str, number: str) -> ModelVersion | None:
    """Return a version; without one nothing can be promoted."""
    try:
        return store.version(model, number)
    except InvalidRecordError:
        return None


def imported_of(store: Store, model: str, number: str) -> ImportedVersion | None:
    """Return a version that another registry gave."""
    try:
        return store.imported_version(model, number)
    except InvalidRecordError:
        return None


def run_of(store: Store, ulid: str) -> Run | None:
    """Return a run; without one nobody vouches for anything."""
    try:
        return store.run(ulid)
    except InvalidRecordError:
        return None


def promotion_event(store: Store, model: str, ulid: str) -> Event | None:
    """Return a model's own promotion by its id, None for every other event."""
    try:
        event = store.event(ulid)
    except InvalidRecordError:
        return None
    return event if event is not None and event.model == model and event.promotion else None


def policy_of(store: Store, model: str) -> Policy | None:
    """Return the policy that a model's card names."""
    try:
        name = store.card(model).policy
        return store.policy(name) if name else None
    except (InvalidRecordError, NotFoundError):
        return None
