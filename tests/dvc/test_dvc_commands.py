from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actum.dvc import commands
from actum.dvc.leftovers import Held, locks
from actum.dvc.lockfile import without_stages
from tests.dvc.dvc_project import Project


def test_repro_skips_what_is_unchanged_and_runs_what_the_lock_no_longer_has(project: Project) -> None:
    lines: list[str] = []
    idle = commands.repro(project.root, project.env, each_line=lines.append)
    assert (idle.code, idle.ran, idle.skipped) == (0, (), ("prepare", "train", "score"))
    lock = project.root / "dvc.lock"
    before = lock.read_bytes()
    lock.write_bytes(without_stages(before, {"train"}))
    done = commands.repro(project.root, project.env, each_line=lines.append)
    # The run cache knows this stage, and alone would restore it without an execution.
    assert (done.code, done.ran, done.skipped) == (0, ("train",), ("prepare", "score"))
    assert "Running stage 'train':" in lines
    assert sorted(lock.read_bytes().splitlines()) == sorted(before.splitlines())


def test_a_repro_without_lock_and_commit_runs_all_and_leaves_the_cache_alone(project: Project) -> None:
    (project.root / "params.yaml").write_text("rate: 2\nseed: 7\n")
    (project.root / "dvc.lock").unlink()
    before = sorted((project.root / ".dvc" / "cache" / "files").rglob("*"))
    done = commands.repro(project.root, project.env, commit=False, each_line=print)
    assert done.ran == ("prepare", "train", "score")
    assert sorted((project.root / ".dvc" / "cache" / "files").rglob("*")) == before


def test_a_stage_that_fails_is_told_by_code_and_last_words(project: Project) -> None:
    (project.root / "dvc.yaml").write_text("stages: {bad: {cmd: 'echo oh no >&2; exit 3', outs: [x]}}\n")
    done = commands.repro(project.root, project.env, each_line=print)
    assert (done.code, done.ran) == (255, ("bad",))
    assert "oh no" in done.last_words


def test_modules_in_the_users_repository_do_not_stand_in_for_ours(project: Project) -> None:
    for name in ("dvc", "yaml", "configobj", "types"):
        (project.root / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    (project.root / "rows" / "one").unlink()
    env = project.env | {"PYTHONPATH": str(project.root)}
    assert commands.call(["checkout", "--force", "rows.dvc"], project.root, env)[0] == 0
    assert (project.root / "rows" / "one").read_text() == "1\n"


def test_an_error_of_dvc_keeps_its_last_words_and_gets_a_hint(project: Project) -> None:
    (project.root / ".dvc" / "config").write_text("")
    code, said = commands.call(["push"], project.root, project.env)
    error = commands.failure(["push"], said)
    assert code != 0
    assert "dvc push failed: " in str(error)
    assert "no remote specified" in str(error)
    assert error.hint == "dvc remote add --default storage /path/or/address"


def test_another_dvc_at_work_is_named_by_its_pid(project: Project) -> None:
    (project.root / "dvc.yaml").write_text("stages: {slow: {cmd: 'touch begun; sleep 30', outs: [x]}}\n")
    words = [sys.executable, "-m", "dvc", "repro"]
    other = subprocess.Popen(
        words,
        cwd=project.root,
        env=project.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (project.root / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with pytest.raises(commands.DvcBusyError) as caught:
            commands.repro(project.root, project.env, each_line=print)
        assert caught.value.pids == (other.pid,)
        assert f"another dvc is running here: PID {other.pid} (" in str(caught.value)
        assert caught.value.hint == f"wait for it, or see what it is: ps -p {other.pid}"
        held = locks(project.root)
        assert {(lock.pid, lock.alive) for lock in held} == {(other.pid, True)}
    finally:
        os.killpg(other.pid, 9)
        other.wait()
    left = locks(project.root)
    assert left
    assert {(lock.pid, lock.alive) for lock in left} == {(other.pid, False)}


def test_the_lock_of_the_repository_counts_only_while_it_is_held(project: Project) -> None:
    assert (project.root / ".dvc" / "tmp" / "lock").is_file()
    assert locks(project.root) == ()
    with (project.root / ".dvc" / "tmp" / "lock").open("r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(" 4711\n")
        stream.flush()
        assert locks(project.root) == (
            Held(path=".dvc/tmp/lock", on="the repository", pid=4711, command="dvc", alive=True),
        )


def test_a_lock_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    (tmp_path / ".dvc" / "tmp" / "rwlock").write_text("{")
    (lock,) = locks(tmp_path)
    assert lock.on.startswith("unreadable: ")


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("Running stage 'sub/dvc.yaml:a@1':", ("ran", "sub/dvc.yaml:a@1")),
        ("Stage 'a' didn't change, skipping", ("skipped", "a")),
        ("Stage 'a' is cached - skipping run, checking out outputs", ("skipped", "a")),
        ("'rows.dvc' didn't change, skipping", None),
        ("> Running stage 'a':", None),
    ],
)
def test_what_dvc_says_of_a_stage_is_understood(line: str, event: object) -> None:
    assert commands.stage_event(line) == event
