"""What came of judging a challenger against a champion on the pinned holdout: figures, slices, calibration, flips.

Computed in the locked environment and never committed as such: a promotion keeps the figures that decided it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from actum.records.event import Comparison, Figure
from actum.records.forms import Md5, Sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceFigure:
    """One metric on one slice. ``error``: standard error of the difference over the draws; absent when undefined."""

    metric: str
    challenger: float
    champion: float | None = None
    low: float | None = None
    high: float | None = None
    error: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """The rows with one value of a column. ``positives``: rows whose label is 1; absent for a regression."""

    column: str
    value: str
    rows: int
    positives: int | None = None
    figures: tuple[SliceFigure, ...] = ()
    flips: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Rows of near scores: what was predicted and what was realised, both as means."""

    predicted: float
    realised: float
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The whole judgement.

    Attributes:
        champion: Digest of the champion's artifact; absent where nothing stands at the stage.
        first_moment, last_moment: Between which moments the rows lie; absent where the card names no column of them.
        draws: How many draws the intervals rest on, from ``seed``, at ``confidence``.
        figures: One per metric, over all rows.
        calibration: ``champion`` and ``challenger`` -> bins of equal rows, lowest scores first.
        scores: The same keys -> rows in twenty equal bins of the score between 0 and 1.
        flips: Decisions that differ, ``from->to`` -> rows.
    """

    schema: Literal["judged/1"]
    holdout: Md5
    challenger: Sha256
    champion: Sha256 | None = None
    rows: int
    positives: int | None = None
    first_moment: datetime | None = None
    last_moment: datetime | None = None
    draws: int
    seed: int
    confidence: float
    figures: tuple[Figure, ...] = ()
    slices: tuple[Slice, ...] = ()
    calibration: dict[str, tuple[Bin, ...]] = field(default_factory=dict)
    scores: dict[str, tuple[int, ...]] = field(default_factory=dict)
    flips: dict[str, int] = field(default_factory=dict)

    def comparison(self) -> Comparison:
        """Return what a promotion keeps of it."""
        return Comparison(holdout=self.holdout, rows=self.rows, figures=self.figures, flips=self.flips)
