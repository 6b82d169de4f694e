"""All that the page of one promotion is written from, gathered by who judged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from actum.catalogue.consents import Consent
from actum.catalogue.differences import Differences
from actum.records.card import ModelCard
from actum.records.event import Finding
from actum.records.judgement import Judged
from actum.records.policy import Margin, Weight


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Something that was found in a file of the pull request."""

    weight: Weight
    path: str
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumer:
    """An application that uses the model."""

    name: str
    owner: str
    purpose: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """One promotion, as its reviewer has to see it.

    Attributes:
        replaces: The champion's version; None where nothing stands at the stage.
        findings: What each gate says; ``troubles``: what stands against files.
        margins: The policy's margins at this stage, by metric.
        least_rows: Smaller slices have no verdict.
        approvals_needed: As the policy counts them: people in all, 0 for none.
        holds_from: The moment that the promotion names; None where it holds from its recording on.
        holdout_uses: How many promotions before this one were judged on the same rows.
        feature_users: Feature that changes -> other models that take it.
        code: Changed path -> what it affects: ``training``, ``serving`` or ``other``.
        rollback: The version that would be returned to, and the command; "" for none.
        rebuilt: What the last attestation says, in words; "" where there is none.
        digests: Name -> digest or commit, for who audits this in ten years.
        clock: ``real`` or ``simulated``.
    """

    model: str
    version: str
    stage: str
    replaces: str | None
    plan: str
    findings: tuple[Finding, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    judged: Judged | None = None
    margins: Mapping[str, Margin] | None = None
    least_rows: int = 500
    outcomes: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    approvals_needed: int = 0
    holds_from: datetime | None = None
    holdout_uses: int = 0
    differences: Differences | None = None
    feature_users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    code: Mapping[str, str] | None = None
    consumers: tuple[Consumer, ...] = ()
    rollback: str = ""
    rebuilt: str = ""
    card: ModelCard | None = None
    lineage: tuple[tuple[str, str], ...] = ()
    digests: Mapping[str, str] | None = None
    back: bool = False
    break_glass: str | None = None
    clock: str = "real"

    @property
    def blocks(self) -> int:
        closed = sum(1 for finding in self.findings if finding.outcome in ("failed", "missing"))
        return closed + sum(1 for trouble in self.troubles if trouble.weight == "block")

    @property
    def warnings(self) -> int:
        warned = sum(1 for finding in self.findings if finding.outcome == "warned")
        return warned + sum(1 for trouble in self.troubles if trouble.weight == "warn")
