"""``actum export DIR``."""

from __future__ import annotations

from pathlib import Path

import click

from actum.cli.context import Context, at_option, json_option
from actum.cli.progress import telling
from actum.cli.reading import open_catalogue
from actum.quantities import plural
from actum.querying.whole_tables import FORMS, write_tables


@click.command(epilog="Example: actum export tables")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@at_option
@json_option
@click.pass_obj
def command(context: Context, folder: Path, at: str | None, as_json: bool) -> None:
    """Write runs, models, versions, stages, events and segments of decisions as CSV and JSON into one folder.

    What is nested has dotted columns, and lists are JSON. The records themselves stay what they are: files in git.
    """
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        written = write_tables(reading.holdings, context.folder / folder)
    if as_json:
        reading.envelope("export-result/1", {"folder": str(folder), "rows": written, "forms": list(FORMS)})
        return
    for what, count in written.items():
        click.echo(f"{folder / what}.csv, .json: {plural(count, 'row')}")
    reading.notes(next_=() if written else ("actum run",))
