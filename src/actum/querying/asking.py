"""Ask all runs at once: which, in which order, how many, and what of them. Only the columns that are named are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actum import moments
from actum.catalogue.holdings import Holdings
from actum.columns.flattening import BLOB
from actum.columns.table import COMMITTED, Table, whole
from actum.errors import InvalidRecordError, UsageError, UserError
from actum.git.repository import TreeEntry
from actum.querying.filters import Filter
from actum.querying.named_columns import TIMES, comparable, known_columns, ordered, require_column
from actum.records.run import Run

ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        where: A row expression over columns.
        sort: A column, the lowest first; ``-COLUMN``: the highest first. Absent: the newest first.
        limit: 0 for all.
        columns: ``all`` for all.
        pipelines: Only runs of these; absent: of any, and of none.
    """

    where: str | None = None
    sort: str | None = None
    limit: int = 0
    columns: tuple[str, ...] = ()
    pipelines: tuple[str, ...] | None = None

    def of(self, pipelines: tuple[str, ...] | None) -> Query:
        return replace(self, pipelines=pipelines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The runs that were asked for.

    Attributes:
        columns: The values by column, in the order of the runs; None where a run has none.
        paths: Where each run lies. ``blobs``: what names its bytes; ``committed``: whether a commit has it.
        keys: By what each was sorted; all None where the order is that of time.
        ids: Of all runs there are, not only of these.
        named: The columns that the filter and the order name.
        more: Whether the limit left some out.
    """

    columns: dict[str, list[Any]]
    paths: list[str]
    blobs: list[str]
    committed: list[bool]
    keys: list[Any]
    ids: list[str]
    named: list[str]
    more: bool
    remarks: list[str]


class _Plan:
    """A query against what there is."""

    def __init__(self, query: Query, moment: str | None) -> None:
        self.query, self.moment = query, moment
        self.filter = Filter(query.where) if query.where is not None else None
        self.named: dict[str, str] = {}
        self.key: str | None = None
        self.output: list[str] = []

    def choose(self, table: Table) -> Iterable[str]:
        """Settle which columns are meant, and return those that are needed."""
        known = known_columns(table.names())
        if len(table):
            self.named = self.filter.columns(known) if self.filter else {}
            self.key = require_column(self.query.sort.removeprefix("-"), known, "--sort") if self.query.sort else None
            self.output = self._output(known, table.names())
        inner = ("pipeline",) if self.query.pipelines is not None else ()
        timed = ("started_at",) if self.moment else ()
        return (*self.named.values(), *([self.key] if self.key else ()), *self.output, "id", BLOB, *inner, *timed)

    def _output(self, known: Sequence[str], found: Sequence[str]) -> list[str]:
        if self.query.columns == (ALL,):
            return [name for name in known if name in frozenset(found)]
        return list(dict.fromkeys(require_column(name, known, "--columns") for name in self.query.columns))


def ask(holdings: Holdings, query: Query) -> Answer:
    """Answer a query; what could not be read is left out, and noted.

    Raises:
        UsageError: The filter is none, or a column is named that no run has.
    """
    moment = moments.write(holdings.moment) if holdings.moment else None
    plan = _Plan(query, moment)
    stores = [holdings.truth, *([holdings.head] if holdings.head else [])]
    table = whole(stores, holdings.work_tree, plan.choose)
    for path, problem in table.problems.items():
        holdings.note(path, problem)
    ids = table.column("id")
    _note_twins(holdings, ids)
    rows, remarks = _matching(plan, table, ids)
    keys = table.column(plan.key) if plan.key else [None] * len(ids)
    keys = list(map(comparable, keys)) if plan.key in TIMES else keys
    rows = _in_order(rows, ids, keys, query.sort)
    more = bool(query.limit) and len(rows) > query.limit
    rows = rows[: query.limit or None]
    return Answer(
        columns={name: _picked(table.column(name), rows) for name in plan.output},
        paths=_picked(table.paths(), rows),
        blobs=_picked(table.column(BLOB), rows),
        committed=_picked(table.column(COMMITTED), rows),
        keys=_picked(keys, rows),
        ids=ids,
        named=[*([plan.key] if plan.key else []), *dict.fromkeys(plan.named.values())],
        more=more,
        remarks=remarks,
    )


def _note_twins(holdings: Holdings, ids: Sequence[str]) -> None:
    """Warn of runs that lie in the folders of two months: somebody copied a file."""
    if len(set(ids)) < len(ids):
        for ulid in sorted(ulid for ulid, times in Counter(ids).items() if times > 1):
            holdings.note(ulid, UserError(f"run/{ulid} lies in two places"))


def _matching(plan: _Plan, table: Table, ids: Sequence[str]) -> tuple[list[int], list[str]]:
    rows, remarks = list(range(len(ids))), list[str]()
    if plan.filter and ids:
        named = {name: table.column(column) for name, column in plan.named.items()}
        rows, remarks = plan.filter.choose(named, len(ids))
    if plan.query.pipelines is not None:
        pipelines = table.column("pipeline")
        rows = [row for row in rows if pipelines[row] in plan.query.pipelines]
    if plan.moment:
        began, until = table.column("started_at"), moments.parse(plan.moment)
        rows = [row for row in rows if moments.parse(began[row]) <= until]
    return rows, remarks


def _in_order(rows: list[int], ids: Sequence[str], keys: Sequence[Any], sort: str | None) -> list[int]:
    newest_first = sorted(rows, key=ids.__getitem__, reverse=True)
    if sort is None:
        return newest_first
    found = ordered([keys[row] for row in newest_first], descending=sort.startswith("-"))
    return [newest_first[row] for row in found]


def _picked(values: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    return [values[row] for row in rows]


def read_runs(holdings: Holdings, answer: Answer) -> list[Run | None]:
    """Read the runs of an answer whole; None, and a note, where one is gone meanwhile."""
    known = {path: TreeEntry("100644", blob) for path, blob in zip(answer.paths, answer.blobs, strict=True)}
    committed = {path for path, holds in zip(answer.paths, answer.committed, strict=True) if holds}
    read = holdings.truth.outcomes({path: known[path] for path in answer.paths if path in committed})
    return [_read(holdings, path, read.get(path)) for path in answer.paths]


def _read(holdings: Holdings, path: str, outcome: Any) -> Run | None:
    try:
        if outcome is None and holdings.work_tree is not None:
            return holdings.work_tree.run(path)
        if isinstance(outcome, InvalidRecordError):
            raise outcome
    except InvalidRecordError as error:
        holdings.note(path, error)
        return None
    return outcome if isinstance(outcome, Run) else None


def require_sound(query: Query) -> None:
    """Raises: UsageError when the filter is none, whatever there is to filter."""
    if query.where is not None:
        Filter(query.where)
    if ALL in query.columns and len(query.columns) > 1:
        raise UsageError(f"--columns {','.join(query.columns)}: {ALL} stands alone", hint="actum ls runs --columns all")
