"""Names, versions, ULIDs and ids as people type them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.errors import UsageError
from actum.names import Ids, Reference, Version, is_name, is_ulid, parse_reference, ulid_ms

ULID = "01JDC800000000000000000001"
numbers = st.integers(0, 999_999_999)
parts = st.from_regex(r"[0-9A-Za-z-]{1,6}", fullmatch=True).filter(
    lambda part: not part.isdigit() or part == str(int(part))
)
versions = st.builds(Version, numbers, numbers, numbers, st.lists(parts, max_size=3).map(tuple))


@pytest.mark.parametrize("text", ["a", "churn", "late-arrival", "a_b", "9", "A" * 64])
def test_a_name_is_letters_digits_dashes_and_underscores(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", "_a", "a.b", "a/b", "a b", "é", "a\n", "A" * 65, "..", "a@b", "a#b", "a:b", "٣", "a\0"]
)
def test_what_is_unsafe_in_a_path_or_a_ref_is_no_name(text: str) -> None:
    assert not is_name(text)


@given(versions)
def test_a_version_reads_back_as_it_is_written(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert Version.parse(f"v{version}") == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3+build",
        "vv1.2.3",
        "1.2.٣",
        "1.2.-3",
        " 1.2.3",
    ],
)
def test_what_is_no_semantic_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a semantic version such as 1.2.0$"):
        Version.parse(text)


def test_versions_stand_in_the_order_of_semver() -> None:
    # SemVer 2.0.0, section 11, and numbers by value
    order = ["0.9.10", "1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"]
    order += ["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0"]
    assert all(Version.parse(lower) < Version.parse(higher) for lower, higher in pairwise(order))
    assert [str(v) for v in sorted(map(Version.parse, reversed(order)))] == order


@given(versions, versions)
def test_of_two_versions_one_is_lower_unless_they_are_equal(one: Version, other: Version) -> None:
    assert (one < other) + (other < one) + (one == other) == 1


@pytest.mark.parametrize(
    ("part", "after"),
    [("major", ("2.0.0", "2.0.0")), ("minor", ("1.3.0", "1.3.0")), ("patch", ("1.2.4", "1.2.3"))],
)
def test_a_bump_goes_to_the_next_release(part: str, after: tuple[str, str]) -> None:
    bumped = [str(Version.parse(text).bump(part)) for text in ("1.2.3", "1.2.3-rc.1")]  # type: ignore[arg-type]
    assert tuple(bumped) == after


@given(st.lists(st.integers(0, 2**48 - 2), min_size=2, max_size=30), st.binary(min_size=10, max_size=10))
def test_ids_only_ever_grow_whatever_the_clock_does(clock: list[int], random: bytes) -> None:
    times = iter(clock)
    ids = Ids(lambda: next(times), lambda size: random[:size])
    made = [ids.new() for _ in clock]
    assert all(is_ulid(one) for one in made)
    assert all(one < other for one, other in pairwise(made))
    assert ulid_ms(made[0]) == clock[0]


def test_ids_within_one_millisecond_count_on_even_past_the_last_random_number() -> None:
    ids = Ids(lambda: 1, lambda size: b"\xff" * size)
    first, second = ids.new(), ids.new()
    assert (first, second) == ("0000000001ZZZZZZZZZZZZZZZZ", "00000000020000000000000000")


def test_a_known_ulid_carries_its_time() -> None:
    assert ulid_ms("01ARYZ6S41TSV4RRFFQ69G5FAV") == 1469918176385  # github.com/ulid/spec


@pytest.mark.parametrize(
    "text", ["", ULID[:-1], ULID + "0", ULID.lower(), "8" + ULID[1:], ULID[:-1] + "I", ULID + "\n"]
)
def test_what_is_no_ulid(text: str) -> None:
    assert not is_ulid(text)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("churn", Reference("model", "churn")),
        ("churn@v1.2.0", Reference("version", "churn", "1.2.0")),
        ("churn@1.2.0-rc.1", Reference("version", "churn", "1.2.0-rc.1")),
        ("churn#production", Reference("stage", "churn", "production")),
        (f"run/{ULID}", Reference("run", "run", ULID)),
        (f"event/{ULID}", Reference("event", "event", ULID)),
        (f"churn/{ULID}", Reference("decision", "churn", ULID)),
        ("feature/delays.origin_mean_3h", Reference("feature", "delays", "origin_mean_3h")),
        ("feature/origin_mean_3h", Reference("feature", "", "origin_mean_3h")),
    ],
)
def test_an_id_says_what_it_is(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@v1.0.0",
        "churn#",
        "churn/",
        "churn/x",
        "feature/",
        "feature/A",
        "feature/a.b.c",
        "a b",
        "churn#a.b",
        f"/{ULID}",
        "-x",
        "churn#a@v1.0.0",
    ],
)
def test_what_is_no_id_is_refused_with_all_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert str(caught.value) == f"{text!r} is not an id"
    assert caught.value.hint == (
        "write MODEL, MODEL@v1.2.0, MODEL#production, run/ULID, event/ULID, feature/NAME or MODEL/ULID (a decision)"
    )


def test_an_id_with_a_bad_version_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("churn@v1")
    assert str(caught.value) == "'churn@v1': 'v1' is not a semantic version such as 1.2.0"
    assert caught.value.hint == "write MODEL@v1.2.0"
