"""Agreeing to a promotion that waits, with real git and real keys."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from actum import files, layout
from actum.approvals.verifying import payload, trust_of, verified
from actum.errors import NotFoundError, RefusedError, UserError
from actum.filing import write_record
from actum.promotion.approve import Word, approve
from actum.signing.keys import Key
from tests.promotion.approving import HOUR, LATER, RULE, SIGNERS, Court, bytes_of, commit_to, edited
from tests.promotion.release_project import CARD, NOW, POLICY

REF_OF = layout.approvals_ref


def plan_of(court: Court) -> str:
    return court.pending().plan.digest


def test_two_people_approve_and_the_gates_open(court: Court) -> None:
    assert court.said() == ["approvals missing: 0 of 2", "approval:model-risk missing: 0 of 1"]
    court.approve("rosa")
    assert court.said()[0] == "approvals missing: 1 of 2: rosa@example.org"
    court.approve("ben", LATER + HOUR)
    assert court.said(LATER + HOUR) == [
        "approvals passed: 2 of 2: rosa@example.org, ben@example.org",
        "approval:model-risk passed: 1 of 1: rosa@example.org",
    ]


def test_an_approval_is_an_event_on_the_ref_of_its_plan_and_nothing_else_moves(court: Court) -> None:
    git = court.project.git
    before = git("for-each-ref"), git("status", "--porcelain"), git("rev-parse", "HEAD")
    outcome = court.approve("rosa", comment="looked at the slices")
    (event,) = outcome.events
    path = layout.event("churn", event.id, "approval")
    ref = REF_OF(plan_of(court))
    assert git("ls-tree", "-r", "--name-only", ref) == path
    assert git("rev-parse", ref) == outcome.commit
    git("update-ref", "-d", ref)
    assert (git("for-each-ref"), git("status", "--porcelain"), git("rev-parse", "HEAD")) == before
    assert (event.kind, event.clock, event.by.email) == ("approval", "real", "rosa@example.org")
    assert event.approval is not None
    assert (event.approval.plan, event.approval.version) == (plan_of(court), "1.1.0")
    assert event.approval.comment == "looked at the slices"


def test_what_is_on_disk_verifies_with_ssh_keygen_alone(court: Court) -> None:
    """The event without its signature, as canonical JSON, is what was signed; anybody can see that in ten years."""
    court.approve("rosa", comment='quoted: "x", ünïcode, two\nlines ')
    project, ref = court.project, REF_OF(plan_of(court))
    path = project.git("ls-tree", "-r", "--name-only", ref)
    told = files.read_yaml(project.repo.read(ref, path) or b"", where=path)
    project.write("sig", told["approval"].pop("signature"))
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    words = ("-Y", "verify", "-f", SIGNERS, "-I", "rosa@example.org", "-n", "actum-approval", "-s", "sig")
    subprocess.run(["ssh-keygen", *words], cwd=project.root, input=text.encode(), check=True, capture_output=True)


def test_repeating_it_is_nothing_to_do(court: Court) -> None:
    first = court.approve("rosa")
    assert court.approve("rosa", LATER + HOUR).events == ()
    assert court.approve("Rosa", LATER + HOUR, key="rosa").events == (), "whatever the case of the address"
    assert court.project.git("rev-parse", REF_OF(plan_of(court))) == first.commit


def test_a_withdrawal_takes_it_back_and_it_can_be_given_again(court: Court) -> None:
    court.approve("rosa")
    assert court.approve("ben", withdraw=True).events == (), "there is nothing of Ben's to take back"
    court.approve("rosa", LATER + HOUR, withdraw=True)
    late = LATER + HOUR
    assert court.said(late)[0] == (
        "approvals missing: 0 of 2; rosa@example.org does not count: takes back what was agreed to"
    )
    assert court.approve("rosa", late, withdraw=True).events == ()
    court.approve("rosa", late + HOUR)
    assert court.said(late + HOUR)[0] == "approvals missing: 1 of 2: rosa@example.org"


def test_a_dry_run_signs_nothing(court: Court) -> None:
    assert court.approve("rosa", dry_run=True).events == ()
    assert court.project.git("for-each-ref", "refs/actum/approvals") == ""


@pytest.mark.parametrize("name", ["ana", "Ana"])
def test_the_author_may_not_approve(name: str, court: Court) -> None:
    with pytest.raises(RefusedError, match=r"ana@example\.org trained, registered or proposed churn 1\.1\.0"):
        court.approve(name, key="ana")
    assert court.said()[0] == "approvals missing: 0 of 2"


def test_whoever_git_says_made_the_promotion_is_an_author_too(court: Court) -> None:
    """Ben proposes in Ana's name: the event says ana, the commit says ben."""
    waiting = court.pending()
    forged = replace(waiting.event, id=court.project.ids.new())
    path = layout.stage("churn", "production")
    pointer = replace(waiting.head.pointers("churn")["production"], event=forged.id)
    court.be("ben")
    changes = bytes_of(forged) | {path: write_record(pointer, path=path)}
    commit_to(court.project, "refs/heads/promote/churn/production", changes)
    with pytest.raises(RefusedError, match=r"ben@example\.org trained, registered or proposed"):
        court.approve("ben")
    assert court.approve("rosa").events != ()


