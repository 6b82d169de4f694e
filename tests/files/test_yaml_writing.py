"""The canonical form: golden texts, and that every value reads back, here and by other readers."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from actum.errors import InvalidRecordError
from actum.files import read_yaml, write_yaml
from tests.files.record_values import NASTY, records, words


def test_the_canonical_form() -> None:
    value = {
        "schema": "model-version/1",
        "version": "1.10.0",
        "registered_at": "2026-11-23T00:00:00Z",
        "python": "3.11",
        "size": 12,
        "tolerance": 1e-09,
        "threshold": 0.35,
        "whole": 2.0,
        "kept": True,
        "words": "delays at {origin}, last 3 h",
        "long": "word " * 40 + "end",
        "country": "no",
        "empty": "",
        "text": "first\n\n  second: #3",
        "ends": "line\n",
        "spaces": " a\nb ",
        "data": [{"path": "data/a.csv", "md5": "0" * 32, "parts": [1, 2]}, {"path": "b"}],
        "nested": [["a", "b"], []],
        "plots": [],
        "params": {"train.C": 1.5, "1": "one", "deep": {"x": {}}},
    }
    assert (
        write_yaml(value, schema_uri="../x.json").decode()
        == f"""\
# yaml-language-server: $schema=../x.json
schema: model-version/1
version: "1.10.0"
registered_at: "2026-11-23T00:00:00Z"
python: "3.11"
size: 12
tolerance: 1.0e-09
threshold: 0.35
whole: 2.0
kept: true
words: delays at {{origin}}, last 3 h
long: {"word " * 40}end
country: "no"
empty: ""
text: |-
  first

    second: #3
ends: |
  line
spaces: " a\\nb "
data:
  - path: data/a.csv
    md5: "{"0" * 32}"
    parts:
      - 1
      - 2
  - path: b
nested:
  - - a
    - b
  - []
plots: []
params:
  train.C: 1.5
  "1": one
  deep:
    x: {{}}
"""
    )


def test_nothing_is_an_empty_mapping() -> None:
    assert write_yaml({}) == b"{}\n"


@pytest.mark.parametrize(
    "text", ["1.10.0", "2026-11-23T00:00:00Z", "true", "null", "0x1F", "1e5", "~", "", "0123", "yes"]
)
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert write_yaml({"a": text}).decode() == f'a: "{text}"\n'


@pytest.mark.parametrize(
    "text", ["sha256:9f2c", "run/1", "data/raw/a.csv", "ana@example.org", "a, b", "C4.5 tree", "50 % more"]
)
def test_ordinary_text_stands_plain(text: str) -> None:
    assert write_yaml({"a": text}).decode() == f"a: {text}\n"


@settings(max_examples=300, deadline=None)
@given(records())
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    data = write_yaml(value, schema_uri="../../x.json")
    found = read_yaml(data, where="r.yaml")
    assert repr(found) == repr(value)
    assert write_yaml(found, schema_uri="../../x.json") == data


@settings(max_examples=200, deadline=None)
@given(records(nulls=True))
def test_nulls_read_back_where_they_are_facts(value: dict[str, Any]) -> None:
    assert repr(read_yaml(write_yaml(value, nulls="written"), where="r.yaml")) == repr(value)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(words(), st.one_of(words(), st.floats(allow_nan=False, allow_infinity=False)), max_size=3))
def test_a_yaml_1_1_reader_reads_the_same(value: dict[str, Any]) -> None:
    assert repr(yaml.safe_load(write_yaml(value))) == repr(value)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(words(), st.one_of(words(), st.floats(allow_nan=False, allow_infinity=False)), max_size=3))
def test_the_reader_that_dvc_uses_reads_the_same(value: dict[str, Any]) -> None:
    from ruamel.yaml import YAML

    assert repr(dict(YAML(typ="safe", pure=False).load(write_yaml(value)))) == repr(value)


@pytest.mark.parametrize("text", [text for text in NASTY if "\x85" not in text])
def test_nasty_text_reads_back_in_every_place(text: str) -> None:
    value = {text: text, "list": [text, {text: [text]}], "deep": {"deeper": {text: text}}}
    assert read_yaml(write_yaml(value), where="r.yaml") == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": None}, "a: is null"),
        ({"params": {"depth": [None]}}, "params.depth[0]: is null"),
        ({"m": {"auc": float("nan")}}, "m.auc: is nan, must be a finite number"),
        ({"m": {"auc": float("inf")}}, "m.auc: is inf, must be a finite number"),
        ({"m": "\x1b[31m"}, "m: holds the control character U+001B"),
        ({"m": "a\r\n"}, "m: holds the control character U+000D"),
        ({"k" * 2000: 1}, f"the key {'k' * 40}... is longer than YAML allows"),
    ],
)
def test_what_would_not_read_back_is_not_written(value: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        write_yaml(value)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [{"a": {1}}, {1: "a"}, {"a": b"x"}])
def test_a_type_that_records_do_not_have_is_our_bug(value: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"has no place in a record|is no text"):
        write_yaml(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    with pytest.raises(InvalidRecordError, match="lies more than 50 levels deep"):
        write_yaml(value)
