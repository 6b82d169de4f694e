"""Digests of bytes and of values."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum import digests

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_known_digests() -> None:
    assert digests.of_bytes(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digests.md5_of_bytes(b"abc") == "900150983cd24fb0d6963f7d28e17f72"
    assert digests.short(digests.of_bytes(b"abc")) == "ba7816bf"


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_a_file_is_read_once_for_both_digests_and_its_size(tmp_path: Path, size: int) -> None:
    data = b"x" * size
    (tmp_path / "file").write_bytes(data)
    found = digests.of_file(tmp_path / "file")
    assert found == (hashlib.md5(data).hexdigest(), "sha256:" + hashlib.sha256(data).hexdigest(), size)


def test_canonical_json_is_one_text() -> None:
    value = {"b": [1, 2.5, 1e-05, -0.0], "a": {"é": None, "A": True}}
    assert digests.canonical_json(value) == '{"a":{"A":true,"é":null},"b":[1,2.5,1e-05,-0.0]}'.encode()
    assert digests.of_value(value) == digests.of_bytes(digests.canonical_json(value))


@given(values)
def test_canonical_json_reads_back_and_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    text = digests.canonical_json(value)
    again = json.loads(text)
    assert repr(_sorted(again)) == repr(_sorted(value))  # repr tells -0.0 from 0.0
    assert digests.canonical_json(_reversed(value)) == text


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}])
def test_a_number_that_is_not_finite_has_no_canonical_text(value: Any) -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        digests.canonical_json(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value
