"""``actum check [--base REV] [--head REV] [--report FILE]``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from actum import files
from actum.checking.check import Checked, check
from actum.checking.gather import pages
from actum.checking.report import markdown, summary
from actum.cli import output
from actum.cli.context import Context, json_option, pickle_option
from actum.cli.progress import telling
from actum.errors import UserError
from actum.git.repository import Git
from actum.store import Store


@click.command(epilog="Example: actum check --base origin/main --report check.md")
@click.option("--base", metavar="REV", help="Judge against REV; the trunk, without it. CI names it.")
@click.option("--head", metavar="REV", help="Check REV; what is checked out, without it.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page for reviewers, as Markdown.",
)
@pickle_option
@json_option
@click.pass_obj
def command(
    context: Context, base: str | None, head: str | None, report: Path | None, allow_pickle: bool, as_json: bool
) -> int:
    """Validate records and promotions, for pull requests and CI.

    Every record that changed is read against its schema, what never changes must not have, and each pointer
    that moved is judged again by the policy, card, remote and evidence of the base. A new version is held against
    its run and its commits, field by field. On the trunk itself: all records.

    With --head actum/evidence, for a push to that branch: was it only added to, and only by evidence? --base
    names where it stood before; without it its whole history is looked at.
    """
    repo = context.repo()
    with telling(context, "checking the records", as_json=as_json) as tell:
        checked = check(
            repo,
            head=head,
            base=base,
            environ=context.environ,
            now=context.now(),
            tell=tell,
            allow_pickle=allow_pickle,
        )
    if report is not None:
        files.replace(context.folder / report, (pages(checked) or markdown(checked)).encode())
    _show(checked, _clock(repo, checked), as_json)
    return 3 if checked.blocks else 0


def _clock(repo: Git, checked: Checked) -> str:
    """Return the clock of what was checked; "" where its settings cannot be read, which the check says."""
    try:
        return Store(repo, checked.head).settings().clock
    except UserError:
        return ""


def _show(checked: Checked, clock: str, as_json: bool) -> None:
    if as_json:
        data = {"head": checked.head, "base": checked.base, "whole": checked.whole, "records": checked.records}
        found = [asdict(one) for one in checked.objections]
        data |= {"moves": checked.moves, "findings": found, "clean": not checked.blocks}
        output.envelope("check/1", data, clock=clock)
        return
    output.clock_line(clock)
    for one in checked.objections:
        click.echo(one.sentence())
    line = summary(checked)
    click.echo(f"refused: {line}" if checked.blocks else f"clean: {line}")
