"""A real MLflow store, taken over and asked: its own search and ours return the same runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.importing.conftest import Repository
from tests.importing.mlflow_writer import QUERIES

OURS = (
    ("metrics.auc > 0.8", ""),
    ("metrics.auc > 0.8 and params.depth = 4", ""),
    ("metrics.auc >= 0.72 and metrics.auc < 0.9", ""),
    ("params.kind = 'linear' and metrics.loss < 0.5", ""),
    ("tags.team = 'x'", ""),
    ("tags.team != 'x'", ""),
    ("status = 'failed'", ""),
    ("name = 'run 3'", ""),
    ('metrics."val/loss" <= 1.5', ""),
    ("metrics.auc > 0", "-metrics.auc"),
)
kinds = pytest.mark.parametrize("kind", ["database", "files"])
STORES = {"database": "store.db", "files": "mlruns"}


def taken(project: Repository, folder: Path, *words: str) -> dict[str, Any]:
    store = folder / STORES[folder.name]
    told: dict[str, Any] = json.loads(project.actum("import", "mlflow", str(store), "--json", *words))["data"]
    return told


def runs(project: Repository) -> dict[str, Any]:
    found = (json.loads(path.read_text()) for path in project.root.glob("runs/*/*/*.json"))
    return {run["name"]: run for run in found}


def left(told: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(one["what"], one["why"]): one["count"] for one in told["left"]}


@kinds
def test_mlflows_search_and_ours_return_the_same_runs(project: Repository, stores: Path, kind: str) -> None:
    taken(project, stores / kind)
    project.commit()
    theirs = json.loads((stores / "answers.json").read_text())[kind]
    assert len(theirs) == len(OURS) == len(QUERIES) == 10
    for (where, sort), found in zip(OURS, theirs, strict=True):
        rows = json.loads(project.actum("ls", "runs", "--json", "--limit", "0", "--where", where, *_sorted(sort)))[
            "data"
        ]
        named = [row["name"] for row in rows]
        assert found, where
        assert (named if sort else sorted(named)) == (found if sort else sorted(found)), where


def _sorted(sort: str) -> list[str]:
    return ["--sort", sort] if sort else []


@kinds
def test_a_run_says_what_mlflow_knows_and_no_more(project: Repository, stores: Path, kind: str) -> None:
    taken(project, stores / kind)
    run, parent = runs(project)["run 4"], runs(project)["search"]
    assert run["kind"] == "imported"
    assert "status" not in run
    assert run["params"] == {"depth": 4, "kind": "tree", "rate": 0.0001, "shuffle": False}
    assert run["metrics"] == {"auc": pytest.approx(0.9), "loss": 0.125, "val/loss": 0.25}
    assert run["tags"] == {"mlflow.experiment": "flights", "team": "y z"}
    assert (run["notes"], run["parent"], run["command"]) == ("run 4", parent["id"], ["train.py"])
    assert (run["code_commit"], run["by"]) == ("a" * 40, {"name": "ana", "email": ""})
    assert not run.keys() & {"environment", "interpreter", "pipeline", "dirty", "stages", "files"}
    assert [fact["path"] for fact in run["artifacts"]] == [
        f"runs/{run['started_at'][:7].replace('-', '/')}/{run['id']}/artifacts"
    ]


@kinds
def test_the_steps_of_a_metric_come_into_the_series(project: Repository, stores: Path, kind: str) -> None:
    taken(project, stores / kind)
    run = runs(project)["run 1"]
    head, *lines = (project.root / run["series"]["path"]).read_text().splitlines()
    assert head == "step,seconds,metric,value"
    told = [(line.split(",")[0], *line.split(",")[2:]) for line in lines]
    assert told == [
        ("0", "auc", "0.75"),
        *((str(step), "loss", repr(1 / (step + 2))) for step in range(4)),
        *((str(step), "val/loss", repr(2 / (step + 2))) for step in range(4)),
    ]


@kinds
def test_artifacts_come_back_from_dvc(project: Repository, stores: Path, kind: str) -> None:
    taken(project, stores / kind)
    project.commit()
    folder = runs(project)["run 4"]["artifacts"][0]["path"]
    done = subprocess.run(["dvc", "checkout", f"{folder}.dvc"], cwd=project.root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {
        path.relative_to(project.root / folder).as_posix(): path.read_text()
        for path in (project.root / folder).rglob("*.*")
    }
    assert found == {"model/model.txt": "a model", "picture.svg": "a picture"}
    assert project.git("status", "--porcelain") == ""


@kinds
def test_what_has_no_home_is_told_by_name(project: Repository, stores: Path, kind: str) -> None:
    told = taken(project, stores / kind)
    assert told["taken"] == {
        "run": 7, "value of a metric": 54, "artifact": 2, "card": 1, "version": 2, "promotion": 3, "stage": 3
    }  # fmt: skip
    assert left(told) == {
        ("registered model", "its name is none that a model may have here"): 1,
        ("run", "deleted there"): 1,
        ("run", "not ended there: --unfinished takes it, as interrupted"): 1,
        ("tag of a registered model", "has no home here"): 1,
    }


@kinds
def test_a_second_import_changes_nothing_and_a_grown_store_adds_what_is_new(
    project: Repository, stores: Path, kind: str
) -> None:
    taken(project, stores / kind)
    project.commit()
    again = taken(project, stores / kind)
    assert sum(again["taken"].values()) == 0
    assert project.git("status", "--porcelain") == ""
    assert taken(project, stores / "grown" / kind)["taken"] == {"run": 1, "promotion": 1, "stage": 1}
    assert "later" in runs(project)
    changed = [line[:2] for line in project.git("status", "--porcelain", "-uall").splitlines()]
    assert sorted(changed) == [" M", "??", "??"]
    project.commit()
    assert "champion 2.0.0" in project.actum("ls")


def test_an_alias_that_is_gone_leaves_its_stage_empty_and_may_come_back(
    project: Repository, stores: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(stores / "files", tmp_path / "files"))
    taken(project, store)
    project.commit()
    alias = store / "mlruns/models/delays/aliases/challenger"
    said = alias.read_bytes()
    alias.unlink()
    told = taken(project, store)
    assert told["taken"] == {"withdrawal": 1}
    project.commit()
    assert "challenger" not in stages(project)
    assert taken(project, store)["taken"] == {}
    alias.write_bytes(said)
    assert taken(project, store)["taken"] == {"promotion": 1, "stage": 1}
    project.commit()
    assert stages(project)["challenger"] == "2.0.0"
    assert "challenger" not in project.actum("check", status=3)  # the card alone: a project without a pipeline


def stages(project: Repository) -> dict[str, str]:
    rows = json.loads(project.actum("ls", "stages", "--json"))["data"]
    return {row["stage"]: row["version"] for row in rows if "version" in row}


@kinds
def test_versions_stand_where_aliases_and_stages_have_them(project: Repository, stores: Path, kind: str) -> None:
    taken(project, stores / kind)
    project.commit()
    assert stages(project) == {"champion": "1.0.0", "challenger": "2.0.0", "Production": "1.0.0"}
    shown = json.loads(project.actum("show", "delays@v1.0.0", "--json"))["data"]
    assert shown["version"]["origin"] == {"system": "mlflow", "id": "delays/1"}
    assert shown["version"]["run"] == runs(project)["run 4"]["id"]
    assert shown["version"]["metrics"] == pytest.approx({"auc": 0.9, "loss": 0.125, "val/loss": 0.25})
    assert shown["version"]["notes"] == "the first"


def test_lineage_goes_through_versions_that_were_taken_over(project: Repository, stores: Path) -> None:
    taken(project, stores / "database")
    project.commit()
    run = runs(project)["run 4"]
    told = json.loads(project.actum("lineage", f"run/{run['id']}", "--down", "--json"))["data"]["walks"][0]["touched"]
    assert "delays@v1.0.0" in told["versions"]
    assert {"delays#champion", "delays#Production"} <= set(told["stands"])
    shown = project.actum("lineage", run["artifacts"][0]["path"], "--down")
    assert "delays@v1.0.0  registered" in shown
    assert "taken over from mlflow" in shown


def test_a_dry_run_writes_nothing(project: Repository, stores: Path) -> None:
    told = taken(project, stores / "files", "--dry-run")
    assert told["taken"]["run"] == 7
    assert project.git("status", "--porcelain") == ""


def test_a_run_that_never_ended_is_taken_as_interrupted_when_asked(project: Repository, stores: Path) -> None:
    taken(project, stores / "files", "--unfinished")
    assert runs(project)["never ended"]["status"] == "interrupted"
    assert "finished_at" not in runs(project)["never ended"]
    again = taken(project, stores / "files")
    assert (again["taken"], again["known"]["run"]) == ({}, 8)


@pytest.mark.parametrize(
    "words",
    [
        ("rebuild", "delays@v1.0.0"),
        ("diff", "delays@v1.0.0", "delays@v2.0.0"),
        ("promote", "delays", "--to", "Production"),
    ],
)
def test_what_was_taken_over_cannot_be_computed_with_and_says_so(
    project: Repository, stores: Path, words: tuple[str, ...]
) -> None:
    taken(project, stores / "files")
    project.commit()
    said = project.warned(*words)
    assert ".0.0 was taken over from mlflow: how it was made is on no record" in said


def test_a_version_that_was_taken_over_is_not_promoted(project: Repository, stores: Path) -> None:
    taken(project, stores / "files")
    project.commit()
    told = project.actum("promote", "delays@v1.0.0", "--to", "staging", "--dry-run", status=3)
    assert "1.0.0 was taken over from mlflow: nobody here can judge or rebuild it" in told
