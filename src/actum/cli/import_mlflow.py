"""``actum import mlflow PATH``."""

from __future__ import annotations

from pathlib import Path

import click

from actum.cli import imported
from actum.cli.clocks import clock_at
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.importing.mlflow import import_mlflow


@click.command(epilog="Example: actum import mlflow mlruns")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--unfinished", is_flag=True, help="Take runs that MLflow calls running, too: as interrupted.")
@click.option(
    "--artifacts",
    "within",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Take artifacts that lie in DIR, too; without it, only those in the folder of the store.",
)
@dry_run_option
@json_option
@click.pass_obj
def subcommand(
    context: Context, path: Path, unfinished: bool, within: tuple[Path, ...], dry_run: bool, as_json: bool
) -> None:
    """Take over runs, metrics with steps, artifacts and registered versions from an MLflow store.

    PATH is a folder mlruns or a SQLite file; MLflow itself is not needed, and nothing is written there.
    """
    repo = context.repo()
    here = context.folder
    with telling(context, "reading the store", as_json=as_json) as tell:
        found = import_mlflow(
            repo,
            here / path,
            environ=context.environ,
            now=context.now(),
            dry_run=dry_run,
            unfinished=unfinished,
            within=[here / place for place in within],
            tell=tell,
        )
    imported.show(found, clock=clock_at(repo.root), dry_run=dry_run, as_json=as_json)
