"""Between YAML or JSON values and records, over small records made for the purpose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.records.codec import FieldError, decode, encode, field_path


def _even(value: int) -> str:
    return "" if value % 2 == 0 else f"is {value}, must be even"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    name: str
    weight: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    schema: Literal["sample/1"]
    count: int
    ratio: float
    sure: bool
    at: datetime
    even: Annotated[int, _even] = 0
    level: Literal["low", "high"] | Literal["none"] = "none"
    either: str | int = ""
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    words: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    anything: dict[str, Any] = field(default_factory=dict)


RAW: Mapping[str, Any] = {
    "schema": "sample/1",
    "count": 3,
    "ratio": 0.5,
    "sure": True,
    "at": "2026-11-23T12:00:00Z",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
finite = st.floats(allow_nan=False, allow_infinity=False)
leaves = st.builds(Leaf, name=st.text(), weight=st.none() | finite)
samples = st.builds(
    Sample,
    schema=st.just("sample/1"),
    count=st.integers(),
    ratio=finite,
    sure=st.booleans(),
    at=st.datetimes(timezones=st.just(UTC)),
    even=st.integers().map(lambda number: number * 2),
    level=st.sampled_from(["low", "high", "none"]),
    either=st.text() | st.integers(),
    leaf=st.none() | leaves,
    leaves=st.lists(leaves, max_size=3).map(tuple),
    words=st.lists(st.text(), max_size=3).map(tuple),
    figures=st.dictionaries(st.text(), finite, max_size=3),
    anything=st.dictionaries(st.text(), json_values, max_size=3),
)


@given(samples)
def test_what_is_encoded_decodes_to_the_same_value(sample: Sample) -> None:
    assert decode(Sample, encode(sample), strict=True) == sample


@given(samples)
def test_nothing_absent_is_written(sample: Sample) -> None:
    encoded = encode(sample)
    empty = {name for name in ("leaf", "leaves", "words", "figures", "anything") if not getattr(sample, name)}
    assert not empty & encoded.keys()
    assert list(encoded) == [name for name in Sample.__slots__ if name not in empty]


@given(st.dictionaries(st.sampled_from(list(Sample.__slots__)) | st.text(), json_values, max_size=8), st.booleans())
def test_whatever_is_read_gives_a_record_or_a_field_error(raw: dict[str, Any], strict: bool) -> None:
    try:
        built = decode(Sample, {**RAW, **raw}, strict=strict)
    except FieldError:
        return
    assert decode(Sample, encode(built), strict=True) == built


def test_what_is_absent_stays_absent() -> None:
    assert decode(Sample, RAW) == Sample(
        schema="sample/1", count=3, ratio=0.5, sure=True, at=datetime(2026, 11, 23, 12, tzinfo=UTC)
    )


BAD: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("wrong type", {"count": "3"}, "count: is str, must be int"),
    ("a truth value is no number", {"count": True}, "count: is bool, must be int"),
    ("a number is no truth value", {"sure": 1}, "sure: is int, must be bool"),
    ("null", {"count": None}, "count: is null, must be int"),
    ("null where absent is meant", {"leaf": None}, "leaf: is null: leave the key out where there is nothing to say"),
    ("a float for an int", {"count": 3.0}, "count: is float, must be int"),
    ("NaN", {"ratio": math.nan}, "ratio: is nan, must be a finite number"),
    ("infinity", {"ratio": -math.inf}, "ratio: is -inf, must be a finite number"),
    ("an int that a float cannot hold", {"ratio": 2**53 + 1}, "ratio: is int, must be float"),
    ("NaN within", {"figures": {"auc": math.nan}}, "figures.auc: is nan, must be a finite number"),
    ("NaN anywhere", {"anything": {"a": [1, {"b": math.inf}]}}, "anything.a[1].b: is inf, must be a finite number"),
    ("a whole number that no float holds", {"count": 10**309}, "count: is too large for a number"),
    ("the same anywhere", {"anything": {"a": [-(10**309)]}}, "anything.a[0]: is too large for a number"),
    ("no JSON", {"anything": {"a": b"x"}}, "anything.a: is bytes, must be text, a number, a list or a mapping"),
    ("a key that is no text", {"figures": {1: 0.5}}, 'figures: has the key 1, which must be text: quote it, "1"'),
    ("the same, anywhere", {"anything": {"a": {1: 0}}}, 'anything.a: has the key 1, which must be text: quote it, "1"'),
    ("a list for a mapping", {"figures": []}, "figures: is a list, must be a mapping"),
    ("a mapping for a list", {"words": {}}, "words: is a mapping, must be a list"),
    ("text for a list", {"words": "abc"}, "words: is str, must be a list"),
    ("text for a record", {"leaf": "abc"}, "leaf: is str, must be a mapping"),
    ("a number for text, quoted", {"words": ["a", 1.10]}, 'words[1]: is float, must be str: quote it, "1.1"'),
    ("within a list of records", {"leaves": [{"name": "a"}, {}]}, "leaves[1].name: is required"),
    (
        "one of two choices",
        {"schema": "sample/2"},
        "schema: is 'sample/2', must be one of sample/1, did you mean sample/1?",
    ),
    ("joined choices", {"level": "hihg"}, "level: is 'hihg', must be one of low, high, none, did you mean high?"),
    ("a truth value is no choice", {"level": True}, "level: is True, must be one of low, high, none"),
    ("a list is no choice", {"level": ["low"]}, "level: is ['low'], must be one of low, high, none, did you mean low?"),
    ("a check", {"even": 3}, "even: is 3, must be even"),
    ("a check asks for its type first", {"even": "3"}, "even: is str, must be int"),
    ("neither of two", {"either": 1.5}, "either: is float, must be int"),
    ("no time", {"at": "yesterday"}, "at: is 'yesterday', must be a time such as 2020-04-01T12:00:00Z"),
    (
        "no zone",
        {"at": "2020-04-01T12:00:00"},
        "at: is '2020-04-01T12:00:00', must be a time such as 2020-04-01T12:00:00Z",
    ),
    ("a number is no time", {"at": 1585742400}, "at: is 1585742400, must be a time such as 2020-04-01T12:00:00Z"),
    (
        "before the first year in UTC",
        {"at": "0001-01-01T00:00:00+05:00"},
        "at: is '0001-01-01T00:00:00+05:00', must be a time such as 2020-04-01T12:00:00Z",
    ),
)


@pytest.mark.parametrize(("changes", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_an_error_says_where_what_was_found_and_what_was_wanted(changes: Mapping[str, Any], message: str) -> None:
    with pytest.raises(FieldError) as caught:
        decode(Sample, {**RAW, **changes})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("raw", "message"),
    [(None, "is null, must be a mapping"), ([], "is a list, must be a mapping"), ("x", "is str, must be a mapping")],
)
def test_a_record_is_a_mapping(raw: object, message: str) -> None:
    with pytest.raises(FieldError) as caught:
        decode(Sample, raw)
    assert str(caught.value) == message
    assert caught.value.at == ()


def test_a_missing_field_is_named() -> None:
    with pytest.raises(FieldError, match=r"^count: is required$"):
        decode(Sample, {name: value for name, value in RAW.items() if name != "count"})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"cuont": 1}, "cuont: is not known here, did you mean count?"),
        ({"zzz": 1}, "zzz: is not known here"),
        ({1: 1}, "1: is not known here"),
        ({"leaves": [{"nmae": "a"}]}, "leaves[0].nmae: is not known here, did you mean name?"),
    ],
)
def test_an_unknown_key_is_refused_where_people_write_and_tolerated_where_tools_do(
    raw: Mapping[Any, Any], message: str
) -> None:
    with pytest.raises(FieldError) as caught:
        decode(Sample, {**RAW, **raw}, strict=True)
    assert str(caught.value) == message
    if "leaves" not in raw:
        assert decode(Sample, {**RAW, **raw}) == decode(Sample, RAW)


def test_a_whole_number_is_a_float_where_one_is_wanted() -> None:
    assert decode(Sample, {**RAW, "ratio": 1}).ratio == 1.0
    assert type(decode(Sample, {**RAW, "ratio": 1}).ratio) is float


def test_a_time_is_kept_in_utc() -> None:
    there = datetime(2026, 11, 23, 7, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert decode(Sample, {**RAW, "at": "2026-11-23T07:30:00-05:00"}).at == there
    assert encode(decode(Sample, {**RAW, "at": "2026-11-23T07:30:00-05:00"}))["at"] == "2026-11-23T12:30:00Z"


def test_a_place_is_written_as_people_read_it() -> None:
    assert field_path(("stages", 0, "outs", 1, "path")) == "stages[0].outs[1].path"
    assert str(FieldError("is bad").under(2).under("metrics")) == "metrics[2]: is bad"
