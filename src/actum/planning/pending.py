"""A promotion that waits on its branch: planned again from the base, with the approvals that it has so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from actum import layout
from actum.approvals.counting import Subject, authors_of, subject_of
from actum.approvals.judging import Tally, tally
from actum.approvals.refs import all_approvals_of
from actum.errors import InvalidRecordError, NotFoundError, RefusedError, UserError
from actum.git import plumbing
from actum.git.repository import Git
from actum.planning.lenient import promotion_event
from actum.planning.means import means_of
from actum.planning.plan import Edge, Plan, make_plan, named_moment
from actum.planning.scope import open_base, open_evidence
from actum.progress import Teller, silent
from actum.records.card import ModelCard
from actum.records.event import Event, Promotion
from actum.records.policy import Approvals
from actum.records.version import ModelVersion
from actum.revisions import trunk_commit
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """What somebody is asked to agree to. ``head``: the branch; ``event``: its promotion; ``rule``: the policy's."""

    base: Store
    head: Store
    branch: str
    plan: Plan
    event: Event
    rule: Approvals
    subject: Subject
    tally: Tally

    @property
    def promotion(self) -> Promotion:
        assert self.event.promotion is not None
        return self.event.promotion


def find_pending(
    repo: Git,
    model: str,
    stage: str,
    version: str | None,
    *,
    environ: Mapping[str, str],
    now: datetime,
    tell: Teller = silent,
) -> Pending:
    """Return the promotion that waits on its branch, origin's branch where there is one.

    Args:
        version: The number that is meant; None for whichever waits.

    Raises:
        NotFoundError: There is no such model, branch or trunk, or the branch moves nothing.
        UserError: Another version waits there.
        RefusedError: What the branch says was planned is not what the base gives.
    """
    base = open_base(repo)
    card = base.card(model)
    head, branch = _open_branch(repo, model, stage), layout.promotion_branch(model, stage)
    event = _waiting(base, head, model, stage)
    promotion = event.promotion
    assert promotion is not None
    if version not in (None, promotion.version):
        raise UserError(f"{branch} promotes {promotion.version}, not {version}", hint=_again(model, version, stage))
    # The branch was made a while ago: that its moment is past by now is not what is asked about.
    edge = Edge(
        model=model,
        stage=stage,
        version=promotion.version,
        effective_at=max(event.effective_at, event.recorded_at, now),
        named=named_moment(event),
        back=promotion.back,
    )
    means = means_of(base, environ, tell)
    plan = make_plan(base, edge, evidence=open_evidence(repo), now=now, means=means)
    candidate = _as_planned(plan, event, branch)
    subject = promotion_subject(base, head, candidate, event)
    rule = approvals_rule(base, card)
    return Pending(
        base=base,
        head=head,
        branch=branch,
        plan=plan,
        event=event,
        rule=rule,
        subject=subject,
        tally=tally_of(base, head, rule, subject, now=now),
    )


def approvals_rule(base: Store, card: ModelCard) -> Approvals:
    """Return what the base's policy asks for of a model of this card's risk tier; without a policy, nothing.

    Raises:
        InvalidRecordError: The policy is malformed.
    """
    policy = base.policy(card.policy) if card.policy else None
    return policy.asks_of(card.risk.tier if card.risk else None)[1] if policy else Approvals()


def promotion_subject(base: Store, head: Store, candidate: ModelVersion, event: Event) -> Subject:
    """Return what approvals of a promotion must be about, and by whom not: nobody approves what they made.

    Authors are who registered and trained the version, whom the promotion names, and who git says changed it.
    """
    promotion = event.promotion
    assert promotion is not None
    paths = layout.stage(event.model, promotion.stage), layout.event(event.model, event.id, event.kind)
    span = f"{base.commit}..{head.commit}"
    committed = plumbing.text(head.repo.root, "log", "--no-merges", "--format=%ae", span, "--", *paths).splitlines()
    try:
        run = base.run(candidate.run)
    except InvalidRecordError:
        run = None  # said by check; who registered the version is an author all the same
    authors = authors_of(candidate, run, event, *committed)
    return subject_of(candidate, promotion.stage, promotion.plan, authors)


def tally_of(base: Store, head: Store | None, rule: Approvals, subject: Subject, *, now: datetime) -> Tally:
    """Count what approvals there are: on the plan's ref, among the evidence, on the branch itself."""
    beside = [base, head] if head else [base]
    events = all_approvals_of(base.repo, subject.model, subject.plan, *beside)
    return tally(base, rule, subject, events, now=now)


def _open_branch(repo: Git, model: str, stage: str) -> Store:
    branch = layout.promotion_branch(model, stage)
    tip = trunk_commit(repo, branch)  # of any branch: origin's, else the one here
    if tip is None:
        raise NotFoundError(
            f"no promotion of {model} to {stage} waits: there is no branch {branch}, neither here nor at origin",
            hint=f"git fetch origin, or {_again(model, None, stage)}",
        )
    return Store(repo, tip).tolerant()


def _waiting(base: Store, head: Store, model: str, stage: str) -> Event:
    pointer, held = head.pointers(model).get(stage), base.pointers(model).get(stage)
    branch = layout.promotion_branch(model, stage)
    if pointer is not None and held is not None and pointer.event == held.event:
        raise NotFoundError(f"no promotion of {model} to {stage} waits: {branch} is merged", hint="actum log")
    event = promotion_event(head, model, pointer.event) if pointer else None
    promotion = event.promotion if event else None
    if pointer is None or event is None or promotion is None:
        raise NotFoundError(f"{branch} holds no promotion of {model} to {stage}", hint=f"actum check --head {branch}")
    if (promotion.stage, promotion.version, promotion.artifact) != (stage, pointer.version, pointer.artifact):
        raise UserError(f"{branch}: the pointer and event {event.id} do not agree", hint=f"actum check --head {branch}")
    return event


def _as_planned(plan: Plan, event: Event, branch: str) -> ModelVersion:
    promotion = event.promotion
    assert promotion is not None
    again = _again(plan.model, promotion.version, plan.stage)
    if plan.candidate is None:
        raise RefusedError(f"{plan.model} {promotion.version} is not on the trunk, or malformed there", hint=again)
    if plan.digest != promotion.plan:
        because = f"{branch} was planned as {promotion.plan[:15]}, the trunk gives {plan.digest[:15]}"
        raise RefusedError(f"{because}: what was planned has changed", hint=again)
    if plan.candidate.artifact.sha256 != promotion.artifact:
        raise RefusedError(f"{branch} promotes other bytes than {plan.model} {promotion.version} has", hint=again)
    return plan.candidate


def _again(model: str, version: str | None, stage: str) -> str:
    return f"actum promote {model}{f'@v{version}' if version else ''} --to {stage}"
