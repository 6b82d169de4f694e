"""A stage as it is shown: who agreed to what stands there, and what waits on its branch, with what it lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.catalogue.consents import Consent
from actum.catalogue.details import StageDetail, Waiting, detail
from actum.catalogue.holdings import open_holdings
from actum.cli.main import main
from actum.names import parse_reference
from actum.planning.waiting import waiting_at
from actum.promotion.landing import land
from actum.records.event import Review
from actum.revisions import approval_tips, open_head, open_trunk
from tests.promotion.approving import HOUR, LATER, REVOKED, RULE, Court, bytes_of, commit_to, edited
from tests.promotion.release_project import NOW, POLICY

BRANCH = "promote/churn/production"
EVENING = LATER + 10 * HOUR


def shown(court: Court, now: datetime = EVENING) -> StageDetail:
    """Return the stage as `actum show churn#production` reads it."""
    repo = court.project.repo
    head = replace(open_head(repo), approvals=approval_tips(repo)).tolerant()
    found = detail(open_holdings(open_trunk(repo, head), now=now), parse_reference("churn#production"))
    assert isinstance(found, StageDetail)
    return found


def waiting(court: Court, now: datetime = LATER) -> Waiting | None:
    return waiting_at(court.project.store(), "churn", "production", now=now)


def lacks(court: Court, now: datetime = LATER) -> tuple[str, ...]:
    found = waiting(court, now)
    assert found is not None
    return found.lacks


def agreed(court: Court, now: datetime = EVENING) -> list[str]:
    return [one.principal for one in shown(court, now).approvals]


@pytest.fixture
def merged(court: Court) -> Court:
    """Two have agreed, and the promotion is merged."""
    for number, name in enumerate(("rosa", "ben")):
        court.approve(name, LATER + number * HOUR, comment=f"{name} looked at it")
    court.merge()
    return court


@pytest.fixture
def typed(court: Court, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run one command line in the project as somebody, and return what it prints."""

    def run(name: str, *words: str | Path) -> str:
        court.be(name)
        assert main(["-C", str(court.project.root), *map(str, words)]) == 0
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


# ------------------------------------------------------------------ what stands


def test_the_approvals_that_count_for_what_stands_are_told_whole(merged: Court) -> None:
    rosa, ben = shown(merged).approvals
    assert rosa == Consent(
        principal="rosa@example.org",
        at=LATER,
        how="SSH signature",
        event=rosa.event,
        groups=("model-risk",),
        comment="rosa looked at it",
    )
    assert (ben.principal, ben.groups, ben.at) == ("ben@example.org", (), LATER + HOUR)


def test_landed_approvals_are_the_same(merged: Court) -> None:
    before = shown(merged).approvals
    assert len(land(merged.project.store()).events) == 2
    assert shown(merged).approvals == before


def test_what_does_not_count_is_not_among_them(court: Court) -> None:
    other = court.pending().plan.digest
    for name in ("rosa", "ben"):
        court.approve(name)
    court.put(court.signed(court.event_of("mallory"), "mallory"))
    court.put(edited(court.signed(court.event_of("ben", LATER + HOUR), "ben"), comment="another word"))
    court.put(court.signed(edited(court.event_of("rosa"), plan="sha256:" + "0" * 64), "rosa"), other)
    court.merge()
    assert agreed(court) == ["rosa@example.org", "ben@example.org"]


def test_who_had_to_agree_is_what_the_trunk_said_then(merged: Court) -> None:
    """A later policy asks another group, and lets an approval live for a day: what was agreed to stays so."""
    other = "approvals: {at_least: 3, groups: [{group: board, at_least: 3}], valid_days: 1}\n"
    merged.on_trunk(layout.policy("churn"), POLICY + other)
    merged.on_trunk("actum.yaml", (merged.project.root / "actum.yaml").read_text().replace("model-risk", "board"))
    rosa, ben = shown(merged, LATER.replace(year=2030)).approvals
    assert (rosa.groups, ben.groups) == (("model-risk",), ())


def test_a_key_that_was_revoked_since_counts_no_more(merged: Court) -> None:
    merged.on_trunk(REVOKED, merged.keys["rosa"].public + "\n")
    assert agreed(merged) == ["ben@example.org"]


def test_a_review_counts_as_what_it_is(court: Court) -> None:
    court.on_trunk(layout.policy("churn"), POLICY + RULE.replace("at_least: 2,", "at_least: 2, signed: false,", 1))
    court.project.promote("churn@v1.1.0")
    said = Review(login="rosa-r", commit="c" * 40, submitted_at=LATER)
    court.put(edited(court.event_of("rosa"), signature=None, review=said))
    court.merge()
    (rosa,) = shown(court).approvals
    assert (rosa.principal, rosa.how) == ("rosa@example.org", "review of rosa-r")


def test_settings_that_cannot_be_read_take_the_approvals_away_and_nothing_else(merged: Court) -> None:
    merged.on_trunk("policies/allowed_signers", "\x00")
    found = shown(merged)
    assert (found.row.version, [one.principal for one in found.approvals]) == ("1.1.0", [])


# ------------------------------------------------------------------ what waits


