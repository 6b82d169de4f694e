"""A look over the scored rows before anything is written: how many, when, how they fall out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from actum import moments
from actum.decisions import parquet
from actum.decisions.leaves import moment_text, since_1970
from actum.records.card import DecisionRule


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What the rows say. ``before`` and ``after``: how many lie outside the time in which they may be decided."""

    rows: int
    outcomes: Mapping[str, int]
    lowest: float
    highest: float
    first: datetime
    last: datetime
    before: int = 0
    after: int = 0


def survey(lines: Path, rule: DecisionRule, *, since: datetime | None, until: datetime) -> Survey:
    """Count the worker's rows; there is at least one, or the worker would have refused."""
    bounds = (None if since is None else since_1970(since), since_1970(until))
    rows, above, lowest, highest, first, last, before, after = parquet.overview(lines, rule.threshold, *bounds)
    return Survey(
        rows=rows,
        outcomes={rule.at_or_above: above, rule.below: rows - above},
        lowest=lowest,
        highest=highest,
        first=moments.parse(moment_text(first)),
        last=moments.parse(moment_text(last)),
        before=before,
        after=after,
    )
