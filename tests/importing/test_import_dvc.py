"""The history of a DVC repository: a run for each commit that changed a dvc.lock, and nothing that nobody saw."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.importing.conftest import Repository, begun
from tests.made_once import once
from tests.real_git import git, write

PIPELINE = """\
stages:
  split:
    cmd: cp data.csv rows.csv
    deps: [data.csv]
    outs: [rows.csv]
  train:
    cmd: cp rows.csv model.txt && printf '{"auc":0.%s}' $(grep -o '[0-9]*' params.yaml) > metrics.json
    deps: [rows.csv]
    params: [depth]
    outs: [model.txt]
    metrics:
    - metrics.json:
        cache: false
"""


def live(root: Path) -> None:
    """Two trainings that differ in a parameter, then a merge of a branch that trained on other data."""
    root = begun(root / "repo").root
    write(root, "dvc.yaml", PIPELINE)
    write(root, "data.csv", "a,b\n1,2\n")
    trained(root, 7)
    trained(root, 8)
    git(root, "switch", "-qc", "other", "HEAD~1")
    write(root, "data.csv", "a,b\n3,4\n")
    trained(root, 7)
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "-s", "ours", "-m", "Keep ours", "other")
    write(root, "README.md", "No training.\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Words")


def trained(root: Path, depth: int) -> None:
    write(root, "params.yaml", f"depth: {depth}\n")
    subprocess.run(["dvc", "repro", "-q"], cwd=root, check=True, capture_output=True)
    git(root, "add", "-A")
    git(root, "commit", "-qm", f"Train at depth {depth}")


@pytest.fixture(scope="session")
def lived(shared: Path) -> Path:
    return once(shared / "dvc-history", live) / "repo"


@pytest.fixture
def lives(lived: Path, tmp_path: Path) -> Repository:
    return Repository(Path(shutil.copytree(lived, tmp_path / "repo", symlinks=True)))


def taken(repository: Repository) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(repository.actum("import", "dvc", "--json"))["data"]
    return told


def runs(repository: Repository) -> dict[str, Any]:
    """Return the observed runs by the message of their commit, told apart by what they were trained on."""
    found = {}
    for path in sorted(repository.root.glob("runs/*/*/*.json")):
        run = json.loads(path.read_text())
        found[run["origin"]["id"]] = run
    return found


def test_each_commit_that_changed_a_lock_is_a_run(lives: Repository) -> None:
    assert taken(lives)["taken"] == {"run": 3}
    history = lives.git("log", "--reverse", "--format=%H", "main", "--", "dvc.lock").split()
    branch = lives.git("rev-parse", "other")
    assert set(runs(lives)) == {*history, branch}
    assert lives.git("rev-parse", "HEAD~1") not in runs(lives), "the merge has the lock of one side"


def test_an_observed_run_has_what_its_commit_says_and_nothing_else(lives: Repository) -> None:
    taken(lives)
    commit = lives.git("rev-parse", "HEAD~2")
    run = runs(lives)[commit]
    assert run["kind"] == "observed"
    assert (run["params"], run["metrics"]) == ({"depth": 8}, {"auc": 0.8})
    assert run["by"] == {"name": "Ana", "email": "ana@example.org"}
    assert int(lives.git("show", "-s", "--format=%ct", commit)) == _seconds(run["started_at"])
    assert {fact["path"] for fact in run["files"]} == {"data.csv", "rows.csv", "model.txt", "metrics.json"}
    assert all(fact.keys() == {"path", "md5", "size"} for fact in run["files"])
    assert not run.keys() & {"finished_at", "environment", "code_commit", "dirty", "command", "interpreter", "status"}
    assert not any("seconds" in stage for stage in run["stages"])


def test_what_a_stage_read_otherwise_than_it_stands_in_that_commit_is_not_said_to_be_what_it_read(
    lives: Repository,
) -> None:
    write(lives.root, "data.csv", "a,b\n5,6\n")
    subprocess.run(["dvc", "repro", "-q", "split"], cwd=lives.root, check=True, capture_output=True)
    lives.git("add", "-A")
    lives.git("commit", "-qm", "Split alone")
    commit = lives.git("rev-parse", "HEAD")
    (left,) = taken(lives)["left"]
    assert left["why"] == "a stage read it otherwise than it stands there"
    assert f"{commit[:10]} rows.csv" in str(left)
    stages = {stage["name"]: stage for stage in runs(lives)[commit]["stages"]}
    assert stages["split"]["outs"] == ["rows.csv"]
    assert "deps" not in stages["train"]
    assert stages["train"]["outs"] == ["metrics.json", "model.txt"]


def test_a_stage_that_did_not_change_cites_the_commit_that_had_it_first(lives: Repository) -> None:
    taken(lives)
    first, second = (runs(lives)[lives.git("rev-parse", rev)] for rev in ("HEAD~3", "HEAD~2"))
    assert [stage["run"] for stage in first["stages"]] == [first["id"], first["id"]]
    assert [stage["run"] for stage in second["stages"]] == [first["id"], second["id"]]


def test_a_second_import_adds_nothing_and_a_new_training_one_run(lives: Repository) -> None:
    taken(lives)
    lives.commit()
    again = taken(lives)
    assert (again["taken"], again["known"]) == ({}, {"run": 3})
    trained(lives.root, 9)
    assert taken(lives)["taken"] == {"run": 1}


def test_what_was_observed_vouches_for_no_lock(lives: Repository) -> None:
    told = "no run on record made what it says of split, train"
    assert told in lives.actum("check")
    taken(lives)
    lives.commit()
    assert told in lives.actum("check")


def test_a_lock_that_cannot_be_read_is_left_by_its_commit(lives: Repository) -> None:
    write(lives.root, "dvc.lock", "stages: [\n")
    lives.commit()
    (left,) = taken(lives)["left"]
    assert (left["what"], left["count"], left["names"]) == ("commit", 1, [lives.git("rev-parse", "HEAD")[:10]])
    assert left["why"].startswith("dvc.lock:2:1: ")
    assert len(runs(lives)) == 3


def _seconds(moment: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(moment).timestamp())
