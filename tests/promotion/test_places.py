"""What is said of a promotion names the line of pointer, event or policy that it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from actum import layout
from actum.checking.places import placed
from actum.records.event import Event, Finding
from tests.promotion.release_project import NOW, POLICY, Project

POINTER = layout.stage("churn", "production")
BRANCH = "promote/churn/production"
SHA = "sha256:" + "0" * 64


def pointer(**fields: Any) -> Callable[[Project, Event], None]:
    def forge(project: Project, _event: Event) -> None:
        project.record(POINTER, replace(project.read(POINTER), **fields))

    return forge


def event(**fields: Any) -> Callable[[Project, Event], None]:
    def forge(project: Project, event: Event) -> None:
        project.record(layout.event("churn", event.id, "promotion"), replace(event, **fields))

    return forge


def promotion(**fields: Any) -> Callable[[Project, Event], None]:
    return lambda project, event: project.edit_event(event, **fields)


GHOST = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
FORGED = (Finding(gate="auc", outcome="passed", because="0.99 against at least 0.68"),)
# What was forged, the finding that is looked at, and how the line begins that it names.
PLACES = [
    (pointer(event=GHOST), "pointer-event", f"event: {GHOST}"),
    (pointer(stage="staging"), "record-invalid", None),
    (pointer(version="1.1.0"), "pointer-event", 'version: "1.1.0"'),
    (pointer(supersedes=GHOST), "pointer-moved", f"supersedes: {GHOST}"),
    (pointer(artifact=SHA), "pointer-version", "artifact: "),
    (event(clock="simulated"), "promotion-time", "clock: simulated"),
    (event(effective_at=NOW - timedelta(days=9)), "promotion-time", "effective_at: "),
    (event(recorded_at=NOW - timedelta(days=9)), "promotion-time", "recorded_at: "),
    (promotion(plan=SHA), "promotion-plan", "  plan: "),
    (promotion(back=True), "promotion-back", "  back: "),
    (promotion(break_glass="now"), "promotion-break-glass", "  break_glass: "),
    (promotion(findings=FORGED), "promotion-evidence", "    - "),
]


@pytest.mark.parametrize(("forge", "kind", "begins"), PLACES, ids=[f"{kind}-{text}" for _, kind, text in PLACES])
def test_a_finding_names_the_line_that_it_is_about(
    project: Project, forge: Callable[[Project, Event], None], kind: str, begins: str | None
) -> None:
    outcome = project.promote()
    assert outcome.event is not None
    project.git("switch", "-q", BRANCH)
    forge(project, outcome.event)
    project.commit()
    one = next(one for one in project.check().objections if one.kind == kind)
    lines = (project.root / one.path).read_text().splitlines()
    if begins is None:
        assert (one.line, one.text) == (None, one.message)
        return
    assert one.line is not None
    assert lines[one.line - 1].startswith(begins)
    assert one.sentence().startswith(f"{one.weight:5}  {one.path}: line {one.line}: {one.message}")


def test_a_closed_gate_is_named_where_the_event_tells_of_it(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY.replace("0.68", "0.8"))
    strict = project.commit()
    project.write(layout.policy("churn"), POLICY)
    project.commit()
    outcome = project.promote()
    assert outcome.event is not None
    one = next(one for one in project.check(head=BRANCH, base=strict).objections if one.kind == "promotion-gate")
    text = project.git("show", f"{BRANCH}:{layout.event('churn', outcome.event.id, 'promotion')}").splitlines()
    assert one.line is not None
    assert "auc" in text[one.line - 1]


def test_a_policy_that_cannot_judge_is_named_with_its_own_line(project: Project) -> None:
    project.promote()
    project.write(layout.policy("churn"), "schema: policy/1\npolicy: churn\nthresholds: [\n")
    broken = project.commit()
    (one,) = (one for one in project.check(head=BRANCH, base=broken).objections if one.kind == "settings-invalid")
    assert (one.path, one.line) == (layout.policy("churn"), 4)


@pytest.mark.parametrize(
    ("told", "line", "message"),
    [
        ("a.yaml:3: x: is required", 3, "x: is required"),
        ("a.yaml:3:5: did not find", 3, "column 5: did not find"),
        ("a.yaml: is empty", None, "is empty"),
        ("12 things", None, "12 things"),
    ],
)
def test_the_place_in_an_error_is_split_off(told: str, line: int | None, message: str) -> None:
    assert placed("a.yaml", told) == (line, message)
