"""Row expressions in Python: what each says of one row, and which do not go together."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actum.definitions.evaluating import Place, TypesError, compiled
from actum.definitions.parsing import parse

NAMES = {
    "i": Place("i", "int"),
    "j": Place("j", "int"),
    "x": Place("x", "float"),
    "y": Place("y", "float"),
    "s": Place("s", "string"),
    "b": Place("b", "bool"),
    "t": Place("t", "timestamp"),
}
ROW: dict[str, Any] = {"i": 7, "j": -3, "x": 2.5, "y": -0.5, "s": " Straße ", "b": True, "t": 1_366_322_820_000_000}
NOTHING = dict.fromkeys(ROW)
LARGEST = 2**63 - 1


def value(text: str, to: Any, **changed: Any) -> Any:
    return compiled(parse(text), NAMES, to)({**ROW, **changed})


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        ("i + j", "int", 4),
        ("i * x - y", "float", 18.0),
        ("i / 2", "float", 3.5),
        ("i / 0", "float", None),
        ("x / (y + 0.5)", "float", None),
        ("i % j", "int", 1),
        ("-i % 3", "int", -1),
        ("i % 0", "int", None),
        ("-x % 2", "float", -0.5),
        ("x % 0.0", "float", None),
        ("-y", "float", 0.5),
        ("-(-5)", "int", 5),
        ("i = 7.0 and x <> 2", "bool", True),
        ("i > j or s = 'x'", "bool", True),
        ("s between ' A' and ' Z'", "bool", True),
        ("s is not null", "bool", True),
        ("s in ('x', ' Straße ')", "bool", True),
        ("i", "float", 7.0),
        ("abs(j)", "int", 3),
        ("abs(y)", "float", 0.5),
        ("ceil(x) + floor(y)", "float", 2.0),
        ("ceil(y)", "float", 0.0),
        ("floor(i)", "int", 7),
        ("sqrt(x - 0.25)", "float", 1.5),
        ("sqrt(y)", "float", None),
        ("ln(exp(1))", "float", 1.0),
        ("ln(0)", "float", None),
        ("ln(y)", "float", None),
        ("exp(1000)", "float", math.inf),
        ("exp(1000) - exp(1000)", "float", None),
        ("least(x, i, null)", "float", 2.5),
        ("greatest(x, i, j)", "float", 7.0),
        ("coalesce(null, j, i)", "int", -3),
        ("nullif(i, 7)", "int", None),
        ("nullif(i, 7.5)", "float", 7.0),
        ("upper(trim(s))", "string", "STRAẞE"),
        ("lower('ÀΣ')", "string", "àσ"),
        ("length(trim(s))", "int", 6),
        ("concat(s, 'x')", "string", " Straße x"),
        ("hour(t, 'America/New_York')", "int", 18),
        ("hour(t, 'Asia/Kathmandu')", "int", 3),
        ("minute(t, 'Asia/Kathmandu')", "int", 52),
        ("year(t, 'UTC') * 10000 + month(t, 'UTC') * 100 + day(t, 'Asia/Kathmandu')", "int", 20_130_419),
        ("weekday(t, 'UTC')", "int", 4),
        ("seconds_between(t, t)", "float", 0.0),
        ("case when x > 2 then 1 when i > 0 then 0.5 end", "float", 1.0),
        ("case when x < 2 then 1 end", "int", None),
        ("cast(x as int) + cast(y as int)", "int", 2),
        ("cast(1e30 as int)", "int", None),
        ("cast(' 7' as int)", "int", None),
        ("cast('1e3' as float)", "float", 1000.0),
        ("cast('nan' as float)", "float", None),
        ("cast('1e999' as float)", "float", None),
        ("cast(i as string)", "string", "7"),
        ("cast(b as string)", "string", "true"),
        ("cast('false' as bool)", "bool", False),
        ("cast('no' as bool)", "bool", None),
        ("cast(b as float) + 1", "float", 2.0),
        ("null", "string", None),
        ("null + 1", "int", None),
    ],
)
def test_an_expression_says_of_a_row(text: str, to: Any, expected: Any) -> None:
    assert repr(value(text, to)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("i + 1", "int"),
        ("x / y", "float"),
        ("x < y", "bool"),
        ("not b", "bool"),
        ("upper(s)", "string"),
        ("concat(s, 'x')", "string"),
        ("hour(t, 'UTC')", "int"),
        ("seconds_between(t, t)", "float"),
        ("cast(i as string)", "string"),
        ("least(x, y)", "float"),
    ],
)
def test_what_is_made_of_something_missing_is_missing(text: str, to: Any) -> None:
    assert compiled(parse(text), NAMES, to)(NOTHING) is None


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (True, None, None, True),
        (None, True, None, True),
        (False, None, False, None),
        (None, False, False, None),
        (None, None, None, None),
        (True, False, False, True),
    ],
)
def test_truth_has_three_values(one: Any, other: Any, both: Any, either: Any) -> None:
    names = {"one": Place(0, "bool"), "other": Place(1, "bool")}
    assert compiled(parse("one and other"), names, "bool")([one, other]) is both
    assert compiled(parse("one or other"), names, "bool")([one, other]) is either


@pytest.mark.parametrize(
    ("moment", "hour", "minute"),
    [(-2_850_000_000_000_000, 16, 20), (4_150_000_000_000_000, 4, 46)],
    ids=["1879, by no local mean time", "2101, by no summer time"],
)
def test_beyond_the_years_1900_to_2100_the_nearest_offset_holds(moment: int, hour: int, minute: int) -> None:
    assert value("hour(t, 'America/New_York')", "int", t=moment) == hour
    assert value("minute(t, 'America/New_York')", "int", t=moment) == minute


def test_of_the_two_zeros_a_feature_has_one() -> None:
    assert math.copysign(1, value("x * 0.0", "float", x=-1.0)) == 1


@pytest.mark.parametrize("text", ["i + 1", "i * 2", "-(-i - 1) + 1", "abs(-i - 1)"])
def test_a_whole_number_beyond_64_bits_is_an_error(text: str) -> None:
    with pytest.raises(OverflowError, match="larger than 64 bits hold"):
        value(text, "int", i=LARGEST)


@pytest.mark.parametrize(
    ("text", "to", "message"),
    [
        ("s + 1", "int", "+ takes numbers, not string"),
        ("i < s", "bool", "< joins int and string"),
        ("i and b", "bool", "and takes bool, not int"),
        ("case when b then i else s end", "int", "case joins int and string"),
        ("upper(i)", "string", "upper takes string, not int"),
        ("hour(i, 'UTC')", "int", "hour takes timestamp, not int"),
        ("cast(x as string)", "string", "cast: float cannot become string"),
        ("cast(t as int)", "int", "cast: timestamp cannot become int"),
        ("x", "int", "is float, must be int: write cast(... as int)"),
        ("s", "timestamp", "is string, must be timestamp"),
    ],
)
def test_types_that_do_not_go_together_are_refused(text: str, to: Any, message: str) -> None:
    with pytest.raises(TypesError) as refused:
        compiled(parse(text), NAMES, to)
    assert str(refused.value) == message
