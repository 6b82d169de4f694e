"""What a promotion would do and what speaks for it. Everything here is read from the base, nothing from a branch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actum import gates, layout
from actum.approvals.counting import is_asked
from actum.approvals.judging import approvals_rule
from actum.planning.appraisal import Appraisal, Court, appraise
from actum.planning.digest import ORDINARY, Ground, Intent
from actum.planning.lenient import imported_of, promotion_event
from actum.planning.means import Means
from actum.planning.unchanged import not_as_registered
from actum.records.card import ModelCard
from actum.records.event import Event, Finding
from actum.records.policy import Approvals
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.store import Store

ROLLBACK = "rollback"
# Nothing may take effect before what stands: one slip of the pen far ahead would close the stage for good.
MOST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One promotion that could be.

    Attributes:
        card: The model's, of the *base* that all of it was planned from.
        candidate: None when the base has no such version; ``wanted`` is its number all the same.
        champion: What stands at the stage, by ``pointer``; ``standing``: the promotion that put it there.
        asked: What approvals the policy asks for at the stage, None where it asks for none.
        named: From when it holds; None for "from now on".
        digest: Over the blob ids of what the decision rests on, and what is meant; "" without a candidate.
    """

    base: Store = field(repr=False)
    card: ModelCard
    stage: str
    wanted: str
    intent: Intent
    candidate: ModelVersion | None
    champion: ModelVersion | None
    pointer: StagePointer | None
    standing: Event | None
    asked: Approvals | None
    named: datetime | None
    findings: tuple[Finding, ...]
    digest: str
    appraisal: Appraisal | None = None

    @property
    def model(self) -> str:
        return self.card.model

    @property
    def policy(self) -> str | None:
        return self.card.policy

    @property
    def blocks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if gates.is_closed(finding))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.outcome == "warned")

    @property
    def stands_already(self) -> bool:
        return self.pointer is not None and self.pointer.version == self.wanted

    @property
    def way_back(self) -> str:
        """The command that undoes it once it is merged; "" for the first at its stage."""
        return way_back(self.model, self.stage, self.champion.version, self.intent) if self.champion else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """What is asked for: a version of a model is to take a stage from a moment on, and how that is meant.

    ``named``: that moment where somebody chose it; None for "from now on".
    """

    model: str
    stage: str
    version: str
    effective_at: datetime
    named: datetime | None = None
    intent: Intent = ORDINARY


def make_plan(base: Store, edge: Edge, *, evidence: Store | None, now: datetime, means: Means) -> Plan:
    """Gather all that can be said about a promotion, everything that stops it included.

    Args:
        evidence: Where attestations are looked for beside *base*.
        now: When evidence must still hold, and before which a real clock lets nothing take effect.
        means: By what bytes are looked for, and versions compared.

    Raises:
        NotFoundError: The base has no such model.
        InvalidRecordError: A record that the plan rests on is malformed.
    """
    card, settings = base.card(edge.model), base.settings()
    candidate = base.version(edge.model, edge.version)
    pointer = base.pointers(edge.model).get(edge.stage)
    champion = base.version(edge.model, pointer.version) if pointer else None
    standing = promotion_event(base, edge.model, pointer.event) if pointer else None
    rule = approvals_rule(base, card)
    ground = Ground(base=base, card=card, stage=edge.stage, version=edge.version, pointer=pointer, named=edge.named)
    appraisal: Appraisal | None = None
    findings = [*_of_stage(edge, settings), *of_people(card, settings), *_of_time(edge, settings, standing, now)]
    if pointer is not None and standing is None:
        because = f"the pointer names event {pointer.event}, which is not on the trunk, or malformed"
        findings.append(Finding(gate="pointer", outcome="failed", because=because))
    if candidate is None:
        findings.append(_absent(base, edge, settings))
    else:
        against = not_as_registered(base, candidate)
        findings += [Finding(gate="version", outcome="failed", because=because) for because in against]
        findings.append(means.objects(candidate))
        if champion is not None and champion.version != candidate.version:
            findings.append(rollback(means.objects(champion), champion))
        if champion is None and pointer is not None:
            findings += no_way_back(base, pointer)
        court = Court(base=base, evidence=evidence, now=now, compare=means.compare)
        appraisal = appraise(court, card, candidate, champion, edge.stage, back=edge.intent.back)
        findings += appraisal.findings
    return Plan(
        base=base,
        card=card,
        stage=edge.stage,
        wanted=edge.version,
        intent=edge.intent,
        candidate=candidate,
        champion=champion,
        pointer=pointer,
        standing=standing,
        asked=rule if is_asked(rule, edge.stage) else None,
        named=edge.named,
        findings=tuple(findings),
        digest=ground.digest(edge.intent) if candidate else "",
        appraisal=appraisal,
    )


