"""Which approvals count, and whether they are enough: values in, findings out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from actum.approvals.counting import Subject, authors_of, count, weigh
from actum.approvals.verifying import Verified
from actum.names import Ids
from actum.records.event import Finding, Review
from actum.records.forms import Person
from actum.records.policy import Approvals, GroupRule
from actum.records.settings import Group
from tests.records import samples
from tests.records.samples import ANA, LATER, NOON, OID, SHA

DAY = timedelta(days=1)
NOW = NOON + DAY
IDS = Ids(lambda: 1_764_000_000_000, lambda length: bytes(length))
SUBJECT = Subject(
    model="churn",
    stage="production",
    version="1.1.0",
    artifact=SHA,
    plan=SHA,
    registered_at=NOON - DAY,
    authors=frozenset({"ana@example.org"}),
)
RISK = Group(name="risk", members=("Rosa@Example.org", "ben@example.org"))
LEGAL = Group(name="legal", members=("rosa@example.org", "lea@example.org"))
OTHER_PLAN = "sha256:" + "b" * 64


def given(
    who: str, at: datetime = NOON, *, by: str = "", why_not: str = "", also: tuple[str, ...] = (), **body: Any
) -> Verified:
    """Return what somebody@example.org said, verified unless *why_not* says otherwise."""
    address = f"{who}@example.org"
    event = samples.approval(principal=address, **body)
    event = replace(event, id=IDS.new(), recorded_at=at, by=Person(name=who, email=by or address))
    addresses = frozenset(one.casefold() for one in (address, *also))
    return Verified(event=event, why_not=why_not, addresses=addresses)


def reviewed(who: str, at: datetime = NOON, **body: Any) -> Verified:
    said = Review(login=who, commit=OID, submitted_at=at)
    return given(who, max(at, NOON), signature=None, review=said, **body)


def findings(
    rule: Approvals, *approvals: Verified, groups: tuple[Group, ...] = (RISK, LEGAL), **known: Any
) -> list[str]:
    subject = replace(SUBJECT, **known)
    weighed = weigh(rule, approvals, subject, groups, now=NOW)
    found = count(rule, weighed, subject.stage, groups)
    return [f"{one.gate} {one.outcome}: {one.because}" for one in found]


def why_not(rule: Approvals, one: Verified, **known: Any) -> str:
    return weigh(rule, [one], replace(SUBJECT, **known), (RISK, LEGAL), now=NOW)[0].why_not


TWO = Approvals(at_least=2)
ONE = Approvals(at_least=1)


def test_a_policy_that_asks_for_nobody_finds_nothing() -> None:
    assert findings(Approvals(), given("rosa")) == []


def test_a_policy_asks_at_its_stages_only() -> None:
    rule = Approvals(at_least=1, stages=("production",))
    assert findings(rule) == ["approvals missing: 0 of 1"]
    assert findings(rule, stage="staging") == []


def test_as_many_people_as_are_asked_for_are_enough() -> None:
    assert findings(TWO, given("rosa")) == ["approvals missing: 1 of 2: rosa@example.org"]
    assert findings(TWO, given("rosa"), given("ben")) == ["approvals passed: 2 of 2: rosa@example.org, ben@example.org"]


def test_an_approval_that_counts_is_a_finding_of_one_gate() -> None:
    weighed = weigh(ONE, [given("rosa")], SUBJECT, (), now=NOW)
    assert count(ONE, weighed, "production", ()) == (
        Finding(gate="approvals", outcome="passed", because="1 of 1: rosa@example.org"),
    )


@pytest.mark.parametrize("again", ["rosa", "Rosa", "ROSA"])
def test_nobody_counts_twice_by_the_case_of_an_address_or_a_second_key(again: str) -> None:
    found = findings(TWO, given("rosa"), given(again, NOON + timedelta(hours=1)))
    assert found == [f"approvals missing: 1 of 2: {again}@example.org"]


def test_nobody_counts_twice_by_a_key_that_two_addresses_share() -> None:
    shared = ("rosa@example.org", "bot@example.org")
    found = findings(TWO, given("rosa", also=shared), given("bot", also=shared))
    was = "bot@example.org does not count: the same person is counted already, by another address"
    assert found == [f"approvals missing: 1 of 2: rosa@example.org; {was}"]


def test_nobody_approves_what_they_made() -> None:
    assert why_not(ONE, given("ana")) == "is of an author, who may not approve"
    assert why_not(ONE, given("ANA")) == "is of an author, who may not approve"
    assert why_not(ONE, given("bot", also=("ana@example.org",))) == "is of an author, who may not approve"


def test_who_registered_trained_or_proposed_is_an_author() -> None:
    lea, ben = Person(name="lea", email="Lea@example.org"), Person(name="ben", email="ben@example.org")
    version, run = samples.version(registered_by=lea), samples.run(by=ben)
    found = authors_of(version, run, samples.event(by=ANA), "Carl@example.org")
    assert found == {"lea@example.org", "ben@example.org", "ana@example.org", "carl@example.org"}
    assert authors_of(version, None, None) == {"lea@example.org"}


def test_an_approval_of_another_plan_does_not_count() -> None:
    assert why_not(ONE, given("rosa", plan=OTHER_PLAN)) == "is of another plan"


@pytest.mark.parametrize("body", [{"version": "1.0.0"}, {"stage": "staging"}, {"artifact": OTHER_PLAN}])
def test_an_approval_whose_words_are_not_the_plans_does_not_count(body: dict[str, Any]) -> None:
    one = given("rosa", **body)
    said = f"is of churn {one.approval.version} to {one.approval.stage}, which this plan is not"
    assert why_not(ONE, one) == said


def test_an_approval_of_another_model_does_not_count() -> None:
    assert why_not(ONE, given("rosa"), model="late") == "is of churn 1.1.0 to production, which this plan is not"


def test_what_is_not_verified_does_not_count_and_says_why() -> None:
    because = "unknown key: the key is none of rosa@example.org"
    assert why_not(ONE, given("rosa", why_not=because)) == because
    found = findings(ONE, given("rosa", why_not=because))
    assert found == [f"approvals missing: 0 of 1; rosa@example.org does not count: {because}"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW - 30 * DAY, ""),
        (NOW - 30 * DAY - timedelta(seconds=1), "is of 2026-10-25, more than 30 days ago"),
        (NOW + timedelta(minutes=5), ""),
        (NOW + timedelta(minutes=6), "is of 2026-11-24 12:06, which is yet to come"),
    ],
)
def test_an_approval_counts_for_as_long_as_the_policy_says(at: datetime, said: str) -> None:
    assert why_not(ONE, given("rosa", at), registered_at=NOW - 90 * DAY) == said


def test_days_beyond_all_dates_are_no_error() -> None:
    assert why_not(Approvals(at_least=1, valid_days=10**9), given("rosa")) == ""


def test_an_approval_from_before_the_version_does_not_count() -> None:
    said = "is of 2026-11-23 12:00, before the version was registered"
    assert why_not(ONE, given("rosa"), registered_at=LATER) == said


def test_a_review_counts_only_where_no_signature_is_asked_for() -> None:
    assert why_not(ONE, reviewed("rosa")) == "is a review at a forge, the policy asks for a signature"
    assert why_not(Approvals(at_least=1, signed=False), reviewed("rosa")) == ""


def test_a_review_is_as_old_as_its_submission_not_as_its_import() -> None:
    rule = Approvals(at_least=1, signed=False, valid_days=2)
    old = reviewed("rosa", NOON - 5 * DAY)
    assert why_not(rule, old, registered_at=NOON - 9 * DAY) == "is of 2026-11-18, more than 2 days ago"


def test_the_latest_word_of_a_person_counts() -> None:
    hour = timedelta(hours=1)
    yes, no = given("rosa"), given("rosa", NOON + hour, withdrawn=True)
    assert findings(ONE, yes, no) == [
        "approvals missing: 0 of 1; rosa@example.org does not count: takes back what was agreed to"
    ]
    weighed = weigh(ONE, [yes, no], SUBJECT, (), now=NOW)
    assert [one.why_not for one in weighed] == ["was withdrawn on 2026-11-23", "takes back what was agreed to"]
    again = given("rosa", NOON + 2 * hour)
    assert findings(ONE, again, yes, no) == ["approvals passed: 1 of 1: rosa@example.org"]


def test_a_withdrawal_that_nobody_signed_takes_nothing_back() -> None:
    forged = given("rosa", LATER, withdrawn=True, why_not="unknown key: nobody's")
    unsigned = reviewed("rosa", LATER, withdrawn=True)
    assert findings(ONE, given("rosa"), forged, unsigned)[0].startswith("approvals passed: 1 of 1: rosa@example.org;")


def test_a_group_answers_by_its_own_people() -> None:
    rule = Approvals(at_least=2, groups=(GroupRule(group="risk"),))
    assert findings(rule, given("lea"), given("carl")) == [
        "approvals passed: 2 of 2: lea@example.org, carl@example.org",
        "approval:risk missing: 0 of 1",
    ]
    assert findings(rule, given("lea"), given("rosa"))[1] == "approval:risk passed: 1 of 1: rosa@example.org"


def test_several_of_a_group_may_be_asked_for() -> None:
    rule = Approvals(groups=(GroupRule(group="risk", at_least=2),))
    assert findings(rule, given("rosa")) == ["approval:risk missing: 1 of 2: rosa@example.org"]
    assert findings(rule, given("rosa"), given("ben")) == [
        "approval:risk passed: 2 of 2: rosa@example.org, ben@example.org"
    ]


def test_nobody_fills_two_places() -> None:
    rule = Approvals(groups=(GroupRule(group="risk"), GroupRule(group="legal")))
    assert findings(rule, given("rosa")) == [
        "approval:risk passed: 1 of 1: rosa@example.org",
        "approval:legal missing: 0 of 1",
    ]


def test_who_can_fill_two_places_fills_the_one_that_is_free() -> None:
    rule = Approvals(groups=(GroupRule(group="risk"), GroupRule(group="legal")))
    for order in ((given("rosa"), given("ben")), (given("ben"), given("rosa"))):
        assert findings(rule, *order) == [
            "approval:risk passed: 1 of 1: ben@example.org",
            "approval:legal passed: 1 of 1: rosa@example.org",
        ]


def test_a_group_that_the_settings_do_not_name_is_closed() -> None:
    rule = Approvals(groups=(GroupRule(group="board"),))
    because = "actum.yaml names no group board, so nobody can answer for it"
    assert findings(rule, given("rosa")) == [f"approval:board missing: {because}"]


def test_the_order_of_approvals_does_not_matter() -> None:
    rule = Approvals(at_least=2, groups=(GroupRule(group="risk"), GroupRule(group="legal")))
    some = [given("rosa"), given("ben", LATER), given("ana"), given("lea", plan=OTHER_PLAN)]
    assert findings(rule, *some) == findings(rule, *reversed(some))
