"""Approve, then something happens, then merge: what still counts, and what is refused before the merge and after it.

Real git, and real SSH keys of two people.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from actum import layout
from actum.cli.main import main
from actum.records.event import Event
from tests.promotion.approving import LATER, Court
from tests.promotion.release_project import POLICY, Project

BRANCH = "promote/churn/production"
POINTER = layout.stage("churn", "production")


@pytest.fixture
def agreed(court: Court) -> Court:
    """Rosa and Ben approved the promotion of 1.1.0, and nothing stands in its way."""
    court.approve("rosa")
    court.approve("ben")
    assert kinds(court.project) == set()
    return court


def kinds(project: Project, head: str = BRANCH, base: str | None = None) -> set[str]:
    """Return the kinds of what blocks the merge of a branch, or the merge that a base stood before."""
    found = project.check(head=head, base=base, now=LATER).objections
    return {one.kind for one in found if one.weight == "block"}


def another_version(project: Project, event: Event) -> None:
    """Point at 1.0.0, which nobody looked at, and say so everywhere but in the plan."""
    other = project.store().version("churn", "1.0.0")
    assert other is not None
    artifact = other.artifact.sha256
    project.record(POINTER, replace(project.read(POINTER), version="1.0.0", artifact=artifact))
    project.edit_event(event, version="1.0.0", artifact=artifact)


def another_day(project: Project, event: Event) -> None:
    path = layout.event("churn", event.id, event.kind)
    project.record(path, replace(event, effective_at=event.effective_at + timedelta(days=90)))


def less_to_agree_to(project: Project, event: Event) -> None:
    """Ask for nobody, in the policy that comes with the promotion."""
    project.write(layout.policy("churn"), POLICY)


def other_evidence(project: Project, event: Event) -> None:
    """Write better figures into the event."""
    assert event.promotion is not None
    findings = tuple(replace(one, because="0.99 against at least 0.68") for one in event.promotion.findings)
    project.edit_event(event, findings=findings)


@pytest.mark.parametrize(
    ("change", "refused_for"),
    [
        (another_version, {"promotion-plan", "promotion-approvals"}),
        (another_day, {"promotion-plan"}),
        (less_to_agree_to, {"promotion-judge"}),
        (other_evidence, {"promotion-evidence"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_one_more_commit_that_changes_what_was_approved_is_refused_before_the_merge_and_after_it(
    change: Callable[[Project, Event], None], refused_for: set[str], agreed: Court
) -> None:
    project, event = agreed.project, agreed.pending().event
    project.git("switch", "-q", BRANCH)
    change(project, event)
    project.commit("one more thing")
    assert refused_for <= kinds(project)
    agreed.merge()
    assert refused_for <= kinds(project, head="main", base="main~1")


def test_a_promotion_that_is_made_anew_of_another_version_has_no_approvals(agreed: Court) -> None:
    agreed.project.promote("churn@v1.0.0", now=LATER)
    assert kinds(agreed.project) == {"promotion-approvals"}
    assert agreed.said() == ["approvals missing: 0 of 2", "approval:model-risk missing: 0 of 1"]


def test_a_promotion_that_is_made_anew_as_it_was_keeps_its_approvals(agreed: Court) -> None:
    agreed.project.promote("churn@v1.1.0", now=LATER)
    assert kinds(agreed.project) == set()


def test_after_an_unrelated_merge_to_the_trunk_the_approved_promotion_is_merged(agreed: Court) -> None:
    """Something else of the same model comes in between: a version, which moves no pointer."""
    project = agreed.project
    project.begin("unrelated")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "unrelated")
    assert kinds(project) == set()
    agreed.merge()
    assert kinds(project, head="main", base="main~1") == set()
    assert project.pointer().version == "1.1.0"


def typed(project: Project, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return the data that a command tells; it must succeed."""
    capsys.readouterr()
    status = main(["-C", str(project.root), *words, "--json"])
    out, err = capsys.readouterr()
    assert status == 0, out + err
    return json.loads(out)["data"]


def squash(project: Project, branch: str) -> None:
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--squash", branch)
    project.git("commit", "-qm", f"Squash {branch}")
    project.git("branch", "-qD", branch)


def test_after_squash_merges_everything_still_resolves(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    """A version and its approved promotion come by squash, their branches are gone and git has forgotten them."""
    project = court.project
    project.begin("work")
    version = project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    squash(project, "work")
    project.promote("churn@v1.2.0")
    events = [event.id for name in ("rosa", "ben") for event in court.approve(name).events]
    squash(project, BRANCH)
    project.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    project.git("gc", "-q", "--prune=now")
    assert kinds(project, head="main", base="main~1") == set()

    (stage,) = (one for one in typed(project, capsys, "ls", "stages") if "version" in one)
    assert (stage["stage"], stage["version"]) == ("production", "1.2.0")
    assert typed(project, capsys, "show", "churn#production")["row"]["version"] == "1.2.0"
    assert typed(project, capsys, "tags")["landed"] == events
    assert project.git("rev-parse", "churn#production#1^{commit}") == version.result_commit
    assert project.git("for-each-ref", layout.APPROVALS) == ""
    assert typed(project, capsys, "fsck")["clean"]
    told = typed(project, capsys, "rebuild", "churn@v1.2.0", "--dry-run")
    because = f"would rebuild commit {version.code_commit[:10]}: 1 stage, 3 objects verified"
    assert (told["found_by"], told["why"]) == ("ref", because)
