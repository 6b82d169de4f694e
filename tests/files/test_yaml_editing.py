"""An edit changes the values it was told to, and not one other character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from actum.errors import InvalidRecordError
from actum.files import edit_yaml, read_yaml, write_yaml
from tests.files.record_values import scalars, words

CARD = """\
# yaml-language-server: $schema=../../.actum/schemas/model-1.json
# The card of churn.   keep me

schema: model/1   # the form
model: churn

owner:   'ana'    # since 2020
risk:            # see the policy
    exposure: low   # why: small sums
    # purpose: to be said

    # more comments

threshold: 0.5# no comment, part of the text
purpose: |   # in plain words
  Tells who
  will leave.

# about the inputs
inputs:
  # the first
  - name: age     # years
    type: "int"

  - {name: city, type: string}   # flow
decision: {threshold: 0.35, at_or_above: decline}   # flow too
rebuild:   # nothing yet
applications: []
# the end
"""


def edited(changes: dict[tuple[str, ...], Any], text: str = CARD) -> str:
    return edit_yaml(text.encode(), changes, where="model.yaml").decode()


def refusal(changes: dict[tuple[str, ...], Any], text: str = CARD) -> str:
    with pytest.raises(InvalidRecordError) as caught:
        edited(changes, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("model",), "late", "model: churn\n", "model: late\n"),
        (("owner",), "bo's", "owner:   'ana'    #", "owner:   'bo''s'    #"),
        (("risk", "exposure"), "high", "exposure: low   # why", "exposure: high   # why"),
        (("decision", "threshold"), 0.4, "{threshold: 0.35,", "{threshold: 0.4,"),
        (("decision", "at_or_above"), "no, never", "at_or_above: decline}", 'at_or_above: "no, never"}'),
        (("decision", "below"), "offer", "decline}", "decline, below: offer}"),
        (("rebuild",), "bytes", "rebuild:   # nothing", "rebuild: bytes   # nothing"),
        (("rebuild", "level"), "bytes", "# nothing yet\n", "# nothing yet\n  level: bytes\n"),
        (("risk", "purpose"), "medium", "small sums\n", "small sums\n    purpose: medium\n"),
        (("policy",), "strict", "applications: []\n", "applications: []\npolicy: strict\n"),
        (("output", "deep", "name"), "p", "applications: []\n", "applications: []\noutput:\n  deep:\n    name: p\n"),
        (
            ("purpose",),
            "One line.",
            "|   # in plain words\n  Tells who\n  will leave.\n",
            "One line.   # in plain words\n",
        ),
    ],
)
def test_an_edit_touches_one_place(path: tuple[str, ...], value: object, before: str, after: str) -> None:
    assert CARD.count(before) == 1
    assert edited({path: value}) == CARD.replace(before, after)


def test_several_changes_may_build_one_new_mapping() -> None:
    changes = {("outcome", "table"): "a.csv", ("outcome", "key"): "id", ("schema",): "model/2"}
    wanted = CARD.replace("applications: []\n", "applications: []\noutcome:\n  table: a.csv\n  key: id\n")
    assert edited(changes) == wanted.replace("schema: model/1 ", "schema: model/2 ")


def test_setting_what_stands_there_changes_nothing() -> None:
    assert edited({("model",): "churn", ("decision", "threshold"): 0.35, ("owner",): "ana"}) == CARD


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("a: 1", ("b",), "a: 1\nb: x\n"),
        ("a:", ("b",), "a:\nb: x\n"),
        ("a:", ("a",), "a: x"),
        ("{}\n", ("b",), "{b: x}\n"),
        ("{} # c\n", ("b", "c"), "{b: {c: x}} # c\n"),
        ("a: {\n  b: 1, # one\n}\n", ("a", "c"), "a: {\n  b: 1, c: x, # one\n}\n"),
        ("---\na: 1\n...\n", ("b",), "---\na: 1\nb: x\n...\n"),
        ("a: 1\r\nc: 2\r\n", ("b",), "a: 1\r\nc: 2\r\nb: x\r\n"),
        ("a: |\n  x\n\n# c\n", ("b",), "a: |\n  x\n\nb: x\n# c\n"),
        ("a: |+\n  x\n\n\nb: 1\n", ("a",), "a: x\n\n\nb: 1\n"),
        ("a:\n- 1\n- 2   # two\n# c\n", ("b",), "a:\n- 1\n- 2   # two\nb: x\n# c\n"),
        ("a:\n    b:\n      c: 1\nd: 2\n", ("a", "e"), "a:\n    b:\n      c: 1\n    e: x\nd: 2\n"),
        ("é: '😀'  # ü\nb: 1\n", ("b",), "é: '😀'  # ü\nb: x\n"),
        ("a: &k 1\nb: *k\n", ("a",), None),
        ("a: &k 1\nb: *k\n", ("c",), "a: &k 1\nb: *k\nc: x\n"),
        ("a: &k {x: 1}\nb: *k\n", ("b", "x"), None),
        ("a: 'two\n  lines'\n", ("a",), "a: 'x'\n"),
        ("a: two\n  lines # c\n", ("a",), "a: x # c\n"),
        ('"a b": 1\n', ("a b",), '"a b": x\n'),
    ],
)
def test_an_edit_takes_the_form_of_what_stands_around_it(text: str, path: tuple[str, ...], wanted: str | None) -> None:
    if wanted is None:
        assert refusal({path: "x"}, text).startswith("model.yaml: ")
    else:
        assert edited({path: "x"}, text) == wanted


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({("risk",): "low"}, "model.yaml: risk: is no single value"),
        ({("model", "name"): "x"}, "model.yaml: model.name: model is no mapping"),
        ({("inputs", "age"): "x"}, "model.yaml: inputs.age: inputs is no mapping"),
        ({("owner",): None}, "owner: is null"),
        ({("owner",): "\x1b"}, "owner: holds the control character U+001B"),
    ],
)
def test_what_cannot_be_set_is_refused(changes: dict[tuple[str, ...], Any], message: str) -> None:
    assert refusal(changes) == message


def test_a_malformed_file_is_not_edited() -> None:
    assert refusal({("a",): 1}, "a: 1\na: 2\n") == "model.yaml:2:1: the key a is given twice"


def test_a_value_that_others_share_is_not_edited() -> None:
    message = "model.yaml: b.x: b is an alias of another value"
    assert refusal({("b", "x"): 2}, "a: &k {x: 1}\nb: *k\n") == message


@settings(max_examples=200, deadline=None)
@given(words(), scalars(nulls=False))
def test_any_value_can_be_set_and_reads_back(key: str, value: Any) -> None:
    for path in (
        ("x" + key,),
        ("risk", key),
        ("rebuild", key),
        ("decision", key),
        ("model",),
        ("owner",),
        ("purpose",),
    ):
        found: Any = read_yaml(edited({path: value}).encode(), where="model.yaml")
        for part in path:
            found = found[part]
        assert repr(found) == repr(value)


@settings(max_examples=100, deadline=None)
@given(words(), scalars(nulls=False))
def test_an_edit_of_a_canonical_text_is_canonical(key: str, value: Any) -> None:
    text = write_yaml({"a": 1, "b": {"c": "x"}})
    if isinstance(value, str) and "\n" in value:
        return  # A value of several lines is set on one line, not as a block.
    if key not in ("a", "b"):
        assert edit_yaml(text, {(key,): value}) == write_yaml({"a": 1, "b": {"c": "x"}, key: value})
