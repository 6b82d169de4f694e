"""Which earlier execution made what dvc.lock says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actum.dvc.lockfile import Entry, LockedStage
from actum.records.run import Run, RunStage
from actum.runlog.history import Cited, flat_metrics, key_of, locked_state, stage_params, standing, state_of
from tests.records import samples
from tests.records.samples import FILE, FOLDER, ONE, RUN_ENVIRONMENT, TWO

TRAIN = RunStage(
    name="train",
    run=ONE,
    cmd="python train.py\nls",
    seconds=1.0,
    deps=(FILE.path,),
    params=("seed", "grid"),
    outs=(FOLDER.path,),
)
RUN = samples.run(stages=(TRAIN,), params={"seed": 7, "grid": [1, 2.5]}, files=(FILE, FOLDER))
LOCKED = LockedStage(
    cmd=("python train.py", "ls"),
    deps=(Entry(path=FILE.path, md5=FILE.md5),),
    params={"params.yaml": {"grid": [1, 2.5], "seed": 7}},
    outs=(Entry(path=FOLDER.path, md5=FOLDER.md5),),
)


def found(run: Run, wanted: LockedStage = LOCKED) -> dict[str, Cited]:
    return standing({"train": locked_state(wanted)}, key_of(RUN_ENVIRONMENT), [run])


def test_a_stage_stands_when_a_run_on_record_made_exactly_its_state() -> None:
    assert locked_state(LOCKED) == state_of(RUN, TRAIN)
    assert found(RUN) == {"train": Cited(RUN, TRAIN)}


@pytest.mark.parametrize(
    "changes",
    [
        {"cmd": ("python train.py",)},
        {"deps": ()},
        {"deps": (Entry(path=FILE.path, md5="0" * 32),)},
        {"outs": (Entry(path=FOLDER.path, md5="0" * 32 + ".dir"),)},
        {"params": {"params.yaml": {"seed": 8, "grid": [1, 2.5]}}},
        {"params": {"params.yaml": {"seed": 7, "grid": [1, 2.5], "new": 0}}},
        {"params": {"params.yaml": {"seed": 7.0, "grid": [1, 2.5]}}},
        {"params": {"other.yaml": {"seed": 7, "grid": [1, 2.5]}}},
    ],
)
def test_a_stage_of_another_state_is_nobodys(changes: dict[str, Any]) -> None:
    assert found(RUN, replace(LOCKED, **changes)) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"lock_sha256": "sha256:" + "0" * 64},
        {"python": "3.11.8"},
        {"platform": "linux-aarch64"},
        {"pin": {"OMP_NUM_THREADS": "2"}},
        {"wing": replace(FILE, sha256="sha256:" + "0" * 64)},
    ],
)
def test_a_result_of_another_environment_does_not_stand(changes: dict[str, Any]) -> None:
    assert found(replace(RUN, environment=replace(RUN_ENVIRONMENT, **changes))) == {}


def test_a_dirty_run_is_no_evidence() -> None:
    assert found(replace(RUN, dirty=True)) == {}


def test_the_newest_run_is_cited_and_reading_stops_there() -> None:
    def runs() -> Any:
        yield replace(RUN, id=TWO)
        raise AssertionError("read on")

    cited = standing({"train": locked_state(LOCKED)}, key_of(RUN_ENVIRONMENT), runs())
    assert cited["train"].run.id == TWO


def test_params_are_flattened_and_another_files_carry_its_name() -> None:
    stage = replace(LOCKED, params={"sub/params.yaml": {"model": {"kind": "linear"}}, "other.yaml": {"a.b": 1}})
    assert stage_params(stage) == {"model.kind": "linear", "other.yaml:a.b": 1}


def test_metrics_of_one_file_keep_their_names_and_of_several_carry_the_files() -> None:
    assert flat_metrics({"out/metrics.json": {"auc": 1, "by": {"x": 2}}}) == {"auc": 1, "by.x": 2}
    assert flat_metrics({"train.json": {"auc": 1}, "test.json": {"auc": 2}}) == {"train.auc": 1, "test.auc": 2}


def test_metrics_files_of_one_name_do_not_hide_each_other() -> None:
    files = {"train/metrics.json": {"auc": 1}, "test/metrics.json": {"auc": 2}, "extra.json": {"n": 3}}
    assert flat_metrics(files) == {"train/metrics.auc": 1, "test/metrics.auc": 2, "extra.n": 3}
