"""The worker's lines: taken apart by a pattern or read as JSON, they say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actum.decisions.lines import Lines, Reader
from actum.digests import canonical_json
from actum.errors import InvalidRecordError

FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**18), 10**18).flatmap(lambda whole: st.integers(0, 18).map(lambda places: whole / 10**places)),
)
WORDS = st.text(max_size=6) | st.sampled_from(
    ["%s", "null", "1.50", 'a"b', "\\", "\u2028", "0.123456789012345678", "\x00"]
)
VALUES = st.one_of(FLOATS, st.none(), st.booleans(), st.integers(-(2**60), 2**60), WORDS)
NAMES = st.text(max_size=5) | st.sampled_from(["income", "%s", 'q"', "a.b", "key", "batch"])


@st.composite
def rows_of_one_shape(draw: st.DrawFn) -> list[dict[str, Any]]:
    names, kept = (draw(st.lists(NAMES, max_size=4, unique=True)) for _ in range(2))
    return [
        {
            "key": draw(WORDS | st.integers(-(10**16), 10**16)),
            "moment": "2020-01-01T00:00:00Z",
            "batch": draw(st.integers(0, 99)),
            "inputs": {name: draw(VALUES) for name in names},
            "kept": {name: draw(VALUES) for name in kept},
            "score": draw(st.floats(0, 1)),
        }
        for _ in range(draw(st.integers(1, 5)))
    ]


def worded(row: dict[str, Any]) -> str:
    """Write a row as the worker does."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def said(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a row must be read as."""
    key = row["key"] if isinstance(row["key"], str) else canonical_json(row["key"]).decode()
    objects = [canonical_json(row[name]).decode() for name in ("inputs", "kept")]
    return (str(row["batch"]), "2020-01-01T00:00:00Z", 1_577_836_800_000_000, key, *objects, row["score"])


def rows_of(lines: Lines) -> list[tuple[Any, ...]]:
    return list(zip(*lines, strict=True))


@given(rows=rows_of_one_shape())
@settings(deadline=None)
def test_whatever_a_row_holds_it_is_read_as_canonical_json(rows: list[dict[str, Any]]) -> None:
    reader = Reader()
    for row in rows:  # the first shows what the others look like
        assert rows_of(reader.read([worded(row)])) == [said(row)]
    assert rows_of(reader.read([worded(row) for row in rows])) == [said(row) for row in rows]


NUMBERS = ["1.50", "01.5", "-0", "1e5", "1E-7", "0.00001", "12345678901234567890", "100000000000000000.0", "+1.0"]
LONG = ["0.1000000000000000055", "9007199254740993.0", "0.30000000000000004", "123456789.12345678", "-0.0", "1.0"]


@pytest.mark.parametrize("number", NUMBERS + LONG)
def test_a_number_that_another_hand_wrote_is_written_anew_or_refused(number: str) -> None:
    reader = Reader()
    line = '{"key":"k","moment":"2020-01-01T00:00:00Z","batch":0,"inputs":{"a":%s},"kept":{},"score":0.5}'
    reader.read([line % "1.5"])
    try:
        value = json.loads(number)
    except ValueError:
        with pytest.raises(InvalidRecordError, match="line 2 of the worker is no scored row"):
            reader.read([line % number])
    else:
        assert list(reader.read([line % number]).inputs) == [canonical_json({"a": value}).decode()]


@given(number=st.from_regex(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
@example(number="1.0000000000000002")
@example(number="4.35")
@settings(deadline=None)
def test_any_number_of_json_is_read_as_canonical_json(number: str) -> None:
    test_a_number_that_another_hand_wrote_is_written_anew_or_refused(number)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"score": "0.5"}, "its score is '0.5'"),
        ({"score": True}, "its score is True"),
        ({"score": float("nan")}, "its score is nan"),
        ({"score": 1e999}, "its score is inf"),
        ({"moment": "2020-01-01T00:00:00"}, "'2020-01-01T00:00:00' has no time zone: end it with Z or an offset"),
        ({"moment": "yesterday"}, "Invalid isoformat string: 'yesterday'"),
        ({"inputs": {"a": float("inf")}}, "Out of range float values are not JSON compliant"),
        ({"inputs": 7}, "'int' object is not iterable"),
        ({"batch": None}, "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"),
    ],
)
def test_a_line_that_is_no_scored_row_is_named(change: dict[str, Any], problem: str) -> None:
    row = {"key": "k", "moment": "2020-01-01T00:00:00Z", "batch": 0, "inputs": {"a": 1.5}, "kept": {}, "score": 0.5}
    reader = Reader()
    reader.read([worded(row)] * 3)
    with pytest.raises(InvalidRecordError) as refused:
        reader.read([worded(row), worded({**row, **change})])
    assert str(refused.value).startswith(f"line 5 of the worker is no scored row: {problem}")
