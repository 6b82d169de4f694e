"""``actum import ...``: the table of what can be taken over, so that its help imports none of it."""

from __future__ import annotations

import click

from actum.cli.subcommands import Subcommands

# name -> its help line; the module is actum.cli.import_<name>
SUBCOMMANDS = {
    "mlflow": "the runs and the registry of an mlruns folder or an MLflow SQLite file",
    "gto": "the versions and stages that GTO's tags tell of",
    "dvc": "a run for each commit that changed a dvc.lock",
}


@click.command(
    cls=Subcommands,
    table=SUBCOMMANDS,
    own="import",
    epilog="Example: actum import mlflow mlruns, actum import gto, actum import dvc",
)
def command() -> None:
    """Take over what MLflow, GTO or DVC have on record.

    Nothing is invented: what they do not know is absent. Records go to the work tree, bytes into DVC; a second import
    adds what is new and changes nothing.
    """
