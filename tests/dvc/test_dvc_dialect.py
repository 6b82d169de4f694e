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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-05", 1e-05),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("off", "off"),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1_000", 1000),
        ("true", True),
        ("null", None),
        (".inf", float("inf")),
    ],
)
def test_a_plain_value_means_what_it_means_to_dvc(text: str, value: object) -> None:
    read = load(f"a: {text}\n".encode(), where="dvc.lock")["a"]
    assert read == value
    assert type(read) is type(value)
    assert YAML(typ="safe").load(f"a: {text}\n")["a"] == value


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).filter(
            lambda key: key != "<<"
        ),
        st.one_of(
            st.floats(allow_nan=False),
            st.integers(),
            st.booleans(),
            st.none(),
            st.from_regex(r"[0-9yno:.e+_-]{1,8}", fullmatch=True),
        ),
        max_size=4,
    )
)
def test_what_dvc_writes_is_read_back_unchanged(value: dict[str, object]) -> None:
    assert load(as_dvc_writes(value), where="dvc.lock") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "dvc.lock:2: is not YAML: did not find expected ',' or ']'"),
        ("a: 1\na: 2\n", "dvc.lock:2: 'a' is there twice"),
        ("- 1\n", "dvc.lock: is list, must be a mapping"),
        ("a: &x [*x]\n", "dvc.lock:1: refers to itself"),
        ("a:\n<<<<<<< HEAD\n  b: 1\n=======\n", "dvc.lock:2: holds an unresolved merge"),
        ("a: " + "[" * 70 + "]" * 70 + "\n", "dvc.lock:1: nests deeper than 64"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        load(text.encode(), where="dvc.lock")
    assert str(caught.value) == message


def test_aliases_that_expand_without_end_are_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InvalidRecordError, match="expands to more than"):
        load("\n".join(lines).encode(), where="dvc.yaml")
