"""What stands where, and when: versions, stages and their history, derived from pointers and events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actum.digests import short
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.names import Bump, Reference, Version
from actum.records.event import Event, Promotion
from actum.records.imported import ImportedVersion
from actum.records.version import ModelVersion
from actum.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """A version at a stage, since when (business time), and the promotion that put it there."""

    stage: str
    version: str
    since: datetime
    event: Event

    @property
    def promotion(self) -> Promotion:
        assert self.event.promotion is not None
        return self.event.promotion


def promotions(store: Store, model: str, stage: str | None = None) -> tuple[Event, ...]:
    """Return the promotions of a model, to one stage or to all, in the order in which they took effect."""
    found = [e for e in store.events(model) if e.promotion and stage in (None, e.promotion.stage)]
    return tuple(sorted(found, key=lambda event: (event.effective_at, event.id)))


def moves(store: Store, model: str, stage: str) -> tuple[Event, ...]:
    """Return the promotions to a stage, and what emptied it, in the order in which they took effect."""
    bodies = ((event, event.promotion or event.withdrawal) for event in store.events(model))
    found = (event for event, body in bodies if body is not None and body.stage == stage)
    return tuple(sorted(found, key=lambda event: (event.effective_at, event.id)))


def standing(store: Store, model: str, stage: str, at: datetime | None = None) -> Standing | None:
    """Return what stands at a stage: by its pointer now, or by the promotions in effect at a business time.

    Raises:
        NotFoundError: The pointer names an event that is not on record.
        InvalidRecordError: The pointer and its event do not agree.
    """
    if at is not None:
        in_effect = [event for event in moves(store, model, stage) if event.effective_at <= at]
        return _standing_of(in_effect[-1]) if in_effect and in_effect[-1].promotion else None
    pointer = store.pointers(model).get(stage)
    if pointer is None:
        return None
    event = store.event(pointer.event)
    if event is None or event.promotion is None:
        raise NotFoundError(f"{model}#{stage} points at event {pointer.event}, which is not there", hint="actum fsck")
    told = (event.model, event.promotion.stage, event.promotion.version, event.promotion.artifact)
    if told != (model, stage, pointer.version, pointer.artifact):
        what = f"{told[0]}#{told[1]} to {told[2]} with {short(told[3])}"
        said = f"{model}#{stage} says {pointer.version} with {short(pointer.artifact)}"
        raise InvalidRecordError(f"{said}, but its event {event.id} moved {what}", hint="actum fsck")
    return _standing_of(event)


def last_good(store: Store, model: str, stage: str) -> str | None:
    """Return the version that a stage would be returned to: the last before this one that nobody returned from."""
    pointer = store.pointers(model).get(stage)
    known = {event.id: event.promotion for event in promotions(store, model, stage) if event.promotion}
    left = {pointer.version} if pointer else set()
    at = pointer.event if pointer else None
    while at is not None and (promotion := known.pop(at, None)) is not None:
        if promotion.back and promotion.replaces:
            left.add(promotion.replaces)
        if promotion.version not in left:
            return promotion.version
        at = promotion.supersedes
    return None


def resolve(store: Store, reference: Reference, at: datetime | None = None) -> ModelVersion:
    """Return the version that ``MODEL``, ``MODEL@V`` or ``MODEL#STAGE`` stands for; a bare model is its newest.

    Raises:
        NotFoundError: There is no such model, version, or nothing stands at the stage.
    """
    store.card(reference.owner)
    if reference.kind == "stage":
        held = standing(store, reference.owner, reference.name, at)
        if held is None:
            when = f" on {at:%Y-%m-%d}" if at else ""
            raise NotFoundError(f"nothing stands at {reference}{when}", hint=f"actum ls versions {reference.owner}")
        return version(store, reference.owner, held.version)
    if reference.kind == "version":
        return version(store, reference.owner, reference.name)
    return newest(store, reference.owner)


def version(store: Store, model: str, number: str) -> ModelVersion:
    """Return a version that was trained on record.

    Raises:
        NotFoundError: The model has no such version.
        UserError: It was taken over: nobody here knows what it is made of.
    """
    found = store.version(model, number)
    if found is None and (taken := store.imported_version(model, number)):
        raise taken_over(taken)
    if found is None:
        known = ", ".join(v.version for v in store.versions(model)) or "none"
        raise NotFoundError(f"{model} has no version {number} (versions: {known})", hint=f"actum ls versions {model}")
    return found


def taken_over(version: ImportedVersion) -> UserError:
    """Return the refusal of a version that another registry had."""
    told = f"{version.model} {version.version} was taken over from {version.origin.system}"
    return UserError(f"{told}: how it was made is on no record", hint=f"actum run && actum register {version.model}")


def require_made(store: Store, version: ModelVersion) -> None:
    """Check that the run which a version names, where *store* has it, made the artifact that the version names.

    Raises:
        InvalidRecordError: It made other bytes: the version was edited to stand for another model.
    """
    run, artifact = store.run(version.run), version.artifact
    made = {(out.path, out.md5, out.sha256) for out in run.made().values()} if run else set()
    if run is not None and (artifact.path, artifact.md5, artifact.sha256) not in made:
        problem = f"{version.model}@v{version.version}: {artifact.path} with its digests is no output of run/{run.id}"
        raise InvalidRecordError(problem, hint="actum fsck")


def newest(store: Store, model: str) -> ModelVersion:
    """Return the highest version.

    Raises:
        NotFoundError: The model has none.
        UserError: It has none but those that were taken over.
    """
    versions, taken = store.versions(model), store.imported(model)
    if not versions and taken:
        raise taken_over(taken[-1])
    if not versions:
        raise NotFoundError(f"{model} has no version yet", hint=f"actum register {model}")
    return versions[-1]


def next_version(store: Store, model: str, part: Bump) -> str:
    """Return the number that follows the highest version, of those that were taken over too; the first is 1.0.0."""
    known = [one.version for one in store.versions(model)] + [one.version for one in store.imported(model)]
    numbers = [Version.parse(number) for number in known]
    return str(max(numbers).bump(part)) if numbers else "1.0.0"


def _standing_of(event: Event) -> Standing:
    assert event.promotion is not None
    return Standing(event.promotion.stage, event.promotion.version, event.effective_at, event)
