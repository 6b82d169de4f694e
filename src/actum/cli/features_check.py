"""``actum features check``."""

from __future__ import annotations

from typing import Any

import click

from actum.checking.findings import printable
from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, json_option
from actum.cli.progress import telling
from actum.quantities import plural
from actum.records.codec import field_path
from actum.vetting.vet import Finding, Vetted, vet


@click.command(epilog="Example: actum features check. Exit status: 3 where something blocks.")
@click.option("--data/--no-data", default=True, help="Ask the sources too, in the locked environment; so it is.")
@json_option
@click.pass_obj
def subcommand(context: Context, data: bool, as_json: bool) -> int:
    """Look over the features of the work tree, committed or not.

    Blocks: a name that means two things, a thing that has two names, circles, names that nobody defines, views without
    an owner, features about persons that a model's card does not permit, columns that the sources do not have, or in
    another type. Warns: features without a description or that nobody uses, versions at a stage that were trained with
    another meaning, features with the same values.
    """
    repo = context.repo()
    with telling(context, "looking over the features", as_json=as_json) as tell:
        vetted = vet(repo, context.environ, tell, data=data)
    clock = clock_at(repo.root)
    if as_json:
        output.envelope("features-check/1", _encoded(vetted), clock=clock)
    else:
        output.clock_line(clock)
        for one in vetted.findings:
            click.echo(_line(one))
        click.echo(_summary(vetted))
    return 3 if vetted.blocks else 0


def _line(one: Finding) -> str:
    remark = one.remark
    place = f"line {one.line}: " if one.line else ""
    text = f"{remark.weight:5}  {remark.path}: {place}{remark.message}" + (f" ({remark.hint})" if remark.hint else "")
    return printable(text)


def _summary(vetted: Vetted) -> str:
    what = f"{plural(vetted.features, 'feature')} in {plural(vetted.views, 'view')}, {plural(vetted.sets, 'set')}"
    line = f"{what}: {vetted.blocks} block, {len(vetted.findings) - vetted.blocks} warn"
    return f"refused: {line}" if vetted.blocks else f"clean: {line}"


def _encoded(vetted: Vetted) -> dict[str, Any]:
    found = [
        {
            "kind": one.remark.kind,
            "weight": one.remark.weight,
            "path": one.remark.path,
            "line": one.line,
            "field": field_path(one.remark.at) or None,
            "message": one.remark.message,
            "hint": one.remark.hint or None,
        }
        for one in vetted.findings
    ]
    counts = {"views": vetted.views, "features": vetted.features, "sets": vetted.sets}
    return {**counts, "findings": found, "clean": not vetted.blocks}
