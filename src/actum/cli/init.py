"""``actum init [DIR]``."""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path
from typing import get_args

import click

from actum.beginning.begin import GITATTRIBUTES, Begun, begin
from actum.beginning.ci import Ci, Forge, action_of
from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling

_MADE = {"git": "a git repository, branch main", "dvc": "a DVC project"}


@click.command(epilog="Example: actum init --model churn")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--model", metavar="NAME", help="Write a card to fill in, too: registry/NAME/model.yaml.")
@click.option("--ci", type=click.Choice(get_args(Forge)), help="Write its workflows and CODEOWNERS, too.")
@dry_run_option
@json_option
@click.pass_obj
def command(context: Context, folder: Path, model: str | None, ci: Forge | None, dry_run: bool, as_json: bool) -> None:
    """Begin here, or adopt an existing git and DVC repository.

    Writes what is absent and touches nothing that is there, save the lines of a CODEOWNERS between markers of ours.
    Never commits.
    """
    where = Path(os.path.abspath(context.folder / folder))
    forge = Ci(forge=ci, action=action_of(distribution("actum").read_text("direct_url.json"))) if ci else None
    with telling(context, "beginning", as_json=as_json):
        begun = begin(where, model=model, dry_run=dry_run, environ=context.environ, here=context.folder, ci=forge)
    clock = clock_at(begun.root)
    if as_json:
        _print_json(begun, clock, dry_run)
    else:
        output.clock_line(clock)
        _show(begun, dry_run)


def _print_json(begun: Begun, clock: str, dry_run: bool) -> None:
    data = {"root": str(begun.root), "made": list(begun.made), "wrote": list(begun.wrote), "kept": list(begun.kept)}
    told = data | {"outdated": list(begun.outdated), "dry_run": dry_run}
    output.envelope("init-result/1", told, clock=clock, warnings=_advice(begun), next_=begun.next)


def _show(begun: Begun, dry_run: bool) -> None:
    for made in begun.made:
        click.echo(f"{'would make' if dry_run else 'made'} {_MADE[made]}")
    for path in begun.wrote:
        click.echo(f"{'would write' if dry_run else 'wrote'} {path}")
    for path in begun.outdated:
        click.echo(f"{'would bring' if dry_run else 'brought'} up to date {path}, between our markers")
    if begun.made or begun.wrote or begun.outdated:
        click.echo("nothing else touched" if not dry_run else "nothing else would be touched")
    else:
        click.echo(f"nothing to do: {', '.join(begun.kept)} are there, and nothing was touched")
    for line in _advice(begun):
        output.say(line)
    output.next_steps(begun.next)


def _advice(begun: Begun) -> list[str]:
    if not begun.advice:
        return []
    return [f"{GITATTRIBUTES} is yours; so that pull requests fold what machines write, add: {'; '.join(begun.advice)}"]
