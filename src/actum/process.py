"""Run a child process to its end, in a process group of its own, and never leave it behind.

The only place that starts processes. A child whose parent is interrupted is ended with its whole
group: ``dvc repro`` killed alone leaves the stage's own child running and writing (measured).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that has ended. ``code`` is its exit status, or minus the signal that ended it."""

    code: int
    out: bytes
    err: bytes

    @property
    def last_words(self) -> str:
        """The end of what it said, stderr before stdout: enough for an error message."""
        said = (self.err.strip() or self.out.strip()).decode(errors="replace")
        return "\n".join(said.splitlines()[-8:])


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    timeout_s: float | None = None,
    brief: bool = False,
    into: BinaryIO | None = None,
) -> Finished:
    """Run *command* and return what it said. *env* is the child's whole environment.

    ``brief``: it ends by itself in no time, and need not die with us; starting it is twice as cheap then.
    ``into``: the file that takes its stdout, however much that is.

    Raises:
        FileNotFoundError: There is no such program.
        subprocess.TimeoutExpired: It did not end in time; its group has been ended.
    """
    child = _start(command, cwd, env, feeds=stdin is not None, stderr=subprocess.PIPE, brief=brief, into=into)
    try:
        out, err = child.communicate(stdin, timeout=timeout_s)
    except BaseException:
        end_group(child)
        raise
    return Finished(child.returncode, out or b"", err)


class Dialogue:
    """A child that answers on its stdout what it is asked on its stdin, until nobody asks any more.

    It ends by itself when its stdin does, so it need not be ended with us.

    Raises:
        FileNotFoundError: There is no such program, or no such folder.
    """

    __slots__ = ("_child",)

    def __init__(self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._child = _start(command, cwd, env, feeds=True, stderr=subprocess.DEVNULL, brief=True)

    def ask(self, question: bytes) -> BinaryIO:
        """Ask, and return where the answer can be read; what is asked at once has to fit into a pipe.

        Raises:
            BrokenPipeError: It has ended.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(question)
        self._child.stdin.flush()
        return cast("BinaryIO", self._child.stdout)

    def close(self) -> None:
        """End it, whatever it was about to say."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # a question that it never took
                pipe.close()
        self._child.wait()


def converse(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Finished:
    """Run *command* where whoever sits at the terminal can answer it: it stays in our session and group.

    What it says on stderr goes to the terminal; where that is none, it is in the answer.
    """
    said = None if os.isatty(2) else subprocess.PIPE
    words = [str(word) for word in command]
    with subprocess.Popen(
        words, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
    ) as child:
        try:
            out, err = child.communicate()
        except BaseException:
            child.terminate()  # it puts the terminal back as it was
            raise
    return Finished(child.returncode, out, err or b"")


def has_terminal() -> bool:
    """Whether somebody can be asked, wherever stdin and stdout lead."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def stream(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    each_line: Callable[[str], None],
) -> int:
    """Run *command*, hand each line of its joined stdout and stderr to *each_line*, return the exit status."""
    child = _start(command, cwd, env, feeds=False, stderr=subprocess.STDOUT, brief=False)
    try:
        assert child.stdout is not None
        for line in child.stdout:
            each_line(line.decode(errors="replace").rstrip("\r\n"))
        return child.wait()
    except BaseException:
        end_group(child)
        raise
    finally:
        if child.stdout is not None:
            child.stdout.close()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Ask the child's whole group to end, insist after a grace period, and reap the child."""
    for number, patience in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):  # the group is gone; the child is still to be reaped
            os.killpg(child.pid, number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def is_alive(pid: int) -> bool:
    """Whether a process of that number is there, be it a zombie or, after a while, a stranger."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there, and another user's
    return True


def end_strays(place: Path) -> None:
    """End the processes that were given something below *place* in their environment; whose place it was is gone.

    What leaves our group and session outlives ``kill -9`` of us: no signal of ours reaches it then. It keeps the
    environment that it began with. Linux only; elsewhere, and where it has changed its environment, it is not found.
    """
    mark = f"={place}/".encode()
    for handle in _handles(mark):
        try:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            ended.poll(GRACE_S * 1000)
        finally:
            os.close(handle)


def _handles(mark: bytes) -> Iterator[int]:
    """Yield a handle on each process whose environment holds *mark*: its number alone might be another's by now."""
    if not sys.platform.startswith("linux"):
        return
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    for number in numbers:
        if number == os.getpid():
            continue
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            handle = os.pidfd_open(number)
            try:
                found = mark in Path(f"/proc/{number}/environ").read_bytes()
            except OSError:
                found = False
            if found:
                yield handle
            else:
                os.close(handle)


def _start(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str],
    *,
    feeds: bool,
    stderr: int,
    brief: bool,
    into: BinaryIO | None = None,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
        stdout=into or subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=None if brief or not sys.platform.startswith("linux") else _die_with_parent(),
    )


def _die_with_parent() -> Callable[[], None]:
    """Return what a new child calls to be killed when we are: ``kill -9`` gives us no chance to do it."""
    import ctypes

    libc, parent = ctypes.CDLL(None), os.getpid()

    def arrange() -> None:
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return arrange