def test_a_key_that_the_trunk_does_not_know_is_refused_with_the_line_to_add(court: Court) -> None:
    with pytest.raises(RefusedError, match=r"your approval would not count on .*: unknown key") as caught:
        court.approve("mallory")
    key = court.keys["mallory"].public
    line = f'mallory@example.org namespaces="actum-approval" {key}'
    assert caught.value.hint == f"have this line merged into {SIGNERS}: {line}"
    assert court.project.git("for-each-ref", "refs/actum/approvals") == ""
    court.on_trunk(SIGNERS, (court.project.root / SIGNERS).read_text() + line + "\n")
    assert court.approve("mallory").events != ()


def test_without_a_branch_there_is_nothing_to_approve(court: Court) -> None:
    with pytest.raises(NotFoundError, match="no promotion of churn to staging waits: there is no branch") as caught:
        court.pending(to="staging")
    assert caught.value.hint == "git fetch origin, or actum promote churn --to staging"


def test_another_version_than_the_one_that_waits_is_not_approved(court: Court) -> None:
    with pytest.raises(UserError, match=r"promote/churn/production promotes 1\.1\.0, not 1\.0\.0"):
        court.pending(version="1.0.0")
    assert court.pending(version="1.1.0").promotion.version == "1.1.0"


def test_what_is_merged_needs_no_approval_any_more(court: Court) -> None:
    court.merge()
    with pytest.raises(NotFoundError, match="promote/churn/production is merged"):
        court.pending()


def test_a_plan_that_changed_on_the_trunk_is_refused(court: Court) -> None:
    court.on_trunk(layout.policy("churn"), POLICY + RULE + "break_glass: false\n")
    with pytest.raises(RefusedError, match="what was planned has changed") as caught:
        court.pending()
    assert caught.value.hint == "actum promote churn@v1.1.0 --to production"


def test_a_plan_that_the_branch_made_up_is_refused(court: Court) -> None:
    event = court.pending().event
    assert event.promotion is not None
    forged = replace(event, promotion=replace(event.promotion, plan="sha256:" + "0" * 64))
    commit_to(court.project, "refs/heads/promote/churn/production", bytes_of(forged))
    with pytest.raises(RefusedError, match=r"was planned as sha256:00000000, the trunk gives sha256:"):
        court.pending()


def test_an_unrelated_merge_leaves_approvals_valid(court: Court) -> None:
    court.approve("rosa")
    court.approve("ben")
    court.on_trunk("README.md", "unrelated\n")
    assert [one.outcome for one in court.pending().tally.findings] == ["passed", "passed"]


def test_promoting_again_on_an_unchanged_base_keeps_approvals(court: Court) -> None:
    court.approve("rosa")
    court.on_trunk("README.md", "unrelated\n")
    court.project.promote("churn@v1.1.0", now=LATER)
    assert court.said()[0] == "approvals missing: 1 of 2: rosa@example.org"


def test_a_changed_card_voids_approvals(court: Court) -> None:
    court.approve("rosa")
    court.on_trunk(layout.card("churn"), CARD + "purpose: another\n")
    court.project.promote("churn@v1.1.0", now=LATER)
    assert court.said()[0] == "approvals missing: 0 of 2"


def test_approvals_on_the_branch_itself_count(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "rosa")
    commit_to(court.project, "refs/heads/promote/churn/production", bytes_of(event))
    assert court.said()[0] == "approvals missing: 1 of 2: rosa@example.org"
    court.approve("ben")
    assert court.said()[0] == "approvals passed: 2 of 2: rosa@example.org, ben@example.org"


def test_a_high_risk_model_is_asked_for_what_its_tier_asks(court: Court) -> None:
    tiers = "tiers: {high: {approvals: {at_least: 3}}}\n"
    court.on_trunk(layout.policy("churn"), POLICY + RULE + tiers)
    court.on_trunk(layout.card("churn"), CARD + "risk: {exposure: high, purpose: high}\n")
    court.project.promote("churn@v1.1.0", now=NOW)
    assert court.said() == ["approvals missing: 0 of 3"]


def test_a_policy_without_approvals_finds_nothing_and_still_takes_them(court: Court) -> None:
    court.on_trunk(layout.policy("churn"), POLICY)
    court.project.promote("churn@v1.1.0", now=NOW)
    assert court.said() == []
    assert court.approve("rosa").events != ()


def test_history_is_judged_by_the_moment_of_signing_and_pending_by_today_too(court: Court) -> None:
    (event,) = court.approve("rosa").events
    court.on_trunk(SIGNERS, court.keys["rosa"].line('valid-before="20240502110000Z"'))
    trust = trust_of(court.project.store())
    assert verified(event, trust, now=None).why_not == ""
    assert verified(event, trust, now=LATER + 2 * HOUR).why_not.startswith("expired: ")


def test_what_is_signed_is_the_whole_event(court: Court) -> None:
    (event,) = court.approve("rosa").events
    told = payload(event)
    assert b"signature" not in told
    changes = {"id": court.project.ids.new(), "model": "late", "recorded_at": NOW, "effective_at": NOW}
    changes |= {"clock": "simulated", "by": replace(event.by, email="x@example.org")}
    for name, value in changes.items():
        assert payload(replace(event, **{name: value})) != told, name  # type: ignore[arg-type]
    for name in ("stage", "version", "artifact", "plan", "principal", "comment"):
        assert payload(edited(event, **{name: "other"})) != told, name
    assert payload(edited(event, withdrawn=True)) != told
    assert payload(edited(event, signature="other")) == told


def test_git_is_asked_for_the_key_only_where_something_is_signed(court: Court) -> None:
    court.approve("rosa")
    court.be("rosa")

    def key() -> Key:
        raise AssertionError("nothing is to be signed")

    assert approve(court.pending(), Word(), court.around(), key=key).events == ()
