"""The metrics of a run by step: lines of ``step,seconds,metric,value``, added while it runs and never rewritten.

Each call is one write: what was logged before a kill is there after it. A machine that loses power loses what its
kernel had not written yet, some seconds. A last line without its end does not count.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from actum.errors import InvalidRecordError, UserError, of_the_disk
from actum.runlog.values import in_words

NAME = "series.csv"
HEAD = "step,seconds,metric,value\n"
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
        self._path, self._file = path, -1
        self._quoted: dict[str, str] = {}

    def add(self, step: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Add one line for each metric, all in one write.

        Raises:
            UserError: The disk does not take it.
        """
        if new := metrics.keys() - self._quoted.keys():
            self._quoted |= {name: _cell(name) for name in new}
        head = f"{step},{seconds:.3f},"
        lines = "".join([f"{head}{self._quoted[name]},{_number(value)}\n" for name, value in metrics.items()])
        if self._file < 0:
            self._file = append_to(self._path)
            if not os.fstat(self._file).st_size:  # a forked child may have been first
                lines = HEAD + lines
        write(self._file, lines.encode(), self._path)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def line(row: Row) -> str:
    """Return one line, as the writer of a script's run writes it."""
    return f"{row.step},{row.seconds:.3f},{_cell(row.metric)},{_number(row.value)}\n"


def append_to(path: Path) -> int:
    """Open a file to which lines are added, whoever else adds to it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)


def write(file: int, data: bytes, path: Path) -> None:
    """Write all of *data*, in one piece where the disk takes it so.

    Raises:
        UserError: The disk does not take it.
    """
    try:
        while (done := os.write(file, data)) < len(data):
            data = data[done:]
    except OSError as error:
        said = of_the_disk(error)
        raise UserError(f"{path}: {said or error}", hint=said.hint if said else "") from error


def rows(path: Path) -> Iterator[Row]:
    """Yield the lines of a file; a last one that was cut off does not count.

    Raises:
        InvalidRecordError: A line is none of ours.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        # Parent and child may both have found the file empty.
        whole = (line for line in stream if line.endswith("\n") and line != HEAD)
        for number, cells in enumerate(csv.reader(whole), 2):
            try:
                step, seconds, metric, value = cells
                yield Row(int(step), float(seconds), metric, float(value))
            except ValueError as error:
                raise InvalidRecordError(f"{path}:{number}: is no step,seconds,metric,value") from error


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
