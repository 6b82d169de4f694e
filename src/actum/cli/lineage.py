"""``actum lineage ID [--up|--down]``."""

from __future__ import annotations

import click

from actum.cli import output
from actum.cli.context import Context, at_option, json_option
from actum.cli.lineage_page import Tree, print_walks_diagram, walk_json
from actum.cli.progress import telling
from actum.cli.reading import open_catalogue
from actum.errors import UsageError
from actum.lineage.graph import Way
from actum.lineage.trace import trace


@click.command(epilog="Example: actum lineage data/raw/weather.csv --down")
@click.argument("id")
@click.option("--up", is_flag=True, help="What it came of, alone.")
@click.option("--down", is_flag=True, help="What came of it, alone.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="At most N steps; all, without it.")
@click.option("--mermaid", is_flag=True, help="Print a diagram that forges draw.")
@at_option
@json_option
@click.pass_obj
def command(
    context: Context, id: str, up: bool, down: bool, depth: int | None, mermaid: bool, at: str | None, as_json: bool
) -> None:
    """Trace a thing to what it came of and to what came of it: data, features, runs, versions, stages, decisions.

    ID is a file's path (data/raw/weather.csv, or with its bytes: PATH@MD5), a view's path (features/VIEW.yaml), or
    what actum show takes. Without @MD5 all contents on record count. Features have no dates: with --at DATE they are
    left out.
    """
    if mermaid and as_json:
        raise UsageError("--mermaid and --json are two answers", hint="leave one of them out")
    ways: tuple[Way, ...] = ("up", "down") if up == down else ("up",) if up else ("down",)
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        walks = trace(reading.holdings, id, ways, depth)
    if as_json:
        reading.envelope("lineage/1", {"id": id, "walks": [walk_json(walk) for walk in walks]})
        return
    if mermaid:
        print_walks_diagram(walks, reading.holdings)
    else:
        for number, walk in enumerate(walks):
            if number:
                click.echo()
            Tree(walk, reading.holdings).print()
    reading.notes()
    if depth is not None:
        output.say(f"{depth} step{'s' * (depth > 1)} shown: without --depth all of them")
