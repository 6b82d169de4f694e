"""How a figure is written for people."""

from __future__ import annotations

import pytest

from actum.catalogue.figures import written


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
