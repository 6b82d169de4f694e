"""Reviews that a forge keeps are taken over: who, when, which head; they count only where the policy lets them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from actum import layout
from actum.approvals.reviews import read_reviews
from actum.promotion.approve import Outcome
from actum.promotion.forge_reviews import import_reviews
from tests.promotion.approving import HOUR, LATER, RULE, Court, commit_to
from tests.promotion.release_project import POLICY

T1, T2, T3 = (f"2024-05-02T10:{minute}:00Z" for minute in (10, 20, 25))
UNSIGNED = RULE.replace("at_least: 2,", "at_least: 1, signed: false,", 1)


@pytest.fixture
def lenient(court: Court) -> Court:
    """A policy for which a review at the forge is enough."""
    court.on_trunk(layout.policy("churn"), POLICY + UNSIGNED)
    court.project.promote("churn@v1.1.0")
    return court


def review(court: Court, login: str = "rosa-r", state: str = "APPROVED", at: str = T1, **more: Any) -> dict[str, Any]:
    head = court.pending().head.commit
    told = {"id": 1, "user": {"login": login}, "state": state, "submitted_at": at, "commit_id": head}
    return told | {"html_url": f"https://forge.example/{login}"} | more


def take(court: Court, *items: dict[str, Any], now: datetime = LATER) -> Outcome:
    reviews = read_reviews(json.dumps(items).encode(), where="reviews.json")
    return import_reviews(court.pending(now), reviews, court.around(now))


def test_a_review_is_kept_with_who_when_and_which_head(lenient: Court) -> None:
    (event,) = take(lenient, review(lenient)).events
    assert event.approval is not None
    said = event.approval.review
    assert said is not None
    assert (said.login, said.url) == ("rosa-r", "https://forge.example/rosa-r")
    assert (said.commit, f"{said.submitted_at:%H:%M}") == (lenient.pending().head.commit, "10:10")
    assert (event.approval.principal, event.approval.signature) == ("rosa@example.org", None)
    assert (event.by.email, event.effective_at, event.recorded_at) == ("ana@example.org", said.submitted_at, LATER)
    assert lenient.said() == [
        "approvals passed: 1 of 1: rosa@example.org",
        "approval:model-risk passed: 1 of 1: rosa@example.org",
    ]


def test_it_lies_on_the_ref_of_the_plan_beside_signatures(lenient: Court) -> None:
    lenient.approve("ben")
    take(lenient, review(lenient))
    listed = lenient.project.git("ls-tree", "-r", "--name-only", layout.approvals_ref(lenient.pending().plan.digest))
    assert len(listed.splitlines()) == 2


def test_taking_over_again_is_nothing_to_do(lenient: Court) -> None:
    take(lenient, review(lenient))
    assert take(lenient, review(lenient), now=LATER + HOUR) == Outcome()
    assert (
        take(lenient, review(lenient, "Rosa-R", html_url="https://forge.example/rosa-r"), now=LATER + HOUR) == Outcome()
    )


def test_a_forges_login_has_no_letter_case(lenient: Court) -> None:
    (event,) = take(lenient, review(lenient, "BEN-b")).events
    assert event.approval is not None
    assert event.approval.principal == "ben@example.org"


@pytest.mark.parametrize("state", ["CHANGES_REQUESTED", "DISMISSED"])
def test_a_later_no_takes_back_what_was_taken_over(state: str, lenient: Court) -> None:
    take(lenient, review(lenient))
    at = T1 if state == "DISMISSED" else T2  # a dismissal keeps the moment of the review
    (event,) = take(lenient, review(lenient, state=state, at=at)).events
    assert event.approval is not None
    assert event.approval.withdrawn
    assert lenient.said()[0] == (
        "approvals missing: 0 of 1; rosa@example.org does not count: takes back what was agreed to"
    )
    assert take(lenient, review(lenient, state=state, at=at)) == Outcome()
    take(lenient, review(lenient, at=T3))
    assert lenient.said()[0] == "approvals passed: 1 of 1: rosa@example.org"


def test_a_no_without_a_yes_before_it_leaves_nothing(lenient: Court) -> None:
    first, second = review(lenient, at=T1), review(lenient, state="CHANGES_REQUESTED", at=T2)
    assert take(lenient, first, second) == Outcome()


def test_a_remark_after_a_yes_changes_nothing(lenient: Court) -> None:
    assert len(take(lenient, review(lenient), review(lenient, state="COMMENTED", at=T2)).events) == 1


def test_a_review_of_an_older_head_of_the_same_plan_counts(lenient: Court) -> None:
    before = lenient.pending().head.commit
    lenient.on_trunk("README.md", "unrelated\n")
    lenient.project.promote("churn@v1.1.0", now=LATER)
    assert lenient.pending().head.commit != before
    assert len(take(lenient, review(lenient, commit_id=before)).events) == 1


def test_a_review_of_another_plan_is_not_taken(lenient: Court) -> None:
    before = lenient.pending().head.commit
    lenient.on_trunk(layout.policy("churn"), POLICY + UNSIGNED + "break_glass: false\n")
    lenient.project.promote("churn@v1.1.0", now=LATER)
    outcome = take(lenient, review(lenient, commit_id=before))
    assert outcome == Outcome(remarks=(f"rosa-r: reviewed {before[:10]}, which is not this plan, or not here",))


@pytest.mark.parametrize("commit", ["c" * 40, "main"])
def test_a_review_of_a_commit_that_promotes_nothing_is_not_taken(commit: str, lenient: Court) -> None:
    known = lenient.project.repo.resolve(commit) or commit
    assert take(lenient, review(lenient, commit_id=known)).events == ()


def test_one_more_commit_on_the_branch_that_changes_the_plan_is_not_covered(lenient: Court) -> None:
    """Approved at the forge, then another plan was pushed to the branch in the same pull request."""
    reviewed = review(lenient)
    lenient.on_trunk(layout.policy("churn"), POLICY + UNSIGNED + "allowed_paths: [docs/**]\n")
    lenient.project.promote("churn@v1.1.0", now=LATER)
    assert take(lenient, reviewed).events == ()


def test_what_cannot_be_taken_over_is_said(lenient: Court) -> None:
    items = (
        review(lenient, "stranger"),
        review(lenient, "ana-a"),
        review(lenient, "ben-b", commit_id=None),
    )
    assert take(lenient, *items).remarks == (
        "stranger: has no address in signing.logins of actum.yaml on main",
        "ana-a: ana@example.org is an author, who may not approve",
        "ben-b: the forge does not say which commit was reviewed",
    )


def test_a_login_that_only_the_head_knows_is_a_stranger(lenient: Court) -> None:
    text = (lenient.project.root / "actum.yaml").read_text().replace("rosa-r: rosa@", "mallory-m: rosa@")
    commit_to(lenient.project, "refs/heads/promote/churn/production", {"actum.yaml": text.encode()})
    outcome = take(lenient, review(lenient, "mallory-m"))
    assert outcome.remarks == ("mallory-m: has no address in signing.logins of actum.yaml on main",)


def test_a_review_from_the_future_does_not_count(lenient: Court) -> None:
    take(lenient, review(lenient, at="2024-05-09T10:00:00Z"))
    assert lenient.why_not() == ["is of 2024-05-09 10:00, which is yet to come"]


def test_where_signatures_are_asked_for_a_review_is_kept_and_does_not_count(court: Court) -> None:
    assert len(take(court, review(court)).events) == 1
    assert court.why_not() == ["is a review at a forge, the policy asks for a signature"]
