"""``actum features ...``: the table of its commands, so that its help imports none of them."""

from __future__ import annotations

import importlib

import click

# name -> its help line; the module is actum.cli.features_<name>
SUBCOMMANDS = {
    "check": "find duplicates, circles, features that nobody owns, uses or may use",
    "materialize": "bring views to the online store, as they stand at a moment",
    "get": "look features up in the online store",
}


class Features(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in SUBCOMMANDS:
            return None
        found = importlib.import_module(f"actum.cli.features_{cmd_name}").subcommand
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()), col_max=12)


@click.command(cls=Features, epilog="Example: actum features check, actum features get delays JFK")
def command() -> None:
    """Features as views define them: looked over, materialized, and looked up."""
