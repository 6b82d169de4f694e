"""Logs are computed once for all sets, and what is kept is never believed blindly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actum.features.building import Built, built
from actum.features.reading import read_wanted
from tests.features.work_tree import WorkTree, times

FEATURES: list[dict[str, Any]] = [
    {"name": "level", "type": "float"},
    {"name": "seen_{over}", "type": "int", "aggregate": "count", "over": ["2h", "5h"]},
    {"name": "sum_2h", "type": "float", "of": "level", "aggregate": "sum", "over": ["2h"]},
]
EVENTS = {"tank": ["a", "a", "b"], "happened_at": times(1, 3, 2), "known_at": times(4, 3, 2), "level": [0.3, 0.1, 0.2]}


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("events", EVENTS)
    tree.table("labels", {"tank": ["a", "b"], "at": times(3, 2.5)})
    tree.table("others", {"tank": ["a", "b", "a"], "at": times(4.5, 9, 3.5)})
    source = {"path": "data/events.parquet", "event_at": "happened_at", "known_at": "known_at"}
    tree.view("tanks", FEATURES, entity=["tank"], source=source)
    tree.set(["level", "seen_2h"], "one")
    tree.set(["sum_2h", "level", "seen_5h"], "other", labels={"path": "data/others.parquet"})
    return tree


def made(tree: WorkTree, name: str, cache: Path | None) -> Built:
    return built(read_wanted(tree.root / f"features/sets/{name}.yaml"), tree.engine, cache=cache)


def test_another_set_of_the_same_views_computes_no_log(tanks: WorkTree, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = made(tanks, "one", cache)
    assert (first.computed, first.reused) == (2, 0)  # the latest values, and the window of 2 h

    tanks.set(["sum_2h", "level"], "other", labels={"path": "data/others.parquet"})
    second = made(tanks, "other", cache)

    assert (second.computed, second.reused) == (0, 2)
    assert second.table.equals(made(tanks, "other", None).table)


def test_values_from_the_cache_are_those_that_are_computed_without(tanks: WorkTree, tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert made(tanks, name, tmp_path / "cache").table.equals(made(tanks, name, None).table)


def test_a_changed_source_and_a_changed_meaning_are_other_logs(tanks: WorkTree, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    made(tanks, "one", cache)
    tanks.table("events", {**EVENTS, "level": [0.4, 0.5, 0.6]})
    assert made(tanks, "one", cache).computed == 2

    source = {
        "path": "data/events.parquet",
        "event_at": "happened_at",
        "known_at": "known_at",
        "where": ["level > 0.5"],
    }
    tanks.view("tanks", FEATURES, entity=["tank"], source=source)
    assert made(tanks, "one", cache).computed == 2


def test_a_log_with_other_bytes_than_were_written_is_computed_again(tanks: WorkTree, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    honest = made(tanks, "one", cache).table
    for path in cache.glob("*.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    again = made(tanks, "one", cache)

    assert (again.computed, again.reused) == (2, 0)
    assert again.table.equals(honest)
