"""The use case: assemble what is on record about one decision, and check all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actum import gates, layout, moments
from actum.errors import NotFoundError
from actum.explain.afterwards import Afterwards, afterwards
from actum.explain.locating import Located, Places, locate
from actum.explain.replaying import Replay, replay
from actum.explain.said import Check, subject
from actum.filing import read_record
from actum.progress import Teller
from actum.records.card import ModelCard
from actum.records.decision import Decision
from actum.records.event import Event
from actum.records.settings import Clock
from actum.records.version import ModelVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """One decision, and what is known of it. ``asked``: the business time for which it is explained."""

    located: Located
    card: ModelCard
    subject: str
    clock: Clock
    asked: datetime
    replay: Replay
    promotion: Event | None
    promoted: Check
    attestation: Event | None
    model: Check
    record: Check
    rule: Check
    afterwards: Afterwards
    notes: tuple[str, ...] = ()

    @property
    def decision(self) -> Decision:
        return self.located.decision

    @property
    def problems(self) -> tuple[str, ...]:
        """What contradicts the record; none of it may be overlooked."""
        checks = (self.replay.check, self.promoted, self.model, self.record, self.rule)
        return tuple(check.said for check in checks if check.state == "failed")


def explain(
    model: str,
    prefix: str,
    places: Places,
    *,
    now: datetime,
    moment: datetime | None,
    allow_pickle: bool,
    tell: Teller,
) -> Explanation:
    """Explain a decision as it stands now, or as it stood at a business *moment*.

    ``allow_pickle``: leave to load a model that is no skops file, once its bytes are those on record.

    Raises:
        NotFoundError: There is no such decision, or it was not made yet.
        RefusedError: What was sealed is lost or destroyed.
    """
    tell.now("finding the decision and what was sealed")
    located = locate(model, prefix, places)
    decision, store = located.decision, places.stores[0]
    if moment is not None and decision.decided_at > moment:
        raise NotFoundError(
            f"{model}/{decision.id} was decided {moments.write(decision.decided_at)}, after {moment:%Y-%m-%d}",
            hint=f"actum why {model}/{decision.id}",
        )
    clock, asked = store.settings().clock, moment or now
    card, notes = _card(located, places)
    version = _version(decision, places)
    promotion, promoted = _promotion(decision, places)
    # Attestations carry the real clock: under a simulated one, a business date says nothing about them.
    attestation, attested = _model(decision, version, places, asked if clock == "real" else now)
    return Explanation(
        located=located,
        card=card,
        subject=subject(card, decision),
        clock=clock,
        asked=asked,
        replay=replay(located, card, version, places, allow_pickle=allow_pickle, tell=tell),
        promotion=promotion,
        promoted=promoted,
        attestation=attestation,
        model=attested,
        record=_record(located),
        rule=_rule(decision, card),
        afterwards=afterwards(decision, card, asked, places),
        notes=notes,
    )


def _card(located: Located, places: Places) -> tuple[ModelCard, tuple[str, ...]]:
    """Return the card whose rule decided; today's, and a note, where git no longer has that one."""
    store, blob, model = places.stores[0], located.segment.seal.card, located.decision.model
    data = store.repo.blobs([blob]).get(blob)
    if data is None:
        return store.card(model), (f"the card that decided ({blob[:10]}) is not in this clone: today's is shown",)
    card = read_record(layout.card(model), data)
    assert isinstance(card, ModelCard)
    return card, ()


def _version(decision: Decision, places: Places) -> ModelVersion | None:
    found = (store.version(decision.model, decision.version) for store in places.stores)
    return next((version for version in found if version), None)


def _promotion(decision: Decision, places: Places) -> tuple[Event | None, Check]:
    if decision.stage_event is None:
        return None, Check(state="absent", said="no: the version was named outright, under no stage")
    found = (store.event(decision.stage_event) for store in places.stores)
    event = next((event for event in found if event), None)
    if event is None or event.promotion is None:
        said = f"event/{decision.stage_event} is not on record"
        return None, Check(state="failed", said=said, hint="actum fsck")
    promotion = event.promotion
    when = f"{event.effective_at:%Y-%m-%d} by {event.by}"
    when += f" (recorded {event.recorded_at:%Y-%m-%d})" if event.recorded_at.date() != event.effective_at.date() else ""
    if (promotion.version, promotion.artifact) != (decision.version, decision.artifact):
        return event, Check(state="failed", said=f"{when}, but {promotion.version} and not {decision.version}")
    if event.effective_at > decision.decided_at:
        return event, Check(state="failed", said=f"{when}, after the decision was made")
    return event, Check(state="ok", said=when)


def _model(
    decision: Decision, version: ModelVersion | None, places: Places, at: datetime
) -> tuple[Event | None, Check]:
    """Return the latest attestation that holds: the version was rebuilt from git."""
    events = {event.id: event for store in places.stores for event in store.events(decision.model)}
    command = f"actum rebuild {decision.model}@v{decision.version}"
    for event in sorted(events.values(), key=lambda event: event.id, reverse=True):
        proof = event.attestation
        if proof is None or version is None or not gates.is_about(proof, version) or event.recorded_at > at:
            continue
        when = "today" if event.recorded_at.date() == at.date() else f"{event.recorded_at:%Y-%m-%d}"
        if proof.level == "different":
            return event, Check(state="failed", said=f"rebuilt from git {when}: DIFFERENT", hint=command)
        if proof.expires_at <= at:
            said = f"rebuilt from git: {proof.level}, {when}, which expired {proof.expires_at:%Y-%m-%d}"
            return event, Check(state="absent", said=said, hint=command)
        return event, Check(state="ok", said=f"rebuilt from git: {proof.level}, {when}")
    return None, Check(state="absent", said="not rebuilt yet", hint=command)


def _record(located: Located) -> Check:
    sealed = f"sealed {located.segment.seal.segment}"
    if located.problems:
        return Check(state="failed", said=f"{sealed}, but " + "; ".join(located.problems), hint="actum fsck")
    return Check(state="ok", said=f"{sealed}, inclusion proved")


def _rule(decision: Decision, card: ModelCard) -> Check:
    """The outcome must be what the card's rule makes of the score."""
    rule = card.decision
    sign = ">=" if decision.score >= decision.threshold else "<"
    said = f"{decision.score:.4f} {sign} {decision.threshold:g}"
    if rule is None:
        return Check(state="failed", said=f"{said}, but the card has no rule")
    if rule.threshold != decision.threshold:
        return Check(state="failed", said=f"{said}, but the card's threshold is {rule.threshold:g}")
    if rule.outcome(decision.score) != decision.outcome:
        return Check(state="failed", said=f"{said}, which makes {rule.outcome(decision.score)}, not {decision.outcome}")
    return Check(state="ok", said=said)
