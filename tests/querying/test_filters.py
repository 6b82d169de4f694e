"""``--where``: which runs a filter asks for, held against plain Python, and what is said of one that is none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.definitions.expression import Name
from actum.definitions.parsing import parse
from actum.errors import UsageError
from actum.querying.filters import Filter
from actum.querying.named_columns import listed_columns, ordered, quoted, require_column

COLUMNS: dict[str, list[Any]] = {
    "id": ["A", "B", "C", "D", "E"],
    "metrics.auc": [0.9, 0.8, None, math.nan, 0.7],
    "metrics.rows": [10, 20, 30, None, 2**62],
    "metrics.f1-score": [1.0, 0.5, 0.25, 0.0, -1.0],
    "metrics.loss": [math.inf, 1e308, -math.inf, 5e-324, None],
    "params.depth": [6, "6", 7, None, True],
    "params.layers": [[1, 2], None, [3], None, None],
    "params.seed": [1, 2, 3, 4, 5],
    "metrics.seed": [5, 4, 3, 2, 1],
    "tags.team": ["risk", "risk", "Überprüfung", None, "o'neil"],
    "parent": [None] * 5,
    "dirty": [True, False, None, False, True],
    "started_at": [
        "2026-11-28T17:09:03.666000Z",
        "2026-11-28T17:09:03Z",
        "2026-11-28T17:12:05Z",
        "2026-11-29T00:00:00Z",
        None,
    ],
}


def chosen(text: str) -> str:
    asked = Filter(text)
    names = asked.columns(list(COLUMNS))
    found = asked.choose({name: COLUMNS[column] for name, column in names.items()}, 5)
    return "".join(COLUMNS["id"][row] for row in found.rows)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("metrics.auc > 0.75", "AB"),
        ("not metrics.auc > 0.75", "E"),  # what is missing, NaN too, is neither more nor less
        ("metrics.auc is null", "CD"),
        ("metrics.auc > 0.75 and metrics.rows <= 10", "A"),
        ("metrics.auc > 0.85 or metrics.rows = 30", "AC"),
        ("metrics.rows > 4e18", "E"),
        ("metrics.rows = 4611686018427387904", "E"),
        ('metrics."f1-score" >= 0.5', "AB"),
        ('"metrics.f1-score" between 0 and 0.5', "BCD"),
        ("metrics.loss > 1e300", "AB"),
        ("metrics.loss < 0", "C"),
        ("metrics.loss = 5e-324", "D"),
        ("params.depth <= 6", "A"),  # a text, or true, is no number
        ("params.depth = '6'", "B"),
        ("params.depth", "E"),
        ("params.layers is null", "BDE"),  # a list cannot be compared, but it is there
        ("params.layers is not null", "AC"),
        ("params.depth is null", "D"),
        ("params.depth is not null", "ABCE"),
        ("params.depth is null or params.depth > 6", "CD"),
        ("coalesce(params.depth, 0) < 5", "BDE"),  # to this filter a text is missing
        ("tags.team = 'risk'", "AB"),
        ("tags.team in ('risk', 'o''neil')", "ABE"),
        ("tags.team = 'Überprüfung'", "C"),
        ("upper(tags.team) = 'RISK'", "AB"),
        ("team = 'risk' and auc > 0.85", "A"),
        ("parent is null", "ABCDE"),
        ("started_at >= '2026-11-28 17:09Z'", "ABCD"),
        ("started_at >= '2026-11-28T17:09:03Z'", "ABCD"),
        ("started_at < '2026-11-28T17:09:03.5Z'", "B"),
        ("started_at <= '2026-11-28T18:09:03+01:00'", "B"),
        ("started_at between '2026-11-28T17:10:00Z' and '2026-11-29'", "CD"),
        ("'2026-11-28T23:00:00Z' > started_at", "ABC"),
        ("started_at in ('2026-11-29', '2026-11-28T17:12:05Z')", "CD"),
        ("started_at is null", "E"),
        ("parent = 'X'", ""),
        ("parent > 3", ""),
        ("dirty", "AE"),
        ("not dirty", "BD"),
        ("dirty = false", "BD"),
        ("true", "ABCDE"),
        ("1 > 2", ""),
        ("abs(metrics.auc - 0.8) < 0.05", "B"),
        ("metrics.rows % 20 = 10", "AC"),
    ],
)
def test_a_filter_chooses(text: str, wanted: str) -> None:
    assert chosen(text) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("metrics.auc >", "--where: 'metrics.auc >' ends too early"),
        ("", "--where: is empty"),
        ("metrics.auc >> 1", "--where: 'metrics.auc >> 1': '>' at 14 is not expected here"),
        (
            "metrics.auc > 0.8; drop table runs",
            "--where: 'metrics.auc > 0.8; drop table runs': ';' at 18 is not expected here",
        ),
        ("metrics.auc > 0.8 -- x", "--where: 'metrics.auc > 0.8 -- x': '--' at 19 begins a comment"),
        (
            "(select 1) > 0",
            (
                "--where: '(select 1) > 0': 'select' at 2 is not allowed: only an expression over one row is; a"
                " column of that name goes in double quotes"
            ),
        ),
        ("__import__('os').system('x')", "--where: \"__import__('os').system('x')\": '.' at 17 is not expected here"),
        ("metrics.p@5 > 1", "--where: 'metrics.p@5 > 1': '@' at 10 is not expected here"),
        ("metrics.auk > 0.8", "--where metrics.auk: no run has metrics.auk, did you mean metrics.auc?"),
        ("metric.auc > 0.8", "--where metric.auc: no run has metric.auc, did you mean metrics.auc?"),
        ("auk > 0.8", "--where auk: no run has auk, did you mean metrics.auc?"),
        ("metrics.f1-score > 0", '--where metrics.f1: no run has metrics.f1, did you mean metrics."f1-score"?'),
        (
            "started_at >= 'yesterday'",
            "--where started_at: 'yesterday' is not a time: Invalid isoformat string: 'yesterday'",
        ),
        ("seed > 2", "--where seed: is metrics.seed or params.seed"),
        ("metrics.auc > 'high'", "--where \"metrics.auc > 'high'\": < joins float and string (metrics.auc is float)"),
        (
            "metrics.auc",
            "--where 'metrics.auc': is float, must be bool: write cast(... as bool) (metrics.auc is float)",
        ),
        ("metrics.rows * 4 > 0", "--where 'metrics.rows * 4 > 0': a whole number becomes larger than 64 bits hold"),
    ],
)
def test_a_filter_that_is_none_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(text)
    assert str(caught.value) == says
    assert caught.value.exit_code == 2


def test_values_of_another_type_are_told_of() -> None:
    asked = Filter("params.depth <= 6")
    found = asked.choose({"params.depth": COLUMNS["params.depth"]}, 5)
    assert found.remarks == ["params.depth is no int in 2 of the runs: there it counts as missing"]


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(NAMES)
def test_whatever_a_metric_is_called_its_quoted_name_finds_it(name: str) -> None:
    column = f"metrics.{name}"
    assert parse(quoted(column), dotted=True) == Name(column)
    assert require_column(column, [column], "--where") == column
    assert require_column(quoted(column), [column], "--columns") == column
    assert listed_columns(f"id, {quoted(column)} ,kind") == ("id", quoted(column), "kind")


VALUES = st.one_of(st.none(), st.integers(-9, 9), st.floats(allow_nan=True, width=16))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=20), st.integers(-9, 9))
def test_a_filter_says_what_plain_python_says(rows: list[tuple[Any, Any]], limit: int) -> None:
    asked = Filter(f"metrics.a >= {limit} and not metrics.b < metrics.a")
    columns = {"metrics.a": [one for one, _ in rows], "metrics.b": [other for _, other in rows]}
    wanted = [
        at
        for at, (one, other) in enumerate(rows)
        if one is not None and other is not None and one == one and other == other and one >= limit and not other < one
    ]
    assert asked.choose(columns, len(rows)).rows == wanted


@pytest.mark.parametrize(
    ("values", "ascending", "descending"),
    [
        ([3, None, 1, 2], [2, 3, 0, 1], [0, 3, 2, 1]),
        ([math.nan, -math.inf, math.inf, 0.5, None], [1, 3, 2, 0, 4], [2, 3, 1, 0, 4]),
        ([1, 1, 0, 1], [2, 0, 1, 3], [0, 1, 3, 2]),  # equal ones keep their order
        (["b", "a", None, "ä"], [1, 0, 3, 2], [3, 0, 1, 2]),
        (["a", 2, None, [1], True], [4, 1, 0, 3, 2], [3, 0, 1, 4, 2]),
        ([None, None], [0, 1], [0, 1]),
    ],
)
def test_what_is_missing_or_no_number_comes_last(
    values: list[Any], ascending: list[int], descending: list[int]
) -> None:
    assert ordered(values, descending=False) == ascending
    assert ordered(values, descending=True) == descending


def test_presence_alone_is_asked_of_any_type_and_told_nothing_of() -> None:
    asked = Filter("params.depth is not null")
    names = asked.columns(list(COLUMNS))
    found = asked.choose({name: COLUMNS[column] for name, column in names.items()}, 5)
    assert found == ([0, 1, 2, 4], [])
