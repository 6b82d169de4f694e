"""Is each pointer that moves a promotion that the base itself would allow, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from actum import gates, layout
from actum.errors import InvalidRecordError, UserError
from actum.promotion.findings import Objection, block, warn
from actum.promotion.lenient import promotion_event, version_of
from actum.promotion.plan import MOST_AHEAD, digest_of, judged, of_people
from actum.promotion.remote import DVC_CONFIG
from actum.promotion.remote import GATE as REMOTE
from actum.promotion.scope import Scope
from actum.promotion.unchanged import not_as_registered
from actum.records.card import ModelCard
from actum.records.event import Event, Finding, Promotion
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.store import Store

# A promotion that is merged later than this after it took effect leaves days on which the records say otherwise.
LATE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What judges: the base's card and settings, evidence, the clock, and who reads remotes."""

    scope: Scope
    evidence: Store | None
    now: datetime
    objects: Callable[[ModelVersion], Finding]


@dataclass(frozen=True, kw_only=True)
class Move:
    """One pointer that moved, with its event. ``card`` and ``settings`` are those of the base."""

    path: str
    pointer: StagePointer
    event: Event
    promotion: Promotion
    card: ModelCard
    settings: Settings
    before: StagePointer | None


def move_objections(bench: Bench) -> Iterator[Objection]:
    """Yield what stands against the pointers that moved, and the promotions that no pointer followed."""
    scope = bench.scope
    moved = [path for path in sorted(scope.changed) if layout.kind_of(path) == "stage"]
    for path in moved:
        if path not in scope.head.tree:
            yield block("pointer-removed", path, "was removed", f"git checkout {scope.before.commit[:10]} -- '{path}'")
        else:
            yield from _pointer(bench, path)
    yield from _alone(scope)


def standing_objections(scope: Scope) -> Iterator[Objection]:
    """Yield pointers of the whole registry that disagree with their event or version, and promotions of nobody's."""
    for path in scope.head.paths("stage"):
        model, stage = layout.names_in(path)
        pointer = scope.head.pointers(model).get(stage)
        if pointer is None:
            continue  # malformed: said already
        event = promotion_event(scope.head, model, pointer.event)
        yield from _agreement(path, pointer, event)
        yield from _version(scope.head, path, pointer)
    for model in scope.head.models():
        yield from _forgotten(scope.head, model)


def _forgotten(store: Store, model: str) -> Iterator[Objection]:
    """Follow each pointer back through what it superseded: a promotion beside these rewrites what stood when."""
    left = {event.id: event for event in store.events(model) if event.promotion}
    unknown: set[str] = set()  # stages whose line is broken: what came before the gap, nobody can tell
    for stage, pointer in store.pointers(model).items():
        before: str = ""
        ulid: str | None = pointer.event
        while ulid is not None and (event := left.pop(ulid, None)) is not None:
            assert event.promotion is not None
            before, ulid = layout.event(model, event.id, event.kind), event.promotion.supersedes
        if ulid is not None:
            unknown.add(stage)
        if ulid is not None and before:  # of the pointer's own event it is said elsewhere
            yield block("pointer-event", before, f"supersedes: {ulid} is not on record before it", "actum fsck")
    for event in sorted(left.values(), key=lambda event: event.id):
        path = layout.event(model, event.id, event.kind)
        if event.promotion is not None and event.promotion.stage not in unknown:
            because = "no pointer names it, nor does what followed it"
            yield block("promotion-alone", path, because, f"git log -- '{path}'")


def _pointer(bench: Bench, path: str) -> Iterator[Objection]:
    scope = bench.scope
    model, stage = layout.names_in(path)
    pointer = scope.head.pointers(model).get(stage)
    if pointer is None:
        return  # malformed: said already
    event = promotion_event(scope.head, model, pointer.event)
    yield from _agreement(path, pointer, event)
    if event is None or event.promotion is None:
        return
    if scope.changed.get(layout.event(model, event.id, event.kind)) != "A":
        yield block("pointer-event", path, f"event {event.id} is not new: a promotion is used once", _again(pointer))
    try:
        card, settings = scope.base.card(model), scope.base.settings()
    except UserError as error:
        yield block("settings-invalid", layout.card(model), f"cannot be read on {scope.base_name}: {error}")
        return
    before = scope.base.pointers(model).get(stage)
    move = Move(
        path=path, pointer=pointer, event=event, promotion=event.promotion, card=card, settings=settings, before=before
    )
    yield from _judged(bench, move)


