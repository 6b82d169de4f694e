"""After the merge approvals are evidence: they outlive the ref, the branch and the forge."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from actum import layout
from actum.approvals import refs
from actum.approvals.verifying import trust_of, verified
from actum.cli.main import main
from actum.evidence import add_evidence
from actum.promotion.landing import land, merged_plans
from actum.revisions import open_head
from tests.promotion.approving import LATER, REVOKED, Court, bytes_of, commit_to, edited, origin_of
from tests.real_git import git

EVIDENCE = layout.EVIDENCE_REF


def evidence(court: Court) -> list[str]:
    repo = court.project.repo
    return sorted(repo.tree(EVIDENCE)) if repo.resolve(EVIDENCE) else []


def ref_of(court: Court) -> str:
    return layout.approvals_ref(court.pending().plan.digest)


def test_nothing_lands_before_the_merge(court: Court) -> None:
    court.approve("rosa")
    ref = ref_of(court)
    landed = land(court.project.store())
    assert (landed.events, landed.remarks, evidence(court)) == ((), (), [])
    assert court.project.repo.resolve(ref) is not None


def test_after_the_merge_approvals_are_evidence_byte_for_byte(court: Court) -> None:
    (rosa,), (ben,) = court.approve("rosa").events, court.approve("ben").events
    ref, repo = ref_of(court), court.project.repo
    before = {path: repo.read(ref, path) for path in repo.tree(ref)}
    court.merge()
    landed = land(court.project.store())
    assert (landed.events, landed.remarks) == ((rosa, ben), ())
    assert {path: repo.read(EVIDENCE, path) for path in evidence(court)} == before
    assert repo.resolve(ref) is None, "nothing is left over on it"
    assert court.project.git("status", "--porcelain") == ""


def test_landing_again_is_nothing_to_do(court: Court) -> None:
    court.approve("rosa")
    court.merge()
    land(court.project.store())
    tip = court.project.repo.resolve(EVIDENCE)
    assert land(court.project.store()).events == ()
    assert court.project.repo.resolve(EVIDENCE) == tip


def test_landed_approvals_are_found_and_verified_for_ever(court: Court) -> None:
    (event,) = court.approve("rosa").events
    plan = court.pending().plan.digest
    court.merge()
    land(court.project.store())
    assert refs.all_approvals_of(court.project.repo, "churn", plan) == (event,)
    assert event in open_head(court.project.repo).events("churn")
    assert verified(event, trust_of(court.project.store()), now=None).why_not == ""


def test_an_approval_that_comes_after_the_landing_lands_the_next_time(court: Court) -> None:
    waiting = court.event_of("ben")
    court.approve("rosa")
    court.merge()
    land(court.project.store())
    late = court.signed(waiting, "ben")
    court.put(late)
    assert land(court.project.store()).events == (late,)
    assert len(evidence(court)) == 2


def test_what_is_not_of_whom_it_says_it_is_does_not_land_and_its_ref_stays(court: Court) -> None:
    (good,) = court.approve("rosa").events
    forged = court.signed(court.event_of("ben"), "mallory")
    court.put(forged)
    ref = ref_of(court)
    court.merge()
    landed = land(court.project.store())
    assert landed.events == (good,)
    because = "unknown key: the key is none of ben@example.org"
    assert landed.remarks == (f"{ref}: event/{forged.id} does not land: {because}",)
    assert court.project.repo.resolve(ref) is not None


def test_an_approval_by_a_key_that_was_revoked_since_does_not_land(court: Court) -> None:
    court.approve("rosa")
    court.merge()
    court.on_trunk(REVOKED, court.keys["rosa"].public + "\n")
    assert land(court.project.store()).events == ()


def test_an_approval_with_words_of_another_promotion_does_not_land(court: Court) -> None:
    event = court.signed(edited(court.event_of("rosa"), version="1.0.0"), "rosa")
    court.put(event)
    court.merge()
    (remark,) = land(court.project.store()).remarks
    assert remark.endswith("is of 1.0.0 to production, the plan is of 1.1.0 to production")


def test_a_malformed_file_and_other_kinds_of_records_do_not_land(court: Court) -> None:
    court.approve("rosa")
    ref = ref_of(court)
    bad = layout.event("churn", court.project.ids.new(), "approval")
    commit_to(court.project, ref, {bad: b"kind: approval\n", "registry/churn/model.yaml": b"model: evil\n"})
    court.merge()
    landed = land(court.project.store())
    assert len(landed.events) == 1
    assert [remark.startswith(f"{ref}: {bad}: ") for remark in landed.remarks] == [True]
    assert len(evidence(court)) == 1


def test_approvals_that_came_with_the_branch_need_not_land(court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "rosa")
    commit_to(court.project, "refs/heads/promote/churn/production", bytes_of(event))
    court.put(event)
    court.merge()
    assert land(court.project.store()).events == ()
    assert evidence(court) == []


def test_a_squash_merge_lands_them_all_the_same(court: Court) -> None:
    (event,) = court.approve("rosa").events
    project = court.project
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--squash", "promote/churn/production")
    project.git("commit", "-qm", "Promote")
    project.git("branch", "-qD", "promote/churn/production")
    assert land(project.store()).events == (event,)
    assert verified(event, trust_of(project.store()), now=None).why_not == ""


def test_a_dry_run_lands_nothing(court: Court) -> None:
    (event,) = court.approve("rosa").events
    court.merge()
    assert land(court.project.store(), dry_run=True).events == (event,)
    assert evidence(court) == []
    assert court.project.git("for-each-ref", "refs/actum/approvals") != ""


def test_merged_plans_are_those_of_the_trunk(court: Court) -> None:
    assert merged_plans(court.project.store()) == {}
    plan = court.pending().plan.digest
    court.merge()
    assert {key: (model, one.version) for key, (model, one) in merged_plans(court.project.store()).items()} == {
        plan: ("churn", "1.1.0")
    }


def tags(court: Court, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["-C", str(court.project.root), "tags", "--json", *words]) == 0, capsys.readouterr().err
    told = json.loads(capsys.readouterr().out)
    assert isinstance(told, dict)
    return dict(told["data"])


def test_the_command_tags_lands_them(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    (event,) = court.approve("rosa").events
    court.merge()
    assert tags(court, capsys, "--dry-run")["landed"] == [event.id]
    assert evidence(court) == []
    assert tags(court, capsys)["landed"] == [event.id]
    assert tags(court, capsys)["landed"] == []
    capsys.readouterr()
    assert main(["-C", str(court.project.root), "tags"]) == 0


def test_with_push_origins_approvals_land_there_and_their_ref_is_tidied_away(
    court: Court, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    (rosa,) = court.approve("rosa").events
    plan, ref = court.pending().plan.digest, ref_of(court)
    refs.push(court.project.repo, plan)
    court.project.git("update-ref", "-d", ref)  # CI has not seen it
    court.merge()
    court.project.git("push", "-q", "origin", "main")
    assert tags(court, capsys, "--push")["landed"] == [rosa.id]
    assert git(origin, "ls-tree", "-r", "--name-only", EVIDENCE) == layout.event("churn", rosa.id, "approval")
    assert git(origin, "for-each-ref", "refs/actum/approvals") == ""


def test_a_push_joins_the_evidence_that_others_pushed_meanwhile(
    court: Court, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    (rosa,) = court.approve("rosa").events
    court.merge()
    court.project.git("push", "-q", "origin", "main")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(origin), str(other))
    elsewhere = replace(court.project, root=other)
    add_evidence(elsewhere.repo, {"monitoring/churn/1.json": b"{}\n"}, "Measure")
    git(other, "push", "-q", "origin", f"{EVIDENCE}:{EVIDENCE}")
    assert tags(court, capsys, "--push")["landed"] == [rosa.id]
    there = git(origin, "ls-tree", "-r", "--name-only", EVIDENCE).splitlines()
    assert there == ["monitoring/churn/1.json", layout.event("churn", rosa.id, "approval")]


def test_other_evidence_alone_is_not_pushed_with_tags(
    court: Court, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    add_evidence(court.project.repo, {"monitoring/churn/1.json": b"{}\n"}, "Measure")
    tags(court, capsys, "--push")
    assert git(origin, "for-each-ref", EVIDENCE) == ""


def test_landing_without_push_is_pushed_by_the_next_push(
    court: Court, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    (rosa,) = court.approve("rosa").events
    court.merge()
    court.project.git("push", "-q", "origin", "main")
    tags(court, capsys)
    tags(court, capsys, "--push")
    assert git(origin, "ls-tree", "-r", "--name-only", EVIDENCE) == layout.event("churn", rosa.id, "approval")


def test_history_stays_verified_long_after_the_policys_days(court: Court) -> None:
    (event,) = court.approve("rosa").events
    court.merge()
    land(court.project.store())
    assert event.recorded_at == LATER < LATER + timedelta(days=3650)
    assert verified(event, trust_of(court.project.store()), now=None).why_not == ""
