"""Take over reviews that a forge keeps: who agreed, when, and which head they had before them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from actum import layout
from actum.approvals.reviews import ForgeReview, last_words
from actum.approvals.verifying import address_of
from actum.git.repository import Git
from actum.planning.lenient import promotion_event
from actum.planning.pending import Pending
from actum.promotion.approve import Outcome, Word, approval_event, keep
from actum.promotion.promote import Surroundings
from actum.records.event import Approval, Event, Review
from actum.store import Store


def import_reviews(pending: Pending, reviews: Iterable[ForgeReview], around: Surroundings) -> Outcome:
    """Keep the last word of each reviewer as an approval, or as the withdrawal of one; nothing that is on record.

    Raises:
        ToolFailedError: git failed.
    """
    events, remarks = sift(pending, reviews, around)
    kept = keep(pending, around.repo, events)
    return Outcome(events=kept.events, commit=kept.commit, remarks=remarks)


def sift(
    pending: Pending, reviews: Iterable[ForgeReview], around: Surroundings
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the events that the reviews ask for, and what is to be said of those that ask for none."""
    events, remarks = [], []
    by = around.repo.identity()
    for review in last_words(reviews):
        assert review.user is not None
        before = _last_taken(pending, review.user.login)
        who, problem = _reviewer(pending, review, before, around.repo)
        said = _said(review, review.user.login, before)
        word = Word(withdraw=review.state != "APPROVED")
        if problem:
            remarks.append(f"{review.user.login}: {problem}")
        elif who and not _is_known(before, said, word):
            at = said.submitted_at
            events.append(approval_event(pending, around, by=by, principal=who, at=at, review=said, word=word))
    return tuple(events), tuple(remarks)


def _is_known(before: Approval | None, said: Review, word: Word) -> bool:
    """Whether it is on record already; a login may be spelt in either case."""
    if before is None or before.review is None or before.withdrawn != word.withdraw:
        return False
    return replace(before.review, login=said.login) == said


def _reviewer(pending: Pending, review: ForgeReview, before: Approval | None, repo: Git) -> tuple[str, str]:
    """Return whose word it is, "" for nobody's, and what stands against taking it over, "" for nothing."""
    assert review.user is not None
    if review.state != "APPROVED":  # a no counts only where a yes is to be taken back
        return ("" if before is None or before.withdrawn else before.principal), ""
    settings = pending.base.settings()
    address = address_of(review.user.login, settings)
    if address is None:
        return "", f"has no address in signing.logins of {layout.SETTINGS} on {settings.trunk}"
    if address.casefold() in pending.subject.authors:
        return "", f"{address} is an author, who may not approve"
    if review.commit_id is None:
        return "", "the forge does not say which commit was reviewed"
    if review.commit_id != pending.head.commit and _plan_at(repo, review.commit_id, pending) != pending.plan.digest:
        return "", f"reviewed {review.commit_id[:10]}, which is not this plan, or not here"
    return address, ""


def _said(review: ForgeReview, login: str, before: Approval | None) -> Review:
    assert review.submitted_at is not None
    seen = before.review.commit if before and before.review else ""
    return Review(login=login, commit=review.commit_id or seen, submitted_at=review.submitted_at, url=review.html_url)


def _last_taken(pending: Pending, login: str) -> Approval | None:
    """Return the last word of a reviewer that is on record for this plan."""
    taken = [
        one.verified.approval
        for one in pending.tally.weighed
        if one.verified.approval.review and one.verified.approval.review.login.casefold() == login.casefold()
    ]
    return taken[-1] if taken else None


def _plan_at(repo: Git, commit: str, pending: Pending) -> str | None:
    """Return the plan that the promotion at a commit was made by, None where there is none."""
    if repo.resolve(commit) is None:
        return None
    store = Store(repo, commit).tolerant()
    pointer = store.pointers(pending.plan.model).get(pending.plan.stage)
    event = promotion_event(store, pending.plan.model, pointer.event) if pointer else None
    return event.promotion.plan if event and event.promotion else None
