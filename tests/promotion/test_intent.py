"""What was agreed to as an ordinary promotion is merged as nothing else: the plan's digest covers what is meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actum import layout
from actum.cli.main import main
from actum.errors import RefusedError
from actum.planning.digest import Ground, Intent
from actum.records.event import Event
from actum.records.run import Origin
from tests.promotion.approving import LATER, RULE, Court
from tests.promotion.release_project import POLICY, Project

BRANCH = "promote/churn/production"
REASON = "the old one answers nonsense"
ORDINARY, BACK, BROKEN = Intent(), Intent(back=True), Intent(break_glass=True)


def rewritten(project: Project, event: Event, **promotion: Any) -> list[tuple[str, str, str]]:
    """Return what a check of the branch finds once somebody rewrote its event."""
    project.git("switch", "-q", BRANCH)
    project.edit_event(event, **promotion)
    project.commit("rewrite")
    project.git("switch", "-q", "main")
    return [(one.weight, one.kind, one.message) for one in project.check(head=BRANCH, now=LATER).objections]


def ground(project: Project) -> Ground:
    base = project.store()
    held = base.pointers("churn").get("production")
    return Ground(base=base, card=base.card("churn"), stage="production", version="1.1.0", pointer=held, named=None)


@pytest.fixture
def agreed(court: Court) -> Event:
    """An ordinary promotion that all who are asked have agreed to."""
    for name in ("rosa", "ben"):
        court.approve(name)
    assert court.project.found(head=BRANCH, now=LATER) == []
    return court.pending().event


def test_each_way_to_mean_a_promotion_has_a_plan_of_its_own(project: Project) -> None:
    found = ground(project)
    digests = {found.digest(intent): intent for intent in (ORDINARY, BACK, BROKEN, Intent(back=True, break_glass=True))}
    assert len(digests) == 4
    assert {found.meant_by(digest) for digest in digests} == set(digests.values())
    assert found.meant_by("sha256:" + "0" * 64) is None


def test_the_reason_of_a_break_glass_is_no_part_of_its_plan(project: Project) -> None:
    first, second = (project.promote("churn@v1.1.0", break_glass=reason) for reason in (REASON, "in other words"))
    assert first.plan.digest == second.plan.digest == ground(project).digest(BROKEN)
    assert project.promote("churn@v1.1.0").plan.digest == ground(project).digest(ORDINARY)


def test_an_ordinary_promotion_that_became_a_break_glass_is_refused(court: Court, agreed: Event) -> None:
    because = (
        "plan: is that of an ordinary promotion, the event is of a promotion behind broken glass:"
        " what was agreed to is another thing"
    )
    assert rewritten(court.project, agreed, break_glass=REASON) == [
        ("block", "promotion-intent", because),
        ("warn", "promotion-break-glass", f"closed gates are passed over: {REASON}"),
    ]
    told = f"{BRANCH} was planned as an ordinary promotion, its event is of a promotion behind broken glass"
    with pytest.raises(RefusedError) as refusal:
        court.pending()
    assert (str(refusal.value), refusal.value.hint) == (told, "actum promote churn@v1.1.0 --to production")


def test_a_break_glass_with_a_plan_of_its_own_has_none_of_the_approvals(court: Court, agreed: Event) -> None:
    project = court.project
    found = rewritten(project, agreed, break_glass=REASON, plan=ground(project).digest(BROKEN))
    assert [(weight, message) for weight, kind, message in found if kind == "promotion-approvals"] == [
        ("warn", "approval:model-risk: missing, 0 of 1"),
        ("warn", "approvals: missing, 0 of 2"),
    ]


def test_an_ordinary_promotion_that_became_a_roll_back_is_refused(court: Court, agreed: Event) -> None:
    because = "plan: is that of an ordinary promotion, the event is of a roll-back: what was agreed to is another thing"
    found = rewritten(court.project, agreed, back=True)
    assert ("block", "promotion-intent", because) in found
    assert "promotion-plan" not in {kind for _, kind, _ in found}


def test_a_break_glass_that_was_agreed_to_is_not_merged_as_an_ordinary_promotion(court: Court) -> None:
    project = court.project
    project.write(layout.policy("churn"), POLICY.replace("0.68", "0.9") + RULE)
    project.commit("stricter")
    outcome = project.promote("churn@v1.1.0", break_glass=REASON)
    assert outcome.event is not None
    for name in ("rosa", "ben"):
        court.approve(name)
    found = rewritten(project, outcome.event, break_glass=None)
    assert [kind for weight, kind, _ in found if weight == "block"] == ["promotion-gate", "promotion-intent"]


def test_a_roll_back_that_became_an_ordinary_promotion_is_refused(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    project.promoted("churn@v1.1.0", now=LATER)
    outcome = project.promote("churn", back=True, now=LATER + timedelta(hours=1))
    assert outcome.event is not None
    found = rewritten(project, outcome.event, back=False)
    because = "plan: is that of a roll-back, the event is of an ordinary promotion: what was agreed to is another thing"
    assert ("block", "promotion-intent", because) in found


def test_a_plan_that_is_of_nothing_that_the_base_gives_is_no_question_of_intent(
    court: Court, agreed: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    court.on_trunk(layout.policy("churn"), POLICY + RULE + "# another policy\n")
    project = court.project
    kinds = {one.kind for one in project.check(head=BRANCH, now=LATER).objections}
    assert "promotion-plan" in kinds
    assert "promotion-intent" not in kinds
    assert main(["-C", str(project.root), "approve", "churn", "--to", "production"]) == 3
    assert "what was planned has changed" in capsys.readouterr().err


def test_a_promotion_that_says_it_was_taken_over_has_no_plan_and_is_refused(court: Court, agreed: Event) -> None:
    """It is how a registry that is imported comes in; nobody may pass a review by it."""
    origin = Origin(system="gto", id="churn#production#1")
    found = rewritten(court.project, agreed, plan=None, origin=origin)
    (plan,) = (message for weight, kind, message in found if (weight, kind) == ("block", "promotion-plan"))
    assert plan.startswith("plan: is absent, main ")
    assert [kind for weight, kind, _ in found if weight == "block"].count("promotion-approvals") == 2
