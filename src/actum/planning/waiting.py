"""A promotion that waits on its branch, as the records tell of it: nothing is judged, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from actum import layout
from actum.approvals.counting import Subject, authors_of, subject_of
from actum.approvals.judging import Tally, approvals_rule, tally
from actum.approvals.refs import all_approvals_of
from actum.catalogue.consents import consent
from actum.catalogue.details import Waiting
from actum.errors import NotFoundError, UserError
from actum.gates import is_closed
from actum.git import plumbing
from actum.planning.digest import Ground, Intent, named_moment
from actum.planning.lenient import promotion_event, run_of, version_of
from actum.records.event import Event, Promotion
from actum.records.policy import Approvals
from actum.records.version import ModelVersion
from actum.revisions import trunk_commit
from actum.store import Store


class NothingWaitsError(NotFoundError):
    """No promotion to that stage waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A promotion on its branch. ``head``: the branch's tip."""

    head: Store
    branch: str
    event: Event

    @property
    def promotion(self) -> Promotion:
        assert self.event.promotion is not None
        return self.event.promotion


def find_proposal(base: Store, model: str, stage: str) -> Proposal:
    """Return the promotion that waits on its branch, origin's branch where there is one.

    Raises:
        NothingWaitsError: There is no branch, or it moves nothing.
        UserError: Pointer and event of the branch do not agree.
    """
    branch = layout.promotion_branch(model, stage)
    tip = trunk_commit(base.repo, branch)  # of any branch: origin's, else the one here
    if tip is None:
        raise NothingWaitsError(
            f"no promotion of {model} to {stage} waits: there is no branch {branch}, neither here nor at origin",
            hint=f"git fetch origin, or {again(model, None, stage)}",
        )
    head = Store(base.repo, tip).tolerant()
    pointer, held = head.pointers(model).get(stage), base.pointers(model).get(stage)
    if pointer is not None and held is not None and pointer.event == held.event:
        raise NothingWaitsError(f"no promotion of {model} to {stage} waits: {branch} is merged", hint="actum log")
    event = promotion_event(head, model, pointer.event) if pointer else None
    promotion = event.promotion if event else None
    if pointer is None or event is None or promotion is None:
        hint = f"actum check --head {branch}"
        raise NothingWaitsError(f"{branch} holds no promotion of {model} to {stage}", hint=hint)
    if (promotion.stage, promotion.version, promotion.artifact) != (stage, pointer.version, pointer.artifact):
        raise UserError(f"{branch}: the pointer and event {event.id} do not agree", hint=f"actum check --head {branch}")
    return Proposal(head=head, branch=branch, event=event)


def waiting_at(base: Store, model: str, stage: str, *, now: datetime) -> Waiting | None:
    """Return what waits to take a stage and what it lacks, as far as records tell; None where nothing waits.

    Raises:
        UserError: The branch, or a record of the base that decides about it, is malformed.
    """
    try:
        proposal = find_proposal(base, model, stage)
    except NothingWaitsError:
        return None
    event, promotion, card = proposal.event, proposal.promotion, base.card(model)
    candidate = version_of(base, model, promotion.version)
    held = base.pointers(model).get(stage)
    named = named_moment(event)
    ground = Ground(base=base, card=card, stage=stage, version=promotion.version, pointer=held, named=named)
    counted = Tally(weighed=(), findings=())
    if candidate is not None:
        subject = promotion_subject(base, proposal.head, candidate, event)
        counted = tally_of(base, proposal.head, approvals_rule(base, card), subject, now=now)
    return Waiting(
        branch=proposal.branch,
        version=promotion.version,
        event=event.id,
        by=event.by,
        recorded_at=event.recorded_at,
        effective_at=event.effective_at,
        plan=promotion.planned,
        back=promotion.back,
        break_glass=promotion.break_glass,
        approvals=tuple(map(consent, counted.weighed)),
        lacks=tuple(_lacking(ground, promotion, candidate, counted)),
    )


def promotion_subject(base: Store, head: Store, candidate: ModelVersion, event: Event) -> Subject:
    """Return what approvals of a promotion must be about, and by whom not: nobody approves what they made.

    Authors are who registered and trained the version, whom the promotion names, and who git says changed it.
    """
    promotion = event.promotion
    assert promotion is not None
    paths = layout.stage(event.model, promotion.stage), layout.event(event.model, event.id, event.kind)
    span = f"{base.commit}..{head.commit}"
    committed = plumbing.text(head.repo.root, "log", "--format=%ae", span, "--", *paths).splitlines()
    authors = authors_of(candidate, run_of(base, candidate.run), event, *committed)
    return subject_of(candidate, promotion.stage, promotion.planned, authors)


def tally_of(base: Store, head: Store | None, rule: Approvals, subject: Subject, *, now: datetime) -> Tally:
    """Count what approvals there are: on the plan's ref, among the evidence, on the branch itself."""
    beside = [base, head] if head else [base]
    events = all_approvals_of(base.repo, subject.model, subject.plan, *beside)
    return tally(base, rule, subject, events, now=now)


def again(model: str, version: str | None, stage: str) -> str:
    """Return the command that plans it anew."""
    return f"actum promote {model}{f'@v{version}' if version else ''} --to {stage}"


def _lacking(ground: Ground, promotion: Promotion, candidate: ModelVersion | None, counted: Tally) -> Iterator[str]:
    meant, intent = ground.meant_by(promotion.planned), Intent.of(promotion)
    if candidate is None:
        yield f"{ground.card.model} {promotion.version} is not on the trunk, or malformed there"
    elif meant is None:
        anew = again(ground.card.model, promotion.version, ground.stage)
        yield f"its plan is void, the trunk gives another: {anew}"
    elif meant != intent:
        yield f"its plan is that of {meant}, its event is of {intent}"
    for finding in counted.findings:
        if is_closed(finding):
            yield f"{finding.gate}: {finding.because}"
