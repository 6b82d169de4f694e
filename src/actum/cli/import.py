"""``actum import ...``: the table of what can be taken over, so that its help imports none of it."""

from __future__ import annotations

import importlib

import click

# name -> its help line; the module is actum.cli.import_<name>
SUBCOMMANDS = {
    "mlflow": "the runs and the registry of an mlruns folder or an MLflow SQLite file",
    "gto": "the versions and stages that GTO's tags tell of",
    "dvc": "a run for each commit that changed a dvc.lock",
}


class Imports(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in SUBCOMMANDS:
            return None
        found = importlib.import_module(f"actum.cli.import_{cmd_name}").subcommand
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()), col_max=12)


@click.command(cls=Imports, epilog="Example: actum import mlflow mlruns, actum import gto, actum import dvc")
def command() -> None:
    """Take over what MLflow, GTO or DVC have on record.

    Nothing is invented: what they do not know is absent. Records go to the work tree, bytes into DVC; a second import
    adds what is new and changes nothing.
    """
