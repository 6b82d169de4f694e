"""Nothing that happened after the offer reaches a feature: two oracles by hand, and a rewritten future."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actum.features import write_training_set
from tests.example import in_pandas

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"

H = pd.Timedelta(hours=1)
LEAD_MIN, LATE_MIN = 60, 30
# The middle of a snow storm, 8 March 2013, 13:00 in New York.
CUT = pd.Timestamp("2013-03-08T18:00Z")


def build(
    root: Path, raw: pd.DataFrame, zones: pd.Series, weather: pd.DataFrame, planes: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Build the example's features in a folder of their own, by its own views."""
    import ingest
    from project import write_table

    flights = ingest.resolve(raw, zones, LEAD_MIN)
    outcomes = ingest.judge(flights, LATE_MIN)
    shutil.copytree(EXAMPLE / "features", root / "features")
    write_table(flights, root / "data/flights.parquet")
    write_table(outcomes, root / "data/outcomes.parquet")
    (root / "data/raw").mkdir()
    for name, table in (("weather", weather), ("planes", planes)):
        table.to_csv(root / f"data/raw/{name}.csv", index=False, na_rep="NA")
    write_training_set("late-arrival", root / "features.parquet", root=root)
    return {"flights": flights, "outcomes": outcomes, "features": pd.read_parquet(root / "features.parquet")}


@pytest.fixture(scope="module")
def built(
    spring: pd.DataFrame,
    zones: pd.Series,
    weather: pd.DataFrame,
    planes: pd.DataFrame,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, pd.DataFrame]:
    return build(tmp_path_factory.mktemp("built"), spring, zones, weather, planes)


def mean(values: pd.Series) -> float:
    return float(values.sum()) / len(values) if len(values) else math.nan


def by_hand(
    row: Any, flights: pd.DataFrame, outcomes: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame
) -> dict[str, float]:
    """Compute every feature of one offer with filters that anyone can read."""
    t = row.offered_at

    def within(times: pd.Series, hours: int) -> pd.Series:
        return (times > t - hours * H) & (times <= t)

    origin, carrier = flights["origin"] == row.origin, flights["carrier"] == row.carrier
    route = origin & carrier & (flights["flight"] == row.flight)
    left, landed, known = flights["departed_at"], flights["landed_at"], outcomes["known_at"]
    due = flights[origin & within(flights["scheduled_at"], 3)]
    before = flights[route & (left <= t)].sort_values("departed_at")
    tail = before["tailnum"].iloc[-1] if len(before) else None
    plane = planes[planes["tailnum"] == tail]
    legs = flights[(flights["tailnum"] == tail) & within(landed, 3 * 24)].sort_values("landed_at")
    ready = pd.to_datetime(weather["time_hour"], utc=True) + H
    seen = weather[(weather["origin"] == row.origin) & within(ready, 3)].sort_values("time_hour")
    sky = seen.iloc[-1] if len(seen) else pd.Series(math.nan, index=weather.columns)
    return {
        "origin_delay_3h_min": mean(flights["dep_delay"][origin & within(left, 3)]),
        "origin_waiting_3h_share": mean(due["departed_at"].isna() | (due["departed_at"] > t)),
        "carrier_delay_3h_min": mean(flights["dep_delay"][carrier & within(left, 3)]),
        "carrier_arr_delay_7d_min": mean(flights["arr_delay"][carrier & within(landed, 7 * 24)]),
        "carrier_claims_7d_share": mean(outcomes["claim"][carrier & within(known, 7 * 24)]),
        "dest_claims_7d_share": mean(outcomes["claim"][(flights["dest"] == row.dest) & within(known, 7 * 24)]),
        "route_arr_delay_28d_min": mean(flights["arr_delay"][route & within(landed, 28 * 24)]),
        "aircraft_arr_delay_min": float(legs["arr_delay"].iloc[-1]) if len(legs) else math.nan,
        "hour": float(row.scheduled_local[-5:-3]),
        "plane_age_y": 2013 - float(plane["year"].iloc[0]) if len(plane) else math.nan,
        "seats": float(plane["seats"].iloc[0]) if len(plane) else math.nan,
        "temperature_f": sky["temp"],
        "humidity_pct": sky["humid"],
        "wind_mph": sky["wind_speed"],
        "rain_in": sky["precip"],
        "visibility_mi": sky["visib"],
    }


def test_every_feature_equals_what_a_person_would_count(
    built: dict[str, pd.DataFrame], weather: pd.DataFrame, planes: pd.DataFrame
) -> None:
    flights, outcomes, features = built["flights"], built["outcomes"], built["features"]
    storm = features[(features["offered_at"] > CUT - 6 * H) & (features["offered_at"] <= CUT + 12 * H)]
    asked = pd.concat([features.sample(14, random_state=1), storm.sample(6, random_state=2)])
    for row in asked.itertuples():
        for name, wanted in by_hand(row, flights, outcomes, weather, planes).items():
            found = getattr(row, name)
            assert found == wanted or (math.isnan(found) and math.isnan(wanted)), (row.flight_id, name, found, wanted)


