"""How moments, sizes, ids and long texts are written for people, and tables that fit a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import click

from actum.cli import output
from actum.records.event import Supplied

_SAME = timedelta(minutes=1)


def moment(at: datetime | None) -> str:
    """Write ``2013-04-01 12:00Z``; a midnight is a date."""
    if at is None:
        return ""
    midnight = (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
    return f"{at:%Y-%m-%d}" if midnight else f"{at:%Y-%m-%d %H:%MZ}"


def recorded(at: datetime | None, recorded_at: datetime | None) -> str:
    """Write when a thing was recorded, where that is not when it took effect; the hour only on the same day."""
    if at is None or recorded_at is None or abs(recorded_at - at) < _SAME:
        return ""
    return f"{recorded_at:%Y-%m-%d}" if recorded_at.date() != at.date() else moment(recorded_at)


def both(at: datetime | None, recorded_at: datetime | None) -> str:
    """Write ``2013-04-01 (recorded 2026-11-23)``, or one moment where they are the same."""
    later = recorded(at, recorded_at)
    return moment(at) + (f" (recorded {later})" if later else "")


class Placed(Protocol):
    """What is on the trunk, or only in what is checked out, or in no commit at all."""

    @property
    def merged(self) -> bool: ...

    @property
    def committed(self) -> bool: ...


def place_of(told: Placed) -> str:
    """Say of what is not on the trunk where it is not."""
    if not told.committed:
        return "not committed"
    return "" if told.merged else "not merged"


def size(count: int | None) -> str:
    """Write bytes in decimal units: ``31.2 MB``."""
    if count is None:
        return ""
    figure, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if figure < 1000:
            break
        figure, unit = figure / 1000, larger
    return f"{count} B" if unit == "B" else f"{figure:.1f} {unit}"


def brought(supplied: Supplied) -> str:
    """Say how inputs came that the table did not bring: ``9 of late, built from data/flights.parquet``."""
    origin = ", ".join(fact.path for fact in supplied.sources) or "a database"
    if supplied.how == "looked up":
        origin = f"a store that knew all until {moment(supplied.until)}" if supplied.until else "a store"
    joint = {"built": "from", "looked up": "in"}[supplied.how]
    return f"{len(supplied.inputs)} of {supplied.set}, {supplied.how} {joint} {origin}"


def seconds(duration: float) -> str:
    """Write ``12.3 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if duration < 100:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clip(text: str, width: int) -> str:
    """Cut one line of text to a width."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def wrap(text: str, width: int) -> str:
    """Break a text into lines of at most *width*; its own line breaks do not count."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def columns(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table without the columns in which no row says anything."""
    texts = [[output_text(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in texts)]
    output.table(([row[at] for at in kept] for row in texts), head=[head[at] for at in kept])


def section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a titled part of a page, indented; nothing at all for no rows."""
    texts = [[output_text(cell) for cell in row] for row in rows]
    if not texts:
        return
    click.echo(title)
    kept = [at for at in range(len(texts[0])) if any(row[at] for row in texts)]
    indented = [[("  " if at == kept[0] else "") + row[at] for at in kept] for row in texts]
    output.table(indented, head=["  " * (at == kept[0]) + head[at] for at in kept] if head else ())


def output_text(cell: object) -> str:
    return "" if cell is None else str(cell)
