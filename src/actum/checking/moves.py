"""Is each pointer that moves a promotion that the base itself would allow, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from actum import layout, moments
from actum.checking.bench import Bench, Move
from actum.checking.findings import Objection, block, warn
from actum.checking.places import line_of
from actum.checking.weighing import Dossier, weigh
from actum.errors import UserError
from actum.planning.lenient import imported_of, promotion_event, version_of
from actum.planning.plan import MOST_AHEAD, of_people
from actum.planning.scope import Scope
from actum.planning.unchanged import not_as_registered
from actum.records.event import Event
from actum.records.stage import StagePointer
from actum.store import Store

# A promotion that is merged later than this after it took effect leaves days on which the records say otherwise.
LATE = timedelta(days=1)


def move_objections(bench: Bench, dossiers: list[Dossier]) -> Iterator[Objection]:
    """Yield what stands against the pointers that moved, and the promotions that no pointer followed.

    Args:
        dossiers: To it is added what was judged of each.
    """
    scope = bench.scope
    moved = [path for path in sorted(scope.changed) if layout.kind_of(path) == "stage"]
    for path in moved:
        if path not in scope.head.tree:
            yield block("pointer-removed", path, "was removed", f"git checkout {scope.before.commit[:10]} -- '{path}'")
        else:
            yield from _pointer(bench, path, dossiers)
    yield from _alone(scope)


def standing_objections(scope: Scope) -> Iterator[Objection]:
    """Yield pointers of the whole registry that disagree with their event or version, and promotions of nobody's."""
    for path in scope.head.paths("stage"):
        model, stage = layout.names_in(path)
        pointer = scope.head.pointers(model).get(stage)
        if pointer is None:
            continue  # malformed: said already
        event = promotion_event(scope.head, model, pointer.event)
        yield from _agreement(scope, path, pointer, event)
        yield from _version(scope, path, pointer)
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
            line = line_of(store, before, "promotion", "supersedes")
            because = f"supersedes: {ulid} is not on record before it"
            yield block("pointer-event", before, because, "actum fsck", line=line)
    for ulid in (event.withdrawal.supersedes for event in store.events(model) if event.withdrawal):
        while ulid is not None and (event := left.pop(ulid, None)) is not None:
            ulid = event.promotion.supersedes if event.promotion else None
    for event in sorted(left.values(), key=lambda event: event.id):
        path = layout.event(model, event.id, event.kind)
        if event.promotion is not None and event.promotion.stage not in unknown:
            because = "no pointer names it, nor does what followed it"
            yield block("promotion-alone", path, because, f"git log -- '{path}'")


def _pointer(bench: Bench, path: str, dossiers: list[Dossier]) -> Iterator[Objection]:
    scope = bench.scope
    model, stage = layout.names_in(path)
    pointer = scope.head.pointers(model).get(stage)
    if pointer is None:
        return  # malformed: said already
    event = promotion_event(scope.head, model, pointer.event)
    yield from _agreement(scope, path, pointer, event)
    if event is None or event.promotion is None:
        return
    if scope.changed.get(layout.event(model, event.id, event.kind)) != "A":
        because = f"event {event.id} is not new: a promotion is used once"
        yield block("pointer-event", path, because, _again(pointer), line=bench.line(path, "event"))
    try:
        card, settings = scope.base.card(model), scope.base.settings()
    except UserError as error:
        yield block("settings-invalid", layout.card(model), f"cannot be read on {scope.base_name}: {error}")
        return
    before = scope.base.pointers(model).get(stage)
    move = Move(
        path=path, pointer=pointer, event=event, promotion=event.promotion, card=card, settings=settings, before=before
    )
    yield from _judged(bench, move, dossiers)


def _agreement(scope: Scope, path: str, pointer: StagePointer, event: Event | None) -> Iterator[Objection]:
    if event is None or event.promotion is None:
        where = layout.event(pointer.model, pointer.event, "promotion")
        because = f"event: {where} is not there, or is no promotion of {pointer.model}"
        yield block("pointer-event", path, because, _again(pointer), line=line_of(scope.head, path, "event"))
        return
    for name in ("stage", "version", "artifact", "supersedes"):
        told, says = getattr(pointer, name), getattr(event.promotion, name)
        if told != says:
            because = f"{name}: is {_shown(told)}, event {event.id} says {_shown(says)}"
            yield block("pointer-event", path, because, _again(pointer), line=line_of(scope.head, path, name))


