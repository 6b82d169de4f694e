"""What ``actum ls runs`` answers a question with: rows, columns, a file, a picture. Loaded where one is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from actum.catalogue import listing
from actum.catalogue.figures import as_given, written
from actum.cli import output
from actum.cli.context import Context
from actum.cli.lists import Entry, Page
from actum.cli.reading import Readings
from actum.cli.run_wishes import Wishes
from actum.cli.wording import clip
from actum.errors import UserError
from actum.quantities import is_number, plural
from actum.querying import charts, table_files
from actum.querying.asking import ALL, Answer, Query, ask, require_sound
from actum.querying.named_columns import listed_columns, ordered
from actum.querying.rows import answered_rows

_TEXT = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The runs of one or several repositories, in one order. ``places``: in which answer, and in which of its rows."""

    answers: list[tuple[Page, Answer]]
    places: list[tuple[int, int]]
    more: bool

    def columns(self) -> dict[str, list[Any]]:
        """Return values by column, the repository first where there are several."""
        names = dict.fromkeys(name for _, answer in self.answers for name in answer.columns)
        several = any(page.repository for page, _ in self.answers)
        first = {"repository": [self.answers[at][0].repository for at, _ in self.places]} if several else {}
        return first | {name: [self._value(name, *place) for place in self.places] for name in names}

    def no_match(self) -> str:
        """Say that there are runs, and none of them is asked for; "" where that is not so."""
        known = sum(len(answer.ids) for _, answer in self.answers)
        return f"none of {plural(known, 'run')} is what was asked for" if known and not self.places else ""

    def _value(self, name: str, at: int, row: int) -> Any:
        values = self.answers[at][1].columns.get(name)
        return None if values is None else values[row]


def require_sense(wishes: Wishes) -> None:
    """Raises: UsageError when a wish cannot be granted, whatever runs there are."""
    require_sound(query_of(wishes, 0))
    for file, option in ((wishes.export, "--export"), (wishes.plot, "--plot")):
        if file is not None:
            table_files.require_form(file, option)


def query_of(wishes: Wishes, most: int) -> Query:
    names = listed_columns(wishes.columns or "")
    if wishes.plot or (wishes.export and not names):
        names = (ALL,)
    return Query(where=wishes.where, sort=wishes.sort, limit=most, columns=names)


def most_of(wishes: Wishes, shown: int) -> int:
    """Return how many runs are wanted: where none was said, as many as fit what is made of them."""
    if wishes.limit is not None:
        return wishes.limit
    return 0 if wishes.export else charts.MOST_RUNS if wishes.plot else shown


def ask_runs(readings: Readings, models: dict[str, str | None], wishes: Wishes, most: int) -> Found:
    """Ask the runs of each repository; what cannot be read of several is left out, and noted."""
    answers: list[tuple[Page, Answer]] = []
    for name, model in models.items():
        holdings = readings.by_name[name].holdings
        pipeline = listing.pipeline_of(holdings, model) if model else None
        query = query_of(wishes, most).of(None if model is None else tuple(filter(None, [pipeline])))
        answer = readings.attempt(name, partial(ask, holdings, query))
        if answer is not None:
            for remark in answer.remarks:
                holdings.note(remark, UserError(remark))
            answers.append((Page(holdings, model, name, answer.ids), answer))
    places = [(at, row) for at, (_, answer) in enumerate(answers) for row in range(len(answer.paths))]
    if len(answers) > 1:
        places = _in_one_order(answers, places, wishes.sort)
    more = any(answer.more for _, answer in answers) or bool(most and len(places) > most)
    return Found(answers=answers, places=places[: most or None], more=more)


def _in_one_order(
    answers: Sequence[tuple[Page, Answer]], places: list[tuple[int, int]], sort: str | None
) -> list[tuple[int, int]]:
    newest_first = sorted(places, key=lambda place: answers[place[0]][1].paths[place[1]][-31:], reverse=True)
    if sort is None:
        return newest_first
    keys = [answers[at][1].keys[row] for at, row in newest_first]
    return [newest_first[row] for row in ordered(keys, descending=sort.startswith("-"))]


def entries_of(found: Found) -> list[Entry]:
    """Return the runs as rows of the list that people know, read whole."""
    rows = [answered_rows(page.holdings, answer, page.model) for page, answer in found.answers]
    chosen = ((found.answers[at][0], rows[at][row]) for at, row in found.places)
    return [Entry(row, page) for page, row in chosen if row is not None]


def write_runs(context: Context, found: Found, wishes: Wishes) -> dict[str, Any]:
    """Write the files that were wished for, if any, and return what was written.

    Raises:
        UserError: There is nothing to write, or the disk refuses.
    """
    if not (wishes.export or wishes.plot):
        return {}
    if wishes.plot is not None and (said := found.no_match()):
        raise UserError(said, hint="actum ls runs")
    table = found.columns()
    if not table:
        raise UserError("there are no runs to write", hint="actum run")
    told: dict[str, Any] = {"runs": len(found.places), "columns": len(table)}
    if wishes.plot is not None:
        named = [name for _, answer in found.answers for name in answer.named]
        metric = charts.metric_of(table, named)
        table_files.draw(charts.chart_of(table, metric), context.folder / wishes.plot)
        told |= {"plot": str(wishes.plot), "metric": metric}
    if wishes.export is not None:
        table_files.export(table, context.folder / wishes.export)
        told |= {"export": str(wishes.export)}
    return told


def show(readings: Readings, found: Found, written: dict[str, Any], *, as_json: bool) -> None:
    """Say what was written, or else the columns that were asked for."""
    if as_json:
        schema, data = ("run-files/1", written) if written else ("run-columns/1", column_rows(found))
        readings.envelope(schema, data)
        return
    if written:
        print_written(written)
    else:
        print_columns(found)
    readings.notes()


def print_written(told: dict[str, Any]) -> None:
    if "export" in told:
        click.echo(f"{told['export']}: {plural(told['runs'], 'run')}, {plural(told['columns'], 'column')}")
    if "plot" in told:
        click.echo(f"{told['plot']}: {told['metric']} of {plural(told['runs'], 'run')}")


def print_columns(found: Found) -> None:
    """Print the columns that were asked for."""
    table = found.columns()
    pages = [found.answers[at][0] for at, _ in found.places]
    cells = [
        [_cell(page, name, value) for page, value in zip(pages, values, strict=True)] for name, values in table.items()
    ]
    output.table(zip(*cells, strict=True), head=list(table))


def column_rows(found: Found) -> list[dict[str, Any]]:
    """Return the columns that were asked for as programs read them: one object a run, without what it lacks."""
    table = found.columns()
    rows = zip(*table.values(), strict=True)
    return [
        {name: table_files.plain(value) for name, value in zip(table, row, strict=True) if value is not None}
        for row in rows
    ]


def _cell(page: Page, name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in ("id", "parent"):
        return page.short("run", value)
    if name.startswith("params."):
        return clip(as_given(value), _TEXT)
    if isinstance(value, bool):
        return "true" if value else "false"
    return written(value) if is_number(value) else clip(str(table_files.plain(value)), _TEXT)