def _agreement(path: str, pointer: StagePointer, event: Event | None) -> Iterator[Objection]:
    if event is None or event.promotion is None:
        where = layout.event(pointer.model, pointer.event, "promotion")
        yield block(
            "pointer-event",
            path,
            f"event: {where} is not there, or is no promotion of {pointer.model}",
            _again(pointer),
        )
        return
    for name in ("stage", "version", "artifact", "supersedes"):
        told, says = getattr(pointer, name), getattr(event.promotion, name)
        if told != says:
            because = f"{name}: is {_shown(told)}, event {event.id} says {_shown(says)}"
            yield block("pointer-event", path, because, _again(pointer))


def _judged(bench: Bench, move: Move) -> Iterator[Objection]:
    scope, pointer = bench.scope, move.pointer
    held = move.before.event if move.before else None
    if pointer.supersedes != held:
        because = f"supersedes: is {_shown(pointer.supersedes)}, on {scope.base_name} stands {_shown(held)}"
        yield block("pointer-moved", move.path, because, _again(pointer))
    replaces = move.before.version if move.before else None
    if move.promotion.replaces != replaces:
        because = f"replaces: is {_shown(move.promotion.replaces)}, on {scope.base_name} stands {_shown(replaces)}"
        yield block("pointer-moved", move.path, because, _again(pointer))
    if pointer.stage not in move.settings.stages:
        stages = ", ".join(move.settings.stages)
        yield block("promotion-gate", move.path, f"stage: {pointer.stage} is none of {stages} ({layout.SETTINGS})")
    for finding in of_people(move.card, move.settings):
        yield block("promotion-gate", move.path, f"{finding.gate}: {finding.because}")
    yield from _times(bench, move)
    yield from _version(scope.base, move.path, pointer)
    candidate = version_of(scope.base, pointer.model, pointer.version)
    if candidate is not None:
        if move.event.recorded_at < candidate.registered_at:
            because = (
                f"recorded_at: is before {candidate.registered_at:%Y-%m-%d %H:%M}, when the version was registered"
            )
            yield block("promotion-time", layout.event(pointer.model, pointer.event, "promotion"), because)
        for message in not_as_registered(scope.base, candidate):
            path = layout.version(candidate.model, candidate.version)
            yield block("version-run", path, f"{message}, on {scope.base_name}", "actum fsck")
        yield from _gates(bench, move, candidate)
        yield from _remote(bench, move, candidate)


def _version(store: Store, path: str, pointer: StagePointer) -> Iterator[Objection]:
    where = layout.version(pointer.model, pointer.version)
    version = version_of(store, pointer.model, pointer.version)
    if version is None:
        hint = f"actum ls versions {pointer.model}"
        yield block("pointer-version", path, f"version: {where} is not on {store.commit[:10]}, or malformed", hint)
    elif version.artifact.sha256 != pointer.artifact:
        because = f"artifact: is {_shown(pointer.artifact)}, {where} says {_shown(version.artifact.sha256)}"
        yield block("pointer-version", path, because, _again(pointer))


def _times(bench: Bench, move: Move) -> Iterator[Objection]:
    event, path = move.event, layout.event(move.event.model, move.event.id, move.event.kind)
    if event.clock != move.settings.clock:
        yield block("promotion-time", path, f"clock: is {event.clock}, {layout.SETTINGS} says {move.settings.clock}")
    if event.recorded_at > bench.now + gates.CLOCKS_MAY_DIFFER_BY:
        yield block("promotion-time", path, f"recorded_at: {event.recorded_at:%Y-%m-%d %H:%M} is yet to come")
    yield from _effective(bench, move, path)
    before = promotion_event(bench.scope.base, event.model, move.before.event) if move.before else None
    if before is not None and event.effective_at < before.effective_at:
        because = (
            f"effective_at: is before {before.effective_at:%Y-%m-%d %H:%M}, when the promotion it replaces took effect"
        )
        yield block("promotion-time", path, because, _again(move.pointer))


