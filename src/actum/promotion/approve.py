"""The use case: agree to the plan of a promotion that waits, or take that back, with an SSH signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from actum.approvals import refs
from actum.approvals.counting import weigh
from actum.approvals.verifying import Verified, payload, trust_of, verified
from actum.errors import RefusedError
from actum.git.repository import Git
from actum.planning.pending import Pending
from actum.promotion.promote import Surroundings
from actum.records.event import Approval, Event, Review
from actum.records.forms import Person
from actum.signing.keys import Key
from actum.signing.sign import NAMESPACE, sign
from actum.signing.verify import parsed


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """What somebody says of a plan: yes, or with ``withdraw`` that they take that back."""

    comment: str = ""
    withdraw: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was written: nothing where it was on record already. ``remarks``: what else is to be said."""

    events: tuple[Event, ...] = ()
    commit: str | None = None
    remarks: tuple[str, ...] = ()


def standing_approval(pending: Pending, address: str) -> Verified | None:
    """Return the approval of this plan by a person that counts already, None where there is none."""
    mine = (one.verified for one in pending.tally.counted if one.verified.who.casefold() == address.casefold())
    return next(mine, None)


def approve(pending: Pending, word: Word, around: Surroundings, *, key: Callable[[], Key]) -> Outcome:
    """Sign an approval of the plan and keep it on the plan's ref; nothing when it is on record already.

    Args:
        key: Says what to sign with; asked only where something is to be signed.

    Raises:
        RefusedError: It would not count: by an author, or by a key that the base does not know.
        ToolFailedError: ssh-keygen or git failed.
    """
    who = around.repo.identity()
    if (standing_approval(pending, who.email) is None) == word.withdraw:
        return Outcome()
    _require_no_author(pending, who)
    chosen = key()
    if word.dry_run:
        return Outcome()
    now = around.now()
    event = approval_event(pending, around, by=who, principal=who.email, signature="", at=now, word=word)
    assert event.approval is not None
    signature = sign(payload(event), chosen, environ=around.environ)
    event = replace(event, approval=replace(event.approval, signature=signature))
    _require_counting(pending, event, signature, now)
    return keep(pending, around.repo, (event,))


def approval_event(
    pending: Pending,
    around: Surroundings,
    *,
    by: Person,
    principal: str,
    at: datetime,
    signature: str | None = None,
    review: Review | None = None,
    word: Word,
) -> Event:
    """Return an approval of the plan, recorded now. ``at``: when they agreed."""
    promotion = pending.promotion
    return Event(
        schema="event/1",
        id=around.ids.new(),
        kind="approval",
        model=pending.plan.model,
        recorded_at=around.now(),
        effective_at=at,
        clock="real",
        by=by,
        approval=Approval(
            stage=promotion.stage,
            version=promotion.version,
            artifact=pending.subject.artifact,
            plan=pending.plan.digest,
            principal=principal,
            signature=signature,
            review=review,
            comment=word.comment,
            withdrawn=word.withdraw,
        ),
    )


def keep(pending: Pending, repo: Git, events: tuple[Event, ...]) -> Outcome:
    """Put approvals on the plan's ref; nothing for none.

    Raises:
        ToolFailedError: git refuses, or others keep moving the ref.
    """
    if not events:
        return Outcome()
    promotion, plan = pending.promotion, pending.plan
    who = ", ".join(event.approval.principal for event in events if event.approval)
    lines = [
        f"Approvals of {plan.model} {promotion.version} to {promotion.stage}",
        "",
        f"Plan: {plan.digest}",
        f"By: {who}",
    ]
    return Outcome(events=events, commit=refs.add(repo, plan.digest, events, "\n".join(lines)))


def _require_no_author(pending: Pending, who: Person) -> None:
    if who.email.casefold() in pending.subject.authors:
        because = f"{who.email} trained, registered or proposed {pending.plan.model} {pending.promotion.version}"
        raise RefusedError(f"{because}, and may not approve it", hint="ask somebody else to approve it")


def _require_counting(pending: Pending, event: Event, signature: str, now: datetime) -> None:
    """What the base would not count must not look like an approval to whoever gave it."""
    trust = trust_of(pending.base)
    one = verified(event, trust, now=now)
    weighed = weigh(pending.rule, [one], pending.subject, trust.settings.groups, now=now)
    withdrawn = event.approval is not None and event.approval.withdrawn
    why_not = one.why_not if withdrawn else weighed[0].why_not
    if not why_not:
        return
    hint = "git fetch, or: git log -- " + trust.settings.signing.signers
    told = parsed(signature)
    if told is not None and why_not.startswith("unknown key"):
        line = f'{one.who} namespaces="{NAMESPACE}" {told.key}'
        hint = f"have this line merged into {trust.settings.signing.signers}: {line}"
    raise RefusedError(f"your approval would not count on {pending.base.commit[:10]}: {why_not}", hint=hint)
