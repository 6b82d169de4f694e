"""The example's features once more, in pandas and without the engine: what its views must give, to the bit.

Sums are differences of running sums of whole numbers, so they are exact and cost O(n log n), however busy the group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_SPAN = 2**33  # seconds; more than any UTC time here, so that groups never overlap on the one number line
HOURS_3, DAYS_3, DAYS_7, DAYS_28 = (pd.Timedelta(span) for span in ("3h", "3D", "7D", "28D"))


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


def seconds(times: pd.Series) -> Ints:
    """Return UTC times as whole seconds since 1970."""
    whole: Ints = times.dt.as_unit("s").to_numpy(dtype="datetime64[s]").astype(np.int64)
    return whole


def share(part: Ints, whole: Ints) -> NDArray[np.float64]:
    """Divide; missing (NaN) where there is nothing to divide by."""
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def features(
    flights: pd.DataFrame, outcomes: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame
) -> dict[str, NDArray[np.float64]]:
    """Return every number by name, one value a flight."""
    return _traffic(flights, outcomes) | _aircraft(flights, planes) | _sky(flights, weather)


def _traffic(flights: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    moment, left, landed = flights["offered_at"], flights["departed_at"], flights["landed_at"]
    dep = flights["dep_delay"].fillna(0).to_numpy(np.int64)
    arr = flights["arr_delay"].fillna(0).to_numpy(np.int64)
    claim = outcomes["claim"].to_numpy(np.int64)

    def mean(group: pd.Series, known_at: pd.Series, values: Ints, width: pd.Timedelta) -> NDArray[np.float64]:
        count, total = Events.of(group, known_at).window(values, group, moment, width)
        return share(total, count)

    return {
        "origin_delay_3h_min": mean(flights["origin"], left, dep, HOURS_3),
        "origin_waiting_3h_share": _waiting(flights),
        "carrier_delay_3h_min": mean(flights["carrier"], left, dep, HOURS_3),
        "carrier_arr_delay_7d_min": mean(flights["carrier"], landed, arr, DAYS_7),
        "carrier_claims_7d_share": mean(flights["carrier"], outcomes["known_at"], claim, DAYS_7),
        "dest_claims_7d_share": mean(flights["dest"], outcomes["known_at"], claim, DAYS_7),
        "route_arr_delay_28d_min": mean(_route(flights), landed, arr, DAYS_28),
        "distance_mi": flights["distance"].to_numpy(float),
        "hour": flights["scheduled_local"].str[-5:-3].astype(float).to_numpy(),
    }


def _waiting(flights: pd.DataFrame) -> NDArray[np.float64]:
    group, moment, scheduled = flights["origin"], flights["offered_at"], flights["scheduled_at"]
    forgotten = scheduled + HOURS_3
    gone = flights["departed_at"].fillna(forgotten).clip(lower=scheduled, upper=forgotten)
    ones, always = np.ones(len(flights), dtype=np.int64), pd.Timedelta(days=400)
    due, _ = Events.of(group, scheduled).window(ones, group, moment, HOURS_3)
    came, _ = Events.of(group, scheduled).window(ones, group, moment, always)
    went, _ = Events.of(group, gone).window(ones, group, moment, always)
    return share(came - went, due)


def _aircraft(flights: pd.DataFrame, planes: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    moment = flights["offered_at"]
    row = Events.of(_route(flights), flights["departed_at"]).latest(_route(flights), moment)
    tail = flights["tailnum"].iloc[row].where(row >= 0).reset_index(drop=True)
    known = planes.set_index("tailnum").reindex(tail)
    leg = Events.of(flights["tailnum"], flights["landed_at"]).latest(tail, moment)
    fresh = (leg >= 0) & (seconds(moment) - seconds(flights["landed_at"])[leg] < DAYS_3.total_seconds())
    return {
        "plane_age_y": 2013.0 - known["year"].to_numpy(float),
        "seats": known["seats"].to_numpy(float),
        "aircraft_arr_delay_min": np.where(fresh, flights["arr_delay"].astype(float).to_numpy()[leg], np.nan),
    }


def _sky(flights: pd.DataFrame, weather: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    known_at = pd.to_datetime(weather["time_hour"], utc=True) + pd.Timedelta(hours=1)
    row = Events.of(weather["origin"], known_at).latest(flights["origin"], flights["offered_at"])
    fresh = (row >= 0) & (seconds(flights["offered_at"]) - seconds(known_at)[row] < HOURS_3.total_seconds())
    seen = weather.iloc[row].reset_index(drop=True).where(pd.Series(fresh))
    columns = {"temperature_f": "temp", "humidity_pct": "humid", "rain_in": "precip", "visibility_mi": "visib"}
    wind = seen["wind_speed"].where(seen["wind_speed"] < 200)
    return {name: seen[column].to_numpy(float) for name, column in columns.items()} | {"wind_mph": wind.to_numpy(float)}


def _route(flights: pd.DataFrame) -> pd.Series:
    return flights["carrier"] + flights["flight"].astype(str) + flights["origin"]
