"""The log of a view says at every moment what a training set says, and the online store what time will bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from actum.definitions.definitions import DefinitionError
from actum.features.engines import Engine
from actum.features.logs import ALWAYS
from actum.features.reading import read_views
from actum.features.shelf import Shelf
from tests.features.work_tree import START, WorkTree, at, times

FEATURES: list[dict[str, Any]] = [
    {"name": "level", "type": "float"},
    {"name": "seen_{over}", "type": "int", "aggregate": "count", "over": ["2h", "5h"]},
    {"name": "low_2h", "type": "float", "of": "level", "aggregate": "min", "over": ["2h"]},
]


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table(
        "events", {"tank": ["a", "a", "b", "a"], "happened_at": times(1, 3, 2, 9), "level": [0.3, 0.1, 0.2, 0.4]}
    )
    source = {"path": "data/events.parquet", "event_at": "happened_at"}
    tree.view("tanks", FEATURES, entity=["tank"], source=source, ttl="4h")
    return tree


def log_of(tree: WorkTree, scratch: Path, engine: Engine, until: float | None = None) -> list[dict[str, Any]]:
    shelf = Shelf(root=tree.root, engine=engine, scratch=scratch)
    (view,) = read_views(tree.root).views.values()
    moment = None if until is None else int((at(until) - START).total_seconds() * 1e6) + int(START.timestamp() * 1e6)
    path = scratch / "log.parquet"
    log = shelf.log_of(view, known_until=moment)
    assert log.write(engine, path) == pq.ParquetFile(path).metadata.num_rows
    rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    return [
        row if row["since"] == ALWAYS else {**row, "since": (row["since"] / 1e6 - START.timestamp()) / 3600}
        for row in rows
    ]


def test_a_log_says_from_when_on_features_are_what(tanks: WorkTree, tmp_path: Path, duck: Engine) -> None:
    assert log_of(tanks, tmp_path, duck) == [
        {"tank": "a", "since": 1, "level": 0.3, "seen_2h": 1, "low_2h": 0.3, "seen_5h": 1},
        {"tank": "a", "since": 3, "level": 0.1, "seen_2h": 1, "low_2h": 0.1, "seen_5h": 2},
        {"tank": "a", "since": 5, "level": 0.1, "seen_2h": 0, "low_2h": None, "seen_5h": 2},
        {"tank": "a", "since": 6, "level": 0.1, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 7, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 8, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 0},
        {"tank": "a", "since": 9, "level": 0.4, "seen_2h": 1, "low_2h": 0.4, "seen_5h": 1},
        {"tank": "a", "since": 11, "level": 0.4, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 13, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 14, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 0},
        {"tank": "b", "since": 2, "level": 0.2, "seen_2h": 1, "low_2h": 0.2, "seen_5h": 1},
        {"tank": "b", "since": 4, "level": 0.2, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "b", "since": 6, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "b", "since": 7, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 0},
    ]


def test_an_infinite_value_is_not_materialized_unless_it_is_over(tanks: WorkTree, tmp_path: Path, duck: Engine) -> None:
    rows = {"tank": ["a", "a"], "happened_at": times(1, 3), "level": [float("inf"), 0.1]}
    tanks.table("events", rows)
    source = {"path": "data/events.parquet", "event_at": "happened_at"}
    tanks.view("tanks", FEATURES[:1], entity=["tank"], source=source)
    assert log_of(tanks, tmp_path, duck, until=3) == [{"tank": "a", "since": 3, "level": 0.1}]

    with pytest.raises(DefinitionError) as refused:
        log_of(tanks, tmp_path, duck, until=2)

    problem = "level is infinite in 1 row, a feature is a finite number"
    assert str(refused.value) == f"features/tanks.yaml: features[0].name: {problem}"


def test_a_log_until_a_moment_holds_the_last_rows_and_what_time_will_bring(
    tanks: WorkTree, tmp_path: Path, duck: Engine
) -> None:
    assert log_of(tanks, tmp_path, duck, until=6.5) == [
        {"tank": "a", "since": 3, "level": 0.1, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 7, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "a", "since": 8, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 0},
        {"tank": "b", "since": 2, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 1},
        {"tank": "b", "since": 7, "level": None, "seen_2h": 0, "low_2h": None, "seen_5h": 0},
    ]


def test_a_source_without_times_has_one_row_for_an_entity(tree: WorkTree, tmp_path: Path, duck: Engine) -> None:
    tree.table("events", {"tank": ["a", "a", None], "level": [0.1, 0.2, 0.3]})
    tree.view("tanks", FEATURES[:1], entity=["tank"], source={"path": "data/events.parquet"})

    assert log_of(tree, tmp_path, duck, until=1) == [{"tank": "a", "since": ALWAYS, "level": 0.2}]
