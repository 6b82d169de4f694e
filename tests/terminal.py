"""A terminal of our own: start a command in it, answer what it shows, and keep all that it was sent."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ERASE = "\r\x1b[2K"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PATIENCE_S = 300.0

Answer = tuple[str, bytes | Callable[[], None]]
"""A text to wait for, and what is then typed or done."""


@dataclass(frozen=True)
class Shown:
    """A command that has ended. ``sent``: every character that its terminal was given."""

    code: int
    sent: str

    def drawings(self) -> list[str]:
        """Return what stood on a line until it was erased."""
        found = [part.partition("\n")[0] for part in self.sent.split(ERASE)[1:]]
        return [_COLOUR.sub("", part) for part in found[:-1] if part]

    def lines(self) -> list[str]:
        """Return what can be read in the end."""
        rows = self.sent.replace("\r\n", "\n").split("\n")
        return [_COLOUR.sub("", row.split(ERASE)[-1]) for row in rows if row.split(ERASE)[-1]]


def in_terminal(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    answers: Sequence[Answer] = (),
    columns: int = 100,
) -> Shown:
    """Run *command* with all its streams on a terminal, which is its controlling one, and answer it in turn."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine mounts nothing at /dev/pts: {error}")
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    modes = termios.tcgetattr(theirs)
    modes[3] &= ~termios.ECHO  # what we type is not what it shows
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    child = subprocess.Popen(
        [str(word) for word in command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={"TERM": "xterm", **env},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        sent = _heard(ours, list(answers))
        return Shown(child.wait(_PATIENCE_S), sent)
    finally:
        os.close(ours)  # who still sits there is hung up on
        if child.poll() is None:
            child.kill()
            child.wait()


def _heard(ours: int, answers: list[Answer]) -> str:
    sent, read_to, deadline = b"", 0, time.monotonic() + _PATIENCE_S
    while select.select([ours], [], [], max(0.0, deadline - time.monotonic()))[0]:
        try:
            data = os.read(ours, 65536)
        except OSError:  # the last one at the other end has gone
            data = b""
        if not data:
            assert not answers, f"it ended before it showed {answers[0][0]!r}: {sent!r}"
            return sent.decode()
        sent += data
        while answers and (at := sent.find(answers[0][0].encode(), read_to)) >= 0:
            read_to = at + 1
            reply = answers.pop(0)[1]
            if isinstance(reply, bytes):
                os.write(ours, reply)
            else:
                reply()
    raise AssertionError(f"it showed {sent!r}, and not {[one for one, _ in answers]}")