def rollback(there: Finding, champion: ModelVersion) -> Finding:
    """Return whether the version that would be returned to can be: *there* says where its bytes are."""
    if gates.is_closed(there):
        because = f"{champion.version} could not be returned to: {there.because}"
        return Finding(gate=ROLLBACK, outcome="failed", because=because)
    return Finding(gate=ROLLBACK, outcome="passed", because=f"{champion.version} can be returned to")


def no_way_back(base: Store, pointer: StagePointer) -> tuple[Finding, ...]:
    """Return what is to be known where the version that stands there was taken over: its bytes were never ours."""
    taken = imported_of(base, pointer.model, pointer.version)
    if taken is None:
        return ()
    told = f"{taken.version} was taken over from {taken.origin.system}"
    because = f"{told}: nothing is compared with it, and nobody can return to it"
    return (Finding(gate=ROLLBACK, outcome="warned", because=because),)


def way_back(model: str, stage: str, left: str, intent: Intent) -> str:
    """Return the command that undoes a promotion. ``left``: the version that it replaces."""
    if intent.back:  # nobody rolls back to what was rolled back from
        return f"actum promote {model}@v{left} --to {stage}"
    return f"actum promote {model} --to {stage} --back"


def _absent(base: Store, edge: Edge, settings: Settings) -> Finding:
    if (taken := imported_of(base, edge.model, edge.version)) is not None:
        because = f"{edge.version} was taken over from {taken.origin.system}: nobody here can judge or rebuild it"
        return Finding(gate="version", outcome="missing", because=because)
    because = f"{layout.version(edge.model, edge.version)} is not on the trunk ({settings.trunk}): merge it first"
    return Finding(gate="version", outcome="missing", because=because)


def _of_stage(edge: Edge, settings: Settings) -> list[Finding]:
    if edge.stage in settings.stages:
        return []
    because = f"{edge.stage} is none of the stages in {layout.SETTINGS}: {', '.join(settings.stages) or 'none'}"
    return [Finding(gate="stage", outcome="failed", because=because)]


def of_people(card: ModelCard, settings: Settings) -> list[Finding]:
    """Return what is missing of those who answer for the model and of those who use it."""
    path = layout.card(card.model)
    found = []
    if not card.owner.strip():
        found.append(Finding(gate="owner", outcome="missing", because=f"{path} names no owner"))
    if not card.applications:
        found.append(
            Finding(gate="application", outcome="missing", because=f"{path} names no application that uses it")
        )
    known = {application.name for application in settings.applications}
    if unknown := [name for name in card.applications if name not in known]:
        because = f"{path} names {', '.join(unknown)}, which {layout.SETTINGS} does not describe"
        found.append(Finding(gate="application", outcome="missing", because=because))
    return found


def _of_time(edge: Edge, settings: Settings, standing: Event | None, now: datetime) -> list[Finding]:
    found = []
    if settings.clock == "real" and edge.effective_at < now:
        because = f"{edge.effective_at:%Y-%m-%d %H:%M} is past; only with clock: simulated in {layout.SETTINGS}"
        found.append(Finding(gate="effective-at", outcome="failed", because=because))
    if edge.effective_at - now > MOST_AHEAD:
        because = f"{edge.effective_at:%Y-%m-%d %H:%M} is more than {MOST_AHEAD.days} days ahead"
        found.append(Finding(gate="effective-at", outcome="failed", because=because))
    if standing is not None and edge.effective_at < standing.effective_at:
        because = (
            f"{edge.effective_at:%Y-%m-%d %H:%M} is before the promotion that stands"
            f" took effect, {standing.effective_at:%Y-%m-%d %H:%M}"
        )
        found.append(Finding(gate="effective-at", outcome="failed", because=because))
    return found
