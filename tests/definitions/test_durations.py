"""Spans of time, as definitions write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actum.durations import duration_problem, parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1s", timedelta(seconds=1)),
        ("90m", timedelta(hours=1, minutes=30)),
        ("3h", timedelta(hours=3)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("99999w", timedelta(weeks=99_999)),
    ],
)
def test_a_span_is_a_whole_number_and_a_unit(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert duration_problem(text) == ""


@pytest.mark.parametrize(
    "text", ["", "0d", "d", "3", "3 h", "3H", "-1d", "1.5h", "01d", "1h30m", "100000d", "3h\n", "٣h"]
)
def test_what_is_no_span_is_refused_and_so_is_a_window_of_nothing(text: str) -> None:
    told = f"is {text!r}, must be 1 to 99999 of s, m, h, d or w, such as 30m, 3h or 7d"
    assert duration_problem(text) == told
    with pytest.raises(ValueError, match=r"^is "):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (90, "90s"), (5_400, "90m"), (86_400, "1d"), (604_800, "7d"), (90_000, "25h")]
)
def test_seconds_are_written_in_the_largest_unit_that_divides_them(seconds: int, text: str) -> None:
    assert write_duration(seconds) == text
    assert parse_duration(text) == timedelta(seconds=seconds)
