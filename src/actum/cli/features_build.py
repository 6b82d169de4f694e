"""``actum features build``: says how a training set is built, which a stage does, so that it is on record."""

from __future__ import annotations

from typing import NoReturn

import click

from actum.errors import UserError

_ANY = {"ignore_unknown_options": True}


@click.command("build", context_settings=_ANY, epilog="Example: actum features build late-arrival")
@click.argument("words", metavar="[SET] [OUT]", nargs=-1, type=click.UNPROCESSED)
def subcommand(words: tuple[str, ...]) -> None:
    """Say how a training set is built: by a stage of dvc.yaml.

    There it is built in the locked environment, and actum run records what it was built of.
    """
    given = [word for word in words if not word.startswith("-")]
    spec = given[0] if given else "SET"
    path = spec if spec.endswith(".yaml") else f"features/sets/{spec}.yaml"
    out = given[1] if len(given) > 1 else f"data/{path.rpartition('/')[2].removesuffix('.yaml')}.parquet"
    refuse("a training set is built", f"python -m actum.features build {path} {out}")


def refuse(what: str, stage: str) -> NoReturn:
    """Say which stage does it.

    Raises:
        UserError: Always.
    """
    raise UserError(f"{what} by a stage of dvc.yaml, so that it is on record", hint=f"cmd: {stage}, then actum run")
