"""Points in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum import moments
from actum.errors import UsageError

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=offsets))
def test_a_moment_reads_back_as_it_is_written(moment: datetime) -> None:
    text = moments.write(moment)
    assert moments.parse(text) == moment
    assert moments.parse(text).tzinfo is UTC
    assert text.endswith("Z")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2020, 4, 1, 12, tzinfo=UTC), "2020-04-01T12:00:00Z"),
        (datetime(2020, 4, 1, 12, 0, 0, 5, tzinfo=UTC), "2020-04-01T12:00:00.000005Z"),
        (datetime(2020, 4, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2020-03-31T20:00:00Z"),
    ],
)
def test_a_moment_is_written_in_utc(moment: datetime, text: str) -> None:
    assert moments.write(moment) == text


@pytest.mark.parametrize(
    "text", ["", "now", "2020-04-01", "2020-04-01T12:00:00", "2020-13-01T00:00:00Z", "0001-01-01T00:00:00+05:00"]
)
def test_what_has_no_zone_or_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month|time zone|lies outside the years 1 to 9999"):
        moments.parse(text)


def test_a_date_is_its_first_moment_or_its_last() -> None:
    assert moments.from_option("2020-04-01") == datetime(2020, 4, 1, tzinfo=UTC)
    assert moments.end_of("2020-04-01") == datetime(2020, 4, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert moments.end_of("9999-12-31").year == 9999


def test_a_time_is_itself_at_either_end() -> None:
    noon = datetime(2020, 4, 1, 12, tzinfo=UTC)
    assert moments.from_option("2020-04-01T14:00:00+02:00") == noon
    assert moments.end_of("2020-04-01T12:00:00Z") == noon


@pytest.mark.parametrize("text", ["2020-02-30", "yesterday", "2020-04-01T12:00", "9999-12-31T23:59:59-05:00"])
def test_what_people_mistype_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=rf"^'{text}' is not a time: ") as caught:
        moments.from_option(text)
    assert caught.value.hint == "write 2020-04-01 or 2020-04-01T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "expected"), [("2020-04-01", True), ("20200401", False), ("\u0662\u0660\u0662\u0660-04-01", False)]
)
def test_a_date_is_written_with_dashes_and_ascii_digits(text: str, expected: bool) -> None:
    assert moments.is_date(text) is expected
