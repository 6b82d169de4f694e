"""Approvals that somebody would like to count, and that do not: each with its own reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from actum import layout
from actum.planning.waiting import tally_of
from actum.records.event import Event, Review
from actum.records.forms import Person
from actum.store import Store
from tests.promotion.approving import (
    GROUPS,
    HOUR,
    LATER,
    REVOKED,
    RULE,
    SIGNERS,
    Court,
    bytes_of,
    commit_to,
    edited,
)
from tests.promotion.release_project import NOW, POLICY, SETTINGS

DAY = timedelta(days=1)


def attempt(court: Court, event: Event, plan: str = "") -> str:
    """Put an approval onto the ref and return why it does not count; "" when it does."""
    court.put(event, plan)
    (why_not,) = court.why_not()
    return why_not


def test_the_court_is_fair(court: Court) -> None:
    """Without an attack the same steps make an approval that counts."""
    assert attempt(court, court.signed(court.event_of("rosa"), "rosa")) == ""


def test_self_approval(court: Court) -> None:
    assert attempt(court, court.signed(court.event_of("ana"), "ana")) == "is of an author, who may not approve"


def test_self_approval_under_a_second_address_of_the_same_key(court: Court) -> None:
    ana = court.keys["ana"]
    court.on_trunk(SIGNERS, ana.line() + ana.line(address="release-bot@example.org"))
    event = edited(court.event_of("ana"), principal="release-bot@example.org")
    event = replace(event, by=Person(name="bot", email="release-bot@example.org"))
    assert attempt(court, court.signed(event, "ana")) == "is of an author, who may not approve"


def test_a_proposal_hidden_in_a_merge_has_an_author_all_the_same(court: Court) -> None:
    project, branch = court.project, "refs/heads/promote/churn/production"
    court.be("zoe")
    merge = project.git("commit-tree", f"{branch}^{{tree}}", "-p", "main", "-p", "main~1", "-m", "Merge")
    court.be("ana")
    project.git("update-ref", branch, merge)
    assert "zoe@example.org" in court.pending().subject.authors


def test_who_brings_the_trunk_into_the_branch_is_no_author_of_the_proposal(court: Court) -> None:
    court.on_trunk("docs/page.md", "words\n")
    court.be("rosa")
    court.project.git("switch", "-q", "promote/churn/production")
    court.project.git("merge", "-q", "--no-edit", "main")
    court.be("ana")
    assert court.pending().subject.authors == {"ana@example.org"}


def test_an_approval_of_another_plan(court: Court) -> None:
    """Signed in good faith for staging, put onto the ref of production."""
    court.project.promote("churn@v1.1.0", to="staging")
    plan = court.pending().plan.digest
    waiting = court.pending(to="staging")
    other = edited(court.event_of("rosa"), stage="staging", plan=waiting.plan.digest)
    court.put(court.signed(other, "rosa"), plan)
    assert court.why_not() == [], "it is not even found among the approvals of this plan"
    assert [one.why_not for one in court.pending(to="staging").tally.weighed] == []
    relabelled = edited(court.signed(other, "rosa"), plan=plan, stage="production")
    assert attempt(court, relabelled).startswith("malformed: it does not fit what it stands over")


def test_an_old_approval_replayed(court: Court) -> None:
    """1.1.0 was approved, merged and rolled back; who promotes it again cannot use what was said then."""
    court.put(court.signed(court.event_of("rosa"), "rosa"))
    (old,) = (one.verified.event for one in court.pending().tally.counted)
    court.merge()
    court.project.promoted("churn@v1.0.0", now=LATER)
    court.project.promote("churn@v1.1.0", now=LATER + HOUR)
    plan = court.pending(LATER + HOUR).plan.digest
    assert old.approval is not None
    assert old.approval.plan != plan
    court.put(old, plan)
    assert court.why_not(LATER + HOUR) == []
    court.put(replace(edited(old, plan=plan), id=court.project.ids.new()), plan)
    assert court.why_not(LATER + HOUR)[0].startswith("malformed: it does not fit")


def test_an_approval_from_before_the_version_was_registered(court: Court) -> None:
    event = replace(court.event_of("rosa"), recorded_at=NOW - HOUR, effective_at=NOW - HOUR)
    said = "is of 2024-05-02 08:30, before the version was registered"
    assert attempt(court, court.signed(event, "rosa")) == said


def test_an_approval_that_is_too_old(court: Court) -> None:
    court.put(court.signed(court.event_of("rosa"), "rosa"))
    assert court.why_not(LATER + 30 * DAY) == [""]
    assert court.why_not(LATER + 31 * DAY) == ["is of 2024-05-02, more than 30 days ago"]


def test_an_approval_from_the_future(court: Court) -> None:
    event = court.signed(court.event_of("rosa", LATER + DAY), "rosa")
    assert attempt(court, event) == "is of 2024-05-03 10:30, which is yet to come"


def test_an_unknown_key(court: Court) -> None:
    event = court.signed(court.event_of("mallory"), "mallory")
    assert attempt(court, event) == "unknown key: no key of mallory@example.org is listed"


def test_an_unknown_key_in_somebody_elses_name(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "mallory")
    assert attempt(court, event) == "unknown key: the key is none of rosa@example.org"


def test_a_principal_that_does_not_own_the_key(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "ben")
    assert attempt(court, event) == "unknown key: the key is of ben@example.org, not of rosa@example.org"


def test_a_pattern_for_everybody_in_the_base_is_no_key_of_anybody(court: Court) -> None:
    court.on_trunk(SIGNERS, court.keys["mallory"].line(address="*@example.org"))
    event = court.signed(court.event_of("rosa"), "mallory")
    assert attempt(court, event) == "unknown key: no key of rosa@example.org is listed"


def test_a_key_that_was_expired_when_it_signed(court: Court) -> None:
    court.on_trunk(SIGNERS, court.keys["rosa"].line('valid-before="20240501Z"'))
    event = court.signed(court.event_of("rosa"), "rosa")
    assert attempt(court, event) == "expired: the key was no longer valid on 2024-05-02"


def test_a_key_that_expired_since(court: Court) -> None:
    court.on_trunk(SIGNERS, court.keys["rosa"].line('valid-before="20240503Z"'))
    court.put(court.signed(court.event_of("rosa"), "rosa"))
    assert court.why_not() == [""]
    assert court.why_not(LATER + DAY) == ["expired: the key was no longer valid on 2024-05-03"]


def test_a_signature_dated_back_to_when_the_key_was_valid(court: Court) -> None:
    """Who has an expired key may claim any moment; a pending promotion asks for today as well."""
    court.on_trunk(SIGNERS, court.keys["rosa"].line('valid-before="20240502093500Z"'))
    event = court.signed(court.event_of("rosa", NOW), "rosa")
    assert attempt(court, event) == "expired: the key was no longer valid on 2024-05-02"


def test_a_revoked_key(court: Court) -> None:
    court.put(court.signed(court.event_of("rosa"), "rosa"))
    assert court.why_not() == [""]
    court.on_trunk(REVOKED, court.keys["rosa"].public + "\n")
    assert court.why_not() == ["revoked: the key is revoked"]


def test_a_list_of_revoked_keys_that_nobody_can_read_closes_the_gate(court: Court) -> None:
    court.on_trunk(REVOKED, "rosa's old laptop\n")
    event = court.signed(court.event_of("rosa"), "rosa")
    assert attempt(court, event).startswith("the list of revoked keys: line 1 holds no public key")


@pytest.mark.parametrize(
    "changes",
    [{"version": "1.0.0"}, {"stage": "staging"}, {"principal": "ben@example.org"}, {"comment": "all fine"}],
)
def test_a_signature_over_an_edited_event(changes: dict[str, str], court: Court) -> None:
    event = edited(court.signed(court.event_of("rosa"), "rosa"), **changes)
    assert attempt(court, event) != ""


def test_an_event_whose_times_were_edited(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "rosa")
    later = replace(event, recorded_at=event.recorded_at + timedelta(seconds=1))
    assert attempt(court, later).startswith("malformed: it does not fit what it stands over")


def test_a_key_that_only_the_head_lists(court: Court) -> None:
    """The branch brings its own signers, revocations, groups and policy; the base's count."""
    mallory = court.keys["mallory"]
    changes = {
        SIGNERS: mallory.line().encode(),
        "actum.yaml": (SETTINGS + GROUPS.replace("rosa@", "mallory@")).encode(),
        layout.policy("churn"): POLICY.encode(),
    }
    commit_to(court.project, "refs/heads/promote/churn/production", changes)
    court.put(court.signed(court.event_of("mallory"), "mallory"))
    assert court.why_not() == ["unknown key: no key of mallory@example.org is listed"]
    assert [one.outcome for one in court.pending().tally.findings] == ["missing", "missing"]


