"""``kill -9`` at random moments: nothing keeps running, nothing is half-written, repeating the command succeeds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys import projects
from tests.journeys.kills import Toll, repeat, series, true_promotion, true_records, true_seal, true_version
from tests.journeys.world import World

SEEDS = (11, 12)


def _slower(world: World) -> None:
    """Give each stage a while in which it can be killed."""
    for name in ("prepare", "train", "evaluate"):
        path = f"src/{name}.py"
        world.write(path, "import time\n\ntime.sleep(0.2)\n" + (world.repo / path).read_text())
    world.commit("Slower")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_run_is_finished_by_the_next(tiny_begun: World, tmp_path: Path, seed: int) -> None:
    model = tiny_begun.copy(tmp_path / "model")
    _slower(model)

    def begin(number: int) -> World:
        return model.copy(tmp_path / f"world-{number}")

    toll = series(begin, ["run"], kills=7, seed=seed, judge=true_records)
    assert toll.killed >= 7


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_registration_is_finished_by_the_next(tiny_begun: World, tmp_path: Path, seed: int) -> None:
    model = tiny_begun.copy(tmp_path / "model")
    model.actum("run")
    shutil.rmtree(model.remote)
    model.remote.mkdir()

    def begin(number: int) -> World:
        return model.copy(tmp_path / f"world-{number}")

    words = ["register", "tiny", "--version", "1.0.0"]
    toll = series(begin, words, kills=6, seed=seed, judge=true_version)
    assert toll.killed >= 6


def test_a_killed_promotion_is_finished_by_the_next(tiny_registered: World, tmp_path: Path) -> None:
    def begin(number: int) -> World:
        return tiny_registered.copy(tmp_path / f"world-{number}")

    words = ["promote", "tiny@v1.0.0", "--to", "production"]
    toll = series(begin, words, kills=12, seed=13, judge=true_promotion)
    assert toll.killed >= 12


def test_killed_decisions_are_made_and_sealed_once_by_the_next(linear_registered: World, tmp_path: Path) -> None:
    model = linear_registered.copy(tmp_path / "model")
    model.write("questions.csv", projects.questions())
    model.commit("Questions")

    def begin(number: int) -> World:
        return model.copy(tmp_path / f"world-{number}")

    words = ["score", "linear@v1.0.0", "questions.csv", "--as-of", "2031-01-01"]
    toll = series(begin, words, kills=12, seed=14, judge=true_seal)
    assert toll.killed >= 12


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock"])
def test_a_lock_that_a_killed_git_left_is_named_with_what_removes_it(begun: World, name: str) -> None:
    (begun.repo / ".git" / name).touch()
    toll = Toll()
    repeat(begun, ["run"], toll)
    assert toll.held == [name]
    true_records(begun)


@pytest.mark.parametrize(
    "left", ["", "schema: '2.0'\nstages:\n  prepare:\n    cmd: python src/pre"], ids=["empty", "half"]
)
def test_a_dvc_lock_that_was_being_written_is_made_again(tiny: World, left: str) -> None:
    tiny.write("src/evaluate.py", "raise SystemExit('not today')\n")
    tiny.commit("Break")
    tiny.refused("run", code=4)  # a run that did not come to its end
    tiny.write("dvc.lock", left)
    tiny.git("revert", "--no-edit", "HEAD")
    tiny.actum("run")
    true_records(tiny)


def test_what_a_killed_write_left_beside_its_file_does_not_make_the_tree_dirty(begun: World) -> None:
    begun.write(".actum-0123456789abcdef.tmp", "half of a dvc.lock")
    begun.write("runs/2024/01/.actum-0123456789abcdef.tmp", "half of a record")
    begun.actum("run")
    assert list(begun.repo.rglob(".actum-*.tmp")) == []
    true_records(begun)


def test_a_journal_whose_last_line_was_cut_off_is_continued(begun: World) -> None:
    flag = begun.root / "flag"
    begun.edit("src/evaluate.py", "import json", f"import json\nopen({str(flag)!r})")
    begun.commit("Needs a file elsewhere")
    begun.refused("run", code=4)
    (journal,) = (begun.repo / ".actum" / "runs").glob("*/journal.jsonl")
    journal.write_bytes(journal.read_bytes() + b'{"event": "command-sta')
    flag.touch()
    begun.actum("run")
    lines = journal.read_text().splitlines()
    journal.write_text("".join(f"{line}\n" for line in lines))
    true_records(begun)


@pytest.mark.parametrize("process", ["itself", "zombie"])
def test_a_table_of_dvcs_locks_that_a_kill_left_does_not_stop_the_next_run(begun: World, process: str) -> None:
    """DVC takes a zombie, and whoever has a dead one's number now, for the one who holds its lock."""
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on
    number = os.getpid() if process == "itself" else child.pid
    left = {"pid": number, "cmd": "/env/dvc/__main__.py repro --no-run-cache"}
    (begun.repo / ".dvc" / "tmp").mkdir(exist_ok=True)
    (begun.repo / ".dvc" / "tmp" / "rwlock.lock").touch()
    locks = {
        "write": {str(begun.repo / "data/prepared.json"): left},
        "read": {str(begun.repo / "data/rows.csv"): [left]},
    }
    begun.write(".dvc/tmp/rwlock", json.dumps(locks))
    begun.actum("run")
    child.wait()
    true_records(begun)


def test_a_table_of_dvcs_locks_that_was_being_written_is_begun_anew(begun: World) -> None:
    (begun.repo / ".dvc" / "tmp").mkdir(exist_ok=True)
    (begun.repo / ".dvc" / "tmp" / "rwlock.lock").touch()
    begun.write(".dvc/tmp/rwlock", '{"write": {')
    begun.actum("run")
    true_records(begun)
