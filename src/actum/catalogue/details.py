"""One thing, whole: a model, version, stage, run, event, feature, or where a decision would lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from actum import layout, names
from actum.catalogue.crosschecks import note_disagreements
from actum.catalogue.feature_pages import FeatureDetail
from actum.catalogue.happenings import Happening, of_event
from actum.catalogue.holdings import Holdings, event_path
from actum.catalogue.identify import near, segments_of
from actum.catalogue.listing import SegmentRow, StageRow, VersionRow, segment_rows, stage_row, stage_rows, version_rows
from actum.errors import NotFoundError, UserError
from actum.names import Reference
from actum.records.card import ModelCard
from actum.records.event import Attestation, Event, Finding
from actum.records.forms import Person
from actum.records.run import Run
from actum.records.settings import Application
from actum.records.version import ModelVersion
from actum.registry import Standing

if TYPE_CHECKING:
    from actum.catalogue.consents import Consent

_LAST_EVENTS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelDetail:
    """A model. ``last``: its latest events, of ``events`` in all; ``applications``: those the settings know."""

    card: ModelCard
    merged: bool
    applications: tuple[Application, ...]
    stages: tuple[StageRow, ...]
    versions: tuple[VersionRow, ...]
    events: int
    last: tuple[Happening, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """An attestation as it counts at the moment asked about."""

    event: str
    level: str
    recorded_at: datetime
    by: Person
    expires_at: datetime
    expired: bool
    overridden: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionDetail:
    """A version. ``row``: where it stands; ``moves``: its promotions and what replaced it, the latest first."""

    row: VersionRow
    version: ModelVersion
    attestations: tuple[Rebuilt, ...]
    moves: tuple[Happening, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tenure:
    """A version's time at a stage; ``until`` is absent for what still stands there."""

    version: str
    since: datetime
    recorded_at: datetime
    by: Person
    event: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A promotion on its branch that is not merged.

    Attributes:
        approvals: Those that were given so far, whether they count or not.
        lacks: What keeps it from being merged, as far as records tell; figures and remotes only a check looks at.
    """

    branch: str
    version: str
    event: str
    by: Person
    recorded_at: datetime
    effective_at: datetime
    plan: str
    back: bool = False
    break_glass: str | None = None
    approvals: tuple[Consent, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StageDetail:
    """A stage of a model.

    Attributes:
        back, break_glass, findings: Of the promotion that holds.
        approvals: Those that count for it.
        history: The latest first.
        waiting: What waits to take the stage, of what is asked about now.
    """

    id: str
    row: StageRow
    policy: str | None
    plan: str | None
    back: bool
    break_glass: str | None
    findings: tuple[Finding, ...]
    approvals: tuple[Consent, ...]
    history: tuple[Tenure, ...]
    waiting: Waiting | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDetail:
    """A run, and the versions that were registered from it."""

    run: Run
    merged: bool
    versions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDetail:
    """An event. ``standing``: of an approval, whether it is of whom it says it is."""

    event: Event
    what: str
    merged: bool
    standing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionDetail:
    """A decision is not in git. ``segments``: those whose span of ids holds its own, one or none where all is well."""

    id: str
    made_at: datetime
    segments: tuple[SegmentRow, ...]


Detail = ModelDetail | VersionDetail | StageDetail | RunDetail | EventDetail | FeatureDetail | DecisionDetail


def detail(holdings: Holdings, reference: Reference) -> Detail:
    """Return all that is on record about one thing.

    Raises:
        NotFoundError: It is not there, or was not yet at the moment asked about.
        InvalidRecordError: Its own record cannot be read.
    """
    match reference.kind:
        case "model":
            return _model(holdings, reference.owner)
        case "version":
            return _version(holdings, reference)
        case "stage":
            return _stage(holdings, reference)
        case "run":
            return _run(holdings, reference.name)
        case "event":
            return _event(holdings, reference.name)
        case "feature":
            from actum.catalogue.features import feature_detail  # loads what expressions mean

            return feature_detail(holdings, reference)
        case _:
            return _decision(holdings, reference)


def _model(holdings: Holdings, model: str) -> ModelDetail:
    card = holdings.card(model)
    events = holdings.event_lines(model)
    note_disagreements(holdings, model, events)
    return ModelDetail(
        card=card,
        merged=holdings.is_merged(layout.card(model)),
        applications=tuple(app for app in holdings.truth.settings().applications if app.name in card.applications),
        stages=stage_rows(holdings, model),
        versions=version_rows(holdings, model),
        events=len(events),
        last=tuple(of_event(holdings, holdings.whole(line)) for line in events[:_LAST_EVENTS]),
    )


def _version(holdings: Holdings, reference: Reference) -> VersionDetail:
    model, number = reference.owner, reference.name
    known = [line.version for line in holdings.versions(model)]
    version = holdings.version(model, number) if number in known else None
    if version is None:
        _require_readable(holdings, layout.version(model, number))
        guess = near(number, known)
        raise NotFoundError(f"there is no {reference}{_then(holdings)}{guess}", hint=f"actum ls versions {model}")
    events = holdings.events(model)
    moved = (e for e in events if e.promotion and number in (e.promotion.version, e.promotion.replaces))
    return VersionDetail(
        row=next(row for row in version_rows(holdings, model) if row.version == number),
        version=version,
        attestations=tuple(
            _rebuilt(holdings, e, e.attestation) for e in events if _attests(e, number) and e.attestation
        ),
        moves=tuple(of_event(holdings, event) for event in moved),
    )


def _attests(event: Event, number: str) -> bool:
    return event.attestation is not None and event.attestation.version == number


def _rebuilt(holdings: Holdings, event: Event, attestation: Attestation) -> Rebuilt:
    return Rebuilt(
        event=event.id,
        level=attestation.level,
        recorded_at=event.recorded_at,
        by=event.by,
        expires_at=attestation.expires_at,
        expired=attestation.expires_at <= holdings.now,
        overridden=tuple(attestation.overrides),
    )


def _stage(holdings: Holdings, reference: Reference) -> StageDetail:
    row = stage_row(holdings, reference.owner, reference.name)
    _require_readable(holdings, layout.stage(reference.owner, reference.name))
    held = holdings.standing(reference.owner, reference.name)
    note_disagreements(holdings, reference.owner, holdings.event_lines(reference.owner), reference.name)
    return StageDetail(
        id=str(reference),
        row=row,
        policy=held.promotion.policy if held else None,
        plan=held.promotion.plan if held else None,
        back=held is not None and held.promotion.back,
        break_glass=held.promotion.break_glass if held else None,
        findings=held.promotion.findings if held else (),
        approvals=_approvals(holdings, held) if held else (),
        history=_history(holdings, reference),
    )


def _approvals(holdings: Holdings, held: Standing) -> tuple[Consent, ...]:
    from actum.catalogue.consents import consents_to  # loads what verifies signatures

    try:
        return consents_to(holdings, held)
    except UserError as error:
        holdings.note(event_path(held.event), error)
        return ()


def _history(holdings: Holdings, reference: Reference) -> tuple[Tenure, ...]:
    moves = [e for e in holdings.events(reference.owner) if e.promotion and e.promotion.stage == reference.name]
    moves = [event for event in moves if holdings.is_merged(event_path(event))]
    ends = [None, *(event.effective_at for event in moves)]
    return tuple(
        Tenure(
            version=event.promotion.version,
            since=event.effective_at,
            recorded_at=event.recorded_at,
            by=event.by,
            event=event.id,
            until=end,
        )
        for event, end in zip(moves, ends, strict=False)
        if event.promotion
    )


def _run(holdings: Holdings, ulid: str) -> RunDetail:
    run = holdings.run(ulid)
    if run is None or (holdings.moment and run.started_at > holdings.moment):
        raise NotFoundError(f"there is no run/{ulid}{_then(holdings)}", hint="actum ls runs")
    made = (version for model in holdings.models() for version in holdings.versions(model) if version.run == ulid)
    ids = tuple(str(Reference("version", version.model, version.version)) for version in made)
    return RunDetail(run=run, merged=ulid in holdings.merged_runs(), versions=ids)


def _event(holdings: Holdings, ulid: str) -> EventDetail:
    event = holdings.event(ulid)
    if event is None or (holdings.moment and event.effective_at > holdings.moment):
        raise NotFoundError(f"there is no event/{ulid}{_then(holdings)}", hint="actum ls events")
    told = of_event(holdings, event)
    return EventDetail(event=event, what=told.what, merged=told.merged, standing=_standing(holdings, event))


def _standing(holdings: Holdings, event: Event) -> str | None:
    if event.approval is None:
        return None
    from actum.catalogue.consents import standing_of

    return next(said for _, said in standing_of(holdings, [event]))


def _decision(holdings: Holdings, reference: Reference) -> Detail:
    model, ulid = reference.owner, reference.name
    if ulid in segments_of(holdings, model):
        seal = next(event for event in holdings.events(model) if event.seal and event.seal.segment == ulid)
        return _event(holdings, seal.id)
    # Scoring takes the segment's id first, then one for each decision, the seal's last; none ever goes back.
    made = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=names.ulid_ms(ulid))
    segments = [row for row in segment_rows(holdings, model) if row.segment < ulid < row.event]
    return DecisionDetail(id=str(reference), made_at=made, segments=tuple(segments))


def _require_readable(holdings: Holdings, path: str) -> None:
    if error := (holdings.truth.skipped or {}).get(path):
        raise error


def _then(holdings: Holdings) -> str:
    return f" on {holdings.moment:%Y-%m-%d}" if holdings.moment else ""