def test_a_revocation_that_the_head_takes_back(court: Court) -> None:
    court.on_trunk(REVOKED, court.keys["rosa"].public + "\n")
    court.project.promote("churn@v1.1.0")
    commit_to(court.project, "refs/heads/promote/churn/production", {REVOKED: None})
    event = court.signed(court.event_of("rosa"), "rosa")
    assert attempt(court, event) == "revoked: the key is revoked"


def test_a_signature_that_git_made_over_the_same_bytes(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "rosa", namespace="git")
    said = "wrong namespace: is a signature for 'git', not for 'actum-approval'"
    assert attempt(court, event) == said


def test_the_signature_of_a_commit_reused(court: Court) -> None:
    project, rosa = court.project, court.keys["rosa"]
    settings = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={rosa.path}")
    project.git(*settings, "commit", "-q", "-S", "--allow-empty", "-m", "signed")
    head, _, _ = project.git("cat-file", "commit", "HEAD").partition("\n\n")
    lines = head[head.index("-----BEGIN SSH") :].splitlines()
    stolen = "\n".join(line.removeprefix(" ") for line in lines) + "\n"
    event = edited(court.event_of("rosa"), signature=stolen)
    assert attempt(court, event).startswith("wrong namespace: is a signature for 'git'")


def test_a_key_that_is_listed_for_git_alone(court: Court) -> None:
    court.on_trunk(SIGNERS, court.keys["rosa"].line('namespaces="git"'))
    event = court.signed(court.event_of("rosa"), "rosa")
    assert attempt(court, event) == "wrong namespace: the key is not listed for 'actum-approval'"


