"""What the base's policy says of one version at one stage: its metrics, its evidence, its judgement on the holdout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actum import gates, layout, margins
from actum.errors import UserError
from actum.planning.means import Compare
from actum.records.card import ModelCard
from actum.records.event import Event, Finding
from actum.records.judgement import Judged
from actum.records.policy import Policy
from actum.records.version import ModelVersion
from actum.store import Store

HOLDOUT = "holdout"
COMPUTED = ("holdout:", "slices:", "recorded")
"""Gates whose figures are computed again, so that their words may differ in the last digit elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Appraisal:
    """``judged``: None where the policy asks for nothing on the holdout, or nobody could judge."""

    findings: tuple[Finding, ...]
    judged: Judged | None = None
    uses: int = 0
    rebuilt: Event | None = None


@dataclass(frozen=True, kw_only=True)
class Court:
    """Who appraises: the base, the evidence beside it, the clock, and who compares on the holdout."""

    base: Store
    evidence: Store | None
    now: datetime
    compare: Compare


def appraise(
    court: Court, card: ModelCard, candidate: ModelVersion, champion: ModelVersion | None, stage: str, *, back: bool
) -> Appraisal:
    """Return what the base's policy says of a version at a stage.

    Args:
        back: It stood there before, and was judged then: the champion of today is no measure for it.

    Raises:
        InvalidRecordError: The policy is malformed.
    """
    if card.policy is None:
        because = f"{layout.card(card.model)} names no policy: nothing was asked of it"
        return Appraisal(findings=(Finding(gate="policy", outcome="warned", because=because),))
    policy = court.base.policy(card.policy)
    if policy is None:
        because = f"{layout.policy(card.policy)} is not on the trunk, the card names it"
        return Appraisal(findings=(Finding(gate="policy", outcome="missing", because=because),))
    asked, _ = policy.asks_of(card.risk.tier if card.risk else None)
    rebuilt = gates.latest_attestation(candidate, _events(court, card.model), court.now)
    days = min(card.rebuild.valid_days, asked.rebuild_max_age_days or card.rebuild.valid_days)
    findings = gates.judge(
        policy, stage, candidate.metrics, evidence=asked, rebuilt=rebuilt, valid_days=days, now=court.now
    )
    if back or not policy.asks_for_holdout(stage):
        return Appraisal(findings=findings, rebuilt=rebuilt)
    try:
        judged = court.compare(candidate, champion)
    except UserError as error:
        because = f"nobody could judge it: {error}" + (f" ({error.hint})" if error.hint else "")
        could_not = Finding(gate=HOLDOUT, outcome="missing", because=because)
        return Appraisal(findings=(*findings, could_not), rebuilt=rebuilt)
    uses = holdout_uses(court.base, card.model, judged)
    found = (
        *findings,
        *margins.judge_margins(policy, stage, judged),
        *margins.judge_recorded(_named(policy, candidate), judged, asked.recorded_within),
        *margins.judge_uses(uses, asked.holdout_uses),
    )
    return Appraisal(findings=found, judged=judged, uses=uses, rebuilt=rebuilt)


def holdout_uses(base: Store, model: str, judged: Judged) -> int:
    """Return how many promotions on the base were judged on the same rows."""
    told = (event.promotion for event in base.events(model))
    return sum(1 for one in told if one and one.comparison and one.comparison.holdout == judged.holdout)


def is_computed(finding: Finding) -> bool:
    return finding.gate.startswith(COMPUTED) or finding.gate == HOLDOUT


def _events(court: Court, model: str) -> list[Event]:
    stores = [court.base] if court.evidence is None else [court.base, court.evidence]
    return [event for store in stores for event in store.events(model)]


def _named(policy: Policy, version: ModelVersion) -> dict[str, float]:
    """Return the recorded metrics that the policy rests on: another of the same name may be defined otherwise."""
    asked = {one.metric for one in policy.thresholds} | {one.metric for one in policy.margins}
    asked |= {one.metric for one in policy.slices}
    return {name: value for name, value in version.metrics.items() if name in asked}
