"""``actum import dvc``."""

from __future__ import annotations

import click

from actum.cli import imported
from actum.cli.clocks import clock_at
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.importing.dvc_history import import_dvc


@click.command(epilog="Example: actum import dvc")
@dry_run_option
@json_option
@click.pass_obj
def subcommand(context: Context, dry_run: bool, as_json: bool) -> None:
    """Put a run on record for each commit that changed a dvc.lock, before actum was here or beside it.

    Such a run is called observed: stages, params, metrics and files as its commit has them. Nobody saw it run, so it
    has no duration, no environment and no commit of its code; its time is that of the commit.
    """
    repo = context.repo()
    with telling(context, "reading the history", as_json=as_json) as tell:
        found = import_dvc(repo, environ=context.environ, dry_run=dry_run, tell=tell)
    imported.show(found, clock=clock_at(repo.root), dry_run=dry_run, as_json=as_json)
