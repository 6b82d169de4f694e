"""``actum.runs()``: all runs as a table, those that no commit has yet among them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actum.logbook import surroundings
from actum.querying.frames import frame
from actum.runlog import closing

if TYPE_CHECKING:
    import pandas


def runs(
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> pandas.DataFrame:
    """Return the runs of this repository, one a row: ``actum.runs("metrics.auc > 0.8", sort="-metrics.auc")``.

    Args:
        where: A filter over columns, such as ``metrics.auc > 0.8 and params.model.depth <= 6 and tags.team = 'x'``.
        sort: A column, ``-COLUMN`` for the highest first; without it the newest first.
        columns: Which to read; without it all that any run has.

    Raises:
        UsageError: The filter is none, or no run has a column that is named.
        NotFoundError: This is no git repository.
    """
    root = surroundings.repository(Path.cwd()).root
    _, unclosed = closing.close_killed(root, os.environ)
    for problem in unclosed.values():
        warnings.warn(str(problem), stacklevel=2)
    return frame(root, where=where, sort=sort, limit=limit, columns=columns)
