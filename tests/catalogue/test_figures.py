"""How figures and parameters are written for people."""

from __future__ import annotations

from typing import Any

import pytest

from actum.catalogue.figures import as_given, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2013, "2013"),
        (10**15, "1000000000000000"),
        (0.123456789, "0.123456789"),
        (True, "true"),
        (None, "null"),
        ("null", '"null"'),
        ("2013", '"2013"'),
        ("", '""'),
        ("None", "None"),
        ("3-fold", "3-fold"),
        ("größe", "größe"),
        ([1, "a"], '[1, "a"]'),
    ],
)
def test_a_parameter_is_written_such_that_it_can_be_given_again(value: Any, text: str) -> None:
    assert as_given(value) == text


def test_a_figure_is_written_to_be_compared() -> None:
    assert [written(value) for value in (2013, 0.123456789, 12345.6, "high")] == ["2,013", "0.1235", "12,346", "high"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.48213, "0.4821"),
        (3.0, "3"),
        (12_345.678, "12,346"),
        (1e14, "100,000,000,000,000"),
        (12_345_678_901_234_567, "12,345,678,901,234,567"),
        (2**64, "18,446,744,073,709,551,616"),
        (10**30, "1e+30"),
        (1e308, "1e+308"),
        (-1.5e20, "-1.5e+20"),
        (float("-inf"), "-inf"),
        (True, "True"),
        ("NaN", "NaN"),
    ],
)
def test_a_figure_is_short_and_a_whole_number_is_whole_while_it_is_of_use_so(value: object, text: str) -> None:
    assert written(value) == text
