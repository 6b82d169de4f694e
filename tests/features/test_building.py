"""A training set: every label row once, in its order, by what was known at its moment, in the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actum.errors import InvalidRecordError
from actum.features.building import build
from actum.features.duck import Duck
from actum.features.engines import Engine
from actum.features.opening import opened
from actum.features.reading import read_wanted
from actum.features.writing import write_table
from tests.features.work_tree import WorkTree, at, times

SOURCE: dict[str, Any] = {"path": "data/events.parquet", "event_at": "happened_at", "known_at": "known_at"}
FEATURES: list[dict[str, Any]] = [
    {"name": "level", "type": "float"},
    {"name": "valve", "type": "string"},
    {"name": "seen_at", "type": "timestamp", "of": "happened_at"},
    {"name": "seen_2h", "type": "int", "aggregate": "count", "over": ["2h"]},
    {"name": "kinds_2h", "type": "int", "of": "valve", "aggregate": "distinct", "over": ["2h"]},
    {"name": "sum_2h", "type": "float", "of": "level", "aggregate": "sum", "over": ["2h"]},
    {"name": "most_2h", "type": "float", "of": "level", "aggregate": "max", "over": ["2h"]},
]
NAMES = [feature["name"] for feature in FEATURES]
EVENTS: dict[str, Any] = {
    "tank": ["a", "a", "b", None],
    "happened_at": times(1, 3, 2, 1),
    "known_at": times(1, 3.5, 2, 1),
    "level": [0.1, 0.3, 0.2, 9.9],
    "valve": pa.array(["x", "y", "x", "x"]).dictionary_encode(),
}


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("events", EVENTS)
    tree.table(
        "labels",
        {"tank": ["b", "a", "a", "a", "c", None], "at": times(3, 3.4, 3.5, 3.4, 4, 4), "y": [1, 2, 3, 4, 5, 6]},
    )
    tree.view("tanks", FEATURES, entity=["tank"], source=SOURCE)
    tree.set(NAMES)
    return tree


def test_label_rows_keep_their_order_and_their_twins(tanks: WorkTree) -> None:
    assert tanks.build() == {
        "at": [at(3), at(3.4), at(3.5), at(3.4), at(4), at(4)],
        "tank": ["b", "a", "a", "a", "c", None],
        "y": [1, 2, 3, 4, 5, 6],
        "level": [0.2, 0.1, 0.3, 0.1, None, None],
        "valve": ["x", "x", "y", "x", None, None],
        "seen_at": [at(2), at(1), at(3), at(1), None, None],
        "seen_2h": [1, 0, 1, 0, 0, 0],
        "kinds_2h": [1, 0, 1, 0, 0, 0],
        "sum_2h": [0.2, None, 0.3, None, None, None],
        "most_2h": [0.2, None, 0.3, None, None, None],
    }


def test_key_and_moment_come_first_then_what_is_kept_then_the_features(tanks: WorkTree) -> None:
    tanks.set(["seen_2h", "level"], labels={"key": ["y"], "keep": []})

    assert list(tanks.build()) == ["y", "at", "seen_2h", "level"]


def test_no_labels_are_a_set_of_no_rows(tanks: WorkTree) -> None:
    tanks.table("labels", {"tank": pa.array([], pa.string()), "at": times()})

    assert tanks.build() == {"at": [], "tank": [], **{name: [] for name in NAMES}}


def test_the_same_inputs_give_the_same_bytes_with_any_number_of_threads(tanks: WorkTree, tmp_path: Path) -> None:
    written = []
    for threads in (1, 2, 4):
        with opened("duckdb", threads=threads) as engine:
            table = build(read_wanted(tanks.root / "features/sets/asked.yaml"), engine)
        write_table(table.to_reader(), tmp_path / f"{threads}.parquet")
        written.append((tmp_path / f"{threads}.parquet").read_bytes())

    assert written[0] == written[1] == written[2]
    schema = pq.read_schema(tmp_path / "1.parquet")
    assert schema.metadata is None
    assert [str(schema.field(name).type) for name in ("at", "tank", "valve", "seen_at")] == [
        "timestamp[us, tz=UTC]",
        "string",
        "string",
        "timestamp[us, tz=UTC]",
    ]


def test_nothing_that_happened_or_became_known_later_changes_a_row(tanks: WorkTree) -> None:
    before = tanks.build()
    last = at(4)
    later = {
        "tank": ["a", "b", "c", "a", "b"],
        "happened_at": times(4.001, 5, 6, 1, 3.9),
        "known_at": times(1, 5, 1, 4.001, 9),
        "level": [7.0, 8.0, float("nan"), 9.0, -1.0],
        "valve": pa.array(["q", "r", None, "s", "t"]).dictionary_encode(),
    }
    assert max(before["at"]) == last
    columns = {
        name: pa.concat_arrays([_array(EVENTS[name]), _array(later[name])]) for name in EVENTS if name != "valve"
    }
    columns["valve"] = pa.concat_arrays([EVENTS["valve"].cast(pa.string()), later["valve"].cast(pa.string())])
    tanks.table("events", columns)

    assert tanks.build() == before


def _array(values: Any) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values)


def test_what_is_computed_follows_from_features_and_from_what_the_request_says(tanks: WorkTree) -> None:
    tanks.table("labels", {"tank": ["a", "b"], "at": times(3.5, 3), "ordered": times(5, 1), "wanted": [1, None]})
    tanks.view(
        "orders",
        [
            {"name": "share", "type": "float", "of": "level / need"},
            {"name": "hour", "type": "int", "of": "hour(due, 'America/New_York')"},
            {"name": "twice", "type": "float", "of": "2 * share"},
            {"name": "waits_s", "type": "float", "of": "seconds_between(seen_at, due)"},
        ],
        request=[{"name": "due", "type": "timestamp"}, {"name": "need", "type": "float"}],
    )
    tanks.set(["twice", "hour", "waits_s"], labels={"keep": []}, keys={"due": "ordered", "need": "wanted"})

    built = tanks.build()

    assert {name: built[name] for name in ("twice", "hour", "waits_s")} == {
        "twice": [0.6, None],
        "hour": [0, 20],
        "waits_s": [7200.0, -3600.0],
    }


def test_a_feature_may_give_the_entity_of_another_view(tanks: WorkTree) -> None:
    tanks.table("valves", {"valve_id": ["x", "y"], "maker": ["Nord", "Süd"]})
    makers = [{"name": "maker", "type": "string"}]
    tanks.view("valves", makers, entity=["part"], source={"path": "data/valves.parquet", "keys": {"part": "valve_id"}})
    tanks.set(["maker"], keys={"part": "valve"})

    assert tanks.build()["maker"] == ["Nord", "Nord", "Süd", "Nord", None, None]


def test_a_feature_of_the_name_of_an_entity_gives_it_in_any_order_without_a_key(tanks: WorkTree) -> None:
    tanks.table("valves", {"valve": ["x", "y"], "maker": ["Nord", "Süd"]})
    tanks.view(
        "valves", [{"name": "maker", "type": "string"}], entity=["valve"], source={"path": "data/valves.parquet"}
    )
    for features in (["maker"], ["valve", "maker"], ["maker", "valve"]):
        tanks.set(features)

        assert tanks.build()["maker"] == ["Nord", "Nord", "Süd", "Nord", None, None]


def test_an_entity_may_be_several_columns(tanks: WorkTree) -> None:
    tanks.view("tanks", FEATURES[:1], entity=["tank", "part"], source={**SOURCE, "keys": {"part": "valve"}})
    tanks.table("labels", {"tank": ["a", "a", "b"], "part": ["x", "y", "y"], "at": times(4, 4, 4)})
    tanks.set(["level"])

    assert tanks.build()["level"] == [0.1, 0.3, None]


def test_a_source_may_be_csv(tanks: WorkTree) -> None:
    rows = [
        "tank,happened_at,known_at,level,valve",
        "a,2013-01-01 01:00:00,2013-01-01 01:00:00,0.5,x",
        "b,2013-01-01 02:00:00,,,y",
    ]
    (tanks.root / "data/events.csv").write_text("\n".join(rows) + "\n")
    tanks.view("tanks", FEATURES, entity=["tank"], source={**SOURCE, "path": "data/*.csv", "time_zone": "UTC"})

    assert tanks.build()["level"] == [None, 0.5, 0.5, 0.5, None, None]


def test_a_source_may_be_a_table_of_a_database(tanks: WorkTree) -> None:
    with duckdb.connect(str(tanks.root / "data/store.db")) as store:
        store.execute(f"CREATE TABLE seen AS SELECT * FROM read_parquet('{tanks.root}/data/events.parquet')")
    expected = tanks.build()
    tables = {"connect": "duckdb://data/store.db", "table": "seen", "event_at": "happened_at", "known_at": "known_at"}
    tanks.view("tanks", FEATURES, entity=["tank"], source=tables)

    assert tanks.build() == expected


@pytest.mark.parametrize("address", ["duckdb://data/none.db", "sqlite://data/none.db", "duckdb://"])
def test_a_database_that_is_not_there_is_not_made(tanks: WorkTree, address: str) -> None:
    tables = {"connect": address, "table": "seen", "event_at": "happened_at", "known_at": "known_at"}
    tanks.view("tanks", FEATURES, entity=["tank"], source=tables)
    before = sorted(tanks.root.rglob("*"))
    with pytest.raises(InvalidRecordError, match="is not there"):
        tanks.build()
    assert sorted(tanks.root.rglob("*")) == before


def test_a_source_may_be_several_files_that_count_in_other_widths(tanks: WorkTree) -> None:
    tanks.table(
        "events",
        {"tank": pa.array([1, 2], pa.int32()), "happened_at": times(1, 1), "level": pa.array([1.5, 2.5], pa.float32())},
    )
    tanks.table("events2", {"level": pa.array([3.5], pa.float64()), "tank": pa.array([2**40]), "happened_at": times(1)})
    tanks.table("labels", {"tank": pa.array([2**40, 1], pa.int64()), "at": times(2, 2)})
    tanks.view(
        "tanks", FEATURES[:1], entity=["tank"], source={"path": "data/events*.parquet", "event_at": "happened_at"}
    )
    tanks.set(["level"])

    assert tanks.build()["level"] == [3.5, 1.5]


def test_what_is_computed_on_the_way_is_let_go(tanks: WorkTree) -> None:
    with opened("duckdb", threads=1) as engine:
        build(read_wanted(tanks.root / "features/sets/asked.yaml"), engine)

        assert isinstance(engine, Duck)
        assert engine._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


def test_nan_is_missing_although_the_statistics_of_parquet_know_nothing_of_it(tanks: WorkTree, duck: Engine) -> None:
    """DuckDB believes them, and takes isnan() for false in every row."""
    events = {**EVENTS, "level": [float("nan"), 0.3, float("nan"), 1.0]}
    tanks.table("events", events)
    with duckdb.connect() as connection:
        query = f"SELECT count(*) FROM '{tanks.root}/data/events.parquet' WHERE isnan(level)"
        trusted = connection.execute(query).fetchone()
    if trusted == (2,):
        pytest.fail("DuckDB sees NaN again: what guards against it may go")

    built = tanks.build()

    assert built["level"] == [None, None, 0.3, None, None, None]
    assert built["sum_2h"] == [None, None, 0.3, None, None, None]
