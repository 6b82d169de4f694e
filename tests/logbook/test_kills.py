"""A run that was killed at any moment is on record as interrupted, with what it had logged."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import actum
from actum import files, state
from actum.filing import write_record
from actum.names import Ids
from actum.records.codec import decode
from actum.records.run import Run
from actum.runlog import begun, closing, series
from tests.logbook.conftest import Records, listed
from tests.logbook.killing import faults, torture
from tests.real_git import git, write

LOGS = """
import sys, time
import actum
run = actum.run("long", params={"depth": 6}).begin()
run.log_metric("auc", 0.5)
for step in range(100):
    run.log_metric("loss", 1 / (step + 1), step)
run.note("half way")
print(run.id, flush=True)
time.sleep(600)
"""


def started(root: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a script that logs, and return it with its run's id once it has said all."""
    child = subprocess.Popen([sys.executable, "-c", LOGS], cwd=root, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


def test_a_killed_run_is_on_record_as_interrupted_with_what_it_had_logged(root: Path, records: Records) -> None:
    child, ulid = started(root)
    with child:
        assert listed(root)["data"] == []  # it lives: nobody takes it for dead
        child.kill()
    assert listed(root)["warnings"] == []
    record = records()[ulid]
    assert (record.status, record.finished_at, record.name) == ("interrupted", None, "long")
    assert (record.params, record.notes) == ({"depth": 6}, "half way")
    assert record.metrics == {"loss": 0.01, "auc": 0.5}
    assert record.series is not None
    assert len(list(series.rows(root / record.series.path))) == 100


def test_the_next_run_of_any_process_finishes_it(root: Path, records: Records) -> None:
    child, ulid = started(root)
    with child:
        child.send_signal(signal.SIGKILL)
    with actum.run("next"):
        assert list(records()) == [ulid]


def leave(root: Path) -> Path:
    """Leave the folder of a run behind as a kill does, and return it."""
    with actum.run("was"):
        pass
    (path,) = root.glob("runs/*/*/*.json")
    record = replace(
        decode(Run, files.read_json(path.read_bytes(), where="run")), status="interrupted", finished_at=None
    )
    path.unlink()
    held = begun.begin(root, record)
    (held.path / begun.SAID).write_bytes(begun.line("metrics", '{"auc":0.5}'))
    begun.series_in(held.path).write_text(series.HEAD + "0,0.001,loss,1.0\n1,0.002,loss,0.5\n")
    held.let_go()
    return held.path


def before_its_record(folder: Path) -> None:
    (folder / begun.RECORD).unlink()


def in_its_record(folder: Path) -> None:
    data = (folder / begun.RECORD).read_bytes()
    (folder / begun.RECORD).write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("kill", [before_its_record, in_its_record])
def test_a_run_that_was_killed_before_it_had_an_id_is_none(kill: Callable[[Path], None], root: Path) -> None:
    kill(leave(root))
    assert closing.close_killed(root, os.environ) == ((), {})
    assert list((root / ".actum/scripts").iterdir()) == []
    assert not list(root.glob("runs/*/*/*.*"))


def cut_words(root: Path, folder: Path) -> None:
    with (folder / begun.SAID).open("ab") as said, begun.series_in(folder).open("ab") as steps:
        said.write(b'{"note":"half a wo')
        steps.write(b"2,0.003,loss,0.")


def after_its_series(root: Path, folder: Path) -> None:
    record = begun.record_of(folder)
    assert record is not None
    write(root, f"runs/{record.started_at:%Y/%m}/{record.id}.csv", begun.series_in(folder).read_bytes())


def nothing(root: Path, folder: Path) -> None:
    """Killed between two words."""


@pytest.mark.parametrize("kill", [nothing, cut_words, after_its_series])
def test_a_kill_in_the_midst_of_a_word_or_of_its_end_leaves_what_was_said(
    kill: Callable[[Path, Path], None], root: Path, records: Records
) -> None:
    kill(root, leave(root))
    ((path,), problems) = closing.close_killed(root, os.environ)
    assert problems == {}
    (record,) = records().values()
    assert path.endswith(f"{record.id}.json")
    assert record.metrics == {"loss": 0.5, "auc": 0.5}
    assert record.series is not None
    assert (root / record.series.path).read_text().splitlines()[1:] == ["0,0.001,loss,1.0", "1,0.002,loss,0.5"]


def test_a_kill_after_the_record_changes_nothing_of_it(root: Path, records: Records) -> None:
    folder = leave(root)
    record = begun.record_of(folder)
    assert record is not None
    path = f"runs/{record.started_at:%Y/%m}/{record.id}.json"
    write(root, path, write_record(replace(record, status=None, notes="ended"), path=path))
    assert closing.close_killed(root, os.environ) == ((path,), {})
    assert [one.notes for one in records().values()] == ["ended"]
    assert not folder.exists()


def test_a_kill_while_long_series_go_under_dvc_is_made_good(root: Path, records: Records) -> None:
    folder = leave(root)
    rows = "".join(f"{step},0.001,loss,{1 / (step + 1)}\n" for step in range(6000))
    begun.series_in(folder).write_text(series.HEAD + rows)
    shutil.copytree(folder, root.parent / "again")
    closing.close_killed(root, os.environ)
    first = records()
    (path,) = root.glob("runs/*/*/*.json")
    path.unlink()  # as if killed between the series and the record
    (root.parent / "again" / series.NAME).unlink()
    shutil.copytree(root.parent / "again", folder)
    closing.close_killed(root, os.environ)
    (one,), (other,) = first.values(), records().values()
    assert other.series == one.series
    assert other.series is not None
    assert other.series.path.endswith("/series.csv")


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_served(root: Path, records: Records) -> None:
    folder = leave(root)
    (folder / begun.SAID).write_bytes(b'{"mood":"fine"}\n')
    with actum.run("sound") as run:
        pass
    told = listed(root)
    assert [row["id"] for row in told["data"]] == [run.id]
    where = folder.relative_to(root).as_posix()
    assert told["warnings"] == [f"{root}/{where}/said.jsonl:1: is nothing that a run says"]
    assert folder.is_dir()


def test_a_run_that_cannot_be_put_on_record_now_is_by_a_later_read(root: Path, records: Records) -> None:
    folder = leave(root)
    shutil.rmtree(root / "runs")
    (root / "runs").write_text("in the way")
    told = listed(root)
    assert (told["data"], len(told["warnings"])) == ([], 1)
    assert "runs/" in told["warnings"][0]
    (root / "runs").unlink()
    assert listed(root)["warnings"] == []
    assert (len(records()), folder.exists()) == (1, False)


def test_a_record_that_was_cut_edited_or_renamed_is_named_and_the_rest_is_served(root: Path) -> None:
    for name in ("cut", "edited", "renamed", "sound"):
        with actum.run(name):
            pass
    paths = {path.read_text().split('"name": "')[1].split('"')[0]: path for path in root.glob("runs/*/*/*.json")}
    paths["cut"].write_bytes(paths["cut"].read_bytes()[:200])
    paths["edited"].write_bytes(paths["edited"].read_bytes().replace(b'"script"', b'"scirpt"'))
    other = paths["renamed"].with_name(f"{'0' * 25}1.json")
    paths["renamed"].rename(other)
    git(root, "add", "runs")
    git(root, "commit", "-qm", "Runs")
    told = listed(root)
    assert [row["name"] for row in told["data"]] == ["sound"]
    names = sorted(warning.partition(":")[0] for warning in told["warnings"])
    where = [paths["cut"], paths["edited"], other]
    assert names == sorted(path.relative_to(root).as_posix() for path in where)


def test_only_the_process_that_began_a_run_ends_it_and_its_children_log_into_it(root: Path, records: Records) -> None:
    code = """
import os
import actum
with actum.run("forks") as run:
    for step in range(3):
        if not os.fork():
            run.log_metric("loss", step, step)
            run.tag(f"child {step}", "was here")
            run.end()
            os._exit(0)
        os.wait()
    with actum.run("beside", parent=run):
        pass
"""
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    found = {record.name: record for record in records().values()}
    assert found["forks"].metrics == {"loss": 2.0}
    assert found["forks"].tags == {f"child {step}": "was here" for step in range(3)}
    assert found["forks"].status is None


def test_forked_children_give_ids_of_their_own(root: Path, records: Records) -> None:
    code = """
import os
import actum
actum.run("first").begin().end()
for _ in range(4):
    if not os.fork():
        for _ in range(20):
            actum.run("child").begin().end()
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert len(records()) == 81


def test_clocks_an_hour_apart_give_other_ids_in_the_order_of_the_clocks() -> None:
    here, ahead = Ids(lambda: 1_700_000_000_000, os.urandom), Ids(lambda: 1_700_003_600_000, os.urandom)
    early, late = [here.new() for _ in range(100)], [ahead.new() for _ in range(100)]
    assert len({*early, *late}) == 200
    assert sorted([*late, *early]) == [*early, *late]


def test_ten_processes_that_log_while_they_are_killed_at_random_lose_no_run(root: Path) -> None:
    known, kills = torture(root, processes=10, seed=1, enough=lambda kills: kills >= 12)
    assert len(known) >= kills
    assert faults(root, known) == []
    assert not state.left_behind(root)
