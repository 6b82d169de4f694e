"""A registry was taken over: what is trained here replaces what stood there, and everything else goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actum import layout
from actum.records.event import Event, Promotion
from actum.records.imported import ImportedVersion
from actum.records.run import Origin
from actum.records.stage import StagePointer
from actum.tags import plan_tags
from tests.promotion.release_project import ANA, NOW, Project

EARLIER = NOW - timedelta(days=400)
EVENT = "01HWV0000000000000000000ZZ"


@pytest.fixture
def taken_over(project: Project) -> Project:
    """0.9.0 stands at production, says GTO."""
    registered, assigned = (Origin(system="gto", id=tag) for tag in ("churn@v0.9.0", "churn#production#1"))
    version = ImportedVersion(
        schema="imported-version/1",
        model="churn",
        version="0.9.0",
        origin=registered,
        recorded_at=NOW,
        registered_at=EARLIER,
    )
    event = Event(
        schema="event/1",
        id=EVENT,
        kind="promotion",
        model="churn",
        recorded_at=NOW,
        effective_at=EARLIER,
        clock="real",
        by=ANA,
        promotion=Promotion(stage="production", version="0.9.0", origin=assigned),
    )
    pointer = StagePointer(schema="stage/1", model="churn", stage="production", version="0.9.0", event=EVENT)
    project.record(layout.imported("churn", "0.9.0"), version)
    project.record(layout.event("churn", EVENT, "promotion"), event)
    project.record(layout.stage("churn", "production"), pointer)
    project.commit("take over from gto")
    return project


def test_the_trunk_with_what_was_taken_over_is_clean(taken_over: Project) -> None:
    assert taken_over.found() == []


def test_what_was_trained_here_replaces_it(taken_over: Project) -> None:
    outcome = taken_over.promote("churn@v1.0.0")
    assert outcome.event is not None, outcome.plan.findings
    assert outcome.event.promotion is not None
    assert (outcome.event.promotion.replaces, outcome.event.promotion.supersedes) == ("0.9.0", EVENT)
    told = "0.9.0 was taken over from gto: nothing is compared with it, and nobody can return to it"
    assert [(one.outcome, one.because) for one in outcome.plan.findings if one.gate == "rollback"] == [("warned", told)]
    assert [one for one in taken_over.found(head="promote/churn/production") if one[0] == "block"] == []
    taken_over.merge()
    assert [one for one in taken_over.found() if one[0] == "block"] == []


def test_the_tags_of_what_follows_come_after_those_of_gto(taken_over: Project) -> None:
    taken_over.promoted("churn@v1.0.0")
    plan = plan_tags(taken_over.store(), now=int(NOW.timestamp()))
    assert [tag.name for tag in plan.missing] == ["churn@v1.0.0", "churn@v1.1.0", "churn#production#1"]
    assert [one for one in plan.remarks if one.weight == "block"] == []
