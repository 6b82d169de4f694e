"""What happened, newest first: registrations, runs and events of every kind, each in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple

from actum import layout
from actum.catalogue.figures import headline, written
from actum.catalogue.holdings import Holdings, event_path
from actum.names import Reference
from actum.records.event import Approval, Attestation, Event, Promotion, Seal
from actum.records.forms import Person
from actum.records.lines import EventLine, VersionLine
from actum.records.run import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes:
        kind: ``registration``, ``run``, or the kind of the event.
        at: When it holds in the business. ``recorded_at``: the real clock.
        id: What ``actum show`` takes.
        what: One sentence, without the moment and the person.
        merged: Whether it is part of the truth, or only of what is checked out.
    """

    kind: str
    at: datetime
    recorded_at: datetime
    id: str
    by: Person
    what: str
    model: str | None = None
    merged: bool = True


def happenings(holdings: Holdings, about: Reference | None = None) -> Iterator[Happening]:
    """Yield what happened, the latest first: all of it, or what concerns one model, version, stage, run or event."""
    due = [*_registrations(holdings, about), *_events(holdings, about)]
    due.sort(key=_Due.order, reverse=True)
    # All are many, so they are read one by one, and only as far as somebody looks.
    found = (one.tell() for one in due)
    merged = holdings.merged_runs()
    metrics = tuple(metric for model in holdings.models() for metric in holdings.policy_metrics(model))
    return _merged(found, (_of_run(run, metrics, merged=run.id in merged) for run in _runs(holdings, about)))


class _Due(NamedTuple):
    """What happened, by its line: ``tell`` reads it whole."""

    at: datetime
    recorded_at: datetime
    id: str
    tell: Callable[[], Happening]

    def order(self) -> tuple[datetime, datetime, str]:
        return self.at, self.recorded_at, self.id


def of_event(holdings: Holdings, event: Event) -> Happening:
    return Happening(
        kind=event.kind,
        at=event.effective_at,
        recorded_at=event.recorded_at,
        id=f"event/{event.id}",
        by=event.by,
        what=f"{event.model} {sentence(event)}",
        model=event.model,
        merged=holdings.is_merged(event_path(event)),
    )


def sentence(event: Event) -> str:
    """Say what an event did, beginning with the version."""
    body = event.promotion or event.attestation or event.seal or event.approval
    match body:
        case Promotion():
            return f"{body.version} -> {body.stage}" + (f", replaces {body.replaces}" if body.replaces else "")
        case Attestation(level="different"):
            where = f" from stage {body.first_difference} on" if body.first_difference else ""
            return f"{body.version} rebuilt: different{where}"
        case Attestation():
            return f"{body.version} rebuilt: {body.level}, until {body.expires_at:%Y-%m-%d}"
        case Seal():
            return f"{body.version} made {body.rows:,} decisions"
        case Approval(withdrawn=True):
            return f"{body.version} -> {body.stage}: {body.principal} takes the approval back"
        case Approval():
            how = f"in a review as {body.review.login}" if body.review else "signed"
            return f"{body.version} -> {body.stage} approved by {body.principal}, {how}"
        case _:
            return event.kind


def newest(holdings: Holdings, about: Reference | None, limit: int) -> tuple[Happening, ...]:
    """Return at most *limit* happenings; 0 for all. Of approvals it is said whether they are what they say they are."""
    found = tuple(islice(happenings(holdings, about), limit or None))
    asked = {one.id: holdings.event(one.id.removeprefix("event/")) for one in found if one.kind == "approval"}
    said = _standing(holdings, [event for event in asked.values() if event])
    return tuple(replace(one, what=f"{one.what}, {said[one.id]}") if one.id in said else one for one in found)


def _standing(holdings: Holdings, approvals: list[Event]) -> dict[str, str]:
    if not approvals:
        return {}
    from actum.catalogue.consents import standing_of  # loads what verifies signatures

    return {f"event/{event.id}": words for event, words in standing_of(holdings, approvals)}


def _order(happening: Happening) -> tuple[datetime, datetime, str]:
    return happening.at, happening.recorded_at, happening.id


def _merged(found: Iterable[Happening], runs: Iterable[Happening]) -> Iterator[Happening]:
    waiting = iter(runs)
    run = next(waiting, None)
    for happening in found:
        while run and _order(run) > _order(happening):
            yield run
            run = next(waiting, None)
        yield happening
    if run:
        yield run
    yield from waiting


def _events(holdings: Holdings, about: Reference | None) -> Iterator[_Due]:
    if about and about.kind in ("event", "run"):
        event = holdings.event(about.name)
        found = [EventLine.of(event)] if event else []
    else:
        models = (about.owner,) if about else holdings.models()
        lines = (line for model in models for line in holdings.event_lines(model))
        found = [line for line in lines if about is None or _concerns(line, about)]
    for line in found:
        tell = partial(_of_line, holdings, line)
        yield _Due(line.effective_at, line.recorded_at, f"event/{line.id}", tell)


def _of_line(holdings: Holdings, line: EventLine) -> Happening:
    return of_event(holdings, holdings.whole(line))


def _concerns(line: EventLine, about: Reference) -> bool:
    if about.kind == "version":
        return about.name in (line.version, line.replaces)
    return about.kind != "stage" or about.name == line.stage


def _registrations(holdings: Holdings, about: Reference | None) -> Iterator[_Due]:
    if about and about.kind in ("stage", "event"):
        return
    models = holdings.models() if about is None or about.kind == "run" else (about.owner,)
    for line in (line for model in models for line in holdings.versions(model)):
        if about is None or _is_of(line, about):
            tell = partial(_of_version, holdings, line)
            yield _Due(line.registered_at, line.registered_at, str(_id(line)), tell)


def _is_of(version: VersionLine, about: Reference) -> bool:
    wanted = {"version": version.version, "run": version.run}.get(about.kind)
    return wanted in (None, about.name)


def _id(version: VersionLine) -> Reference:
    return Reference("version", version.model, version.version)


def _of_version(holdings: Holdings, version: VersionLine) -> Happening:
    figure = _figure(version.metrics, holdings.policy_metrics(version.model))
    return Happening(
        kind="registration",
        at=version.registered_at,
        recorded_at=version.registered_at,
        id=str(_id(version)),
        by=version.registered_by,
        what=f"{version.model} {version.version} registered{figure}",
        model=version.model,
        merged=holdings.is_merged(layout.version(version.model, version.version)),
    )


def _runs(holdings: Holdings, about: Reference | None) -> Iterator[Run]:
    if about is None:
        return holdings.runs()
    if about.kind == "model":
        card = holdings.readable_card(about.owner)
        return (run for run in holdings.runs() if card and run.pipeline == card.pipeline)
    ulids = {"run": [about.name], "version": [v.run for v in holdings.versions(about.owner) if _is_of(v, about)]}
    found = (holdings.run(ulid) for ulid in ulids.get(about.kind, []))
    return (run for run in found if run is not None)


def _of_run(run: Run, metrics: tuple[str, ...], *, merged: bool) -> Happening:
    figure = _figure(run.metrics, metrics)
    state = ", work tree dirty" if run.dirty else ""
    return Happening(
        kind="run",
        at=run.started_at,
        recorded_at=run.started_at,
        id=f"run/{run.id}",
        by=run.by,
        what=f"run: {len(run.executed())} of {len(run.stages)} stages{figure}{state}",
        merged=merged,
    )


def _figure(metrics: Mapping[str, object], first: tuple[str, ...]) -> str:
    return "".join(f", {name} {written(value)}" for name, value in headline(metrics, 1, first).items())
