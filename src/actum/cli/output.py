"""What people and programs read: aligned text on stdout, one JSON envelope, progress on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

_WARNINGS = 20


def envelope(schema: str, data: Any, *, clock: str, warnings: Sequence[str] = (), next_: Sequence[str] = ()) -> None:
    """Print the one JSON document of a command that was asked for ``--json``. *clock*: "" where nobody can tell."""
    whole = {"schema": schema, "clock": clock or None, "data": data, "warnings": list(warnings), "next": list(next_)}
    click.echo(json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False))


def table(rows: Iterable[Sequence[object]], *, head: Sequence[str] = ()) -> None:
    """Print rows with aligned columns; nothing at all for no rows."""
    texts = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    if not texts:
        return
    shown = [tuple(head), *texts] if head else texts
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    for number, row in enumerate(shown):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(click.style(line, dim=True) if head and number == 0 else line)


def facts(pairs: Iterable[tuple[str, object]], *, indent: str = "  ") -> None:
    """Print names and values, one a line, the values aligned; pairs without a value are left out."""
    present = [(name, str(value)) for name, value in pairs if value not in (None, "", ())]
    width = max((len(name) for name, _ in present), default=0)
    for name, value in present:
        first, *rest = value.splitlines() or [""]
        click.echo(f"{indent}{name.ljust(width)}  {first}")
        for line in rest:
            click.echo(f"{indent}{' ' * width}  {line}")


def say(text: str) -> None:
    """Print a line of progress or advice for people, on stderr."""
    click.echo(text, err=True)


def warn(text: str) -> None:
    click.echo(click.style(f"warning: {text}", fg="yellow"), err=True)


def warn_of_all(texts: Sequence[str]) -> None:
    """Warn of each, of many only of the first: an answer is not to be buried. ``--json`` has all of them."""
    for text in texts[:_WARNINGS]:
        warn(text)
    if len(texts) > _WARNINGS:
        warn(f"and {len(texts) - _WARNINGS:,} more; --json and actum fsck name all of them")


def next_steps(commands: Sequence[str]) -> None:
    """Say what can be typed next, on stderr."""
    for number, command in enumerate(commands):
        say(f"{'next: ' if number == 0 else '      '}{command}")


def clock_line(clock: str) -> None:
    """Every output of a demo or a back-fill says so."""
    if clock == "simulated":
        click.echo(click.style("clock: simulated", dim=True), err=True)
