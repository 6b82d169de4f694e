"""How the outcome of an import is told: what came, what was here, and what found no home."""

from __future__ import annotations

import re
from dataclasses import asdict

import click

from actum.cli import output
from actum.importing.ledger import Imported, Left
from actum.quantities import plural


def show(found: Imported, *, clock: str, dry_run: bool, as_json: bool) -> None:
    steps = _next(found, dry_run)
    if as_json:
        data = {"system": found.system, "taken": dict(found.taken), "known": dict(found.known)}
        told = data | {"left": [asdict(one) for one in found.left], "paths": list(found.paths), "dry_run": dry_run}
        output.envelope("import-result/1", told, clock=clock, warnings=found.notes, next_=steps)
        return
    output.clock_line(clock)
    verb = "would take over" if dry_run else "took over"
    taken = ", ".join(counted(kind, count) for kind, count in sorted(found.taken.items()) if count)
    click.echo(f"{verb} {taken or 'nothing'}")
    if known := ", ".join(counted(kind, count) for kind, count in sorted(found.known.items()) if count):
        click.echo(f"here already: {known}")
    for one in found.left:
        click.echo(f"left: {_left(one)}")
    for note in found.notes:
        output.warn(note)
    output.next_steps(steps)


def counted(kind: str, count: int) -> str:
    """Return ``3 runs``; of ``value of a metric`` it is values that are counted."""
    noun, *rest = re.split(r"(?= of | that )", kind, maxsplit=1)
    return plural(count, noun) + "".join(rest)


def _left(one: Left) -> str:
    names = ", ".join(one.names) + (", ..." if one.count > len(one.names) else "") if one.names else ""
    return f"{counted(one.what, one.count)}: {one.why}" + (f"\n      {names}" if names else "")


def _next(found: Imported, dry_run: bool) -> list[str]:
    if dry_run or not found.paths:
        return []
    return [f"git add {' '.join(found.paths)} && git commit -m 'Take over from {found.system}'"]