def _effective(bench: Bench, move: Move, path: str) -> Iterator[Objection]:
    event, at = move.event, f"effective_at: {move.event.effective_at:%Y-%m-%d %H:%M}"
    if event.effective_at - event.recorded_at > MOST_AHEAD:
        yield block("promotion-time", path, f"{at} is more than {MOST_AHEAD.days} days ahead", _again(move.pointer))
    if move.settings.clock != "real":
        return
    late = bench.now - event.effective_at
    if event.effective_at < event.recorded_at:
        yield block("promotion-time", path, f"{at} was past when it was recorded", _again(move.pointer))
    elif late > LATE:
        because = f"{at} is {late.days} days past, and it did not stand then"
        yield warn("promotion-time", path, because, _again(move.pointer))


def _gates(bench: Bench, move: Move, candidate: ModelVersion) -> Iterator[Objection]:
    base, promotion = bench.scope.base, move.promotion
    path = layout.event(move.event.model, move.event.id, move.event.kind)
    policy = move.card.policy
    digest = digest_of(base, candidate.model, promotion.stage, candidate.version, move.before, policy)
    if promotion.plan != digest or promotion.policy != policy:
        because = f"plan: is {_shown(promotion.plan)}, {bench.scope.base_name} gives {_shown(digest)}"
        yield block("promotion-plan", path, because, _again(move.pointer))
    try:
        findings = judged(base, move.card, candidate, promotion.stage, evidence=bench.evidence, now=bench.now)
    except InvalidRecordError as error:
        yield block(
            "settings-invalid", layout.policy(policy or ""), f"cannot be read on {bench.scope.base_name}: {error}"
        )
        return
    for finding in findings:
        if gates.is_closed(finding):
            yield block("promotion-gate", path, f"{finding.gate}: {finding.outcome}, {finding.because}")
        elif finding.outcome == "warned":
            yield warn("promotion-gate", path, f"{finding.gate}: {finding.because}")
    yield from _claims(path, promotion.findings, findings)


def _claims(path: str, claimed: tuple[Finding, ...], found: tuple[Finding, ...]) -> Iterator[Objection]:
    """What a reviewer reads in the event must be what the base says; attestations may have come since."""
    told, says = _of_metrics(claimed), _of_metrics(found)
    for finding in sorted(told | says, key=lambda one: (one.gate, one.because)):
        if finding not in says:
            because = (
                f"{finding.gate}: the event says {finding.outcome}, {finding.because}; the policy on the base does not"
            )
            yield block("promotion-evidence", path, because)
        elif finding not in told:
            because = (
                f"{finding.gate}: the policy on the base says {finding.outcome}, {finding.because}; the event does not"
            )
            yield block("promotion-evidence", path, because)


def _of_metrics(findings: tuple[Finding, ...]) -> frozenset[Finding]:
    return frozenset(finding for finding in findings if finding.gate not in (gates.REBUILD, REMOTE))


def _remote(bench: Bench, move: Move, candidate: ModelVersion) -> Iterator[Objection]:
    if DVC_CONFIG in bench.scope.changed:
        because = (
            "the remote is changed beside a promotion, which the base's remote judges: do it in a change of its own"
        )
        yield block("promotion-remote", DVC_CONFIG, because)
    finding = bench.objects(candidate)
    if gates.is_closed(finding):
        yield block("promotion-remote", move.path, f"artifact: {finding.because}", "dvc push")
    elif finding.outcome == "warned":
        yield warn("promotion-remote", move.path, f"artifact: {finding.because}")


def _alone(scope: Scope) -> Iterator[Objection]:
    """A promotion that no pointer followed would still rewrite what stood where on a date."""
    named = {pointer.event for model in scope.head.models() for pointer in scope.head.pointers(model).values()}
    for path, letter in sorted(scope.changed.items()):
        names = layout.names_in(path) if layout.kind_of(path) == "event" else ()
        if letter == "A" and names and names[2] == "promotion" and names[1] not in named:
            yield block("promotion-alone", path, "no pointer names it", f"git rm '{path}'")


def _again(pointer: StagePointer) -> str:
    return f"actum promote {pointer.model}@v{pointer.version} --to {pointer.stage}"


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value[:15] if value.startswith("sha256:") else value
