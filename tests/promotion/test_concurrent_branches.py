"""Branches that were begun from one trunk, merged in turn by real git: what merges, and what must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from actum import layout, registry
from actum.records.event import Event
from tests.promotion.release_project import ANA, CARD, NOW, Project, attestation

POINTER = layout.stage("churn", "production")
MODELS = ("churn", "claims", "fraud", "returns")
HOUR = timedelta(hours=1)


def with_models(project: Project) -> None:
    """Put three more models onto the trunk, each with version 1.0.0."""
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    for model in MODELS[1:]:
        project.write(layout.card(model), CARD.replace("model: churn", f"model: {model}"))
        project.record(layout.version(model, "1.0.0"), replace(version, model=model))
        project.git("update-ref", layout.version_ref(model, "1.0.0"), version.result_commit)
    project.commit("three more models")


def registrations(project: Project) -> Iterator[str]:
    """Two versions of one model, and one of each of two others."""
    version = project.store().version("churn", "1.1.0")
    assert version is not None
    for model, number in (("claims", "1.1.0"), ("claims", "1.2.0"), ("fraud", "1.1.0"), ("returns", "1.1.0")):
        project.begin(f"register/{model}-{number}")
        project.record(layout.version(model, number), replace(version, model=model, version=number))
        project.commit()
        project.git("update-ref", layout.version_ref(model, number), version.result_commit)
        yield f"register/{model}-{number}"


def events(project: Project) -> Iterator[str]:
    """Four attestations, three of them of one version."""
    for model in ("churn", "churn", "churn", "fraud"):
        version = project.store().version(model, "1.0.0")
        assert version is not None
        event = Event(
            schema="event/1",
            id=project.ids.new(),
            kind="attestation",
            model=model,
            recorded_at=NOW,
            effective_at=NOW,
            clock="real",
            by=ANA,
            attestation=attestation(version),
        )
        project.begin(f"event/{event.id}")
        project.record(layout.event(model, event.id, "attestation"), event)
        project.commit()
        yield f"event/{event.id}"


def promotions(project: Project) -> Iterator[str]:
    for model in MODELS:
        yield project.promote(f"{model}@v1.0.0").branch


def test_twelve_branches_of_registrations_events_and_promotions_merge_with_no_conflict(project: Project) -> None:
    with_models(project)
    branches = [*registrations(project), *events(project), *promotions(project)]
    assert len(branches) == 12
    project.git("switch", "-q", "main")
    merges = {name: project.run("git", "merge", "-q", "--no-edit", name, check=False) for name in branches}
    assert {name: done.stdout + done.stderr for name, done in merges.items() if done.returncode} == {}
    store = project.store()
    standing = {model: registry.standing(store, model, "production") for model in MODELS}
    assert {model: one.version for model, one in standing.items() if one} == dict.fromkeys(MODELS, "1.0.0")
    assert {model: [one.version for one in store.versions(model)] for model in MODELS} == {
        "churn": ["1.0.0", "1.1.0"],
        "claims": ["1.0.0", "1.1.0", "1.2.0"],
        "fraud": ["1.0.0", "1.1.0"],
        "returns": ["1.0.0", "1.1.0"],
    }
    assert sum(len(store.events(model, "attestation")) for model in MODELS) == 4
    assert [one for one in project.found() if one[0] == "block"] == []


def two_first_promotions(project: Project) -> None:
    mine(project, "churn@v1.0.0")
    project.promote("churn@v1.1.0")


def two_of_the_same_version(project: Project) -> None:
    mine(project, "churn@v1.0.0")
    project.promote("churn@v1.0.0")


def two_after_one_that_stands(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    mine(project, "churn@v1.1.0")
    project.promote("churn@v1.1.0", now=NOW + HOUR)


def a_roll_back_and_a_promotion(project: Project) -> None:
    project.promoted("churn@v1.0.0")
    project.promoted("churn@v1.1.0")
    mine(project, "churn", back=True)
    project.promote("churn@v1.0.0")


def mine(project: Project, what: str, *, back: bool = False) -> None:
    """Promote on a branch under another name, as somebody does in a clone of theirs."""
    project.promote(what, back=back)
    project.git("branch", "-m", "promote/churn/production", "mine")


WAYS = (("merge", "--no-edit"), ("merge", "--squash"), ("rebase", "main"))


@pytest.mark.parametrize(
    "lead_to",
    [two_first_promotions, two_of_the_same_version, two_after_one_that_stands, a_roll_back_and_a_promotion],
    ids=lambda one: one.__name__,
)
def test_two_promotions_of_one_pointer_always_conflict_however_they_are_merged(
    lead_to: Callable[[Project], None], project: Project
) -> None:
    lead_to(project)
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "mine")
    conflicts = {}
    for way in WAYS:
        done = project.run("git", *way, "promote/churn/production", check=False)
        conflicts[way] = done.returncode, project.git("diff", "--name-only", "--diff-filter=U")
        project.git("rebase", "--abort") if way[0] == "rebase" else project.git("reset", "-q", "--hard")
    assert conflicts == dict.fromkeys(WAYS, (1, POINTER))
