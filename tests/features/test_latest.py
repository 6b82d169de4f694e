"""The latest value: of what had happened and was known, and for as long as it counts."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tests.features.work_tree import WorkTree, times

LAST: list[dict[str, Any]] = [{"name": "level", "type": "float"}]
SENSOR: dict[str, Any] = {"path": "data/events.parquet", "event_at": "happened_at"}


def test_a_label_gets_the_value_of_the_last_event_up_to_its_moment(tree: WorkTree) -> None:
    tree.table("events", {"tank": ["a", "a", "b"], "happened_at": times(1, 3, 2), "level": [0.1, 0.3, 0.2]})
    tree.table("labels", {"tank": ["a", "b", "a", "a", "c", None], "at": times(3, 1.9, 2.9, 0.5, 9, 9)})
    tree.view("tanks", LAST, entity=["tank"], source=SENSOR)
    tree.set(["level"])

    assert tree.build()["level"] == [0.3, None, 0.1, None, None, None]


def test_an_event_that_is_known_after_a_later_one_is_never_the_latest(tree: WorkTree) -> None:
    known = {"known_at": times(1, 6, 5)}
    tree.table("events", {"tank": ["a"] * 3, "happened_at": times(1, 2, 3), "level": [0.1, 0.2, 0.3], **known})
    tree.table("labels", {"tank": ["a"] * 3, "at": times(4, 5, 7)})
    tree.view("tanks", LAST, entity=["tank"], source={**SENSOR, "known_at": "known_at"})
    tree.set(["level"])

    assert tree.build()["level"] == [0.1, 0.3, 0.3]


def test_a_value_counts_until_its_lifetime_is_over_and_not_at_its_end(tree: WorkTree) -> None:
    tree.table("events", {"tank": ["a"], "happened_at": times(1), "level": [0.1]})
    tree.table("labels", {"tank": ["a", "a"], "at": times(2.999, 3)})
    tree.view("tanks", LAST, entity=["tank"], source=SENSOR, ttl="2h")
    tree.set(["level"])

    assert tree.build()["level"] == [0.1, None]


def test_of_equal_events_the_greatest_by_order_counts_and_then_the_greatest_value(tree: WorkTree) -> None:
    level = pa.array([0.3, 0.1, 0.2, float("nan"), 0.4])
    tree.table(
        "events",
        {"tank": ["a", "a", "a", "b", "b"], "happened_at": times(*[1] * 5), "level": level, "turn": [1, 2, 2, None, 1]},
    )
    tree.table("labels", {"tank": ["a", "b"], "at": times(2, 2)})
    tree.view("tanks", LAST, entity=["tank"], source={**SENSOR, "order_by": ["turn"]})
    tree.set(["level"])

    assert tree.build()["level"] == [0.2, 0.4]


def test_a_source_without_times_holds_always(tree: WorkTree) -> None:
    tree.table("events", {"tank": ["a", "a", None], "level": [1, 2, 3]})
    tree.table("labels", {"tank": ["a", "b"], "at": times(-1_000, 2)})
    tree.view("tanks", LAST, entity=["tank"], source={"path": "data/events.parquet"})
    tree.set(["level"])

    assert tree.build()["level"] == [2.0, None]
