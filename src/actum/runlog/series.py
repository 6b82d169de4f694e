"""The metrics of a run by step: lines of ``step,seconds,metric,value``, added while it runs and never rewritten.

Each call is one write: what was logged before a kill is there after it. A machine that loses power loses what its
kernel had not written yet, some seconds. A last line without its end does not count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from actum.errors import InvalidRecordError
from actum.runlog.appending import Lines
from actum.runlog.values import in_words

NAME = "series.csv"
HEAD = "step,seconds,metric,value\n"
_HEAD = HEAD.encode()
_FINITE = float("inf")


class Row(NamedTuple):
    """One value of one metric. ``seconds``: since the run began."""

    step: int
    seconds: float
    metric: str
    value: float


class Writer:
    """Adds lines to one file; nothing is there before the first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: Lines | None = None
        self._has_head = False
        self._quoted: dict[str, str] = {}

    def add(self, step: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Add one line for each metric, all in one write.

        Raises:
            UserError: The disk does not take it.
        """
        if new := metrics.keys() - self._quoted.keys():
            self._quoted |= {name: _cell(name) for name in new}
        head = f"{step},{seconds:.3f},"
        told = "".join([f"{head}{self._quoted[name]},{_number(value)}\n" for name, value in metrics.items()])
        lines = self._lines
        if lines is None:
            lines, self._has_head = Lines(self._path), False
            self._lines = lines
        if not self._has_head and lines.is_empty():  # a forked child may have been first
            told = HEAD + told
        lines.add(told.encode())
        self._has_head = True

    def close(self) -> None:
        if self._lines is not None:
            self._lines.close()
            self._lines = None


def line(row: Row) -> str:
    """Return one line, as the writer of a script's run writes it."""
    return f"{row.step},{row.seconds:.3f},{_cell(row.metric)},{_number(row.value)}\n"


def rows(path: Path) -> Iterator[Row]:
    """Yield the lines of a file; a last one that was cut off does not count.

    Raises:
        InvalidRecordError: A line is none of ours.
    """
    with path.open("rb") as stream:
        # Parent and child may both have found the file empty.
        whole = (line for line in stream if line.endswith(b"\n") and line != _HEAD)
        for number, line in enumerate(whole, 2):
            try:
                yield _row(line.decode())
            except ValueError as error:
                raise InvalidRecordError(f"{path}:{number}: is no step,seconds,metric,value") from error


def _row(line: str) -> Row:
    """Read one line. The reader of the standard library takes no cell of more than 131,072 characters."""
    step, seconds, rest = line.split(",", 2)
    metric, _, value = rest.rpartition(",")
    if metric.startswith('"'):
        metric = metric[1:-1].replace('""', '"')
    return Row(int(step), float(seconds), metric, float(value))


def last_values(path: Path) -> dict[str, float]:
    """Return the last value of each metric."""
    return {row.metric: row.value for row in rows(path)}


def cut_off(path: Path) -> int:
    """Remove what a kill left of a last line, and return how many bytes the whole ones have."""
    with path.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return stream.truncate(start + found + 1)
            end = start
        return stream.truncate(0)


def _number(value: float) -> str:
    return repr(value) if -_FINITE < value < _FINITE else in_words(value)


def _cell(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(char in name for char in ',"') else name
