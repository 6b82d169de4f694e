"""``actum features ...``: the table of its commands, so that its help imports none of them."""

from __future__ import annotations

import click

from actum.cli.subcommands import Subcommands

# name -> its help line; the module is actum.cli.features_<name>
SUBCOMMANDS = {
    "build": "build a training set in the locked environment, to look at",
    "process": "say how views are computed once for several models: by a stage",
    "check": "find duplicates, circles, features that nobody owns, uses or may use",
    "materialize": "bring views to the online store, as they stand at a moment",
    "get": "look features up in the online store",
}


@click.command(
    cls=Subcommands,
    table=SUBCOMMANDS,
    own="features",
    epilog="Example: actum features check, actum features get delays JFK",
)
def command() -> None:
    """Features as views define them: looked over, materialized, and looked up."""
