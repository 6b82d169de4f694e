"""What would make a number wrong in silence is refused, and the message says where, what is there and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actum.errors import UserError
from tests.features.work_tree import UTC_TIMES, WorkTree, times

SOURCE: dict[str, Any] = {"path": "data/events.parquet", "event_at": "happened_at"}
LEVEL: dict[str, Any] = {"name": "level", "type": "float"}
SUM: dict[str, Any] = {"name": "filled", "type": "float", "of": "level", "aggregate": "sum", "over": ["2h"]}
EVENTS: dict[str, Any] = {
    "tank": ["a", "b"],
    "happened_at": times(1, 2),
    "level": pa.array([0.5, float("inf")]),
    "kind": ["x", "y"],
    "big": pa.array([2**62, 2**62]),
    "parts": pa.array([[1], [2]], pa.list_(pa.int64())),
}
LABELS: dict[str, Any] = {"tank": ["a"], "at": times(3)}


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("events", EVENTS)
    tree.table("labels", LABELS)
    tree.view("tanks", [LEVEL], entity=["tank"], source=SOURCE)
    tree.set(["level"])
    return tree


def refusal(tree: WorkTree) -> tuple[str, str]:
    with pytest.raises(UserError) as refused:
        tree.build()
    return str(refused.value), refused.value.hint


def local(*clock: str) -> pa.Array:
    return pa.array([datetime.fromisoformat(each) for each in clock], pa.timestamp("us"))


def events(tree: WorkTree, **columns: Any) -> None:
    tree.table("events", {**EVENTS, **columns})


def view(tree: WorkTree, *features: dict[str, Any], keep: list[str] | None = None, **source: Any) -> None:
    tree.view("tanks", features or [LEVEL], entity=["tank"], source={**SOURCE, **source})
    names = [feature["name"] for feature in features or [LEVEL]]
    tree.set(names, labels={} if keep is None else {"keep": keep})


def asked_of(tree: WorkTree, tank: str) -> None:
    view(tree)
    tree.table("labels", {**LABELS, "tank": [tank]})


Change = Callable[[WorkTree], None]
OF_A_VIEW: dict[str, tuple[Change, str, str]] = {
    "a column that is not there": (
        lambda tree: view(tree, {**LEVEL, "of": "levl * 2"}),
        "features/tanks.yaml:11: features[0].of: no column of data/events.parquet is called levl, did you mean level?",
        "",
    ),
    "a time that is not there": (
        lambda tree: view(tree, event_at="happend_at"),
        (
            "features/tanks.yaml:7: source.event_at: no column of data/events.parquet is called happend_at, "
            "did you mean happened_at?"
        ),
        "",
    ),
    "a time that is text": (
        lambda tree: view(tree, event_at="kind"),
        "features/tanks.yaml:7: source.event_at: kind is a column of string, must be one of times",
        "",
    ),
    "a condition that is none": (
        lambda tree: view(tree, where=["level + 1"]),
        "features/tanks.yaml:9: source.where[0]: is float, must be a condition",
        "",
    ),
    "another type than is declared": (
        lambda tree: view(tree, {**LEVEL, "type": "int"}),
        "features/tanks.yaml:10: features[0].type: is int, but level is float, must be int: write cast(... as int)",
        "",
    ),
    "a sum of text": (
        lambda tree: view(tree, {**SUM, "of": "kind"}),
        "features/tanks.yaml:11: features[0].of: is string, sum takes numbers",
        "",
    ),
    "numbers with text": (
        lambda tree: view(tree, {**LEVEL, "of": "level + kind"}),
        "features/tanks.yaml:11: features[0].of: + takes numbers, not string: write concat(a, b)",
        "",
    ),
    "a column of lists": (
        lambda tree: view(tree, {**LEVEL, "of": "parts"}),
        (
            "features/tanks.yaml:11: features[0].of: parts is a column of list<element: int64> in data/events.parquet, "
            "which has no type here"
        ),
        "",
    ),
    "a statement": (
        lambda tree: view(tree, {**LEVEL, "of": "select level from events"}),
        (
            "features/tanks.yaml:11: features[0].of: 'select level from events': 'select' at 1 is not allowed: "
            "only an expression over one row is; a column of that name goes in double quotes"
        ),
        "",
    ),
    "infinite values in a sum": (
        lambda tree: view(tree, SUM),
        "features/tanks.yaml:11: features[0].of: level is infinite in 1 row, sum takes finite numbers",
        "leave such rows out by source.where, or write case when ... then ... end, which is missing elsewhere",
    ),
    "an infinite latest value": (
        lambda tree: asked_of(tree, "b"),
        "features/tanks.yaml:9: features[0].name: level is infinite in 1 row, a feature is a finite number",
        "leave such rows out by source.where, or write case when ... then ... end, which is missing elsewhere",
    ),
    "a sum that no whole number holds": (
        lambda tree: view(tree, {**SUM, "type": "int", "of": "big"}),
        (
            "features/tanks.yaml:11: features[0].of: big is up to 4,611,686,018,427,387,904: "
            "a sum could be larger than a whole number can be"
        ),
        "",
    ),
    "an entity of floats": (
        lambda tree: view(tree, keys={"tank": "level"}),
        "features/tanks.yaml:4: entity[0]: tank is float, an entity must be one of int, string, bool, timestamp",
        "",
    ),
    "no file": (
        lambda tree: view(tree, path="data/nothing.parquet"),
        "features/tanks.yaml:6: source.path: no file is called data/nothing.parquet",
        "dvc pull, or run the stage that makes it",
    ),
    "no row": (
        lambda tree: events(
            tree, **{name: pa.array([], pa.table({name: column})[name].type) for name, column in EVENTS.items()}
        ),
        "features/tanks.yaml:6: source.path: data/events.parquet holds no row",
        "",
    ),
    "times without a zone": (
        lambda tree: events(tree, happened_at=local("2013-10-27 00:30", "2013-10-27 02:30")),
        (
            "features/tanks.yaml:5: source.time_zone: is needed: happened_at is a time without a time zone, "
            "so nobody knows when that was"
        ),
        "time_zone: Europe/Rome, or UTC",
    ),
    "times finer than a microsecond": (
        lambda tree: events(tree, happened_at=pa.array([1, 2_000], pa.timestamp("ns", tz="UTC"))),
        "features/tanks.yaml:7: source.event_at: 1 time of happened_at are finer than a microsecond",
        "round them in a stage",
    ),
    "a feature that is called as the entity": (
        lambda tree: view(tree, {"name": "tank", "type": "string", "of": "kind"}, keep=[]),
        "features/tanks.yaml:9: features[0].name: tank is the entity too: say what it is of",
        "give it another name",
    ),
    "columns that only their case tells apart": (
        lambda tree: events(tree, Level=[1, 2]),
        "features/tanks.yaml:9: features[0].name: data/events.parquet has level and Level, which no engine tells apart",
        "rename one of them in a stage",
    ),
    "whole numbers that grow too large": (
        lambda tree: view(tree, {"name": "level", "type": "int", "of": "big * 4"}),
        (
            "features/tanks.yaml:11: features[0].of: big * 4 grows too large: "
            "Out of Range Error: Overflow in multiplication of INT64 (4611686018427387904 * 4)!"
        ),
        "whole numbers end at 64 bits: write cast(... as float)",
    ),
}


@pytest.mark.parametrize("case", OF_A_VIEW)
def test_a_view_that_does_not_fit_its_source_is_refused(case: str, tanks: WorkTree) -> None:
    change, message, hint = OF_A_VIEW[case]
    change(tanks)

    assert refusal(tanks) == (message, hint)


def test_hours_that_the_clocks_repeat_or_skip_are_refused_unless_it_is_said_what_they_are(tanks: WorkTree) -> None:
    events(tanks, happened_at=local("2013-10-27 02:30", "2013-03-31 02:30"), level=[0.5, 0.7])
    rome: dict[str, Any] = {"time_zone": "Europe/Rome"}
    view(tanks, **rome, skipped="forward")
    assert refusal(tanks) == (
        "features/tanks.yaml:7: source.event_at: 1 time of happened_at came twice on the clocks of Europe/Rome",
        "say which: ambiguous: first, or last",
    )
    view(tanks, **rome, ambiguous="first")
    assert refusal(tanks) == (
        "features/tanks.yaml:7: source.event_at: 1 time of happened_at never came on the clocks of Europe/Rome",
        "take them as that much later: skipped: forward",
    )
    tanks.table("labels", {"tank": ["a", "a", "b", "b"], "at": local_moments("00:30", "01:30", "01:29", "01:30")})
    view(tanks, **rome, ambiguous="last", skipped="forward")
    assert tanks.build()["level"] == [None, 0.5, None, 0.7]


def local_moments(*utc: str) -> pa.Array:
    """Return moments, UTC: two of the autumn day, then two of the day in spring."""
    days = ["2013-10-27", "2013-10-27", "2013-03-31", "2013-03-31"]
    clocks = [datetime.fromisoformat(f"{day} {at}+00:00") for day, at in zip(days, utc, strict=True)]
    return pa.array(clocks, UTC_TIMES)


def test_files_of_one_source_must_say_the_same(tanks: WorkTree) -> None:
    view(tanks, path="data/events*.parquet")
    tanks.table("events2", {**EVENTS, "happened_at": local("2013-01-01 05:00", "2013-01-01 06:00")})
    mend = "bring the files into one form in a stage, or name fewer of them"
    mixed = "happened_at is a time with a time zone in one file, a time without a time zone in events2.parquet"
    assert refusal(tanks) == (f"features/tanks.yaml:6: source.path: {mixed}", mend)

    tanks.table("events2", {name: column for name, column in EVENTS.items() if name != "level"})
    lacks = "events2.parquet has no column level, other files have"
    assert refusal(tanks) == (f"features/tanks.yaml:6: source.path: {lacks}", mend)

    tanks.table("events2", {**{name: column for name, column in EVENTS.items() if name != "kind"}, "new": [1, 2]})
    assert tanks.build()["level"] == [0.5]  # nobody asked for kind, nor for new


def test_a_file_that_is_no_table_is_refused(tanks: WorkTree) -> None:
    (tanks.root / "data/events.parquet").write_text("tank,level\n")

    message, hint = refusal(tanks)

    assert message.startswith("features/tanks.yaml:6: source.path: events.parquet is no Parquet file: ")
    assert hint == "name files that end in .parquet or .csv"


@pytest.mark.parametrize(
    ("labels", "fields", "message", "hint"),
    [
        ({"at": times(None)}, {}, "labels.moment: at is missing in 1 row", ""),
        ({"at": ["3"]}, {}, "labels.moment: at is a column of string, must be one of times", ""),
        (
            {"when": times(3)},
            {"moment": "wen"},
            "labels.moment: no column of data/labels.parquet is called wen, did you mean when?",
            "",
        ),
        (
            {"at": local("2013-01-01 03:00")},
            {},
            "labels.time_zone: is needed: at is a time without a time zone, so nobody knows when that was",
            "time_zone: Europe/Rome, or UTC",
        ),
        (
            {"at": local("2013-10-27 02:30")},
            {"time_zone": "Europe/Rome"},
            "labels: at: the clocks of Europe/Rome showed 1 time twice or never, such as 2013-10-27 02:30:00",
            "write them in UTC",
        ),
        (
            {"at": pa.array([1], pa.timestamp("ns", tz="UTC"))},
            {},
            "labels: at has times finer than a microsecond",
            "round them in a stage",
        ),
        (
            {"tank": ["a", "a"], "at": times(3, 3)},
            {"key": ["tank"]},
            "labels.key: 1 row too many with a key of another: tank a",
            "",
        ),
        (
            {"tank": [float("-inf")]},
            {},
            "keys.tank: tank is infinite in 1 row",
            "leave it empty where it is unknown",
        ),
        ({"level": [1.0]}, {}, "features: level is a column of the labels too", "leave it out of labels.keep"),
        (
            {"name": ["a"]},
            {},
            "keys: tank is needed as the entity tank, but no column of the labels is called so",
            "write keys: {tank: COLUMN}; there are at, name",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    tanks: WorkTree, labels: dict[str, Any], fields: dict[str, Any], message: str, hint: str
) -> None:
    rows = {name: column for name, column in {**LABELS, **labels}.items() if not ("name" in labels and name == "tank")}
    tanks.table("labels", rows)
    tanks.set(["level"], labels=fields)

    assert refusal(tanks) == (f"features/sets/asked.yaml: {message}", hint)


def test_an_entity_in_another_type_than_the_source_has_is_refused(tanks: WorkTree) -> None:
    tanks.table("labels", {**LABELS, "tank": [1]})

    problem = "tank is string in the source, int where it is asked for"
    assert refusal(tanks) == (f"features/tanks.yaml:4: entity[0]: {problem}", "give both one type in a stage")


def test_a_name_that_two_views_define_is_refused(tanks: WorkTree) -> None:
    tanks.view("vats", [LEVEL], entity=["tank"], source=SOURCE)

    problem = "level is defined in features/tanks.yaml too"
    hint = "give one of the two another name"
    assert refusal(tanks) == (f"features/vats.yaml:9: features[0].name: {problem}", hint)


def test_keys_that_wait_for_each_other_are_refused(tanks: WorkTree) -> None:
    tanks.view(
        "kinds", [{"name": "kind", "type": "string"}], entity=["other"], source={**SOURCE, "keys": {"other": "tank"}}
    )
    view(tanks, {"name": "next", "type": "string", "of": "kind"})
    tanks.set(["next"], keys={"tank": "kind", "other": "next"})

    message, _ = refusal(tanks)

    assert message == "features/sets/asked.yaml: keys: kind, next wait for each other: each is found by another"


@pytest.mark.parametrize("features", [["kind", "level"], ["level", "kind"], ["level"]])
@pytest.mark.parametrize("keys", [{}, {"part": "kind"}])
def test_what_a_feature_gives_must_not_be_a_column_of_the_labels_too(
    tanks: WorkTree, features: list[str], keys: dict[str, str]
) -> None:
    name = "part" if keys else "kind"
    kinds: dict[str, Any] = {"name": "kind", "type": "string"}
    tanks.view("kinds", [kinds], entity=["tank"], source=SOURCE)
    tanks.view("tanks", [LEVEL], entity=[name], source={**SOURCE, "keys": {name: "tank"}})
    tanks.table("labels", {**LABELS, "kind": ["b"]})
    tanks.set(features, labels={"keep": []}, keys=keys)

    problem = f"keys.{name}: kind is a column of the labels and a feature too"
    hint = f"give the column another name, and write keys: {{{name}: COLUMN}}"
    assert refusal(tanks) == (f"features/sets/asked.yaml: {problem}", hint)


def test_a_set_is_asked_for_where_sets_lie(tanks: WorkTree, tmp_path: Path) -> None:
    from actum.features.reading import read_wanted

    for path, message in (
        (tmp_path / "asked.yaml", "is no set of features"),
        (tmp_path / "features/sets/none.yaml", "is not there"),
    ):
        with pytest.raises(UserError, match=message):
            read_wanted(path)


def test_a_window_of_nothing_is_refused_with_its_line(tanks: WorkTree) -> None:
    view(tanks, {**SUM, "over": ["0h"]})

    problem = "is '0h', must be 1 to 99999 of s, m, h, d or w, such as 30m, 3h or 7d"
    assert refusal(tanks) == (f"features/tanks.yaml:14: features[0].over[0]: {problem}", "")


def test_a_column_of_a_file_without_values_fits_any_type(tanks: WorkTree) -> None:
    events(tanks, level=pa.nulls(2))
    view(tanks, {**SUM, "over": ["5h"]}, LEVEL)
    assert tanks.build()["filled"] == [None]

    pq.write_table(
        pa.table({**EVENTS, "level": pa.array([0.25, 0.5]), "happened_at": times(2, 2)}),
        tanks.root / "data/events2.parquet",
    )
    view(tanks, {**SUM, "over": ["5h"]}, LEVEL, path="data/events*.parquet")
    assert tanks.build() | {"at": 0} == {"at": 0, "tank": ["a"], "filled": [0.25], "level": [0.25]}
