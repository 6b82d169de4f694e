"""``actum doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, json_option
from actum.cli.progress import telling
from actum.health.examine import examine
from actum.health.finding import Finding


@click.command(epilog="Example: actum doctor. Exit status: 0 nothing is wrong, 3 something is.")
@json_option
@click.pass_obj
def command(context: Context, as_json: bool) -> int:
    """Find what is missing or left behind, and say what mends it.

    Looks only: repairing is yours.
    """
    with telling(context, "looking at this machine and the project", as_json=as_json):
        findings = examine(context.folder, environ=context.environ, now=context.now())
    wrong = [finding for finding in findings if finding.state == "wrong"]
    clock = clock_at(context.folder)
    if as_json:
        data = {"findings": [asdict(finding) for finding in findings], "wrong": len(wrong)}
        mends = list(dict.fromkeys(finding.mend for finding in wrong))
        output.envelope("doctor-report/1", data, clock=clock, next_=mends)
    else:
        output.clock_line(clock)
        _show(findings, len(wrong))
    return 3 if wrong else 0


def _show(findings: Sequence[Finding], wrong: int) -> None:
    for finding in sorted(findings, key=lambda finding: finding.state != "wrong"):
        if finding.state == "ok":
            continue
        mark = click.style("wrong", fg="red") if finding.state == "wrong" else click.style("note ", fg="yellow")
        click.echo(f"{mark}  {finding.check}: {finding.says}")
        if finding.mend:
            click.echo(f"       {finding.mend}")
    good = [f"{finding.check} {finding.says}" for finding in findings if finding.state == "ok"]
    click.echo(f"ok     {', '.join(good)}")
    if wrong:
        click.echo(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong")
