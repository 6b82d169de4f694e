"""stdout and stderr as commands see them: nothing foreign reaches a terminal as an escape, no stream fails oddly."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TextIO

from actum.errors import UserError

# What a terminal obeys or nobody sees, in a file name or a row of data; not our own colours, as click writes them.
_HIDDEN = re.compile(
    r"(?!\x1b\[(?:[012]|3[1236])m)[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return *text* with what no screen shows written as an escape that JSON knows too."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """Return *text* for a place that holds one line and no colour but its own: nothing in it moves the cursor."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


class Overlay(Protocol):
    """What is drawn on a terminal for a while."""

    def aside(self, text: str) -> AbstractContextManager[None]:
        """Leave the place free while *text* is written."""


@contextmanager
def screens() -> Iterator[None]:
    """Lend the process streams that take any text and tell plainly when they cannot be written."""
    for number in range(3):  # a file of ours would get the number of a stream that the caller closed
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    before = sys.stdout or _opened(1), sys.stderr or _opened(2)  # None: it was closed
    lent = Screen.over(before[0], 1), Screen.over(before[1], 2)
    sys.stdout, sys.stderr = lent
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for screen in lent:
            if isinstance(screen, Screen):
                screen.detach()


def _opened(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


class Screen(io.TextIOWrapper):
    """One stream. What its encoding lacks is written as an escape."""

    number = 0
    overlay: Overlay | None = None

    @classmethod
    def over(cls, stream: TextIO, number: int) -> TextIO:
        """Return a screen over *stream*; a stream without bytes below it (a test's) as it is."""
        if not hasattr(stream, "buffer"):
            return stream
        stream.flush()
        plain = stream.encoding.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968")
        screen = cls(
            stream.buffer,
            encoding="utf-8" if plain else stream.encoding,
            errors="backslashreplace",
            line_buffering=number == 2 or bool(getattr(stream, "line_buffering", False)),
        )
        screen.number = number
        return screen

    def write(self, text: str) -> int:
        with self.overlay.aside(text) if self.overlay else nullcontext():
            self._put(visible(text))
        return len(text)

    def draw(self, text: str) -> None:
        """Write control sequences of our own."""
        self._put(text)
        self.flush()

    def _put(self, text: str) -> None:
        try:
            super().write(text)
        except OSError as error:
            self._lost(error)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lost(error)

    def _lost(self, error: OSError) -> None:
        """Drop what waits here, or it would fail once more at the end; what stderr loses, nobody can be told."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.number)
        if self.number == 1:
            if isinstance(error, BrokenPipeError):
                raise error
            raise UserError(f"stdout cannot be written: {os.strerror(error.errno or 0)}") from error
