"""All that a base has to say of the approvals of one plan: who gave them, which count, and whether they are enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from actum.approvals.counting import Subject, Weighed, count, weigh
from actum.approvals.verifying import trust_of, verified
from actum.records.card import ModelCard
from actum.records.event import Event, Finding
from actum.records.policy import Approvals
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Each approval, whether it counts, and what the policy's gates say; no findings where it asks for none."""

    weighed: tuple[Weighed, ...]
    findings: tuple[Finding, ...]

    @property
    def counted(self) -> tuple[Weighed, ...]:
        return tuple(one for one in self.weighed if not one.why_not)


def approvals_rule(base: Store, card: ModelCard) -> Approvals:
    """Return what the base's policy asks for of a model of this card's risk tier; without a policy, nothing.

    Raises:
        InvalidRecordError: The policy is malformed.
    """
    policy = base.policy(card.policy) if card.policy else None
    return policy.asks_of(card.risk.tier if card.risk else None)[1] if policy else Approvals()


def tally(base: Store, rule: Approvals, subject: Subject, events: Iterable[Event], *, now: datetime) -> Tally:
    """Verify and count the approvals of a pending promotion by the settings, keys and groups of *base*.

    Raises:
        NotFoundError, InvalidRecordError: The base's settings are not there, or malformed.
        ToolFailedError: There is no ssh-keygen.
    """
    trust = trust_of(base)
    groups = trust.settings.groups
    weighed = weigh(rule, [verified(event, trust, now=now) for event in events], subject, groups, now=now)
    return Tally(weighed=weighed, findings=count(rule, weighed, subject.stage, groups))