def test_every_feature_of_every_offer_equals_the_same_in_pandas(
    built: dict[str, pd.DataFrame], weather: pd.DataFrame, planes: pd.DataFrame
) -> None:
    found = built["features"]
    wanted = in_pandas.features(built["flights"], built["outcomes"], weather, planes)
    assert found["flight_id"].equals(built["flights"]["flight_id"])
    assert set(wanted) == set(found.select_dtypes("float64"))
    assert {
        name: int((~_same(found[name].to_numpy(), values)).sum()) for name, values in wanted.items()
    } == dict.fromkeys(wanted, 0)
    weekday = pd.to_datetime(built["flights"]["scheduled_local"], format="%d %b %Y %H:%M").dt.strftime("%a")
    assert (found["weekday"] == weekday).all()


def _same(one: Any, other: Any) -> Any:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def rewrite_the_future(raw: pd.DataFrame, flights: pd.DataFrame, zones: pd.Series) -> pd.DataFrame:
    """Change what had not happened by CUT: who leaves, lands, is cancelled or diverted, how late, in which plane."""
    import times

    rng = np.random.default_rng(7)
    raw = raw.copy()
    scheduled = times.to_utc(times.wall_clock(raw, raw["sched_dep_time"]), times.NEW_YORK)
    due = times.scheduled_arrival(raw, scheduled, zones)
    departed = scheduled + pd.to_timedelta(raw["dep_delay"], unit="min")
    landed = due + pd.to_timedelta(raw["arr_delay"], unit="min")
    still_here, not_landed = ~(departed <= CUT), ~(landed <= CUT)
    later = rng.integers(1, 900, len(raw))
    raw.loc[still_here, "dep_delay"] = ((CUT - scheduled).dt.total_seconds() // 60 + later)[still_here]
    raw.loc[still_here & (later % 3 == 0), "dep_delay"] = np.nan
    raw.loc[not_landed, "arr_delay"] = ((CUT - due).dt.total_seconds() // 60 + later + 60)[not_landed]
    raw.loc[not_landed & (later % 5 == 0), "arr_delay"] = np.nan
    raw.loc[raw["dep_delay"].isna(), "arr_delay"] = np.nan
    raw.loc[still_here, "tailnum"] = rng.permutation(raw["tailnum"])[still_here]
    return raw


def test_another_future_changes_no_feature_of_an_offer_already_made(
    spring: pd.DataFrame,
    built: dict[str, pd.DataFrame],
    zones: pd.Series,
    weather: pd.DataFrame,
    planes: pd.DataFrame,
    tmp_path: Path,
) -> None:
    later = pd.to_datetime(weather["time_hour"], utc=True) + H > CUT
    other_weather = weather.copy()
    readings = ["temp", "humid", "wind_speed", "precip", "visib"]
    other_weather.loc[later, readings] = other_weather.loc[later, readings] * 0.5 + 1
    other = build(tmp_path, rewrite_the_future(spring, built["flights"], zones), zones, other_weather, planes)[
        "features"
    ]
    mine = built["features"]
    made = mine["offered_at"] <= CUT
    pd.testing.assert_frame_equal(mine[made], other[made], check_exact=True)
    assert (mine["offered_at"] > CUT).sum() > 10_000
    changed = [name for name in mine if not mine.loc[~made, name].equals(other.loc[~made, name])]
    assert len(changed) == 15, changed  # the test has power: all but key, moment, subject and calendar moved


def test_a_missing_tail_number_would_have_given_the_cancellation_away(year: pd.DataFrame) -> None:
    nameless = year[year["tailnum"].isna()]
    assert len(nameless) == 2_512
    assert nameless["dep_time"].isna().all()


def test_a_missing_feature_does_not_tell_who_was_cancelled(built: dict[str, pd.DataFrame]) -> None:
    """No input is missing for cancelled flights much more often than for the others of the same carrier."""
    features, cancelled = built["features"], built["outcomes"]["cancelled"]
    for carrier in ("UA", "B6", "DL", "EV"):
        mine = features["carrier"] == carrier
        gap = features[mine & cancelled].isna().mean() - features[mine & ~cancelled].isna().mean()
        # With nothing leaving for 3 h there is no delay to average: that is known, and shown by the waiting share.
        assert gap.drop(["carrier_delay_3h_min", "origin_delay_3h_min"]).max() < 0.1, (carrier, gap)
