"""Two models compared on the same rows: an interval for each *difference*, by a paired bootstrap.

Rows are drawn with replacement and both models answer for the same draw, so what rows have in common cancels. Slices
are parts of the same draws. Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from actum.inside.figures import Answers, Figures, Rule, Task

DEFINED_SHARE = 0.9
"""An interval needs this share of the draws to define the figure; the others are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draws:
    """How it is drawn: ``count`` times from ``seed``; intervals at ``confidence``."""

    count: int
    seed: int
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Who is judged, and by what. ``champion`` is None where nothing stands at the stage."""

    challenger: Answers
    champion: Answers | None
    task: Task
    rule: Rule | None

    @property
    def rows(self) -> int:
        return len(self.challenger.scores)

    def by_name(self) -> dict[str, Answers]:
        champion = {} if self.champion is None else {"champion": self.champion}
        return {**champion, "challenger": self.challenger}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure of both; ``low`` and ``high`` bound challenger less champion, ``error`` is its standard error.

    None: there is no champion, or it is not defined.
    """

    challenger: float
    champion: float | None = None
    low: float | None = None
    high: float | None = None
    error: float | None = None


class Comparison:
    """Both sides on groups of rows. ``present``: the codes of the groups that have a row, lowest first."""

    def __init__(self, sides: Sides, codes: Any) -> None:
        import numpy as np

        present, groups = np.unique(codes, return_inverse=True)
        self.present: tuple[int, ...] = tuple(present.tolist())
        self._judges = {name: Figures(of, groups, sides.task, sides.rule) for name, of in sides.by_name().items()}
        self._found = self._of(np.ones(sides.rows, dtype=np.int64))
        stood = self._found.get("champion", {})
        self._names = tuple(name for name in self._found["challenger"] if name in stood)
        self._drawn: list[Any] = []

    def draw(self, counts: Any) -> None:
        """Take one draw: how often each row was drawn."""
        import numpy as np

        found = self._of(counts)
        self._drawn.append(np.array([found["challenger"][name] - found["champion"][name] for name in self._names]))

    def figures(self, confidence: float) -> list[dict[str, Figure]]:
        """Return for each group its figures by name, without those that it does not define."""
        import numpy as np

        drawn = np.array(self._drawn).reshape(len(self._drawn), len(self._names), len(self.present))
        return [
            {
                name: self._figure(name, group, drawn, confidence)
                for name, values in self._found["challenger"].items()
                if np.isfinite(values[group])
            }
            for group in range(len(self.present))
        ]

    def _of(self, counts: Any) -> dict[str, dict[str, Any]]:
        return {name: judge.of(counts) for name, judge in self._judges.items()}

    def _figure(self, name: str, group: int, drawn: Any, confidence: float) -> Figure:
        import numpy as np

        challenger = float(self._found["challenger"][name][group])
        if name not in self._names or not np.isfinite(champion := float(self._found["champion"][name][group])):
            return Figure(challenger=challenger)
        low, high, error = interval(drawn[:, self._names.index(name), group], confidence)
        return Figure(challenger=challenger, champion=champion, low=low, high=high, error=error)


def interval(drawn: Any, confidence: float) -> tuple[float | None, float | None, float | None]:
    """Return the percentiles between which ``confidence`` of the draws lie, and the draws' standard deviation."""
    import numpy as np

    defined = drawn[np.isfinite(drawn)]
    if len(defined) < max(2.0, DEFINED_SHARE * len(drawn)):
        return None, None, None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high), float(defined.std(ddof=1))


def compare(comparisons: Sequence[Comparison], rows: int, terms: Draws) -> None:
    """Give every comparison the same draws."""
    _keep_memory()
    for counts in draws(rows, terms):
        for comparison in comparisons:
            comparison.draw(counts)


def draws(rows: int, terms: Draws) -> Iterator[Any]:
    """Yield, for each draw, how often each row was drawn.

    Taken from the raw numbers of PCG64, which no release of numpy may change (NEP 19), so that a seed means the same
    draws under every lock. A row's chance is off by less than rows / 2^32 of itself.
    """
    import numpy as np

    source, size = np.random.PCG64(terms.seed), np.uint64(rows)
    for _ in range(terms.count):
        halves = source.random_raw((rows + 1) // 2).astype("<u8", copy=False).view("<u4")[:rows]
        drawn = (halves.astype(np.uint64) * size) >> np.uint64(32)
        yield np.bincount(drawn.astype(np.int64), minlength=rows)


def _keep_memory() -> None:
    """Have glibc keep what arrays of this size free: given back each time, it costs as much again as the drawing.

    Measured: 2.9 million page faults, 5.4 of 11.7 CPU s. Freeing one large block raises the threshold (mallopt(3),
    M_MMAP_THRESHOLD: "dynamic").
    """
    import numpy as np

    np.empty(24 << 20, dtype=np.uint8)
