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