def test_what_waits_says_what_it_lacks(court: Court) -> None:
    event = court.pending().event
    assert event.promotion is not None
    assert waiting(court) == Waiting(
        branch=BRANCH,
        version="1.1.0",
        event=event.id,
        by=event.by,
        recorded_at=NOW,
        effective_at=NOW,
        plan=event.promotion.planned,
        lacks=("approvals: 0 of 2", "approval:model-risk: 0 of 1"),
    )
    court.approve("rosa")
    assert lacks(court) == ("approvals: 1 of 2: rosa@example.org",)
    court.approve("ben")
    assert lacks(court) == ()


def test_what_is_merged_waits_no_more(merged: Court) -> None:
    assert waiting(merged) is None


def test_without_a_branch_nothing_waits(court: Court) -> None:
    assert waiting_at(court.project.store(), "churn", "staging", now=LATER) is None


def test_a_plan_that_the_trunk_voided_is_said(court: Court) -> None:
    court.on_trunk(layout.policy("churn"), POLICY + RULE + "# stricter\n")
    assert lacks(court)[0] == ("its plan is void, the trunk gives another: actum promote churn@v1.1.0 --to production")


def test_a_promotion_that_became_a_break_glass_is_said(court: Court) -> None:
    event = court.pending().event
    assert event.promotion is not None
    forged = replace(event, promotion=replace(event.promotion, break_glass="because"))
    commit_to(court.project, f"refs/heads/{BRANCH}", bytes_of(forged))
    told = "its plan is that of an ordinary promotion, its event is of a promotion behind broken glass"
    assert lacks(court)[0] == told


# ------------------------------------------------------------------ as it is typed


def test_people_read_what_waits_and_what_to_type(court: Court, typed: Any) -> None:
    typed("rosa", "approve", "churn", "--to", "production", "--key", court.keys["rosa"].path)
    lines = typed("ana", "show", "churn#production").splitlines()
    plan = court.project.store(BRANCH).events("churn", "promotion")[-1].promotion
    assert plan is not None
    assert lines[:6] == [
        "churn#production  nothing stands here",
        "waits",
        "  1.1.0   proposed by ana 2024-05-02 09:30Z",
        f"  branch  {BRANCH}",
        f"  plan    {plan.plan}",
        "  lacks   approvals: 1 of 2: rosa@example.org",
    ]
    assert lines[6] == "approvals so far"
    assert lines[7].split()[:2] == ["rosa@example.org", "model-risk"]
    assert lines[7].split()[4:6] == ["SSH", "signature"]
    assert lines[8:] == [
        f"next: actum check --head {BRANCH}",
        "      actum approve churn@v1.1.0 --to production",
    ]


def test_people_read_who_agreed_to_what_stands(court: Court, typed: Any) -> None:
    for name in ("rosa", "ben"):
        typed(name, "approve", "churn", "--to", "production", "--key", court.keys[name].path, "--comment", "fine")
    court.merge()
    told = typed("ana", "show", "churn#production")
    at = told.splitlines().index("approvals")
    rows = [line.split() for line in told.splitlines()[at + 1 : at + 3]]
    assert [(row[0], row[1] if row[1] == "model-risk" else "") for row in rows] == [
        ("rosa@example.org", "model-risk"),
        ("ben@example.org", ""),
    ]
    assert all("SSH signature" in line and "fine" in line for line in told.splitlines()[at + 1 : at + 3])
    assert "waits" not in told


def test_programs_are_told_the_same(court: Court, typed: Any) -> None:
    typed("rosa", "approve", "churn", "--to", "production", "--key", court.keys["rosa"].path)
    data = json.loads(typed("ana", "show", "churn#production", "--json"))["data"]
    assert (data["waiting"]["version"], data["waiting"]["lacks"]) == ("1.1.0", ["approvals: 1 of 2: rosa@example.org"])
    assert [one["principal"] for one in data["waiting"]["approvals"]] == ["rosa@example.org"]
    court.merge()
    data = json.loads(typed("ana", "show", "churn#production", "--json"))["data"]
    assert "waiting" not in data
    assert [(one["principal"], one["how"], one["groups"]) for one in data["approvals"]] == [
        ("rosa@example.org", "SSH signature", ["model-risk"])
    ]


def test_a_date_or_a_revision_tells_of_nothing_that_waits(court: Court, typed: Any) -> None:
    for at in ("2024-06-01", "main"):
        assert "waits" not in typed("ana", "show", "churn#production", "--at", at)


def test_a_branch_that_cannot_be_read_is_a_warning(court: Court, typed: Any) -> None:
    event = court.pending().event
    assert event.promotion is not None
    forged = replace(event, promotion=replace(event.promotion, version="1.0.0"))
    commit_to(court.project, f"refs/heads/{BRANCH}", bytes_of(forged))
    told = typed("ana", "show", "churn#production")
    assert f"warning: {BRANCH}: the pointer and event {event.id} do not agree" in told
    assert told.startswith("churn#production  nothing stands here\n")


def test_broken_glass_stands_in_the_open(court: Court, typed: Any) -> None:
    court.on_trunk(layout.policy("churn"), POLICY.replace("0.68", "0.9"))
    court.project.promote("churn@v1.1.0", break_glass="the old one answers nonsense")
    assert "  break-glass  the old one answers nonsense\n" in typed("ana", "show", "churn#production")
    court.merge()
    assert "  break-glass  the old one answers nonsense\n" in typed("ana", "show", "churn#production")
