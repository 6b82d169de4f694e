"""``actum fsck``."""

from __future__ import annotations

import click

from actum.cli import output
from actum.cli.context import Context, json_option
from actum.cli.progress import telling
from actum.fsck.fault import Report
from actum.fsck.fsck import fsck
from actum.quantities import plural
from actum.records.codec import encode
from actum.revisions import open_head

FINDINGS = 3


@click.command(epilog="Example: actum fsck")
@json_option
@click.pass_obj
def command(context: Context, as_json: bool) -> int:
    """Cross-check records, references, tags, objects and seals; nothing is repaired.

    Reads every object that a version or a seal names, in the cache and in the remote. Exit status 3
    where something is wrong; each fault is named with the command that mends it.
    """
    repo = context.repo()
    with telling(context, "reading the records", as_json=as_json) as tell:
        report = fsck(repo, environ=context.environ, now=context.now(), tell=tell)
    clock = open_head(repo).settings().clock
    if as_json:
        data = {"looked_at": dict(report.looked_at), "clean": report.clean}
        mends = list(dict.fromkeys(fault.mend for fault in report.faults if fault.mend and fault.weight == "wrong"))
        data["faults"] = [encode(fault) for fault in report.faults]
        output.envelope("fsck/1", data, clock=clock, next_=mends)
    else:
        output.clock_line(clock)
        _show(report)
    return 0 if report.clean else FINDINGS


def _show(report: Report) -> None:
    for fault in report.faults:
        colour = "red" if fault.weight == "wrong" else None
        click.echo(click.style(f"{fault.weight:5}  {fault.where}: {fault.what}", fg=colour))
        if fault.mend:
            click.echo(f"       {fault.mend}")
    counted = ", ".join(plural(count, part.removesuffix("s")) for part, count in report.looked_at.items())
    wrong = sum(fault.weight == "wrong" for fault in report.faults)
    click.echo(f"{'clean' if report.clean else f'{wrong} wrong'}: looked at {counted}")
