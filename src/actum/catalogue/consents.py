"""Who agreed to a promotion, and is an approval of whom it says it is? Told by the keys that the truth lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from actum import moments
from actum.approvals.counting import Weighed, authors_of, subject_of, weigh
from actum.approvals.judging import approvals_rule
from actum.approvals.verifying import trust_of, verified
from actum.catalogue.holdings import Holdings, event_path
from actum.errors import UserError
from actum.records.event import Event
from actum.registry import Standing
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One approval. ``how``: signed or reviewed; ``groups``: those of the policy that its person is in;
    ``why_not``: "" where it counts.
    """

    principal: str
    at: datetime
    how: str
    event: str
    groups: tuple[str, ...] = ()
    why_not: str = ""
    comment: str = ""


def consent(one: Weighed) -> Consent:
    """Return an approval as it is told."""
    approval = one.verified.approval
    return Consent(
        principal=one.verified.who,
        at=one.verified.at,
        how=f"review of {approval.review.login}" if approval.review else "SSH signature",
        event=one.verified.event.id,
        groups=one.groups,
        why_not=one.why_not,
        comment=approval.comment,
    )


def consents_to(holdings: Holdings, held: Standing) -> tuple[Consent, ...]:
    """Return the approvals that count for what stands at a stage.

    Who had to agree, the trunk says as it was when the promotion came; whose key it is, the truth says now, so a key
    that was revoked since counts no more. That an approval was not too old at the merge is for the check of then.

    Raises:
        UserError: The settings of the truth cannot be read, or there is no ssh-keygen.
    """
    event, model = held.event, held.event.model
    told = [one for one in holdings.truth.events(model, "approval") if one.approval and _is_of(one, held)]
    version = holdings.version(model, held.version) if told else None
    if version is None:
        return ()
    then, trust = _trunk_before(holdings.truth, event), trust_of(holdings.truth)
    rule = replace(approvals_rule(then, then.card(model)), valid_days=moments.MOST_DAYS)
    authors = authors_of(version, holdings.run(version.run), event)
    subject = subject_of(version, held.stage, held.promotion.planned, authors)
    approvals = [verified(one, trust, now=None) for one in told]
    weighed = weigh(rule, approvals, subject, then.settings().groups, now=holdings.now)
    return tuple(consent(one) for one in weighed if not one.why_not)


def standing_of(holdings: Holdings, approvals: Iterable[Event]) -> Iterator[tuple[Event, str]]:
    """Yield each approval with ``verified``, why it is not, or ``unsigned`` for a review that somebody took over.

    What waits for its promotion needs a key that is valid today too; of what is settled it must have been so then.
    """
    trust = None
    for event in approvals:
        waits = holdings.truth.is_waiting(event_path(event))
        try:
            trust = trust or trust_of(holdings.truth)
            why_not = verified(event, trust, now=holdings.now if waits else None).why_not
        except UserError as error:
            why_not = str(error)  # no ssh-keygen, no settings: a read goes on without
        good = "unsigned" if event.approval and event.approval.review else "verified"
        yield event, f"not verified: {why_not}" if why_not else good


def _is_of(event: Event, held: Standing) -> bool:
    return event.approval is not None and event.approval.plan == held.promotion.plan


def _trunk_before(truth: Store, event: Event) -> Store:
    """Return the records that judged a promotion: of the trunk before it came, the truth's where that is cut off."""
    line = truth.repo.first_parents(truth.commit, event_path(event))
    parents = truth.repo.parents(line[-1]) if line else ()
    return truth.beside(parents[0]) if parents else truth
