"""Runs as a DataFrame of pandas, for notebooks: what ``actum.runs()`` returns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actum import revisions
from actum.catalogue.holdings import open_holdings
from actum.git.repository import Git
from actum.index.index import Index
from actum.querying.asking import ALL, Query, ask
from actum.querying.named_columns import TIMES

if TYPE_CHECKING:
    import pandas


def frame(
    start: Path,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    columns: Sequence[str] | None = None,
) -> pandas.DataFrame:
    """Return runs, one a row, those of the work tree among them; what could not be read is warned of.

    Args:
        start: A folder of the repository.
        where: A filter, such as ``metrics.auc > 0.8 and params.depth <= 6``; see :mod:`actum.querying.filters`.
        sort: A column, ``-COLUMN`` for the highest first; without it the newest first.
        limit: At most so many; without it all.
        columns: Which to read; without it all that any run has.

    Raises:
        UsageError: The filter is none, or no run has a column that is named.
        NotFoundError: *start* is in no repository.
    """
    repo = Git.find(start)
    index = Index(repo)
    try:
        head = revisions.open_head(repo).indexed(index).tolerant()
        trunk = revisions.open_trunk(repo, head)
        holdings = open_holdings(trunk, now=datetime.now(UTC), checkout=head.commit)
        query = Query(where=where, sort=sort, limit=limit or 0, columns=(ALL,) if columns is None else tuple(columns))
        answer = ask(holdings, query)
    finally:
        index.close()
    for remark in (*holdings.warnings(), *answer.remarks):
        warnings.warn(remark, stacklevel=3)
    return _frame({**answer.columns, "committed": answer.committed} if columns is None else answer.columns)


def _frame(columns: Mapping[str, Sequence[Any]]) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame({name: _series(name, values) for name, values in columns.items()})


def _series(name: str, values: Sequence[Any]) -> Any:
    """Return a column as pandas likes it: numbers as numbers, times as times, all else as it is."""
    import numpy
    import pandas

    if name in TIMES:
        return pandas.to_datetime(pandas.Series(values, dtype=object), utc=True, format="ISO8601")
    kinds = set(map(type, values))
    if kinds <= {float, int, type(None)} and float in kinds:
        return numpy.array(values, dtype=float)  # None becomes NaN
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return numpy.array(values, dtype="int64")
    if kinds == {bool}:
        return numpy.array(values, dtype=bool)
    if kinds == {int, type(None)} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pandas.array(values, dtype="Int64")
    return pandas.Series(values, dtype=object)
