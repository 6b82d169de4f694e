"""``actum features build SET [OUT]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actum import layout, state
from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, json_option
from actum.cli.progress import telling
from actum.publishing.training import build_training_set
from actum.quantities import plural

FOLDER = "training"


@click.command("build", epilog="Example: actum features build late-arrival")
@click.argument("spec", metavar="SET")
@click.argument("out", metavar="[OUT]", required=False)
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.option("--views", metavar="FOLDER", help="Read what fits from processed views.")
@json_option
@click.pass_obj
def subcommand(context: Context, spec: str, out: str | None, engine: str, views: str | None, as_json: bool) -> None:
    """Build a training set in the locked environment, from the views, sources and labels of the work tree.

    SET is a name, or a file such as features/sets/NAME.yaml; OUT a Parquet file, .actum/training/NAME.parquet without
    it. That one is for looking: it is on no record. To train on it, let a stage of dvc.yaml build it.
    """
    repo = context.repo()
    path = context.folder / spec if spec.endswith(".yaml") else repo.root / layout.feature_set(spec)
    place = context.folder / out if out else state.folder(repo.root) / FOLDER / f"{path.stem}.parquet"
    with telling(context, "getting ready", as_json=as_json) as tell:
        told = build_training_set(
            repo,
            path.absolute(),
            place.absolute(),
            engine=engine,
            views=(context.folder / views).absolute() if views else None,
            environ=context.environ,
            tell=tell,
        )
    stage = f"python -m actum.features build {layout.feature_set(path.stem)} data/{path.stem}.parquet"
    if as_json:
        output.envelope("training-set/1", {"path": str(place), **told}, clock=clock_at(repo.root))
        return
    output.clock_line(clock_at(repo.root))
    _show(place, told)
    output.say(f"it is on no record: a stage of dvc.yaml puts it there, cmd: {stage}")


def _show(place: Path, told: dict[str, Any]) -> None:
    click.echo(f"built {plural(told['rows'], 'row')} of {plural(told['features'], 'feature')}")
    logs = f"{plural(told['computed'], 'log')} computed, {told['read']:,} read" if told["computed"] else ""
    output.facts([("file", place), ("views", logs), ("lacking", "\n".join(told["lacking"]))])
