"""One pass over the scored rows before anything is written: how many, when, how they fall out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from actum import moments
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
    outcomes: Counter[str] = Counter({rule.at_or_above: 0, rule.below: 0})
    scores: list[float] = []
    times: list[datetime] = []
    before = after = 0
    with lines.open("rb") as stream:
        for line in stream:
            row = json.loads(line)
            score, at = float(row["score"]), moments.parse(row["moment"])
            outcomes[rule.outcome(score)] += 1
            scores = [min(score, *scores), max(score, *scores)] if scores else [score]
            times = [min(at, *times), max(at, *times)] if times else [at]
            before += since is not None and at < since
            after += at > until
    return Survey(
        rows=sum(outcomes.values()),
        outcomes=dict(outcomes),
        lowest=scores[0],
        highest=scores[-1],
        first=times[0],
        last=times[-1],
        before=before,
        after=after,
    )
