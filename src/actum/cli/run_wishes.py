"""What ``actum ls runs`` takes beside what every list takes: ``--where``, ``--columns``, ``--export``, ``--plot``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from actum.errors import UsageError


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of :class:`Wishes`."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option("--plot", type=file, metavar="FILE", help="Of runs: draw them (.html, .svg, .png)."),
        click.option("--export", type=file, metavar="FILE", help="Of runs: write them (.parquet, .csv, .json)."),
        click.option("--columns", metavar="A,B", help="Of runs: show these columns; all for all."),
        click.option("--where", metavar="FILTER", help="Of runs: those for which it holds."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of runs: ``sort`` and ``limit`` as of any list, the rest of runs alone."""

    sort: str | None = None
    limit: int | None = None
    where: str | None = None
    columns: str | None = None
    export: Path | None = None
    plot: Path | None = None

    def __bool__(self) -> bool:
        return any(wish is not None for wish in (self.where, self.columns, self.export, self.plot))

    def is_of_columns(self) -> bool:
        """Whether columns are asked for, to be shown or written, not the list that people know."""
        return any(wish is not None for wish in (self.columns, self.export, self.plot))

    def require_runs(self, kind: str) -> None:
        """Raises: UsageError when something is asked that only runs answer, of a list of something else."""
        if self and kind != "runs":
            raise UsageError(f"--where, --columns, --export and --plot are for runs, not {kind}", hint="actum ls runs")
