"""JSON: the same guarantees as YAML, and a form that diffs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.errors import InvalidRecordError
from actum.files import Limits, read_json, write_json
from actum.files.text import CONTROL
from tests.files.record_values import records


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(InvalidRecordError) as caught:
        read_json(data, where="r.json", limits=Limits(**limits))
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "r.json:1:1: is not JSON: Expecting value"),
        (b'{\n "a": 1,\n}', "r.json:3:1: is not JSON: Expecting property name enclosed in double quotes"),
        (b"[1]", "r.json: the top level is a list, must be a mapping"),
        (b'{"a": 1,\n "b": 2,\n "a": 3}', 'r.json:3:2: the key "a" is given twice'),
        (b'{"x": {"a": 1}, "y": {"a": 1, "a": 2}}', 'r.json: the key "a" is given twice'),
        (b'{"a": NaN}', "r.json:1:7: holds NaN, must be a finite number"),
        (b'{"a": -Infinity}', "r.json:1:7: holds -Infinity, must be a finite number"),
        (b'{"a": 1e999}', "r.json:1:7: 1e999 is too large for a number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "r.json: holds a whole number of too many digits"),
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", "r.json: lies more than 50 levels deep"),
        (b'{"a": ' + b"[" * 200_000, "r.json: lies more than 50 levels deep"),
        (b'{"a": {"b": "\\u001b[31m"}}', "r.json: a.b: holds the control character U+001B"),
        (b'{"a": ["\\ud800"]}', "r.json: a[0]: holds the control character U+D800"),
        (b'{"a": "\x07"}', "r.json:1:8: holds the control character U+0007"),
        (b'\xef\xbb\xbf{"a": 1}', "r.json: byte 0: is a byte order mark, must be plain UTF-8"),
        (b'{"a": "\xff"}', "r.json: byte 7: is 0xff, which is not UTF-8"),
    ],
)
def test_malformed_json_is_refused_with_its_place(data: bytes, message: str) -> None:
    assert refusal(data) == message


def test_a_file_over_the_limit_is_refused_by_its_size() -> None:
    assert refusal(b'{"a": 1}', size=7) == "r.json: has 8 bytes, must have at most 7"


def test_one_item_stands_on_a_line() -> None:
    value = {
        "schema": "run/1",
        "command": ["actum", "run"],
        "params": {"a": 1, "b": {"c": None}},
        "stages": [{"name": "train", "outs": [{"path": "m"}]}, {"name": "evaluate"}],
        "none": {},
        "words": "ümlaut",
    }
    assert write_json(value).decode() == (
        "{\n"
        '  "schema": "run/1",\n'
        '  "command": ["actum","run"],\n'
        '  "params": {\n'
        '    "a": 1,\n'
        '    "b": {"c":null}\n'
        "  },\n"
        '  "stages": [\n'
        '    {"name":"train","outs":[{"path":"m"}]},\n'
        '    {"name":"evaluate"}\n'
        "  ],\n"
        '  "none": {},\n'
        '  "words": "ümlaut"\n'
        "}\n"
    )


def test_an_empty_object_is_one_line() -> None:
    assert write_json({}) == b"{}\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"m": {"auc": float("nan")}}, "m.auc: is nan, must be a finite number"),
        ({"m": [float("-inf")]}, "m[0]: is -inf, must be a finite number"),
        ({"m": "\x1b"}, "m: holds the control character U+001B"),
    ],
)
def test_what_would_not_read_back_is_not_written(value: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        write_json(value)
    assert str(caught.value) == message


@given(records(nulls=True))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    data = write_json(value)
    assert read_json(data, where="r.json") == value
    assert write_json(read_json(data, where="r.json")) == data


@given(st.text())
def test_text_is_written_exactly_when_it_reads_back(text: str) -> None:
    if CONTROL.search(text):
        with pytest.raises(InvalidRecordError, match="control character"):
            write_json({"a": text})
    else:
        assert read_json(write_json({"a": text}), where="r.json") == {"a": text}