def test_one_person_with_two_keys(court: Court) -> None:
    rosa, second = court.keys["rosa"], court.keys["mallory"]
    court.on_trunk(SIGNERS, rosa.line() + second.line(address="Rosa@Example.org"))
    court.put(court.signed(court.event_of("rosa"), "rosa"))
    other = edited(court.event_of("rosa", LATER + HOUR), principal="Rosa@Example.org")
    court.put(court.signed(other, "mallory"))
    assert court.said(LATER + HOUR)[0] == "approvals missing: 1 of 2: Rosa@Example.org"


def test_a_review_where_signatures_are_asked_for(court: Court) -> None:
    event = court.event_of("rosa")
    said = Review(login="rosa-r", commit="c" * 40, submitted_at=LATER)
    assert attempt(court, edited(event, signature=None, review=said)) == (
        "is a review at a forge, the policy asks for a signature"
    )


def test_a_review_of_a_login_that_is_somebody_else(court: Court) -> None:
    court.on_trunk(layout.policy("churn"), POLICY + RULE.replace("at_least: 2,", "at_least: 2, signed: false,", 1))
    court.project.promote("churn@v1.1.0")
    event = court.event_of("rosa")
    said = Review(login="ben-b", commit="c" * 40, submitted_at=LATER)
    assert attempt(court, edited(event, signature=None, review=said)) == (
        "the login ben-b is ben@example.org, not rosa@example.org"
    )


def test_a_malformed_approval_hinders_nobody(court: Court) -> None:
    plan = court.pending().plan.digest
    path = layout.event("churn", court.project.ids.new(), "approval")
    commit_to(court.project, layout.approvals_ref(plan), {path: b"schema: event/1\nkind: approval\n"})
    court.approve("rosa")
    assert court.said()[0] == "approvals missing: 1 of 2: rosa@example.org"


def test_an_edited_copy_under_the_same_id_hides_nothing(court: Court) -> None:
    """Whoever writes the branch could put a broken copy of Rosa's approval where hers would lie."""
    (event,) = court.approve("rosa").events
    commit_to(court.project, "refs/heads/promote/churn/production", bytes_of(edited(event, comment="no")))
    assert sorted(court.why_not())[0] == ""
    assert court.said()[0].startswith("approvals missing: 1 of 2: rosa@example.org")


def test_nothing_but_approvals_is_read_from_such_a_ref(court: Court) -> None:
    project = court.project
    event = court.pending().event
    commit = commit_to(project, "refs/actum/approvals/" + "0" * 64, bytes_of(event) | {"registry/x/model.yaml": b"a"})
    head = project.repo.resolve("main")
    assert head is not None
    store = Store(project.repo, head, approvals=(commit,))
    assert store.tree == Store(project.repo, head).tree
    assert store.waiting == frozenset()


def test_a_squash_merge_leaves_approvals_as_they_were(court: Court) -> None:
    """The branch and its commits are gone; the signature is over the event, so it still says who agreed to what."""
    court.approve("rosa")
    court.approve("ben")
    waiting = court.pending()
    project = court.project
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--squash", "promote/churn/production")
    project.git("commit", "-qm", "Promote")
    project.git("branch", "-qD", "promote/churn/production")
    base = waiting.base.beside(project.git("rev-parse", "main~1"))
    found = tally_of(base, None, waiting.rule, waiting.subject, now=LATER + DAY)
    assert [one.outcome for one in found.findings] == ["passed", "passed"]
