"""What a run keeps comes back from DVC; what DVC could not live with is refused at once, by name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import actum
from actum.errors import UserError
from tests.logbook.conftest import Records
from tests.real_git import git, write

OF_DVC = ["x.dvc", "x.dvc/y", ".dvc/y", "dvc.yaml", "sub/dvc.lock", ".gitignore", "sub/.dvcignore"]


@pytest.mark.parametrize("name", OF_DVC)
def test_a_name_that_dvc_or_git_takes_for_its_own_is_refused(name: str, root: Path, records: Records) -> None:
    write(root, f"out/{name}", "1")
    with actum.run() as run, pytest.raises(UserError) as caught:
        run.log_artifact(f"out/{name}")
    assert str(caught.value) == f"{root}/out/{name}: is called out/{name}, which DVC or git takes for its own"
    assert caught.value.hint == "rename it, or keep a copy of another name"
    (record,) = records().values()
    assert record.artifacts == ()


def test_an_artifact_is_not_called_as_the_metrics_by_step_are(root: Path) -> None:
    write(root, "series.csv", "mine")
    with actum.run() as run, pytest.raises(UserError, match=r"/series\.csv: is called series\.csv, as the metrics by"):
        run.log_artifact("series.csv")


def test_a_folder_and_what_lies_in_it_are_not_kept_both(root: Path) -> None:
    write(root, "plots/deep/roc.png", "1")
    write(root, "plots.png", "2")
    with actum.run() as run:
        run.log_artifact("plots/deep/roc.png")
        run.log_artifact("plots.png")
        with pytest.raises(UserError, match=r"/plots: holds .*/plots/deep/roc\.png, which is kept already$"):
            run.log_artifact("plots")
    with actum.run() as run:
        run.log_artifact("plots")
        with pytest.raises(UserError, match=r"/roc\.png: lies in .*/plots, which is kept already$") as caught:
            run.log_artifact("plots/deep/roc.png")
        run.log_artifact("plots")
    assert caught.value.hint == "keep the folder alone"


def test_one_name_is_one_place_s(root: Path, records: Records) -> None:
    write(root.parent, "a/roc.png", "a")
    write(root.parent, "b/roc.png", "b")
    first, second = root.parent / "a/roc.png", root.parent / "b/roc.png"
    with actum.run() as run:
        run.log_artifact(first)
        with pytest.raises(UserError, match=f"^{re.escape(f'{second}: {first} is kept as roc.png already')}$"):
            run.log_artifact(second)
        first.write_text("later")
        run.log_artifact(first)
    (record,) = records().values()
    assert [fact.size for fact in record.artifacts] == [len("later")]


@pytest.mark.parametrize("name", ["x.dvc", "deep/.dvcignore", ".dvc/config"])
def test_a_folder_from_which_dvc_would_not_give_all_back_is_refused(name: str, root: Path) -> None:
    write(root, f"plots/{name}", "*")
    with actum.run() as run, pytest.raises(UserError, match=r"a folder that holds it would not come back whole$"):
        run.log_artifact("plots")


def test_a_name_that_leaves_no_room_for_that_of_its_pointer_is_refused(root: Path, records: Records) -> None:
    write(root, "a" * 251, "1")
    write(root, "a" * 252, "1")
    with actum.run() as run:
        run.log_artifact("a" * 251)
        with pytest.raises(UserError, match=r"its name has more than 251 bytes$"):
            run.log_artifact("a" * 252)
    assert len(records()) == 1


def test_what_is_no_file_is_refused_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with actum.run() as run, pytest.raises(UserError, match=r"/pipe: is neither a file nor a folder$"):
        run.log_artifact("pipe")


def test_what_is_kept_under_any_other_name_comes_back_in_a_fresh_clone(root: Path, records: Records) -> None:
    names = ("dvc.yaml", ".gitignore", "deep/roc.png", "größe #%.txt")
    for name in names:
        write(root.parent, f"plots/{name}", "rubbish: [\n/roc.png")
    write(root, "*.txt", "star")
    write(root, "deep/series.csv", "mine")
    with actum.run() as run:
        for step in range(6000):
            run.log_metric("loss", 1 / (step + 1), step)
        run.log_artifact("deep/series.csv")
        run.log_artifact(root.parent / "plots")
        run.log_artifact("*.txt")
    (record,) = records().values()
    folder = f"runs/{record.started_at:%Y/%m}/{run.id}"
    assert record.series is not None
    assert record.series.path == f"{folder}/series.csv"
    plots = [f"{folder}/plots/{name}" for name in names]
    told = fresh(root, *plots, f"{folder}/*.txt", f"{folder}/deep/series.csv", record.series.path)
    assert told == [b"rubbish: [\n/roc.png"] * 4 + [b"star", b"mine", (root / record.series.path).read_bytes()]
    assert git(root.parent / "fresh", "status", "--porcelain") == ""


def fresh(root: Path, *paths: str) -> list[bytes]:
    """Return what files have in a clone into which DVC has pulled them."""
    git(root, "add", ".")
    remote = root.parent / "remote"
    dvc(root, "remote", "add", "--default", "storage", str(remote))
    git(root, "add", ".dvc/config")
    git(root, "commit", "-qm", "Runs")
    dvc(root, "push")
    git(root.parent, "clone", "-q", "repo", "fresh")
    dvc(root.parent / "fresh", "pull")
    return [(root.parent / "fresh" / path).read_bytes() for path in paths]


def dvc(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)
