"""How a version is shown that another registry gave."""

from __future__ import annotations

import click

from actum.catalogue.details import ImportedDetail
from actum.cli import output
from actum.cli.run_page import file_row, print_values
from actum.cli.wording import moment, recorded, section, wrap

_TEXT = 76


def print_imported(found: ImportedDetail) -> None:
    version, row = found.version, found.row
    by = f" by {version.registered_by}" if version.registered_by else ""
    state = f"{row.state} since {row.stages[0].since:%Y-%m-%d}" if row.stages else row.state
    click.echo(f"{click.style(f'{version.model} {version.version}', bold=True)}  {state}  imported")
    output.facts(
        (
            ("from", f"{version.origin.system} {version.origin.id}"),
            ("registered", version.registered_at and f"{moment(version.registered_at)}{by}"),
            ("taken over", moment(version.recorded_at)),
            ("commit", version.commit),
            ("run", version.run and f"run/{version.run}"),
            ("notes", wrap(version.notes or "", _TEXT)),
        )
    )
    section("artifact", (), map(file_row, (version.artifact,) if version.artifact else ()))
    print_values("metrics", version.metrics)
    print_values("tags", version.tags)
    section(
        "moves",
        (),
        ((moment(one.at), one.what, f"by {one.by}", recorded(one.at, one.recorded_at), one.id) for one in found.moves),
    )
