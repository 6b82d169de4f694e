"""Children: whole environment, last words, and nothing left running when we are interrupted or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actum import process
from actum.process import Finished

# Starts a child of its own, notes its number, and waits for it.
PARENT_OF_A_SLEEPER = "sleep 300 & echo $! > pid.tmp && mv pid.tmp pid; wait"
LINUX_ONLY = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's end"
)


def is_running(pid: int) -> bool:
    """Whether the process is there and not merely unreaped."""
    try:
        os.kill(pid, 0)
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_for(condition: Callable[[], object]) -> bool:
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def sleeper(folder: Path) -> int:
    assert wait_for((folder / "pid").exists)
    return int((folder / "pid").read_text())


def test_a_child_gets_exactly_the_environment_and_input_it_is_given(tmp_path: Path) -> None:
    done = process.run(["/usr/bin/env"], cwd=tmp_path, env={"ONLY": "this"})
    assert done == Finished(0, b"ONLY=this\n", b"")
    assert process.run(["cat"], cwd=tmp_path, env={"PATH": os.defpath}, stdin=b"\0\xff").out == b"\0\xff"
    assert process.run(["cat"], cwd=tmp_path, env={"PATH": os.defpath}).out == b""


def test_a_child_that_does_not_read_its_input_is_no_error(tmp_path: Path) -> None:
    done = process.run(["true"], cwd=tmp_path, env={"PATH": os.defpath}, stdin=b"x" * 1_000_000)
    assert done.code == 0


def test_a_status_is_the_childs_or_minus_its_signal(tmp_path: Path) -> None:
    codes = [
        process.run(["sh", "-c", cmd], cwd=tmp_path, env={"PATH": os.defpath}).code for cmd in ("exit 7", "kill -9 $$")
    ]
    assert codes == [7, -9]


@pytest.mark.parametrize(
    ("out", "err", "words"),
    [
        (b"out", b"err\n", "err"),
        (b"out\n", b" \n", "out"),
        (b"", b"", ""),
        (b"", b"\n".join(b"%d" % n for n in range(20)), "\n".join(str(n) for n in range(12, 20))),
        (b"", b"caf\xe9", "caf\ufffd"),
    ],
)
def test_last_words_are_the_end_of_stderr_or_else_of_stdout(out: bytes, err: bytes, words: str) -> None:
    assert Finished(1, out, err).last_words == words


def test_a_program_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no-such-program"):
        process.run(["no-such-program"], cwd=tmp_path, env={"PATH": os.defpath})


def test_a_stream_hands_over_each_line_of_both_outputs(tmp_path: Path) -> None:
    heard: list[str] = []
    script = r"echo one; echo two >&2; printf 'caf\351\r\n'; printf 'no end'; exit 3"
    code = process.stream(["sh", "-c", script], cwd=tmp_path, env={"PATH": os.defpath}, each_line=heard.append)
    assert (code, heard) == (3, ["one", "two", "caf\ufffd", "no end"])


def test_a_child_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        process.run(["sh", "-c", PARENT_OF_A_SLEEPER], cwd=tmp_path, env={"PATH": os.defpath}, timeout_s=0.5)
    pid = sleeper(tmp_path)
    assert wait_for(lambda: not is_running(pid))


@pytest.mark.parametrize("way", ["run", "stream"])
def test_an_interrupt_ends_the_whole_group(tmp_path: Path, way: str) -> None:
    def interrupt() -> None:
        sleeper(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    command, env = ["sh", "-c", PARENT_OF_A_SLEEPER], {"PATH": os.defpath}
    start: Callable[[], object] = lambda: process.run(command, cwd=tmp_path, env=env)  # noqa: E731
    if way == "stream":
        start = lambda: process.stream(command, cwd=tmp_path, env=env, each_line=print)  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        start()
    pid = sleeper(tmp_path)
    assert wait_for(lambda: not is_running(pid))


def test_an_interrupt_while_a_child_is_started_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    begin = subprocess.Popen.__init__

    def interrupted(self: subprocess.Popen[bytes], *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        started.append(self.pid)
        os.kill(os.getpid(), signal.SIGINT)  # its parent is still about to hear that it has started

    monkeypatch.setattr(subprocess.Popen, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        process.run(["sleep", "300"], cwd=tmp_path, env={"PATH": os.defpath})
    assert not is_running(started[0])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_of_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; {PARENT_OF_A_SLEEPER}; sleep 300"
    child = subprocess.Popen(["sh", "-c", stubborn], cwd=tmp_path, start_new_session=True)
    pid = sleeper(tmp_path)
    patience, process.GRACE_S = process.GRACE_S, 0.2
    try:
        process.end_group(child)
    finally:
        process.GRACE_S = patience
    assert child.returncode == -signal.SIGKILL
    assert wait_for(lambda: not is_running(pid))


def test_what_the_reader_of_lines_raises_ends_the_group(tmp_path: Path) -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    script = f"echo first; {PARENT_OF_A_SLEEPER}"
    with pytest.raises(ValueError, match=r"^first$"):
        process.stream(["sh", "-c", script], cwd=tmp_path, env={"PATH": os.defpath}, each_line=refuse)
    assert not (tmp_path / "pid").exists() or wait_for(lambda: not is_running(sleeper(tmp_path)))


@LINUX_ONLY
def test_a_child_dies_with_us_even_when_we_are_killed_outright(tmp_path: Path) -> None:
    ours = "import os, pathlib; from actum import process; "
    ours += "process.run(['sh', '-c', 'echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 300'], "
    ours += "cwd=pathlib.Path('.'), env=os.environ)"
    us = subprocess.Popen([sys.executable, "-c", ours], cwd=tmp_path)
    pid = sleeper(tmp_path)
    us.kill()
    us.wait()
    assert wait_for(lambda: not is_running(pid))


@LINUX_ONLY
def test_a_stage_dies_with_us_even_when_we_are_killed_outright(tmp_path: Path) -> None:
    # What DVC does between us and a stage: it starts the shell that we gave it, and waits.
    (tmp_path / "environment.json").write_text(f'{{"PATH": "{os.defpath}"}}')
    shell = [sys.executable, "-m", "actum.inside.stage_shell", str(tmp_path), "-c", PARENT_OF_A_SLEEPER]
    dvc = [sys.executable, "-c", f"import subprocess; subprocess.run({shell!r})"]
    ours = "import os, pathlib; from actum import process; "
    ours += f"process.stream({dvc!r}, cwd=pathlib.Path('.'), env=os.environ, each_line=print)"
    us = subprocess.Popen([sys.executable, "-c", ours], cwd=tmp_path)
    pid = sleeper(tmp_path)
    us.kill()
    us.wait()
    assert wait_for(lambda: not is_running(pid))


def test_a_process_is_alive_until_it_is_reaped() -> None:
    child = subprocess.Popen(["sleep", "300"])
    assert process.is_alive(child.pid)
    child.kill()
    child.wait()
    assert not process.is_alive(child.pid)
    assert process.is_alive(1)  # another user's, perhaps


@LINUX_ONLY
def test_strays_are_known_by_the_place_that_they_were_given_and_ended(tmp_path: Path) -> None:
    def daemon(home: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "300"], env={"HOME": str(home)}, start_new_session=True)

    mine, other = daemon(tmp_path / "home-1" / "home"), daemon(tmp_path / "home-12" / "home")
    process.end_strays(tmp_path / "home-1")
    assert mine.wait(timeout=30) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()
