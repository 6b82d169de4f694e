"""What read_yaml takes, what it refuses, and how it says so."""

from __future__ import annotations

import time

import pytest

from actum.errors import InvalidRecordError
from actum.files import Limits, read_yaml


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(InvalidRecordError) as caught:
        read_yaml(data, where="r.yaml", limits=Limits(**limits))
    return str(caught.value)


def hint(data: bytes) -> str:
    with pytest.raises(InvalidRecordError) as caught:
        read_yaml(data, where="r.yaml")
    return caught.value.hint


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("~", None),
        ("", None),
        ("null", None),
        ("none", "none"),
        ("1.10", 1.1),
        ('"1.10"', "1.10"),
        ("1.10.0", "1.10.0"),
        ("1e-4", 0.0001),
        ("1.0e-09", 1e-09),
        ("-0", 0),
        ("+12", 12),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("0123", "0123"),
        ("12:30", "12:30"),
        ("2026-11-23", "2026-11-23"),
        ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("{}", {}),
        ("[1, two, [3]]", [1, "two", [3]]),
        ("=", "="),
        ("'<<'", "<<"),
    ],
)
def test_a_scalar_means_what_dvc_reads_in_it_but_dates_stay_text(written: str, value: object) -> None:
    found = read_yaml(f"a: {written}\n".encode(), where="r.yaml")["a"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_never_taken_for_booleans_in_norway() -> None:
    assert read_yaml(b"no: 1\non: 2\n", where="r.yaml") == {"no": 1, "on": 2}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "r.yaml:1:1: is empty, must be a mapping"),
        (b"# only a comment\n", "r.yaml:2:1: is empty, must be a mapping"),
        (b"- a\n", "r.yaml:1:1: the top level is a list, must be a mapping"),
        (b"word\n", "r.yaml:1:1: the top level is a single value, must be a mapping"),
        (b"a: 1\n---\nb: 2\n", "r.yaml:2:1: starts a second document, must be one"),
        (b"a: 1\nb: 2\na: 3\n", "r.yaml:3:1: the key a is given twice"),
        (b"a:\n  b: {c: 1, 'c': 2}\n", "r.yaml:2:13: the key c is given twice"),
        (b"1: a\n", "r.yaml:1:1: the key is 1, must be text"),
        (b"true: a\n", "r.yaml:1:1: the key is true, must be text"),
        (b"? [a]\n: b\n", "r.yaml:1:3: the key is not a single word, must be text"),
        (b"a: !!python/object:os.system x\n", "r.yaml:1:4: has the tag !!python/object:os.system, tags are not read"),
        (b"a: !x {}\n", "r.yaml:1:4: has the tag !x, tags are not read"),
        (b"a: &x 1\nb: *x\n", "r.yaml:2:4: *x is an alias, none may stand here"),
        (b"<<: {a: 1}\n", "r.yaml:1:1: << has no place here"),
        (b"a: .nan\n", "r.yaml:1:4: is .nan, must be a finite number"),
        (b"a: 12e45678\n", "r.yaml:1:4: 12e45678 is too large for a number"),
        (b"a: " + b"9" * 5000 + b"\n", f"r.yaml:1:4: {'9' * 40}... is too large for a number"),
        (b"a: x\x1b[31m\n", "r.yaml:1:5: holds the control character U+001B"),
        (b'a: "x\\e[31m"\n', "r.yaml:1:4: holds the control character U+001B"),
        (b"a: \xe2\x80\xa8b\n", "r.yaml:1:4: holds U+2028"),
        (b'a: "\\ud800"\n', "r.yaml:1:7: found invalid Unicode character escape code"),
        (b"a: \xe9\n", "r.yaml: byte 3: is 0xe9, which is not UTF-8"),
        (b"\xef\xbb\xbfa: 1\n", "r.yaml: byte 0: is a byte order mark, must be plain UTF-8"),
        ("a: 1\n".encode("utf-16"), "r.yaml: byte 0: is a byte order mark, must be plain UTF-8"),
        (b"a: b: c\n", "r.yaml:1:5: mapping values are not allowed in this context"),
        (b"a: 'x\nb: 2\nc: 3", "r.yaml:3:5: found unexpected end of stream while scanning a quoted scalar from line 1"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(data: bytes, message: str) -> None:
    assert refusal(data) == message


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\ta: 1\n", "indent with spaces, and quote text that starts with @, ` or %"),
        (b"a:\n  b: 1\n\tc: 2\n", "indent with spaces, never with tabs"),
        (b"a: b: c\n", "quote text that holds a colon and a space"),
        (b"a: 'x\n", "close the quote"),
        (b"a: [1\n", "close the bracket"),
        (b"1: a\n", 'quote it: "1"'),
        (b"a: %x\n", "indent with spaces, and quote text that starts with @, ` or %"),
        (b"a: \xe9\n", "save the file as UTF-8 without a byte order mark"),
    ],
)
def test_the_hint_says_how_to_mend_it(data: bytes, wanted: str) -> None:
    assert hint(data) == wanted


def test_an_alias_is_read_where_it_is_allowed() -> None:
    data = b"base: &b {x: 1, y: 2}\nlist: [*b]\nmore:\n  <<: *b\n  y: 3\n"
    assert read_yaml(data, where="dvc.yaml", limits=Limits(aliases=2)) == {
        "base": {"x": 1, "y": 2},
        "list": [{"x": 1, "y": 2}],
        "more": {"y": 3, "x": 1},
    }
    assert refusal(data, aliases=1) == "r.yaml:4:7: *b is an alias, at most 1 may stand here"


def test_of_several_merged_mappings_the_first_wins() -> None:
    data = b"a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n"
    assert read_yaml(data, where="r.yaml", limits=Limits(aliases=5))["c"] == {"x": 1, "y": 2}


def test_an_alias_of_what_is_still_open_is_refused() -> None:
    assert refusal(b"a: &a\n  b: *a\n", aliases=5) == "r.yaml:2:6: *a stands for nothing that ends before it"


def bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


def test_a_bomb_of_aliases_is_refused_before_it_expands() -> None:
    assert refusal(bomb(), aliases=1000) == "r.yaml:5:10: aliases expand to more than 10,000 values"


def test_aliases_count_for_the_depth() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60)]
    assert refusal("\n".join(lines).encode(), aliases=100) == "r.yaml:50:12: lies more than 50 levels deep"


@pytest.mark.parametrize(
    "data",
    [
        b"a: " + b"[" * 500_000,
        b"a: " + b"{a: " * 200_000,
        b"a:\n" + b"".join(b" " * n + b"- \n" for n in range(1, 1000)),
        b"? " * 400_000,
        bomb(),
        b"a: " + b"x" * (2 << 20),
    ],
)
def test_a_hostile_file_is_refused_quickly(data: bytes) -> None:
    began = time.process_time()
    refusal(data, aliases=100)
    assert time.process_time() - began < 1


def test_fifty_levels_are_read_and_one_more_is_not() -> None:
    assert read_yaml(b"a: " + b"[" * 49 + b"]" * 49, where="r.yaml")["a"] != []
    assert refusal(b"a: " + b"[" * 50 + b"]" * 50) == "r.yaml:1:53: lies more than 50 levels deep"


def test_a_file_over_the_limit_is_refused_by_its_size() -> None:
    assert refusal(b"a: 123\n", size=6) == "r.yaml: has 7 bytes, must have at most 6"


def test_lines_may_end_as_on_windows() -> None:
    assert read_yaml(b"a: 1\r\nb: |\r\n  x\r\n  y\r\n", where="r.yaml") == {"a": 1, "b": "x\ny\n"}
