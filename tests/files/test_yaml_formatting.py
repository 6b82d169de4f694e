"""One form for the records that people write: what they said stays, to the comment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actum import layout
from actum.beginning import texts
from actum.errors import InvalidRecordError
from actum.files import read_yaml, write_yaml
from actum.files.yaml_formatting import format_yaml
from tests.files.record_values import records

EXAMPLE = Path(__file__).parents[2] / "example_project"
MESSY = b"""\
\xef\xbb\xbf# top   \r
\r
\r
schema:   model/1
model : churn
owner: 'ana'   # me
applications:
# first
- shop   \t
-   web: 1
    b: no
    # inner
    c:
        - x
        -   - y
            - 1e-4
purpose: |
      hello
        there{space}

      end

rebuild:
      level: bytes   # why
      # other
      valid_days: 0123
text: "a
   b

   c"
flow: {a: 1.10.0, b: [no,
  2026-01-01],   c: "x"}
last: >-
   folded
   text


"""
TIDY = b"""\
# top

schema: model/1
model: churn
owner: 'ana'   # me
applications:
  # first
  - shop
  - web: 1
    b: "no"
    # inner
    c:
      - x
      - - y
        - 0.0001
purpose: |
  hello
    there{space}

  end

rebuild:
  level: bytes   # why
  # other
  valid_days: "0123"
text: "a
   b

   c"
flow: {a: "1.10.0", b: ["no",
  "2026-01-01"],   c: "x"}
last: >-
  folded
  text
"""
# An editor would take it away.
MESSY, TIDY = (text.replace(b"{space}", b"   ") for text in (MESSY, TIDY))


def meaning(data: bytes) -> bytes:
    return write_yaml(read_yaml(data, where="it"), nulls="written")


def test_a_messy_text_comes_into_form_with_its_comments() -> None:
    assert format_yaml(MESSY) == TIDY


@given(records(nulls=True))
def test_what_tools_write_is_in_form(value: dict[str, object]) -> None:
    data = write_yaml(value, nulls="written")
    assert format_yaml(data) == data


@given(records(nulls=True), st.integers(1, 6), st.booleans(), st.integers(10, 80))
def test_the_form_says_the_same_and_is_final(value: dict[str, object], indent: int, flow: bool, width: int) -> None:
    written = yaml.dump(
        value,
        indent=indent,
        default_flow_style=None if flow else False,
        allow_unicode=True,
        sort_keys=False,
        width=width,
    )
    data = written.encode()
    try:
        before = meaning(data)
    except InvalidRecordError:  # another writer's text may be none that we read
        return
    if "? " in written or "?\n" in written:  # keys on lines of their own: refused at times, never changed
        with suppress(InvalidRecordError):
            assert meaning(format_yaml(data)) == before
        return
    formed = format_yaml(data)
    assert (meaning(formed), format_yaml(formed)) == (before, formed)


@given(st.lists(st.integers(0, 7), min_size=11, max_size=11))
def test_no_comment_is_lost_and_none_ends_up_elsewhere(columns: list[int]) -> None:
    lines = b"a:\n- b: 1\n  c:\n  - d\n  - e\n- f: |\n    g\nh: [i,\n  j]\nk: {l: m}".split(b"\n")
    noted = b"\n".join(
        line if number in (6, 8) else b" " * column + b"# %d\n" % number + line  # not in a literal, nor a bracket
        for number, (line, column) in enumerate(zip(lines, columns, strict=False))
    )
    formed = format_yaml(noted)
    kept = [line.strip() for line in formed.split(b"\n") if line.strip()]
    assert kept == [line.strip() for line in noted.split(b"\n") if line.strip()]
    assert format_yaml(formed) == formed


@pytest.mark.parametrize(
    ("text", "formed"),
    [
        ("a: 1.0\nb: 0.10\nc: 1_000\n", "a: 1.0\nb: 0.10\nc: 1_000\n"),
        ("a: 1e-4\nb: 0o17\nc: 12:30\n", 'a: 0.0001\nb: 15\nc: "12:30"\n'),
        ("a: none\nb: y\nc: <= 3\nd: ~x\n", "a: none\nb: y\nc: <= 3\nd: ~x\n"),
        ("yes: 1\n", '"yes": 1\n'),
        ("a:\n\n\n  b: 1\n", "a:\n\n  b: 1\n"),
        ("a: |+\n  b\n\n\n", "a: |+\n  b\n\n\n"),
        ("a: |2\n    b\nc: 1\n", "a: |2\n    b\nc: 1\n"),
        ("a: 1 \t# b\t\n", "a: 1 \t# b\n"),
        ("a: b\u00a0\n", "a: b\u00a0\n"),
        ("{a: 1,   b: no}\n", '{a: 1,   b: "no"}\n'),
        ("a: 1\n# the end", "a: 1\n# the end\n"),
        ("-\n", None),
    ],
)
def test_what_a_person_chose_stays_where_no_reader_is_misled(text: str, formed: str | None) -> None:
    if formed is None:
        with pytest.raises(InvalidRecordError, match="must be a mapping"):
            format_yaml(text.encode())
    else:
        assert format_yaml(text.encode()).decode() == formed


def test_what_cannot_be_formed_without_a_change_is_refused_by_name() -> None:
    with pytest.raises(InvalidRecordError) as caught:
        format_yaml(b"a:\n     ? ''\n     :    b: 3\n          c: true\n", where="model.yaml")
    assert str(caught.value) == "model.yaml: cannot be brought into form without changing what it says"


@pytest.mark.parametrize("path", sorted(path for path in EXAMPLE.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_example_is_in_form(path: Path) -> None:
    if layout.kind_of(path.relative_to(EXAMPLE).as_posix()):
        assert format_yaml(path.read_bytes()) == path.read_bytes()


def test_what_init_writes_is_in_form() -> None:
    known = texts.Known(name="shop", owner="", python="3.11", platform="linux-x86_64", trunk="main")
    for data in (texts.settings(known), texts.card("churn", "ana@example.org", "models/churn.skops")):
        assert format_yaml(data) == data
