"""A promotion that waits on its branch: planned again from the base, with the approvals that it has so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from actum.approvals.counting import Subject
from actum.approvals.judging import Tally, approvals_rule
from actum.errors import RefusedError, UserError
from actum.git.repository import Git
from actum.planning.digest import Ground, Intent, named_moment
from actum.planning.means import means_of
from actum.planning.plan import Edge, Plan, make_plan
from actum.planning.scope import open_base, open_evidence
from actum.planning.waiting import again, find_proposal, promotion_subject, tally_of
from actum.progress import Teller, silent
from actum.records.event import Event, Promotion
from actum.records.policy import Approvals
from actum.records.version import ModelVersion
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
    allow_pickle: bool = False,
) -> Pending:
    """Return the promotion that waits on its branch, origin's branch where there is one.

    Args:
        version: The number that is meant; None for whichever waits.
        allow_pickle: Leave to load models that may run code when they are loaded.

    Raises:
        NotFoundError: There is no such model, branch or trunk, or the branch moves nothing.
        UserError: Another version waits there.
        RefusedError: What the branch says was planned is not what the base gives.
    """
    base = open_base(repo)
    card = base.card(model)
    proposal = find_proposal(base, model, stage)
    head, branch, event, promotion = proposal.head, proposal.branch, proposal.event, proposal.promotion
    if version not in (None, promotion.version):
        raise UserError(f"{branch} promotes {promotion.version}, not {version}", hint=again(model, version, stage))
    # The branch was made a while ago: that its moment is past by now is not what is asked about.
    edge = Edge(
        model=model,
        stage=stage,
        version=promotion.version,
        effective_at=max(event.effective_at, event.recorded_at, now),
        named=named_moment(event),
        intent=Intent.of(promotion),
    )
    means = means_of(base, environ, tell, allow_pickle=allow_pickle)
    plan = make_plan(base, edge, evidence=open_evidence(repo), now=now, means=means)
    candidate = _as_planned(base, plan, event, branch)
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


def _as_planned(base: Store, plan: Plan, event: Event, branch: str) -> ModelVersion:
    promotion = event.promotion
    assert promotion is not None
    anew = again(plan.model, promotion.version, plan.stage)
    if plan.candidate is None:
        raise RefusedError(f"{plan.model} {promotion.version} is not on the trunk, or malformed there", hint=anew)
    ground = Ground(
        base=base,
        card=base.card(plan.model),
        stage=plan.stage,
        version=promotion.version,
        pointer=plan.pointer,
        named=plan.named,
    )
    meant = ground.meant_by(promotion.planned)
    if meant not in (None, Intent.of(promotion)):
        because = f"{branch} was planned as {meant}, its event is of {Intent.of(promotion)}"
        raise RefusedError(because, hint=anew)
    if meant is None:
        because = f"{branch} was planned as {promotion.planned[:15] or 'nothing'}, the trunk gives {plan.digest[:15]}"
        raise RefusedError(f"{because}: what was planned has changed", hint=anew)
    if plan.candidate.artifact.sha256 != promotion.artifact:
        raise RefusedError(f"{branch} promotes other bytes than {plan.model} {promotion.version} has", hint=anew)
    return plan.candidate
