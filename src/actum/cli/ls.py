"""``actum ls [models|versions|stages|runs|events|features|decisions] [MODEL]``."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast, get_args

import click

from actum.catalogue import listing, sorting
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify
from actum.catalogue.listing import What
from actum.cli import output
from actum.cli.context import COUNT, Context, at_option, json_option
from actum.cli.lists import Entry, Page, print_list
from actum.cli.progress import telling
from actum.cli.reading import Readings, open_catalogues
from actum.cli.run_wishes import Wishes, run_options
from actum.errors import NotFoundError, UsageError
from actum.records.codec import encode

KINDS: tuple[str, ...] = get_args(What)
_RUNS_SHOWN = 30


@click.command(
    epilog="Example: actum ls stages --at 2020-04-01. Exit status: 0 done, 1 a repository could not be read; the "
    "others are listed."
)
@click.argument("what", default="models", metavar=f"[{'|'.join(KINDS)}]")
@click.argument("model", required=False)
@click.option("--sort", metavar="FIELD", help="By a field or a metric; -FIELD for the highest first.")
@click.option("--limit", type=COUNT, metavar="N", help="At most N; 0 for all.")
@run_options
@click.option(
    "--repo",
    "repos",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="List the clone in DIR; may be given several times, for one list over all.",
)
@at_option
@json_option
@click.pass_obj
def command(
    context: Context,
    /,
    what: str,
    model: str | None,
    sort: str | None,
    limit: int | None,
    repos: tuple[Path, ...],
    at: str | None,
    as_json: bool,
    **asked: Any,
) -> int:
    """List models, versions, stages, runs, events, features or sealed segments of decisions.

    Without a word: the models, and what stands at each stage. What only the checkout has is not merged. Features have
    no dates: --at takes a revision.

    Runs have columns, such as name, status, started_at, by, metrics.NAME, params.NAME and tags.NAME. --where compares
    them: "metrics.auc > 0.8 and params.depth <= 6 and tags.team = 'x'". A run that lacks one does not match.
    """
    kind = _kind(what)
    wishes = Wishes(sort=sort, limit=limit, **asked)
    wishes.require_runs(kind)
    if kind == "runs" and (sort or wishes):
        return _asked(context, model, repos, at, wishes, as_json=as_json)
    most = _RUNS_SHOWN if limit is None and kind == "runs" else limit or 0
    with telling(context, "reading the records", as_json=as_json):
        readings = open_catalogues(context, at, repos)
        names = _names(readings, model)
        read = 0 if sort or not most else most + 1
        lists = [_entries(readings, name, kind, names[name], read) for name in names]
        entries, more = _ordered(lists, kind, sort, most)
    _show(readings, kind, entries, as_json=as_json)
    if more and limit is None:
        output.say(f"the first {most} are shown: --limit 0 shows all")
    return 1 if readings.unread else 0


def _asked(
    context: Context, model: str | None, repos: Sequence[Path], at: str | None, wishes: Wishes, *, as_json: bool
) -> int:
    """Answer a question about runs, which loads what answers it."""
    from actum.cli import run_query

    run_query.require_sense(wishes)
    most = run_query.most_of(wishes, _RUNS_SHOWN)
    with telling(context, "reading the runs", as_json=as_json):
        readings = open_catalogues(context, at, repos)
        found = run_query.ask_runs(readings, _names(readings, model), wishes, most)
        entries = [] if wishes.is_of_columns() else run_query.entries_of(found)
        written = run_query.write_runs(context, found, wishes)
    if wishes.is_of_columns():
        run_query.show(readings, found, written, as_json=as_json)
    else:
        _show(readings, "runs", entries, as_json=as_json, none=found.no_match())
    if found.more and wishes.limit is None:
        output.say(f"the first {most:,} are {'drawn' if wishes.plot else 'shown'}: --limit 0 shows all")
    return 1 if readings.unread else 0


def _show(readings: Readings, kind: What, entries: list[Entry], *, as_json: bool, none: str = "") -> None:
    if as_json:
        readings.envelope(f"{kind.removesuffix('s')}-list/1", [_encoded(entry) for entry in entries])
    else:
        print_list(kind, entries)
        if none:
            output.say(none)
        readings.notes(next_=() if entries or none else _FIRST.get(kind, ()))


def _kind(what: str) -> What:
    if what in KINDS:
        return cast(What, what)
    near = difflib.get_close_matches(what, KINDS, n=1)
    guess = f", did you mean {near[0]}?" if near else f" ({', '.join(KINDS)})"
    raise UsageError(f"there is no list of {what}{guess}", hint=f"actum ls versions {what}" if not near else "actum ls")


def _names(readings: Readings, model: str | None) -> dict[str, str | None]:
    """Return the model asked for, by repository; one that does not have it is left out where another has."""
    found: dict[str, str | None] = {}
    missing: list[NotFoundError] = []
    for name, reading in readings.by_name.items():
        try:
            found[name] = _model(reading.holdings, model)
        except NotFoundError as error:
            missing.append(error)
    if missing and not found:
        raise missing[0]
    return found


def _model(holdings: Holdings, text: str | None) -> str | None:
    if text is None:
        return None
    reference = identify(holdings, text)
    if reference.kind != "model":
        raise UsageError(f"{text} is not a model", hint=f"actum show '{text}'")
    return reference.owner


def _entries(readings: Readings, name: str, kind: What, model: str | None, most: int) -> list[Entry]:
    """Return the rows of one repository, at most so many; 0 for all. What cannot be read is left out, and noted."""

    holdings = readings.by_name[name].holdings
    page = Page(holdings, model, name)
    rows = readings.attempt(name, lambda: list(islice(listing.rows(holdings, kind, model), most or None)))
    return [Entry(row, page) for row in rows or ()]


def _ordered(lists: list[list[Entry]], kind: What, sort: str | None, most: int) -> tuple[list[Entry], bool]:
    """Return the entries asked for, and whether there are more."""
    found = _joined(lists, kind)
    ordered = iter(sorting.sort(list(found), sort, of=_row)) if sort else found
    if not most:
        return list(ordered), False
    entries = list(islice(ordered, most + 1))
    return entries[:most], len(entries) > most


def _joined(lists: list[list[Entry]], kind: What) -> Iterator[Entry]:
    """Put runs and events of several repositories in one order of time; the rest stays apart by repository."""
    newest_first = _NEWEST_FIRST.get(kind)
    if newest_first is None or len(lists) == 1:
        return chain.from_iterable(lists)
    return iter(heapq.merge(*lists, key=newest_first, reverse=True))


def _row(entry: Entry) -> Any:
    return entry.row


def _encoded(entry: Entry) -> dict[str, Any]:
    repository = {"repository": entry.page.repository} if entry.page.repository else {}
    return repository | encode(entry.row)


_NEWEST_FIRST: Mapping[str, Callable[[Entry], Any]] = {
    "runs": lambda entry: entry.row.id,
    "events": lambda entry: (entry.row.at, entry.row.id),
}
_FIRST: Mapping[str, Sequence[str]] = {
    "models": ("actum init --model NAME",),
    "versions": ("actum register MODEL",),
    "stages": ("actum promote MODEL --to STAGE",),
    "runs": ("actum run",),
    "events": ("actum rebuild MODEL@V", "actum promote MODEL --to STAGE"),
    "decisions": ("actum score MODEL INPUT",),
}
