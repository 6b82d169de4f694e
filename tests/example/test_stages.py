"""The stages as DVC runs them: by path, from the repository's root, on February and March."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"
WING = Path(__file__).resolve().parents[2] / "src"
PINS = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
STAGES = ("ingest", "features", "train", "evaluate")


def commands(stage: str) -> list[list[str]]:
    """Return what a stage types, with this interpreter."""
    cmd = yaml.safe_load((EXAMPLE / "dvc.yaml").read_text())["stages"][stage]["cmd"]
    return [[sys.executable, *line.split()[1:]] for line in ([cmd] if isinstance(cmd, str) else cmd)]


def start(command: list[str], project: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(WING), **PINS}
    return subprocess.Popen(command, cwd=project, env=environment, stdout=-1, stderr=-1, text=True)


def run(stage: str, *projects: Path) -> None:
    """Run one stage in each folder, side by side; anything on stderr is a failure."""
    for command in commands(stage):
        for child in [start(command, project) for project in projects]:
            _, err = child.communicate(timeout=120)
            assert (child.returncode, err) == (0, "")


def turn(project: Path, **changes: object) -> None:
    """Change entries of params.yaml, such as ``model__kind="boosting"``."""
    path = project / "params.yaml"
    params = yaml.safe_load(path.read_text())
    for name, value in changes.items():
        place = params
        *above, last = name.split("__")
        for key in above:
            place = place[key]
        place[last] = value
    path.write_text(yaml.safe_dump(params))


def digests(project: Path) -> dict[str, str]:
    made = [*project.glob("data/*.parquet"), *project.glob("models/*.skops"), *project.glob("plots/*")]
    made.append(project / "metrics.json")
    return {path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in made}


@pytest.fixture(scope="module")
def twins(raw: Path, spring: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two copies of the project, each run through every stage on its own."""
    folders = (tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two"))
    for folder in folders:
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        for table in ("weather", "planes", "airports"):
            shutil.copy(raw / f"{table}.csv", folder / "data/raw")
        spring.to_csv(folder / "data/raw/flights.csv", index=False)
        turn(folder, train={"from": "2013-02-01", "until": "2013-03-01"})
        turn(folder, evaluate={"from": "2013-03-01", "until": "2013-04-01"})
    for stage in STAGES:
        run(stage, *folders)
    return folders


def test_two_runs_give_the_same_bytes(twins: tuple[Path, Path]) -> None:
    one, two = map(digests, twins)
    assert one == two
    assert sorted(one) == [
        "data/features.parquet",
        "data/flights.parquet",
        "data/holdout.parquet",
        "data/outcomes.parquet",
        "data/probe.parquet",
        "metrics.json",
        "models/late-arrival.skops",
        "plots/calibration.csv",
        "plots/thresholds.csv",
    ]


def test_boosting_gives_the_same_bytes_too_and_is_not_the_linear_model(twins: tuple[Path, Path]) -> None:
    linear = digests(twins[0])["models/late-arrival.skops"]
    for folder in twins:
        turn(folder, model__kind="boosting", model__boosting__trees=10)
    run("train", *twins)
    one, two = map(digests, twins)
    assert one == two
    assert one["models/late-arrival.skops"] != linear


def test_the_metrics_are_those_that_the_policy_judges(twins: tuple[Path, Path]) -> None:
    metrics = json.loads((twins[0] / "metrics.json").read_text())
    policy = yaml.safe_load((EXAMPLE / "policies/late-arrival.yaml").read_text())
    assert {gate["metric"] for gate in policy["thresholds"]} <= set(metrics)
    assert list(metrics) == sorted(metrics)
    assert 0.6 < metrics["auc"] < 0.9


def test_the_probe_is_256_offers_with_the_inputs_of_the_card(twins: tuple[Path, Path]) -> None:
    probe = pd.read_parquet(twins[0] / "data/probe.parquet")
    card = yaml.safe_load((EXAMPLE / "registry/late-arrival/model.yaml").read_text())
    assert list(probe) == [card["key"], card["moment"], *(item["name"] for item in card["inputs"])]
    assert len(probe) == 256
    assert probe[card["key"]].is_unique


@pytest.mark.parametrize("window", [("2013-02-20", "2013-03-10"), ("2013-01-01", "2013-12-31")])
def test_a_model_is_not_judged_on_what_it_saw(twins: tuple[Path, Path], window: tuple[str, str]) -> None:
    turn(twins[1], evaluate={"from": window[0], "until": window[1]})
    (command,) = commands("evaluate")
    child = start(command, twins[1])
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "a model is not judged on what it saw" in err
