"""The live line on a terminal: what is being done, how much of it is, for how long. The only place that draws.

It comes after half a second, steps aside for whatever is printed meanwhile, and leaves nothing behind. The cursor
is never hidden: a terminal keeps it, whatever ends us.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from actum.cli import output
from actum.cli.context import Context
from actum.cli.screen import Screen, one_line
from actum.progress import Teller

PATIENCE_S = 0.5
TICK_S = 0.1
BAR_WIDTH = 20
ROOMY = 60
_ERASE = "\r\x1b[2K"


@contextmanager
def telling(context: Context, what: str, *, as_json: bool = False) -> Iterator[Teller]:
    """Show what is being done until the block ends; where nobody watches, print the lines that are told and no more."""
    screen = sys.stderr
    if as_json or not isinstance(screen, Screen) or not _takes_drawings(screen, context.environ):
        yield _Lines()
        return
    line = _LiveLine(screen, what, coloured=not context.environ.get("NO_COLOR"))
    lent = [one for one in (sys.stdout, screen) if isinstance(one, Screen) and one.isatty()]
    for one in lent:
        one.overlay = line
    try:
        line.begin()
        yield line
    finally:
        line.end()
        for one in lent:
            one.overlay = None


def _takes_drawings(screen: Screen, environ: Mapping[str, str]) -> bool:
    return screen.isatty() and environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


class _Lines:
    """The teller of logs and pipes."""

    def __call__(self, line: str, /) -> None:
        output.say(line)

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Leave it out: a log holds what happened."""


class _Now(NamedTuple):
    what: str
    done: int = 0
    total: int | None = None
    unit: str = ""


class _LiveLine:
    """The teller of a terminal. A thread draws; the lock is held by who writes to the terminal."""

    def __init__(self, screen: Screen, what: str, *, coloured: bool) -> None:
        self._screen, self._coloured = screen, coloured
        self._now, self._began = _Now(what), time.monotonic()
        self._drawn, self._amid_a_line = False, False
        self._lock, self._ended = threading.RLock(), threading.Event()
        self._thread = threading.Thread(target=self._draw_on, name="progress", daemon=True)

    def __call__(self, line: str, /) -> None:
        output.say(line)  # it comes by way of aside()

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Show it from the next drawing on."""
        self._now = _Now(what, done, total, unit)

    @contextmanager
    def aside(self, text: str) -> Iterator[None]:
        """Leave the line free while *text* is written, and until its end is."""
        with self._lock:
            self._erase()
            yield
            self._amid_a_line = not text.endswith("\n") if text else self._amid_a_line

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Leave the line clean."""
        self._ended.set()
        with self._lock:
            self._erase()
        if self._thread.is_alive():
            self._thread.join()

    def _erase(self) -> None:
        if self._drawn:
            self._screen.draw(_ERASE)
            self._drawn = False

    def _draw_on(self) -> None:
        if self._ended.wait(PATIENCE_S):
            return
        drawing = _Drawing(self._screen, coloured=self._coloured)
        while not self._ended.wait(TICK_S):
            text = drawing.of(self._now, time.monotonic() - self._began, _width(self._screen))
            with self._lock:
                if not self._amid_a_line and not self._ended.is_set() and _in_foreground(self._screen):
                    self._screen.draw(_ERASE + text)
                    self._drawn = True


class _Drawing:
    """How the line looks: spinner, time, and where the total is known a bar with its figures; then the words."""

    def __init__(self, screen: Screen, *, coloured: bool) -> None:
        from rich.console import Console
        from rich.spinner import Spinner

        sheet = io.TextIOWrapper(io.BytesIO(), encoding=screen.encoding)  # by it rich knows what it may draw with
        self._console = Console(
            file=sheet, force_terminal=True, legacy_windows=False, color_system="standard" if coloured else None
        )
        self._utf = screen.encoding.lower().startswith("utf")
        self._spinner = Spinner("dots" if self._utf else "line")

    def of(self, now: _Now, seconds: float, width: int) -> str:
        from rich.console import RenderableType
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        figures: list[RenderableType] = [self._spinner, Text(_elapsed(seconds))]
        if now.total and width >= ROOMY:
            figures.append(ProgressBar(now.total, now.done, width=BAR_WIDTH, complete_style="cyan"))
        if now.total:
            figures.append(Text(f"{now.done:,}/{now.total:,} {now.unit}".rstrip()))
        row = Table.grid(padding=(0, 2, 0, 0))
        for _ in figures:
            row.add_column(no_wrap=True)
        row.add_column()  # the only one that gives way
        row.add_row(*figures, Text(one_line(now.what), no_wrap=True, overflow="ellipsis" if self._utf else "crop"))
        with self._console.capture() as drawn:
            self._console.print(row, width=width - 1)  # in the last column a terminal may go to the next line
        return drawn.get().partition("\n")[0]


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _width(screen: Screen) -> int:
    try:
        return os.get_terminal_size(screen.fileno()).columns or 80
    except OSError:
        return 80


def _in_foreground(screen: Screen) -> bool:
    """Whether the terminal is ours now: a job in the background writes its lines, and no more, as git's do."""
    try:
        return os.tcgetpgrp(screen.fileno()) == os.getpgrp()
    except OSError:
        return True  # it is no terminal that has jobs
