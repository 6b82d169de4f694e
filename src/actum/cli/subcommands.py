"""A command that has commands of its own: a table of them, so that its help imports none."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class Subcommands(click.Group):
    """``table``: name -> help line; the command of a name is ``subcommand`` in ``actum.cli.<own name>_<name>``."""

    def __init__(self, *args: Any, table: Mapping[str, str], own: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._table, self._own = table, own

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in self._table:
            return None
        found = importlib.import_module(f"actum.cli.{self._own}_{cmd_name}").subcommand
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()), col_max=12)
