"""What ``kill -9`` leaves is known for dead, swept by the next command, and nobody else's is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.kills import gone, processes_in
from tests.journeys.world import ACTUM, World

SLEEPS = "\nimport pathlib, time\npathlib.Path('{flag}').touch()\ntime.sleep(300)\n"
LINGERS = """
import pathlib, subprocess
child = subprocess.Popen(["sleep", "4711"], start_new_session=True)
pathlib.Path('{pid}').write_text(str(child.pid))
"""


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def in_state(world: World, place: str) -> list[str]:
    folder = world.repo / ".actum" / place
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def doctor(world: World) -> str:
    return world.actum("doctor", code=3).out  # the project has no list of trusted types


def prepend(world: World, path: str, text: str) -> None:
    world.write(path, text + (world.repo / path).read_text())


@contextmanager
def at_work(world: World, *words: str, until: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start actum, wait for a stage of it to say that it runs, and leave nothing of it behind."""
    child = subprocess.Popen(
        [*ACTUM, *words], cwd=world.repo, env=dict(world.env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(until.exists)
        yield child
    finally:
        child.kill()
        child.wait()
        assert gone(world.root, within_s=5.0) == []


@pytest.fixture
def slow(begun: World) -> World:
    """A project whose registered model trains for minutes where a file says so."""
    flag, slow = begun.root / "flag", begun.root / "slow"
    prepend(begun, "src/train.py", f"import os\nif os.path.exists({str(slow)!r}):\n    import time\n"
            f"    open({str(flag)!r}, 'w').close()\n    time.sleep(300)\n")  # fmt: skip
    begun.commit("Slow at times")
    begun.actum("run")
    begun.actum("register", "tiny", "--version", "1.0.0")
    return begun


def test_a_killed_rebuild_is_swept_by_the_next_command_credentials_and_all(slow: World) -> None:
    slow.dvc("remote", "add", "--local", "cloud", "s3://bucket/place")
    slow.dvc("remote", "modify", "--local", "cloud", "secret_access_key", "a-secret")
    (slow.root / "slow").touch()
    with at_work(slow, "rebuild", "tiny@v1.0.0", until=slow.root / "flag") as child:
        (tree,) = in_state(slow, "worktrees")
        config = slow.repo / ".actum" / "worktrees" / tree / "checkout" / ".dvc" / "config.local"
        assert "a-secret" in config.read_text()
        child.kill()
        child.wait()
    assert config.exists()
    said = doctor(slow)
    assert f".actum/worktrees/{tree} was left behind by a rebuild that was killed, perhaps with the remote's" in said
    assert f"rm -rf {slow.repo}/.actum/worktrees/{tree} && git worktree prune" in said
    (slow.root / "slow").unlink()
    slow.edit("params.yaml", "shown: 1", "shown: 2")
    slow.commit("Another run")
    slow.actum("run")  # any command that makes an environment ready sweeps
    assert (in_state(slow, "worktrees"), in_state(slow, "scratch")) == ([], [])
    assert slow.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert "left behind nothing" in doctor(slow)


def test_commands_at_work_at_once_never_sweep_each_other_s(slow: World) -> None:
    (slow.root / "slow").touch()
    with at_work(slow, "rebuild", "tiny@v1.0.0", until=slow.root / "flag") as child:
        places = (in_state(slow, "worktrees"), in_state(slow, "scratch"))
        assert [len(place) for place in places] == [1, 1]
        (slow.root / "slow").unlink()
        assert slow.told("rebuild", "tiny@v1.0.0")["level"] == "bytes"
        slow.actum("run", "--dry-run")
        assert (in_state(slow, "worktrees"), in_state(slow, "scratch")) == places
        assert child.poll() is None
        assert "was left behind" not in doctor(slow)
    assert slow.told("rebuild", "tiny@v1.0.0")["level"] == "bytes"
    assert (in_state(slow, "worktrees"), in_state(slow, "scratch")) == ([], [])


def test_a_killed_run_leaves_a_home_that_is_named_and_swept(begun: World) -> None:
    flag = begun.root / "flag"
    good = (begun.repo / "src/train.py").read_text()
    begun.write("src/train.py", good + SLEEPS.format(flag=flag))
    begun.commit("Sleep")
    with at_work(begun, "run", until=flag):
        pass
    (home,) = in_state(begun, "scratch")
    assert home.startswith("home-")
    assert f"rm -rf {begun.repo}/.actum/scratch/{home}" in doctor(begun)
    begun.write("src/train.py", good)
    begun.commit("Awake")
    begun.actum("run")
    assert in_state(begun, "scratch") == []


def test_what_a_stage_put_out_of_reach_outlives_the_kill_and_not_the_next_command(begun: World) -> None:
    """A grandchild that leaves session and parent gets no signal of ours; the kernel knows it by its environment."""
    flag, number = begun.root / "flag", begun.root / "pid"
    good = (begun.repo / "src/train.py").read_text()
    begun.write("src/train.py", LINGERS.format(pid=number) + good + SLEEPS.format(flag=flag))
    begun.commit("Linger")
    child = subprocess.Popen([*ACTUM, "run"], cwd=begun.repo, env=dict(begun.env), stderr=subprocess.DEVNULL)
    wait_for(flag.exists)
    lingering = int(number.read_text())
    child.send_signal(signal.SIGKILL)
    child.wait()
    try:
        wait_for(lambda: len(processes_in(begun.root)) == 1)
        # Neither actum, nor dvc, nor the shell, nor the stage.
        assert processes_in(begun.root) == [f"{lingering} sleep 4711"]
        begun.write("src/train.py", good)
        begun.commit("Leave nothing")
        begun.actum("run")
        assert gone(begun.root, within_s=1.0) == []
    finally:
        if any(line.startswith(f"{lingering} ") for line in processes_in(begun.root)):
            os.kill(lingering, signal.SIGKILL)
