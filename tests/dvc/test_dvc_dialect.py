from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from actum.dvc.dialect import load
from actum.errors import InvalidRecordError


def as_dvc_writes(value: object) -> bytes:
    writer, text = YAML(), io.StringIO()
    writer.default_flow_style = False
    writer.dump(value, text)
    return text.getvalue().encode()


@pytest.mark.parametrize("value", [1e-05, 1000.0, "yes", "off", "12:30:45", "0o17", "1_000", True, None, "1e5", 10**20])
def test_a_value_that_dvc_writes_is_read_as_dvc_means_it(value: object) -> None:
    read = load(as_dvc_writes({"a": value}), where="dvc.lock")["a"]
    assert (read, type(read)) == (value, type(value))


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda key: key != "<<"
)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.booleans(),
    st.none(),
    st.from_regex(r"[0-9yno:.e+_-]{1,8}", fullmatch=True),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_dvc_writes_is_read_back_unchanged(value: dict[str, object]) -> None:
    assert load(as_dvc_writes(value), where="dvc.lock") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "dvc.lock:2:2: did not find expected ',' or ']' while parsing a flow sequence from line 1"),
        ("a: 1\na: 2\n", "dvc.lock:2:1: the key a is given twice"),
        ("- 1\n", "dvc.lock:1:1: the top level is a list, must be a mapping"),
        ("a:\n<<<<<<< HEAD\n  b: 1\n=======\n", "dvc.lock:2: holds an unresolved merge"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        load(text.encode(), where="dvc.lock")
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert load(text.encode(), where="dvc.yaml") == {}


def test_anchors_that_people_write_into_a_pipeline_are_read() -> None:
    text = b"vars: [{base: &base {cmd: x}}]\nstages: {a: {<<: *base, deps: [d]}}\n"
    assert load(text, where="dvc.yaml")["stages"] == {"a": {"cmd": "x", "deps": ["d"]}}
