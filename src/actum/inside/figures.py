"""The figures by which a model's answers are judged: for groups of rows, and for any number of times a row counts.

A draw of the bootstrap says how often each row was drawn, so the figure of a draw and the figure itself are the same
code. A figure that is not defined is NaN or absent: a ranking needs rows of both kinds, and a score outside 0 to 1 is
no probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

BINS = 10
SCORE_BINS = 20
ORDER = ("auc", "brier", "log_loss", "calibration_error", "accuracy", "mae", "mse", "bias")
"""In which figures are told; the shares of the outcomes follow."""

Task = Literal["binary", "regression"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What follows from a score: one outcome at or above the threshold, another below it."""

    threshold: float
    at_or_above: str
    below: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What one model said of some rows, and what became of them: 0 or 1, or any number for a regression."""

    labels: Any
    scores: Any

    @property
    def are_probabilities(self) -> bool:
        """Whether every score lies between 0 and 1; a decision value may not."""
        return bool(((self.scores >= 0) & (self.scores <= 1)).all())

    def at(self, rows: Any) -> Answers:
        return Answers(labels=self.labels[rows], scores=self.scores[rows])


class Figures:
    """All figures of one model, prepared once for many draws.

    Rows are kept by group and by score within it, so that all sums are over rows that lie side by side.
    ``groups``: the group of each row, from 0; none is empty.
    """

    def __init__(self, answers: Answers, groups: Any, task: Task, rule: Rule | None) -> None:
        import numpy as np

        self._order = np.lexsort((answers.scores, groups))
        ordered, starts = answers.at(self._order), np.unique(groups[self._order], return_index=True)[1]
        self._starts, self._means = starts, _Means(ordered, starts, task, rule)
        self._ranking = _Ranking(ordered, starts) if task == "binary" else None

    def of(self, counts: Any) -> dict[str, Any]:
        """Return each figure of each group. ``counts``: how often each row counts, whole numbers."""
        import numpy as np

        mine = counts.take(self._order)
        weights = mine.astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):  # a draw may leave a group out altogether
            found = self._means.of(weights, np.add.reduceat(weights, self._starts))
            if self._ranking:
                found["auc"] = self._ranking.of(mine)
        return {name: found[name] for name in sorted(found, key=_place)}


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def row_values(answers: Answers, starts: Any, task: Task, rule: Rule | None) -> dict[str, Any]:
    """Return the figures that are a mean over rows: by name, one value a row."""
    labels, scores = answers.labels, answers.scores
    found: dict[str, Any] = {}
    if task == "regression":
        found = {"mae": abs(scores - labels), "mse": (scores - labels) ** 2, "bias": scores - labels}
    elif answers.are_probabilities:
        found = {"brier": (scores - labels) ** 2, "log_loss": _log_losses(answers)}
        found["calibration_error"] = _calibration_errors(answers, starts)
    if rule is not None:
        above = scores >= rule.threshold
        found |= {"accuracy": above == (labels == 1)} if task == "binary" else {}
        found[f"{rule.at_or_above}_share"] = above
    return found


def _log_losses(answers: Answers) -> Any:
    """A certainty that is wrong costs much, not everything: as scikit-learn bounds it."""
    import numpy as np

    least = np.finfo(np.float64).eps
    chance = np.clip(answers.scores, least, 1 - least)
    return -np.where(answers.labels == 1, np.log(chance), np.log1p(-chance))


def _calibration_errors(answers: Answers, starts: Any) -> Any:
    """Return what each row adds to how far predicted and realised are apart, bin by bin, weighted by rows.

    A bin that predicts too much in all rows counts as one that does in every draw. Were its sign drawn anew, noise
    would only ever add, most of all to a model without fault: of intervals at 0.95 as few as 0.61 held (simulated).
    Source: Naeini, Cooper and Hauskrecht, AAAI 2015 (expected calibration error), with bins of equal rows.
    """
    import numpy as np

    bins = np.concatenate([bins_of(part) + BINS * n for n, part in enumerate(np.split(answers.scores, starts[1:]))])
    apart = answers.scores - answers.labels
    return np.sign(np.bincount(bins, weights=apart))[bins] * apart


def bins_of(scores: Any) -> Any:
    """Return the bin of each row: ``BINS`` bins of as equal a number of rows as equal scores allow, lowest first."""
    import numpy as np

    edges = np.quantile(scores, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, scores)


def calibration(answers: Answers) -> list[dict[str, Any]]:
    """Return predicted and realised means of each bin that holds a row."""
    import numpy as np

    bins = bins_of(answers.scores)
    rows = np.bincount(bins, minlength=BINS)
    predicted, realised = (np.bincount(bins, weights=of, minlength=BINS) for of in (answers.scores, answers.labels))
    return [
        {"predicted": float(predicted[n] / rows[n]), "realised": float(realised[n] / rows[n]), "rows": int(rows[n])}
        for n in range(BINS)
        if rows[n]
    ]


def histogram(answers: Answers) -> list[int]:
    """Return how many scores lie in each of ``SCORE_BINS`` equal parts of 0 to 1."""
    import numpy as np

    return [int(rows) for rows in np.histogram(answers.scores, bins=SCORE_BINS, range=(0.0, 1.0))[0]]


class _Means:
    """Means of values that each row has. The share of the outcome below is what the other one leaves."""

    def __init__(self, answers: Answers, starts: Any, task: Task, rule: Rule | None) -> None:
        import numpy as np

        values, rows = row_values(answers, starts, task, rule), len(answers.scores)
        self._names, self._rule = tuple(values), rule
        self._values = np.array([values[name] for name in values], dtype=float).reshape(len(values), rows)
        self._spans = [slice(*span) for span in zip(starts.tolist(), [*starts[1:].tolist(), rows], strict=True)]

    def of(self, weights: Any, masses: Any) -> dict[str, Any]:
        import numpy as np

        sums = np.stack([self._values[:, span] @ weights[span] for span in self._spans], axis=1)
        found = dict(zip(self._names, sums / masses, strict=True))
        if self._rule:
            found[f"{self._rule.below}_share"] = 1 - found[f"{self._rule.at_or_above}_share"]
        return found


class _Ranking:
    """The area under the ROC curve: the share of pairs of a 1 and a 0 that are ranked right; ties count half.

    Pairs are counted in whole numbers, so no order of summing changes a bit of it.
    """

    def __init__(self, answers: Answers, starts: Any) -> None:
        import numpy as np

        rows, scores = len(answers.scores), answers.scores
        positive = answers.labels == 1
        self._ups, self._is_down = np.flatnonzero(positive), (~positive).astype(np.int64)
        new = np.append(True, scores[1:] != scores[:-1])
        new[starts] = True  # equal scores in two groups are no tie
        ties, bounds = np.cumsum(new) - 1, np.append(np.flatnonzero(new), rows)
        self._low, self._high = bounds[ties[self._ups]], bounds[ties[self._ups] + 1]
        self._bounds, self._count = np.append(starts, rows), len(starts)
        groups = np.searchsorted(starts, self._ups, side="right") - 1
        self._held, self._up_starts = np.unique(groups, return_index=True)

    def of(self, counts: Any) -> Any:
        import numpy as np

        areas = np.full(self._count, np.nan)
        if not len(self._held):
            return areas
        below = np.zeros(len(counts) + 1, dtype=np.int64)  # how many 0 come before each row
        np.cumsum(counts * self._is_down, out=below[1:])
        ups = counts.take(self._ups)
        won = np.add.reduceat(ups * (below.take(self._low) + below.take(self._high)), self._up_starts)
        all_ups = np.add.reduceat(ups, self._up_starts)
        before, after = below[self._bounds[self._held]], below[self._bounds[self._held + 1]]
        areas[self._held] = (won - 2 * all_ups * before) / (2 * all_ups * (after - before))
        return areas