def _judged(bench: Bench, move: Move, dossiers: list[Dossier]) -> Iterator[Objection]:
    scope, pointer = bench.scope, move.pointer
    held, line = move.before.event if move.before else None, bench.line(move.path, "supersedes")
    if pointer.supersedes != held:
        because = f"supersedes: is {_shown(pointer.supersedes)}, on {scope.base_name} stands {_shown(held)}"
        yield block("pointer-moved", move.path, because, _again(pointer), line=line)
    replaces = move.before.version if move.before else None
    if move.promotion.replaces != replaces:
        because = f"replaces: is {_shown(move.promotion.replaces)}, on {scope.base_name} stands {_shown(replaces)}"
        yield block("pointer-moved", move.path, because, _again(pointer), line=line)
    if pointer.stage not in move.settings.stages:
        stages = ", ".join(move.settings.stages)
        because = f"stage: {pointer.stage} is none of {stages} ({layout.SETTINGS})"
        yield block("promotion-gate", move.path, because, line=bench.line(move.path, "stage"))
    for finding in of_people(move.card, move.settings):
        yield block("promotion-gate", move.path, f"{finding.gate}: {finding.because}")
    yield from _times(bench, move)
    yield from _version(scope, move.path, pointer)
    candidate = version_of(scope.base, pointer.model, pointer.version)
    if candidate is not None:
        if move.event.recorded_at < candidate.registered_at:
            because = (
                f"recorded_at: is before {candidate.registered_at:%Y-%m-%d %H:%M}, when the version was registered"
            )
            line = bench.line(move.event_path, "recorded_at")
            yield block("promotion-time", move.event_path, because, line=line)
        for message in not_as_registered(scope.base, candidate):
            path = layout.version(candidate.model, candidate.version)
            yield block("version-run", path, f"{message}, on {scope.base_name}", "actum fsck")
        dossiers.append(weigh(bench, move, candidate))
        yield from dossiers[-1].objections


def _version(scope: Scope, path: str, pointer: StagePointer) -> Iterator[Objection]:
    """Hold a pointer against its version as the base has it; of the whole trunk base and head are one."""
    store, head = scope.head if scope.whole else scope.base, scope.head
    where = layout.version(pointer.model, pointer.version)
    version = version_of(store, pointer.model, pointer.version)
    if version is None and scope.whole and _was_taken_over(store, pointer):
        return
    if version is None:
        hint = f"actum ls versions {pointer.model}"
        because = f"version: {where} is not on {store.commit[:10]}, or malformed"
        yield block("pointer-version", path, because, hint, line=line_of(head, path, "version"))
    elif version.artifact.sha256 != pointer.artifact:
        because = f"artifact: is {_shown(pointer.artifact)}, {where} says {_shown(version.artifact.sha256)}"
        yield block("pointer-version", path, because, _again(pointer), line=line_of(head, path, "artifact"))


def _was_taken_over(store: Store, pointer: StagePointer) -> bool:
    """Whether a pointer is of a version that another registry gave, and says no more of its bytes than that."""
    taken = imported_of(store, pointer.model, pointer.version)
    return taken is not None and (taken.artifact.sha256 if taken.artifact else None) == pointer.artifact


def _times(bench: Bench, move: Move) -> Iterator[Objection]:
    event, path = move.event, move.event_path
    if event.clock != move.settings.clock:
        because = f"clock: is {event.clock}, {layout.SETTINGS} says {move.settings.clock}"
        yield block("promotion-time", path, because, line=bench.line(path, "clock"))
    if event.recorded_at > bench.now + moments.CLOCKS_MAY_DIFFER_BY:
        because = f"recorded_at: {event.recorded_at:%Y-%m-%d %H:%M} is yet to come"
        yield block("promotion-time", path, because, line=bench.line(path, "recorded_at"))
    yield from _effective(bench, move, path)
    before = promotion_event(bench.scope.base, event.model, move.before.event) if move.before else None
    if before is not None and event.effective_at < before.effective_at:
        because = (
            f"effective_at: is before {before.effective_at:%Y-%m-%d %H:%M}, when the promotion it replaces took effect"
        )
        line = bench.line(path, "effective_at")
        yield block("promotion-time", path, because, _again(move.pointer), line=line)


def _effective(bench: Bench, move: Move, path: str) -> Iterator[Objection]:
    event, at = move.event, f"effective_at: {move.event.effective_at:%Y-%m-%d %H:%M}"
    line, again = bench.line(path, "effective_at"), _again(move.pointer)
    if event.effective_at - event.recorded_at > MOST_AHEAD:
        because = f"{at} is more than {MOST_AHEAD.days} days ahead"
        yield block("promotion-time", path, because, again, line=line)
    if move.settings.clock != "real":
        return
    late = bench.now - event.effective_at
    if event.effective_at < event.recorded_at:
        yield block("promotion-time", path, f"{at} was past when it was recorded", again, line=line)
    elif late > LATE:
        because = f"{at} is {late.days} days past, and it did not stand then"
        yield warn("promotion-time", path, because, again, line=line)


def _alone(scope: Scope) -> Iterator[Objection]:
    """A promotion that no pointer followed, or a withdrawal, would still rewrite what stood where on a date."""
    named = {pointer.event for model in scope.head.models() for pointer in scope.head.pointers(model).values()}
    for path, letter in sorted(scope.changed.items()):
        names = layout.names_in(path) if layout.kind_of(path) == "event" else ()
        if letter == "A" and names and names[2] == "promotion" and names[1] not in named:
            yield block("promotion-alone", path, "no pointer names it", f"git rm '{path}'")
        elif letter == "A" and names and names[2] == "withdrawal":
            because = "is taken over from another registry: no review can judge it"
            yield block("promotion-alone", path, because, f"git rm '{path}'")


def _again(pointer: StagePointer) -> str:
    return f"actum promote {pointer.model}@v{pointer.version} --to {pointer.stage}"


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value[:15] if value.startswith("sha256:") else value
