"""What was known at a moment: sums over a half-open window ``(t - d, t]`` and the latest value, per group.

Every event carries the time since which it is *known*; nothing after ``t`` is ever touched. Sums are differences
of running sums of whole numbers, so they are exact and cost O(n log n), however busy the group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_SPAN = 2**33  # seconds; more than any UTC time here, so that groups never overlap on the one number line


def seconds(times: pd.Series) -> Ints:
    """Return UTC times as whole seconds since 1970."""
    whole: Ints = times.dt.as_unit("s").to_numpy(dtype="datetime64[s]").astype(np.int64)
    return whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Events:
    """Things that happened, sorted by group and by the time since which they are known."""

    names: pd.Index
    line: Ints  # group number * _SPAN + second, ascending
    order: Ints  # row of the source behind each place on the line

    @classmethod
    def of(cls, groups: pd.Series, known_at: pd.Series) -> Events:
        """Sort events; those whose time is missing never happened and are left out."""
        happened = np.flatnonzero(known_at.notna().to_numpy() & groups.notna().to_numpy())
        codes, names = pd.factorize(groups.iloc[happened], sort=True)
        line = codes.astype(np.int64) * _SPAN + seconds(known_at.iloc[happened])
        sort = np.argsort(line, kind="stable")
        return cls(names=pd.Index(names), line=line[sort], order=happened[sort].astype(np.int64))

    def window(self, values: Ints, groups: pd.Series, moments: pd.Series, width: pd.Timedelta) -> tuple[Ints, Ints]:
        """Return count and sum of ``values`` known in ``(moment - width, moment]``, one pair per asker."""
        running = np.concatenate([[0], np.cumsum(values[self.order], dtype=np.int64)])
        base, known = self._places(groups, moments)
        start = np.searchsorted(self.line, base - int(width.total_seconds()), side="right")
        stop = np.searchsorted(self.line, base, side="right")
        return np.where(known, stop - start, 0), np.where(known, running[stop] - running[start], 0)

    def latest(self, groups: pd.Series, moments: pd.Series) -> Ints:
        """Return the source row of the last event known at each moment, -1 where there is none."""
        base, known = self._places(groups, moments)
        place = np.searchsorted(self.line, base, side="right") - 1
        same = known & (place >= 0) & (self.line[place] // _SPAN == base // _SPAN)
        return np.where(same, self.order[place], -1)

    def _places(self, groups: pd.Series, moments: pd.Series) -> tuple[Ints, NDArray[np.bool_]]:
        codes = self.names.get_indexer(pd.Index(groups)).astype(np.int64)
        return codes * _SPAN + seconds(moments), codes >= 0


def share(part: Ints, whole: Ints) -> NDArray[np.float64]:
    """Divide; missing (NaN) where there is nothing to divide by."""
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
