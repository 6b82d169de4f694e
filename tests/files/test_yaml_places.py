"""The line on which a value stands."""

from __future__ import annotations

import pytest

from actum.files import Lines, line_of

TEXT = b"""\
# a comment
schema: x/1

metrics:
  - name: auc
    value: 1
  - {name: brier}
"quoted key":
  - - deep
    - deeper
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("schema",), 2),
        (("metrics",), 4),
        (("metrics", 0), 5),
        (("metrics", 0, "value"), 6),
        (("metrics", 1, "name"), 7),
        (("quoted key", 0, 1), 10),
    ],
)
def test_a_value_stands_on_the_line_of_its_key(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(
    ("path", "line"), [(("metrics", 1, "value"), 7), (("metrics", 5), 4), (("metrics", 0, "value", "x"), 6)]
)
def test_what_is_missing_is_told_at_what_should_hold_it(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize("path", [(), ("absent",), ("absent", "deeper")])
def test_what_is_missing_at_the_top_has_no_line(path: tuple[str | int, ...]) -> None:
    assert line_of(TEXT, path) is None


def test_a_malformed_text_has_no_lines() -> None:
    assert Lines(b"a: [").of(("a",)) is None


def test_json_of_ours_has_lines_too() -> None:
    assert line_of(b'{\n  "a": [\n    {"b": 1}\n  ]\n}\n', ("a", 0, "b")) == 3
