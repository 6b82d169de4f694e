"""``actum diff run/A run/B``: what differs, of runs of pipelines, of scripts, and of the work tree."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actum import layout
from actum.records.forms import FileFact
from actum.records.run import Interpreter, Origin, Run
from tests.catalogue.make_registry import Actum, Registry
from tests.records import samples

SCRIPT: dict[str, Any] = {"kind": "script", "pipeline": None, "environment": None, "stages": (), "files": ()}


@pytest.fixture
def logged(registry: Registry) -> Registry:
    registry.put("src/fit.py", b"depth = 3\n")
    registry.commit("One")
    return registry


def script(registry: Registry, when: str, **known: Any) -> Run:
    """Log a script's run into the work tree, and commit nothing."""
    told = SCRIPT | {"interpreter": Interpreter(python="3.11.7", platform="linux-x86_64")}
    made = replace(registry.run(when), **told | known)
    registry.put(layout.run(made.id, made.started_at), made)
    return made


def diff(actum: Actum, registry: Registry, a: Run, b: Run) -> str:
    printed = actum(registry.root, "diff", f"run/{a.id}", f"run/{b.id}")
    assert printed.status == 0, printed.err
    return printed.out.partition("\n")[2]


def test_two_runs_of_a_script_are_told_apart_by_all_that_is_on_record(logged: Registry, actum: Actum) -> None:
    one = script(logged, "2026-01-01T09:00", params={"depth": 3, "rate": 0.1}, metrics={"auc": 0.75, "loss": "NaN"})
    logged.put("src/fit.py", b"depth = 4\n")
    logged.put("notes.md", b"new\n")
    logged.commit("Two")
    kept = FileFact(path="runs/2026/01/{}/plot.png", md5="a" * 32, size=10)
    two = script(
        logged,
        "2026-01-02T09:00",
        params={"depth": 4, "rate": 0.1, "kind": "forest"},
        metrics={"auc": 0.8, "loss": 0.5},
        interpreter=Interpreter(python="3.12.1", platform="linux-x86_64", packages={"numpy": "2.2.0"}),
    )
    two = replace(two, artifacts=(replace(kept, path=kept.path.format(two.id)),))
    logged.put(layout.run(two.id, two.started_at), two)
    assert diff(actum, logged, one, two) == (
        "params\n"
        "  depth  3  4\n"
        "  kind   -  forest\n"
        "metrics\n"
        "  auc   0.75  0.8  +0.05\n"
        "  loss  NaN   0.5\n"
        "environment\n"
        "  python  3.11.7  3.12.1\n"
        "code\n"
        "  src/fit.py  changed\n"
        "  notes.md    added\n"
        "same     data\n"
        f"unknown  run/{one.id}: its packages are on no record, so they cannot be compared\n"
    )


def test_artifacts_are_compared_by_the_names_that_they_were_given(logged: Registry, actum: Actum) -> None:
    runs = []
    for day, md5 in ((1, "a"), (2, "a"), (3, "b")):
        run = script(logged, f"2026-01-0{day}T09:00")
        fact = FileFact(path=f"runs/2026/01/{run.id}/m.skops", md5=md5 * 32, size=10)
        runs.append(replace(run, artifacts=(fact,)))
        logged.put(layout.run(run.id, run.started_at), runs[-1])
    assert "outs" not in diff(actum, logged, runs[0], runs[1])
    assert "outs\n  m.skops  aaaaaaaa 10 B  bbbbbbbb 10 B" in diff(actum, logged, runs[1], runs[2])


def test_changes_that_no_commit_holds_are_unknown_not_equal(logged: Registry, actum: Actum) -> None:
    one, two = script(logged, "2026-01-01T09:00"), script(logged, "2026-01-02T09:00", dirty=True)
    assert diff(actum, logged, one, two) == (
        "nothing differs, as far as can be told\n"
        f"unknown  run/{one.id}: its packages are on no record, so they cannot be compared\n"
        f"unknown  run/{two.id}: its packages are on no record, so they cannot be compared\n"
        f"unknown  run/{two.id}: changes that no commit holds were run, they cannot be compared\n"
    )
    told = json.loads(actum(logged.root, "diff", f"run/{one.id}", f"run/{two.id}", "--json").out)["data"]
    assert (told["equal"], told["undecided"]) == (None, ["data", "code", "environment"])
    deeper = script(logged, "2026-01-03T09:00", dirty=True, params={"depth": 9})
    assert "same     metrics\n" in diff(actum, logged, one, deeper)


def test_an_imported_run_that_names_no_commit_has_no_code_to_compare(logged: Registry, actum: Actum) -> None:
    imported: dict[str, Any] = {"kind": "imported", "code_commit": None, "interpreter": None, "dirty": None}
    one = script(logged, "2026-01-01T09:00", origin=Origin(system="mlflow", id="1"), **imported)
    two = script(logged, "2026-01-02T09:00", params={"depth": 7})
    assert f"unknown  run/{one.id}: it names no commit, so its code cannot be compared\n" in diff(
        actum, logged, one, two
    )


def test_beside_a_pipeline_a_script_is_asked_for_the_code_that_the_pipeline_declares(
    logged: Registry, actum: Actum
) -> None:
    pipeline = logged.run("2026-01-01T09:00")
    logged.commit("Run")
    alike = script(logged, "2026-01-02T09:00")
    assert "code" not in diff(actum, logged, pipeline, alike).splitlines()
    logged.put("src/train.py", b"other\n")
    logged.commit("Change")
    assert "code\n  src/train.py  changed\n" in diff(actum, logged, pipeline, script(logged, "2026-01-03T09:00"))


def test_what_a_feature_meant_at_the_two_commits_is_compared(logged: Registry, actum: Actum) -> None:
    view = samples.computed_view()
    for one_view in (samples.view(), view):
        logged.put(layout.view(one_view.view), one_view)
    logged.commit("View")
    one = logged.run("2026-01-01T09:00")
    logged.put(layout.view(view.view), replace(view, features=(replace(view.features[0], of="delay > 60"),)))
    logged.commit("Other meaning")
    two = logged.run("2026-01-02T09:00")
    logged.commit("Run")
    assert "features\n  late  other meaning" in diff(actum, logged, one, two)


def test_of_many_files_the_first_are_named_and_the_rest_counted(logged: Registry, actum: Actum) -> None:
    one = script(logged, "2026-01-01T09:00")
    for at in range(30):
        logged.put(f"src/new{at:02}.py", b"x\n")
    logged.commit("Many")
    two = script(logged, "2026-01-02T09:00")
    printed = diff(actum, logged, one, two)
    assert "  src/new19.py  added\n  and 10 more\n" in printed
    document = json.loads(actum(logged.root, "diff", f"run/{one.id}", f"run/{two.id}", "--json").out)
    assert len(document["data"]["code"]) == 30
