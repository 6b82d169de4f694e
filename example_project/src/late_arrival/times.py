"""From clocks on airport walls to UTC: the only place that knows about time zones."""

from __future__ import annotations

import numpy as np
import pandas as pd

NEW_YORK = "America/New_York"
# airports.csv leaves out these four: Puerto Rico and the Virgin Islands share one zone.
UNLISTED_ZONES = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")


def wall_clock(dates: pd.DataFrame, hhmm: pd.Series) -> pd.Series:
    """Combine year, month and day with a clock reading such as 2130 (2400 = midnight after) to naive local time."""
    minutes = hhmm // 100 * 60 + hhmm % 100
    return pd.to_datetime(dates[["year", "month", "day"]]) + pd.to_timedelta(minutes, unit="min")


def to_utc(local: pd.Series, zone: str) -> pd.Series:
    """Convert naive local times of one zone to UTC.

    A time that the clocks skip in spring moves to the next one that exists; one that they repeat in autumn
    is taken as the first. Departures have neither (tested); a few arrivals do.
    """
    first = np.ones(len(local), dtype=bool)
    return local.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")


def scheduled_arrival(flights: pd.DataFrame, departure: pd.Series, zones: pd.Series) -> pd.Series:
    """Return the scheduled arrival in UTC: the first time after ``departure`` when the clock at ``dest`` reads so."""
    local = wall_clock(flights, flights["sched_arr_time"])
    zone_of = flights["dest"].map({**zones.to_dict(), **UNLISTED_ZONES})
    same_day = _by_zone(local, zone_of)
    next_day = _by_zone(local + pd.Timedelta(days=1), zone_of)
    return same_day.where(same_day > departure, next_day)


def _by_zone(local: pd.Series, zone_of: pd.Series) -> pd.Series:
    return pd.concat([to_utc(times, str(zone)) for zone, times in local.groupby(zone_of)]).reindex(local.index)


def local_midnight(day: str) -> pd.Timestamp:
    """Return the instant at which ``day`` (YYYY-MM-DD) begins in New York, in UTC."""
    return pd.Timestamp(day).tz_localize(NEW_YORK).tz_convert("UTC")
