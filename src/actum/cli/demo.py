"""``actum demo [DIR]``."""

from __future__ import annotations

from pathlib import Path

import click

from actum.cli import output
from actum.cli.context import Context
from actum.cli.progress import telling
from actum.demo.live import Stage, live
from actum.demo.story import NEXT


@click.command(epilog="Example: actum demo, then cd actum-demo")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("actum-demo"), metavar="[DIR]")
@click.pass_obj
def command(context: Context, folder: Path) -> None:
    """Live through a model's whole life on real flights: train, release, decide, replace, rebuild, explain.

    Makes a new repository in DIR (actum-demo) and leaves it behind. Takes about two minutes.
    """
    root = (context.folder / folder).absolute()
    with telling(context, "set up") as tell:
        timings = live(Stage(root=root, environ=context.environ, show=_show, announce=_announce, tell=tell))
    click.echo()
    click.echo("how long it took")
    rows = [*((_clipped(timing.command), timing.seconds) for timing in timings)]
    rows.append(("altogether", sum(timing.seconds for timing in timings)))
    output.table((f"  {name}", f"{seconds:6.1f} s") for name, seconds in rows)
    click.echo()
    click.echo(f"the repository is yours: cd {folder}, then try")
    for line in NEXT:
        click.echo(f"  {line}")


def _clipped(command_line: str) -> str:
    return command_line if len(command_line) <= 60 else f"{command_line[:57]}..."


def _announce(title: str, command_line: str) -> None:
    if title:
        click.echo()
        click.echo(click.style(f"# {title}", bold=True))
    click.echo(click.style(f"$ {command_line}", fg="cyan"))


def _show(line: str) -> None:
    click.echo(f"  {line}")
