"""A promotion from branch to merge: approvals, roll-back, broken glass, and what may not travel beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actum import layout, registry
from actum.checking.gather import pages
from actum.cli.main import main
from actum.errors import NotFoundError
from actum.records.event import Comparison, Figure
from tests.promotion.approving import LATER, Court
from tests.promotion.release_project import CARD, NOW, POLICY, Project

BRANCH = "promote/churn/production"
POINTER = "registry/churn/stages/production.yaml"
Told = tuple[str, str, str, str]


def told(project: Project, head: str = BRANCH) -> list[tuple[str, str, str]]:
    """Return weight, kind and message of what a check of the branch finds."""
    return [(one.weight, one.kind, one.message) for one in project.check(head=head, now=LATER).objections]


def test_a_promotion_is_merged_once_all_who_are_asked_have_agreed(court: Court) -> None:
    project = court.project
    assert told(project) == [
        ("block", "promotion-approvals", "approval:model-risk: missing, 0 of 1"),
        ("block", "promotion-approvals", "approvals: missing, 0 of 2"),
    ]
    court.approve("rosa")
    assert told(project) == [("block", "promotion-approvals", "approvals: missing, 1 of 2: rosa@example.org")]
    court.approve("ben")
    assert told(project) == []
    page = pages(project.check(head=BRANCH, now=LATER))
    assert "\nApprovals 2 of 2 (ben&#64;example.org, rosa&#64;example.org) · plan `" in page
    court.merge()
    assert registry.standing(project.store(), "churn", "production") is not None


def test_one_more_commit_after_the_approval_is_refused(court: Court) -> None:
    project = court.project
    court.approve("rosa")
    court.approve("ben")
    project.git("switch", "-q", BRANCH)
    project.write("train.py", "print('more')\n")
    project.commit("one more thing")
    because = f"changes beside {POINTER}: a promotion moves its pointer and nothing else"
    assert told(project) == [("block", "promotion-paths", because)]


def test_an_unrelated_merge_leaves_approvals_as_good_as_they_were(court: Court) -> None:
    court.approve("rosa")
    court.approve("ben")
    court.on_trunk("docs/page.md", "words\n")
    assert told(court.project) == []


def test_a_promotion_may_touch_what_the_policy_of_the_base_lets_it(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY + "allowed_paths: [docs/*]\n")
    project.commit()
    project.promote("churn@v1.0.0")
    project.git("switch", "-q", BRANCH)
    project.write("docs/release.md", "notes\n")
    project.commit()
    assert told(project) == []
    project.write("policies/trusted-types.txt", "builtins.eval\n")
    project.commit()
    assert told(project) == [("block", "promotion-judge", f"changes beside {POINTER}, which the trusted types judge")]


def test_no_policy_lets_what_judges_come_with_a_promotion(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY + 'allowed_paths: ["*"]\n')
    project.write(layout.card("churn"), CARD + "holdout: {path: rows.csv, features: models/churn.bin, label: left}\n")
    project.commit()
    project.promote("churn@v1.0.0")
    project.git("switch", "-q", BRANCH)
    judges = {
        "actum.yaml": "the settings judge",
        layout.card("churn"): "the card judges",
        layout.policy("churn"): "the policy judges",
        ".dvc/config": "the remote judges",
        "policies/allowed_signers": "the list of signers judges",
        "policies/revoked_signers": "the list of revoked keys judges",
        "policies/trusted-types.txt": "the trusted types judge",
        "registry/churn/rows.csv.dvc": "the holdout judges",
    }
    for path in (*judges, "docs/page.md"):
        there = project.root / path
        project.write(path, (there.read_text() if there.exists() else "") + "# x\n")
    project.commit()
    found = {one.path: one.message for one in project.check(head=BRANCH).objections if one.kind == "promotion-judge"}
    assert found == {path: f"changes beside {POINTER}, which {words}" for path, words in judges.items()}
    assert "promotion-paths" not in {kind for _, kind, _ in told(project)}


def test_the_first_promotion_cannot_be_taken_back(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    with pytest.raises(NotFoundError, match=r"^nothing stood at churn#production before that could be returned to$"):
        project.promote("churn", back=True)


def test_a_roll_back_is_a_promotion_of_the_version_before(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    project.promoted("churn@v1.1.0")
    outcome = project.promote("churn", back=True)
    assert outcome.event is not None
    assert outcome.event.promotion is not None
    assert (outcome.event.promotion.version, outcome.event.promotion.back) == ("1.0.0", True)
    assert told(project) == []
    project.merge()
    assert project.pointer().version == "1.0.0"


def test_one_cannot_return_to_what_one_returned_from(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    project.promoted("churn@v1.1.0")
    project.promoted("churn", back=True)
    assert registry.last_good(project.store(), "churn", "production") is None
    with pytest.raises(NotFoundError, match="could be returned to"):
        project.promote("churn", back=True)


def test_a_roll_back_that_leads_elsewhere_is_refused(project: Project) -> None:
    """Nobody gets past the margins by calling a promotion a roll-back."""
    project.promoted("churn@v1.0.0")
    outcome = project.promote("churn@v1.1.0")
    assert outcome.event is not None
    project.git("switch", "-q", BRANCH)
    project.edit_event(outcome.event, back=True)
    project.commit()
    assert ("block", "promotion-back", "back: leads to 1.1.0, the last good version before was none") in told(project)


def test_broken_glass_lets_a_closed_gate_pass_and_says_so_loudly(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY.replace("0.68", "0.9"))
    project.commit()
    assert project.promote("churn@v1.0.0").commit is None
    outcome = project.promote("churn@v1.0.0", break_glass="the old one answers nonsense")
    assert outcome.commit is not None
    assert told(project) == [
        ("warn", "promotion-break-glass", "closed gates are passed over: the old one answers nonsense"),
        ("warn", "promotion-gate", "auc: failed, 0.7 against at least 0.9"),
    ]
    page = pages(project.check(head=BRANCH, now=LATER))
    assert "\n🚨 **Break-glass**: the old one answers nonsense  \n" in page


def test_a_policy_may_have_no_glass_to_break(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY.replace("0.68", "0.9") + "break_glass: false\n")
    project.commit()
    project.promote("churn@v1.0.0", break_glass="now or never")
    assert told(project) == [
        ("block", "promotion-break-glass", "the policy allows no break-glass; the reason was: now or never"),
        ("block", "promotion-gate", "auc: failed, 0.7 against at least 0.9"),
    ]


def test_a_high_risk_model_is_asked_for_more(project: Project) -> None:
    rule = POLICY + "tiers: {high: {evidence: {rebuild: bytes}}}\n"
    project.write(layout.policy("churn"), rule)
    project.commit()
    assert project.promote("churn@v1.0.0").commit is not None
    card = (project.root / layout.card("churn")).read_text()
    project.write(layout.card("churn"), card + "risk: {exposure: high, purpose: medium}\n")
    project.commit()
    blocks = [(one.gate, one.because) for one in project.promote("churn@v1.0.0").plan.blocks]
    assert blocks == [("rebuild", "nobody rebuilt it, bytes is asked")]


def test_a_margin_without_a_holdout_is_closed(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY + "margins: [{metric: auc, worse_by_at_most: 0.01}]\n")
    project.commit()
    (block,) = project.promote("churn@v1.0.0").plan.blocks
    assert (block.gate, block.outcome) == ("holdout", "missing")
    assert block.because.startswith("nobody could judge it: ")


def test_a_version_that_cannot_be_returned_to_is_not_replaced(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    md5 = version.artifact.md5
    (project.remote / "files/md5" / md5[:2] / md5[2:]).unlink()
    (block,) = project.promote("churn@v1.1.0").plan.blocks
    because = f"1.0.0 could not be returned to: storage has no object {md5} for models/churn.bin"
    assert (block.gate, block.because) == ("rollback", because)


def test_promote_pushes_its_branch_over_its_own_older_one_and_no_other(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.git("init", "-q", "--bare", "../origin.git")
    project.git("remote", "add", "origin", "../origin.git")
    project.git("push", "-q", "-u", "origin", "main")
    words = ["-C", str(project.root), "promote", "churn@v1.0.0", "--to", "production", "--push"]
    assert main(words) == 0
    body = (project.root / ".actum/promotions/churn-production.md").read_text()
    assert body.startswith("<!-- actum:promotion model=churn stage=production -->\n### 🟢 churn 1.0.0")
    out, err = capsys.readouterr()
    assert "pull request: Promote churn 1.0.0 to production; its text: .actum/promotions" in out
    assert "git push" not in err  # it is done
    first = project.git("ls-remote", "origin", BRANCH).split()[0]
    assert main(words) == 0
    assert project.git("ls-remote", "origin", BRANCH).split()[0] != first
    project.git("push", "-q", "--force", "../origin.git", f"main:{BRANCH}")
    assert main(words) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["churn@v1.0.0", "--back"], "--back finds the version itself: churn@v1.0.0 names one"),
        (["churn", "--break-glass", " "], "--break-glass wants a reason"),
        (["churn", "--push"], "there is no remote origin to push to"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    project: Project, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["-C", str(project.root), "promote", *words, "--to", "production"]) in (1, 2)
    assert said in capsys.readouterr().err


def test_a_late_approval_of_an_older_plan_does_not_count(court: Court) -> None:
    court.approve("rosa")
    court.approve("ben")
    court.on_trunk(layout.policy("churn"), POLICY + "approvals: {at_least: 2}\nallowed_paths: [docs/*]\n")
    found = told(court.project)
    assert [kind for _, kind, _ in found] == ["promotion-plan"]
    assert NOW + timedelta(hours=1) == LATER


def test_a_change_that_brings_more_than_a_promotion_is_not_even_judged(project: Project) -> None:
    """The holdout is judged in the checkout, where what such a change brings would lie."""
    project.write(layout.policy("churn"), POLICY + "margins: [{metric: auc, worse_by_at_most: 0.01}]\n")
    project.commit()
    project.promote("churn@v1.0.0", break_glass="to have a branch")
    project.git("switch", "-q", BRANCH)
    tried = "nobody could judge it: registry/churn/model.yaml: cannot be judged without holdout"
    assert tried in dict(gates(project))["holdout"]
    project.write("uv.toml", 'cache-dir = "./mine"\n')
    project.commit()
    assert dict(gates(project))["holdout"] == "missing, nobody could judge it: the change brings more than a promotion"


def test_figures_that_nobody_can_compute_again_do_not_pass_behind_broken_glass(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY + "margins: [{metric: auc, worse_by_at_most: 0.01}]\n")
    project.commit()
    outcome = project.promote("churn@v1.0.0", break_glass="the holdout is gone")
    project.git("switch", "-q", BRANCH)
    assert {weight for weight, _, _ in told(project)} == {"warn"}
    assert outcome.event is not None
    figures = (Figure(metric="auc", challenger=0.99, champion=0.5, low=0.4, high=0.5),)
    project.edit_event(outcome.event, comparison=Comparison(holdout="0" * 32, rows=1000, figures=figures))
    project.commit()
    blocks = [one for one in told(project) if one[0] == "block"]
    assert blocks == [("block", "promotion-evidence", "comparison: it could not be computed again")]


def gates(project: Project) -> list[tuple[str, str]]:
    """Return what is said of closed gates, by gate."""
    said = (message.partition(": ") for _, kind, message in told(project) if kind == "promotion-gate")
    return [(gate, why) for gate, _, why in said]


def test_what_actum_keeps_for_itself_does_not_come_with_a_change(project: Project) -> None:
    """Environments and judgements in .actum are believed: here somebody brings an interpreter."""
    project.write(layout.policy("churn"), POLICY + 'allowed_paths: ["*"]\n')
    project.commit()
    project.promote("churn@v1.0.0")
    project.git("switch", "-q", BRANCH)
    for name in ("complete.json", "venv/bin/python"):
        project.write(f".actum/environments/{'0' * 20}/{name}", "#!/bin/sh\n")
    project.git("add", "--force", ".actum/environments")
    project.commit()
    kept = "holds 2 files in git: what a machine made for itself is believed there"
    assert [(one.kind, one.path, one.message) for one in project.check(head=BRANCH, now=LATER).objections] == [
        ("promotion-paths", ".actum", f"changes beside {POINTER}: a promotion moves its pointer and nothing else"),
        ("state-in-git", ".actum", kept),
    ]
