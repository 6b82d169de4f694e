"""How the rows of each kind stand in a table, of one repository or of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from actum import digests
from actum.catalogue.feature_pages import FeatureRow
from actum.catalogue.figures import written
from actum.catalogue.happenings import Happening
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import shown_length
from actum.catalogue.listing import ModelRow, RunRow, SegmentRow, StageRow, VersionRow
from actum.cli.wording import clip, columns, moment, recorded

Cells = Sequence[object]
_ONE_NAME = 24


class Page:
    """What the text of a row depends on besides the row: how short ids may be, and what goes without saying.

    ``repository``: its name, "" where there is one only.
    """

    def __init__(self, holdings: Holdings, model: str | None, repository: str = "") -> None:
        self._holdings, self.one_model, self.repository = holdings, model is not None, repository
        self._lengths: dict[str, int] = {}

    def short(self, kind: str, ulid: str) -> str:
        if kind not in self._lengths:
            self._lengths[kind] = shown_length(self._holdings.ulids(kind))
        return ulid[: self._lengths[kind]]


class Entry(NamedTuple):
    """One row, and the page that it stands on."""

    row: Any
    page: Page


def print_list(kind: str, entries: Sequence[Entry]) -> None:
    """Print the table of rows of one kind; a column in which no row says anything is left out."""
    head, lines_of = _TABLES[kind]
    names, cells = _metrics([getattr(entry.row, "metrics", {}) for entry in entries], _figures(kind, entries))
    lines = []
    for (row, page), figures in zip(entries, cells, strict=True):
        for number, line in enumerate(lines_of(row, page)):
            lines.append((clip(page.repository, _ONE_NAME) if number == 0 else "", *line, *figures))
    columns(("repository", *head, *names), lines)


def _figures(kind: str, entries: Sequence[Entry]) -> int:
    """Return how many metrics of a row are shown: a row without its model's name has room for one more."""
    return 2 if kind == "versions" and not all(entry.page.one_model for entry in entries) else 3


def _model(row: ModelRow, _page: Page) -> Iterable[Cells]:
    first = (row.model, _title(row), row.newest or "none yet")
    for number, stage in enumerate(row.stages or (None,)):
        stands = (f"{stage.stage} {_standing(stage)}", moment(stage.since)) if stage else ("", "")
        yield (*(first if number == 0 else ("", "", "")), *stands, clip(row.owner, 28) if number == 0 else "")


def _title(row: ModelRow) -> str:
    if not row.readable:
        return "card is unreadable"
    return clip(row.title, 26) + ("" if row.merged else " (not merged)")


def _standing(row: StageRow) -> str:
    return row.version or ("nothing" if row.readable else "unreadable")


def _version(row: VersionRow, page: Page) -> Iterable[Cells]:
    yield (
        row.version if page.one_model else row.id,
        f"{row.state} since {row.stages[0].since:%Y-%m-%d}" if row.stages else row.state,
        f"{row.registered_at:%Y-%m-%d}",
        clip(str(row.by), 16),
        page.short("run", row.run),
    )


def _stage(row: StageRow, page: Page) -> Iterable[Cells]:
    yield (
        row.stage if page.one_model else f"{row.model}#{row.stage}",
        _standing(row),
        moment(row.since),
        recorded(row.since, row.recorded_at),
        clip(str(row.by or ""), 16),
        page.short("event", row.event or ""),
    )


def _run(row: RunRow, page: Page) -> Iterable[Cells]:
    yield (
        page.short("run", row.id),
        moment(row.started_at),
        clip(str(row.by), 16),
        f"{row.executed} of {row.stages}",
        ", ".join(word for word, holds in (("dirty", row.dirty), ("not merged", not row.merged)) if holds),
    )


def _event(row: Happening, page: Page) -> Iterable[Cells]:
    yield (
        page.short("event", row.id.removeprefix("event/")),
        moment(row.at),
        recorded(row.at, row.recorded_at),
        row.what,
        clip(str(row.by), 16),
        "" if row.merged else "not merged",
    )


def _segment(row: SegmentRow, page: Page) -> Iterable[Cells]:
    yield (
        "" if page.one_model else row.model,
        row.segment,
        f"{row.rows:,}",
        row.version,
        moment(row.first_moment),
        moment(row.last_moment),
        ", ".join(f"{count:,} {outcome}" for outcome, count in row.outcomes.items()),
    )


def _feature(row: FeatureRow, _page: Page) -> Iterable[Cells]:
    yield (
        row.name,
        row.view + ("" if row.merged else " (not merged)"),
        row.type,
        clip(row.unit, 10),
        clip(row.owner, 20),
        clip(", ".join(row.users) or "nobody", 28),
        digests.short(row.digest) if row.digest else "unknown",
    )


def _metrics(rows: Sequence[Mapping[str, float]], most: int) -> tuple[tuple[str, ...], Iterable[tuple[str, ...]]]:
    """Return the columns for metrics: one each while they are few, else one that names them in every row."""
    found = [dict(list(metrics.items())[:most]) for metrics in rows]
    names = tuple(dict.fromkeys(name for metrics in found for name in metrics))
    if len(names) <= most:
        return names, [tuple(written(one[name]) if name in one else "-" for name in names) for one in found]
    joined = [", ".join(f"{name} {written(value)}" for name, value in list(one.items())[:2]) for one in found]
    return ("metrics",), [(cell,) for cell in joined]


_TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[Any, Page], Iterable[Cells]]]] = {
    "models": (("model", "title", "newest", "stands", "since", "owner"), _model),
    "versions": (("version", "state", "registered", "by", "run"), _version),
    "stages": (("stage", "version", "since", "recorded", "by", "event"), _stage),
    "runs": (("run", "started", "by", "executed", ""), _run),
    "events": (("event", "when", "recorded", "what", "by", ""), _event),
    "features": (("feature", "view", "type", "unit", "owner", "users", "digest"), _feature),
    "decisions": (("model", "segment", "decisions", "version", "from", "to", "outcomes"), _segment),
}
