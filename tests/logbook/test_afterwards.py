"""What becomes of a script's run once it is on record: read, committed, looked over, and never registered."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

import actum
from actum import layout
from actum.cli.main import main
from actum.errors import UsageError, UserError
from actum.git.repository import Git
from actum.records.card import ModelCard
from actum.records.codec import decode
from actum.registration.choice import choose
from actum.store import Store
from tests.logbook.conftest import Records, listed
from tests.real_git import git, write

INFINITE = float("inf")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(words)
    return status, capsys.readouterr().out


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "-qm", "Runs")


def test_a_run_is_read_before_and_after_it_is_committed_and_a_revision_alone_has_what_it_has(root: Path) -> None:
    with actum.run("one") as run:
        pass
    assert [row["id"] for row in listed(root)["data"]] == [run.id]
    assert listed(root, "--at", "HEAD")["data"] == []
    commit(root)
    assert [row["id"] for row in listed(root, "--at", "HEAD")["data"]] == [run.id]


def test_runs_come_as_a_table_and_numbers_as_they_were(root: Path) -> None:
    for number, value in enumerate((0.5, float("nan"), INFINITE, -INFINITE)):
        with actum.run(f"run {number}", params={"n": number}, tags={"t": "x"}) as run:
            run.log_metrics({"auc": value, "rows": number})
    found = actum.runs(sort="params.n")
    assert found["name"].tolist() == [f"run {number}" for number in range(4)]
    assert found["params.n"].tolist() == [0, 1, 2, 3]
    auc = found["metrics.auc"].tolist()
    assert (auc[0], auc[2], auc[3]) == (0.5, INFINITE, -INFINITE)
    assert math.isnan(auc[1])
    chosen = actum.runs("metrics.rows >= 1 and tags.t = 'x'", sort="-metrics.rows", limit=2)
    assert chosen["name"].tolist() == ["run 3", "run 2"]
    assert isinstance(found["started_at"].dtype, pandas.DatetimeTZDtype)
    with pytest.raises(UsageError):
        actum.runs("metrics.rows >")


def test_a_killed_run_is_in_the_table(root: Path) -> None:
    child = os.fork()
    if not child:
        actum.run("killed").begin()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert actum.runs()[["name", "status"]].to_numpy().tolist() == [["killed", "interrupted"]]


def test_a_script_s_run_is_no_version_s(root: Path) -> None:
    with actum.run() as run:
        pass
    commit(root)
    raw = {"schema": "model/1", "model": "churn", "owner": "ana", "artifact": "model.bin"}
    repo = Git(root)
    with pytest.raises(UserError) as caught:
        choose(Store(repo, repo.head()), decode(ModelCard, raw), run.id)
    assert str(caught.value) == f"run/{run.id} is a script's, not of actum run: it names no pipeline, lock"
    assert caught.value.hint == "make its script a stage of dvc.yaml, then actum run"


def test_a_commit_of_runs_and_of_what_lies_beside_them_is_clean(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, "plot.txt", "1")
    with actum.run() as run:
        run.log_artifact("plot.txt")
        run.log_metric("loss", 1, 0)
    status, told = said(capsys, "fsck")
    note = [
        f"note   {where(root, run.id)}: is a script's run that no commit has yet",
        "       git add runs && git commit",
    ]
    assert (status, told.splitlines()[:2]) == (0, note)
    git(root, "switch", "-qc", "work")
    commit(root)
    status, told = said(capsys, "check")
    assert (status, "runs/" in told) == (0, False), told


def where(root: Path, ulid: str) -> str:
    (path,) = root.glob(f"runs/*/*/{ulid}.json")
    return path.relative_to(root).as_posix()


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("01JDC800000000000000000001.json", True),
        ("01JDC800000000000000000001.csv", True),
        ("01JDC800000000000000000001/.gitignore", True),
        ("01JDC800000000000000000001/series.csv.dvc", True),
        ("01JDC800000000000000000001/deep/er/a.bin.dvc", True),
        ("01JDC800000000000000000001/a.bin", False),
        ("01JDC800000000000000000001.txt", False),
        ("notes.csv", False),
    ],
)
def test_what_lies_under_runs_is_of_one_run_or_a_stranger(path: str, known: bool) -> None:
    assert layout.run_beside(f"runs/2026/11/{path}") == ("01JDC800000000000000000001" if known else None)


def test_a_run_shows_what_it_said_and_kept(root: Path, records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    with actum.run("trial 7", params={"depth": 6}, tags={"team": "x"}, notes="Looks fine.") as run:
        run.log_metric("loss", 0.5, 3)
    status, told = said(capsys, "show", f"run/{run.id}")
    (record,) = records().values()
    lines = told.splitlines()
    assert status == 0
    assert lines[0].startswith(f"run/{run.id}  trial 7  script  ")
    assert "  notes        Looks fine." in lines
    assert lines[-8:-1] == ["metrics", "  loss  0.5", "params", "  depth  6", "tags", "  team  x", "kept"]
    assert record.series is not None
    assert record.series.path in lines[-1]


def test_training_sets_are_there_without_an_import_of_their_own(root: Path) -> None:
    code = "import actum; print(actum.features.training_set.__module__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "actum.features.training\n", done.stderr
