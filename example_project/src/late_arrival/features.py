"""Stage 2: what was known about each flight when the cover was offered, and nothing later.

Traps of this data, each with a test:
- the tail number is missing only for cancelled flights, so it gives the outcome away: the aircraft is taken from
  the last departure of the same flight number, which is public by then;
- a weather row holds readings up to minute 51 of its hour (rain is the hour's maximum): it is known when the hour
  is over;
- the hour of a cancellation is not recorded: a flight that has not left is *waiting*, until 3 h after its schedule.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from inputs import INPUTS, KEY, MOMENT, SUBJECT
from project import write_table
from windows import Events, seconds, share

HOURS_3, DAYS_7, DAYS_28 = pd.Timedelta(hours=3), pd.Timedelta(days=7), pd.Timedelta(days=28)
WEATHER_READY = pd.Timedelta(hours=1)  # after the start of the hour that a row describes
FASTEST_WIND_MPH = 200  # one row of 2013 says 1,048: a typing error, so missing
PROBE_ROWS, PROBE_UNTIL = 256, pd.Timestamp("2013-04-01", tz="America/New_York")
HOLDOUT = pd.Timestamp("2013-07-01", tz="America/New_York"), pd.Timestamp("2013-10-01", tz="America/New_York")


def traffic(flights: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, np.ndarray]:
    """Delays, claims and waiting flights in windows that end at the moment of the offer."""
    moment, left, landed = flights[MOMENT], flights["departed_at"], flights["landed_at"]
    dep = flights["dep_delay"].fillna(0).to_numpy(np.int64)
    arr = flights["arr_delay"].fillna(0).to_numpy(np.int64)
    claim = outcomes["claim"].to_numpy(np.int64)
    route = flights["carrier"] + flights["flight"].astype(str) + flights["origin"]

    def mean(group: pd.Series, known_at: pd.Series, values: np.ndarray, width: pd.Timedelta) -> np.ndarray:
        count, total = Events.of(group, known_at).window(values, group, moment, width)
        return share(total, count)

    return {
        "origin_delay_3h_min": mean(flights["origin"], left, dep, HOURS_3),
        "origin_waiting_3h_share": waiting(flights),
        "carrier_delay_3h_min": mean(flights["carrier"], left, dep, HOURS_3),
        "carrier_arr_delay_7d_min": mean(flights["carrier"], landed, arr, DAYS_7),
        "carrier_claims_7d_share": mean(flights["carrier"], outcomes["known_at"], claim, DAYS_7),
        "dest_claims_7d_share": mean(flights["dest"], outcomes["known_at"], claim, DAYS_7),
        "route_arr_delay_28d_min": mean(route, landed, arr, DAYS_28),
    }


def waiting(flights: pd.DataFrame) -> np.ndarray:
    """Share of the origin's flights scheduled in the last 3 h that have not left yet."""
    group, moment, scheduled = flights["origin"], flights[MOMENT], flights["scheduled_at"]
    forgotten = scheduled + HOURS_3
    gone = flights["departed_at"].fillna(forgotten).clip(lower=scheduled, upper=forgotten)
    ones, always = np.ones(len(flights), dtype=np.int64), pd.Timedelta(days=400)
    due, _ = Events.of(group, scheduled).window(ones, group, moment, HOURS_3)
    came, _ = Events.of(group, scheduled).window(ones, group, moment, always)
    went, _ = Events.of(group, gone).window(ones, group, moment, always)
    return share(came - went, due)


def aircraft(flights: pd.DataFrame, planes: pd.DataFrame) -> dict[str, np.ndarray]:
    """Age and seats of the aircraft that last left under the same flight number."""
    route = flights["carrier"] + flights["flight"].astype(str) + flights["origin"]
    row = Events.of(route, flights["departed_at"]).latest(route, flights[MOMENT])
    tail = flights["tailnum"].iloc[row].where(row >= 0)
    known = planes.set_index("tailnum").reindex(tail)
    return {"plane_age_y": 2013.0 - known["year"].to_numpy(float), "seats": known["seats"].to_numpy(float)}


def sky(flights: pd.DataFrame, weather: pd.DataFrame) -> dict[str, np.ndarray]:
    """The last weather at the origin whose hour was over; missing when none is younger than 3 h."""
    known_at = pd.to_datetime(weather["time_hour"], utc=True) + WEATHER_READY
    row = Events.of(weather["origin"], known_at).latest(flights["origin"], flights[MOMENT])
    age_s = seconds(flights[MOMENT]) - seconds(known_at)[row]
    fresh = (row >= 0) & (age_s < HOURS_3.total_seconds())
    seen = weather.iloc[row].reset_index(drop=True).where(pd.Series(fresh))
    wind = seen["wind_speed"].where(seen["wind_speed"] < FASTEST_WIND_MPH)
    columns = {"temperature_f": "temp", "humidity_pct": "humid", "rain_in": "precip", "visibility_mi": "visib"}
    return {name: seen[column].to_numpy(float) for name, column in columns.items()} | {"wind_mph": wind.to_numpy(float)}


def build(flights: pd.DataFrame, outcomes: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per flight, in the order of ``flights``: key, moment, the subject for people, the inputs."""
    plain = {name: flights[name] for name in (KEY, MOMENT, *SUBJECT, "origin", "carrier", "weekday")}
    numbers = {"hour": flights["hour"].astype(float), "distance_mi": flights["distance"].astype(float)}
    known = traffic(flights, outcomes) | aircraft(flights, planes) | sky(flights, weather)
    return pd.DataFrame(plain | numbers | known)[[KEY, MOMENT, *SUBJECT, *INPUTS]]


def choose_probe(features: pd.DataFrame) -> pd.DataFrame:
    """Pick 256 flights of the first quarter by the smallest sha256 of their key: arbitrary, fixed, unsortable."""
    early = features[features[MOMENT] < PROBE_UNTIL]
    digest = early[KEY].map(lambda key: hashlib.sha256(key.encode()).hexdigest())
    return early.loc[digest.sort_values().index[:PROBE_ROWS]].sort_values(KEY)


def choose_holdout(flights: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Take the offers of the third quarter with what became of them: every version is judged by these."""
    start, end = HOLDOUT
    rows = pd.DataFrame({KEY: flights[KEY], MOMENT: flights[MOMENT], "claim": outcomes["claim"].astype("int64")})
    return rows[(rows[MOMENT] >= start) & (rows[MOMENT] < end)]


def main() -> None:
    """Read flights, outcomes, weather and planes; write features, probe and holdout."""
    data = Path("data")
    flights, outcomes = pd.read_parquet(data / "flights.parquet"), pd.read_parquet(data / "outcomes.parquet")
    weather, planes = pd.read_csv(data / "raw/weather.csv"), pd.read_csv(data / "raw/planes.csv")
    features = build(flights, outcomes, weather, planes)
    write_table(features, data / "features.parquet")
    write_table(choose_probe(features)[[KEY, MOMENT, *INPUTS]], data / "probe.parquet")
    write_table(choose_holdout(flights, outcomes), data / "holdout.parquet")


if __name__ == "__main__":
    main()
