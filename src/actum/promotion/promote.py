"""The use case: plan from the trunk, then pointer and event in one commit on the promotion's branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actum import layout, registry, state
from actum.errors import NotFoundError
from actum.git.repository import Git
from actum.names import Ids, Reference
from actum.planning.digest import Intent
from actum.planning.means import means_of
from actum.planning.plan import Edge, Plan, make_plan
from actum.planning.scope import open_base, open_evidence
from actum.progress import Teller, silent
from actum.promotion.branch import require_replaceable, write_branch
from actum.records.event import Event, Promotion
from actum.records.settings import Clock
from actum.records.stage import StagePointer
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked for. ``effective_at``: None for now; ``back``: to the last good version; ``break_glass``: why.

    ``allow_pickle``: leave to load models that may run code when they are loaded.
    """

    reference: Reference
    stage: str
    effective_at: datetime | None = None
    dry_run: bool = False
    back: bool = False
    break_glass: str | None = None
    allow_pickle: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The plan, and what was written for it: nothing when it is refused, stands already, or on a dry run.

    ``refused``: a gate is closed, and nobody asked to pass over it.
    """

    plan: Plan
    clock: Clock
    branch: str
    refused: bool = False
    event: Event | None = None
    commit: str | None = None
    replaced: bool = False


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a promotion is given by the process."""

    repo: Git
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    ids: Ids
    tell: Teller = silent


def promote(order: Order, around: Surroundings) -> Outcome:
    """Write the branch of a promotion that nothing blocks; HEAD, index and work tree stay as they are.

    Raises:
        NotFoundError: There is no trunk, no such model, or the model has no version yet.
        UserError: The branch is there and holds other work, or is checked out.
    """
    repo = around.repo
    base = open_base(repo)
    settings, now = base.settings(), around.now()
    edge = Edge(
        model=order.reference.owner,
        stage=order.stage,
        version=_before(base, order) if order.back else _wanted(base, order.reference),
        effective_at=order.effective_at or now,
        named=None if order.effective_at == now else order.effective_at,
        intent=Intent(back=order.back, break_glass=order.break_glass is not None),
    )
    plan = make_plan(
        base,
        edge,
        evidence=open_evidence(repo),
        now=now,
        means=means_of(base, around.environ, around.tell, allow_pickle=order.allow_pickle),
    )
    branch = layout.promotion_branch(edge.model, edge.stage)
    passable = order.break_glass is not None and plan.candidate is not None
    refused = bool(plan.blocks) and not passable and not plan.stands_already
    outcome = Outcome(plan=plan, clock=settings.clock, branch=branch, refused=refused)
    if refused or plan.stands_already or order.dry_run:
        return outcome
    with state.one_writer(repo.root, f"promote {edge.model}"):
        held = require_replaceable(repo, base.commit, edge.model, edge.stage)
        event = _event(plan, edge, around, settings.clock, now, order)
        commit = write_branch(repo, base.commit, _pointer(plan, event), event, held=held)
    return replace(outcome, event=event, commit=commit, replaced=held is not None)


def _wanted(base: Store, reference: Reference) -> str:
    """Return the number that is meant; whether the trunk has it is for the plan to say."""
    if reference.kind == "version":
        return reference.name
    return registry.resolve(base, reference).version


def _before(base: Store, order: Order) -> str:
    model, stage = order.reference.owner, order.stage
    base.card(model)
    good = registry.last_good(base, model, stage)
    if good is None:
        raise NotFoundError(f"nothing stood at {model}#{stage} before that could be returned to", hint="actum log")
    return good


def _event(plan: Plan, edge: Edge, around: Surroundings, clock: Clock, now: datetime, order: Order) -> Event:
    assert plan.candidate is not None
    return Event(
        schema="event/1",
        id=around.ids.new(),
        kind="promotion",
        model=edge.model,
        recorded_at=now,
        effective_at=edge.effective_at,
        clock=clock,
        by=around.repo.identity(),
        promotion=Promotion(
            stage=edge.stage,
            version=edge.version,
            artifact=plan.candidate.artifact.sha256,
            plan=plan.digest,
            replaces=plan.pointer.version if plan.pointer else None,
            supersedes=plan.pointer.event if plan.pointer else None,
            policy=plan.policy,
            findings=plan.findings,
            comparison=plan.appraisal.judged.comparison() if plan.appraisal and plan.appraisal.judged else None,
            back=order.back,
            break_glass=order.break_glass,
        ),
    )


def _pointer(plan: Plan, event: Event) -> StagePointer:
    assert event.promotion is not None
    return StagePointer(
        schema="stage/1",
        model=plan.model,
        stage=plan.stage,
        version=event.promotion.version,
        artifact=event.promotion.artifact,
        event=event.id,
        supersedes=event.promotion.supersedes,
    )
