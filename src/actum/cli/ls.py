"""``actum ls [models|versions|stages|runs|events|decisions] [MODEL]``."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast, get_args

import click

from actum.catalogue import listing, sorting
from actum.catalogue.figures import written
from actum.catalogue.happenings import Happening
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify, shown_length
from actum.catalogue.listing import ModelRow, Row, RunRow, SegmentRow, StageRow, VersionRow, What
from actum.cli import output
from actum.cli.context import Context, at_option, json_option
from actum.cli.progress import telling
from actum.cli.reading import open_catalogue
from actum.cli.wording import clip, columns, moment, recorded
from actum.errors import UsageError
from actum.records.codec import encode

KINDS: tuple[str, ...] = get_args(What)
_RUNS_SHOWN = 30


@click.command(epilog="Example: actum ls stages --at 2020-04-01")
@click.argument("what", default="models", metavar=f"[{'|'.join(KINDS)}]")
@click.argument("model", required=False)
@click.option("--sort", metavar="FIELD", help="By a field or a metric; -FIELD for the highest first.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N; 0 for all.")
@at_option
@json_option
@click.pass_obj
def command(
    context: Context, what: str, model: str | None, sort: str | None, limit: int | None, at: str | None, as_json: bool
) -> None:
    """List models, versions, stages, runs, events or sealed segments of decisions.

    Without a word: the models, and what stands at each stage. What only the checkout has is not merged.
    """
    kind = _kind(what)
    most = _RUNS_SHOWN if limit is None and kind == "runs" else limit or 0
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        name = _model(reading.holdings, model)
        rows, more = _rows(listing.rows(reading.holdings, kind, name), sort, most)
    if as_json:
        reading.envelope(f"{kind.removesuffix('s')}-list/1", [encode(row) for row in rows])
    else:
        _PRINT[kind](rows, _Page(reading.holdings, name))
        reading.notes(next_=() if rows else _FIRST.get(kind, ()))
    if more and limit is None:
        output.say(f"the first {most} are shown: --limit 0 shows all")


def _kind(what: str) -> What:
    if what in KINDS:
        return cast(What, what)
    near = difflib.get_close_matches(what, KINDS, n=1)
    guess = f", did you mean {near[0]}?" if near else f" ({', '.join(KINDS)})"
    raise UsageError(f"there is no list of {what}{guess}", hint=f"actum ls versions {what}" if not near else "actum ls")


def _model(holdings: Holdings, text: str | None) -> str | None:
    if text is None:
        return None
    reference = identify(holdings, text)
    if reference.kind != "model":
        raise UsageError(f"{text} is not a model", hint=f"actum show '{text}'")
    return reference.owner


def _rows(found: Iterator[Row], sort: str | None, most: int) -> tuple[list[Row], bool]:
    """Return the rows asked for, and whether there are more."""
    ordered = iter(sorting.sort(list(found), sort)) if sort else found
    if not most:
        return list(ordered), False
    rows = list(islice(ordered, most + 1))
    return rows[:most], len(rows) > most


class _Page:
    """What the text of a list depends on besides its rows: how short ids may be, and whether to name the model."""

    def __init__(self, holdings: Holdings, model: str | None) -> None:
        self._holdings, self.one_model = holdings, model is not None
        self._lengths: dict[str, int] = {}

    def short(self, kind: str, ulid: str) -> str:
        if kind not in self._lengths:
            self._lengths[kind] = shown_length(self._holdings.ulids(kind))
        return ulid[: self._lengths[kind]]


def _models(rows: Sequence[ModelRow], _page: _Page) -> None:
    lines = []
    for row in rows:
        first = (row.model, _title(row), row.newest or "none yet")
        for number, stage in enumerate(row.stages or (None,)):
            stands = (f"{stage.stage} {_standing(stage)}", moment(stage.since)) if stage else ("", "")
            lines.append(
                (*(first if number == 0 else ("", "", "")), *stands, clip(row.owner, 28) if number == 0 else "")
            )
    columns(("model", "title", "newest", "stands", "since", "owner"), lines)


def _title(row: ModelRow) -> str:
    if not row.readable:
        return "card is unreadable"
    return clip(row.title, 26) + ("" if row.merged else " (not merged)")


def _standing(row: StageRow) -> str:
    return row.version or ("nothing" if row.readable else "unreadable")


def _versions(rows: Sequence[VersionRow], page: _Page) -> None:
    names, cells = _metrics([row.metrics for row in rows], 3 if page.one_model else 2)
    columns(
        ("version", "state", "registered", "by", "run", *names),
        (
            (
                row.version if page.one_model else row.id,
                f"{row.state} since {row.stages[0].since:%Y-%m-%d}" if row.stages else row.state,
                f"{row.registered_at:%Y-%m-%d}",
                clip(str(row.by), 16),
                page.short("run", row.run),
                *figures,
            )
            for row, figures in zip(rows, cells, strict=True)
        ),
    )


def _stages(rows: Sequence[StageRow], page: _Page) -> None:
    columns(
        ("stage", "version", "since", "recorded", "by", "event"),
        (
            (
                row.stage if page.one_model else f"{row.model}#{row.stage}",
                _standing(row),
                moment(row.since),
                recorded(row.since, row.recorded_at),
                clip(str(row.by or ""), 16),
                page.short("event", row.event or ""),
            )
            for row in rows
        ),
    )


def _runs(rows: Sequence[RunRow], page: _Page) -> None:
    names, cells = _metrics([row.metrics for row in rows], 3)
    columns(
        ("run", "started", "by", "executed", "", *names),
        (
            (
                page.short("run", row.id),
                moment(row.started_at),
                clip(str(row.by), 16),
                f"{row.executed} of {row.stages}",
                ", ".join(word for word, holds in (("dirty", row.dirty), ("not merged", not row.merged)) if holds),
                *figures,
            )
            for row, figures in zip(rows, cells, strict=True)
        ),
    )


def _events(rows: Sequence[Happening], page: _Page) -> None:
    columns(
        ("event", "when", "recorded", "what", "by", ""),
        (
            (
                page.short("event", row.id.removeprefix("event/")),
                moment(row.at),
                recorded(row.at, row.recorded_at),
                row.what,
                clip(str(row.by), 16),
                "" if row.merged else "not merged",
            )
            for row in rows
        ),
    )


def _decisions(rows: Sequence[SegmentRow], page: _Page) -> None:
    columns(
        ("model", "segment", "decisions", "version", "from", "to", "outcomes"),
        (
            (
                "" if page.one_model else row.model,
                row.segment,
                f"{row.rows:,}",
                row.version,
                moment(row.first_moment),
                moment(row.last_moment),
                ", ".join(f"{count:,} {outcome}" for outcome, count in row.outcomes.items()),
            )
            for row in rows
        ),
    )


def _metrics(rows: Sequence[Mapping[str, float]], most: int) -> tuple[tuple[str, ...], Iterable[tuple[str, ...]]]:
    """Return the columns for metrics: one each while they are few, else one that names them in every row."""
    found = [dict(list(metrics.items())[:most]) for metrics in rows]
    names = tuple(dict.fromkeys(name for metrics in found for name in metrics))
    if len(names) <= most:
        return names, [tuple(written(one[name]) if name in one else "-" for name in names) for one in found]
    joined = [", ".join(f"{name} {written(value)}" for name, value in list(one.items())[:2]) for one in found]
    return ("metrics",), [(cell,) for cell in joined]


_PRINT: Mapping[str, Callable[[Any, _Page], None]] = {
    "models": _models,
    "versions": _versions,
    "stages": _stages,
    "runs": _runs,
    "events": _events,
    "decisions": _decisions,
}
_FIRST = {
    "models": ("actum init --model NAME",),
    "versions": ("actum register MODEL",),
    "stages": ("actum promote MODEL --to STAGE",),
    "runs": ("actum run",),
    "events": ("actum rebuild MODEL@V", "actum promote MODEL --to STAGE"),
    "decisions": ("actum score MODEL INPUT",),
}
