"""``actum features process``: says how views are processed for several models, which a stage does."""

from __future__ import annotations

import click

from actum.errors import UserError


@click.command(
    "process",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: actum features process data/views",
)
@click.argument("words", metavar="[FOLDER] [VIEW]...", nargs=-1, type=click.UNPROCESSED)
def subcommand(words: tuple[str, ...]) -> None:
    """Say how views are computed once for several models: by a stage of dvc.yaml.

    There they are computed in the locked environment, and actum run records what of.
    """
    given = [word for word in words if not word.startswith("-")] or ["data/views"]
    stage = f"python -m actum.features process {' '.join(given)}"
    raise UserError(
        "views are processed by a stage of dvc.yaml, so that it is on record", hint=f"cmd: {stage}, then actum run"
    )
