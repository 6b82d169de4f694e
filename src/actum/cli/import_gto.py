"""``actum import gto``."""

from __future__ import annotations

import click

from actum.cli import imported
from actum.cli.clocks import clock_at
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.importing.gto import import_gto


@click.command(epilog="Example: actum import gto")
@dry_run_option
@json_option
@click.pass_obj
def subcommand(context: Context, dry_run: bool, as_json: bool) -> None:
    """Take over versions and stages from the tags that GTO wrote in this repository.

    Each artifact becomes a model with a card to complete; its tags stay as they are. What GTO says was recorded then,
    by whom, is told as that; when it was taken over stands beside it.
    """
    repo = context.repo()
    with telling(context, "reading the tags", as_json=as_json) as tell:
        found = import_gto(repo, environ=context.environ, now=context.now(), dry_run=dry_run, tell=tell)
    imported.show(found, clock=clock_at(repo.root), dry_run=dry_run, as_json=as_json)
