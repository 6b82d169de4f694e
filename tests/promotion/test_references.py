"""What a card or a policy names must exist."""

from __future__ import annotations

import pytest

from actum.checking.findings import Objection
from tests.promotion.release_project import CARD, PIPELINE, POLICY, SETTINGS, Project

PATH = "registry/churn/model.yaml"


def told(project: Project) -> list[tuple[str, str, str, str]]:
    return [(one.weight, one.kind, one.path, one.text) for one in project.check().objections]


def lost(project: Project, path: str, message: str) -> list[tuple[str, str, str, str]]:
    return [("block", "reference-lost", path, message)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("policy: churn", "policy: strict", "line 6: policy: policies/strict.yaml is not there"),
        (
            "[checkout]",
            "[checkout, mail]",
            "line 5: applications[1]: mail is not described in actum.yaml",
        ),
        ("policy: churn", "pipeline: sub\npolicy: churn", "line 6: pipeline: sub/dvc.yaml is not there"),
        ("models/churn.bin", "models/chrun.bin", "line 4: artifact: models/chrun.bin is no output of dvc.yaml"),
        (
            "policy: churn",
            "policy: churn\nprobe: probe.csv",
            "line 7: probe: registry/churn/probe.csv.dvc is not there",
        ),
        (
            "policy: churn",
            "policy: churn\noutcome:\n  table: data/went.csv\n  key: id\n  column: paid",
            "line 8: outcome.table: data/went.csv is no output of dvc.yaml, nor under DVC",
        ),
    ],
)
def test_a_card_that_names_what_does_not_exist_is_refused(project: Project, old: str, new: str, message: str) -> None:
    project.begin("work")
    assert old in CARD
    project.write(PATH, CARD.replace(old, new))
    project.commit()
    assert told(project) == lost(project, PATH, message)
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "work")
    assert told(project) == lost(project, PATH, message)  # the whole trunk as well


def test_what_does_exist_is_clean(project: Project) -> None:
    project.begin("work")
    project.write("registry/churn/probe.csv", "x\n1\n")
    project.dvc("add", "-q", "registry/churn/probe.csv")
    outcome = "outcome: {table: data/seed.csv, key: id, column: paid}\n"
    project.write(PATH, CARD + "probe: probe.csv\n" + outcome)
    project.commit()
    assert told(project) == []


def test_a_policy_that_is_taken_away_is_missed_by_the_card_that_names_it(project: Project) -> None:
    project.begin("work")
    project.git("rm", "-q", "policies/churn.yaml")
    project.commit()
    assert told(project) == lost(project, PATH, "line 6: policy: policies/churn.yaml is not there")


def test_what_was_lost_before_stops_no_change_of_something_else(project: Project) -> None:
    project.write(PATH, CARD.replace("policy: churn", "policy: strict"))
    project.commit()
    project.begin("work")
    project.write("README.md", "unrelated\n")
    project.commit()
    assert told(project) == []
    project.write(PATH, CARD.replace("policy: churn", "policy: strict\ntitle: churn"))
    project.commit()
    assert told(project) == lost(project, PATH, "line 6: policy: policies/strict.yaml is not there")


def test_a_gate_at_a_stage_that_nobody_has_asks_nothing_and_is_refused(project: Project) -> None:
    project.begin("work")
    project.write("policies/churn.yaml", POLICY.replace("[production]", "[prodution]"))
    project.commit()
    message = "line 5: thresholds[1].stages: prodution is none of staging, production (actum.yaml)"
    assert told(project) == lost(project, "policies/churn.yaml", message)


def test_a_stage_that_is_renamed_is_missed_by_the_policies_that_name_it(project: Project) -> None:
    project.begin("work")
    project.write("actum.yaml", SETTINGS.replace("[staging, production]", "[staging, live]"))
    project.commit()
    message = "line 5: thresholds[1].stages: production is none of staging, live (actum.yaml)"
    assert told(project) == lost(project, "policies/churn.yaml", message)


def test_an_output_that_is_a_template_can_be_any_that_fits(project: Project) -> None:
    """Before its first run nobody knows the name; afterwards the lock does."""
    project.begin("work")
    project.write("dvc.yaml", PIPELINE.replace("    - models/churn.bin\n", "    - models/${train.name}.bin\n"))
    project.write("dvc.lock", "schema: '2.0'\nstages: {}\n")
    project.commit()
    assert told(project) == []
    project.write(PATH, CARD.replace("models/churn.bin", "other/churn.bin"))
    project.commit()
    assert told(project) == lost(project, PATH, "line 4: artifact: other/churn.bin is no output of dvc.yaml")


def test_the_hint_is_a_command_that_makes_it(project: Project) -> None:
    project.begin("work")
    project.write(PATH, CARD + "probe: probe.csv\n")
    project.commit()
    (found,) = project.check().objections
    assert found == Objection(
        kind="reference-lost",
        weight="block",
        path=PATH,
        message="probe: registry/churn/probe.csv.dvc is not there",
        line=7,
        hint="dvc add registry/churn/probe.csv && git add registry/churn/probe.csv.dvc",
    )
