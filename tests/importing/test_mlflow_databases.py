"""Databases that hold what MLflow would never write: each row by name, and the rest all the same."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from actum import layout
from tests.importing.conftest import Repository
from tests.importing.test_mlflow_stores import runs, taken


def database(path: Path, *changes: str) -> Path:
    """Write a database as MLflow has them, with one good run and one bad one, without the rules that MLflow sets."""
    with sqlite3.connect(path) as made:
        made.executescript(
            """
            CREATE TABLE experiments (experiment_id, name);
            CREATE TABLE runs (run_uuid, name, status, start_time, end_time, experiment_id, artifact_uri);
            CREATE TABLE params (run_uuid, key, value);
            CREATE TABLE tags (run_uuid, key, value);
            CREATE TABLE metrics (run_uuid, key, value, step, timestamp, is_nan);
            CREATE TABLE registered_models (name, description);
            CREATE TABLE model_versions (name, version, creation_time, current_stage, run_id);
            CREATE TABLE registered_model_aliases (name, alias, version);
            INSERT INTO experiments VALUES (1, 'flights');
            INSERT INTO registered_models VALUES ('m', '');
            INSERT INTO model_versions VALUES ('m', 1, 1700000000000, 'None', 'good'), ('m', 2, 1, 'None', 'bad');
            INSERT INTO registered_model_aliases VALUES ('m', 'champion', 1);
            """
        )
        for run in ("bad", "good"):
            made.execute("INSERT INTO runs VALUES (?, ?, 'FINISHED', 1700000000000, 1700000001000, 1, '')", (run, run))
            made.execute("INSERT INTO params VALUES (?, 'depth', '3')", (run,))
            made.execute("INSERT INTO metrics VALUES (?, 'auc', 0.5, 0, 1700000000000, 0)", (run,))
        for change in changes:
            made.execute(change)
    made.close()
    return path


@pytest.mark.parametrize(
    ("change", "left", "name"),
    [
        ("UPDATE runs SET start_time = 'x' WHERE name = 'bad'", "run", "bad"),
        ("UPDATE runs SET end_time = 'x' WHERE name = 'bad'", "run", "bad"),
        ("UPDATE runs SET end_time = 1000000000000000000 WHERE name = 'bad'", "run", "bad"),
        ("UPDATE runs SET end_time = -1000000000000000 WHERE name = 'bad'", "run", "bad"),
        ("UPDATE runs SET run_uuid = NULL WHERE name = 'bad'", "run", "None"),
        ("UPDATE runs SET run_uuid = x'ff' WHERE name = 'bad'", "run", "b'\\xff'"),
        ("UPDATE runs SET status = NULL WHERE name = 'bad'", "run", "bad"),
        ("UPDATE metrics SET value = NULL WHERE run_uuid = 'bad'", "value of a metric", "bad auc"),
        ("UPDATE metrics SET value = 'x' WHERE run_uuid = 'bad'", "value of a metric", "bad auc"),
        ("UPDATE metrics SET step = NULL WHERE run_uuid = 'bad'", "value of a metric", "bad auc"),
        ("UPDATE metrics SET key = '' WHERE run_uuid = 'bad'", "value of a metric", "bad "),
        ("UPDATE metrics SET run_uuid = NULL WHERE run_uuid = 'bad'", "row", "store.db: table metrics"),
        ("UPDATE params SET key = NULL WHERE run_uuid = 'bad'", "param", "bad None"),
        ("UPDATE params SET value = x'ff' WHERE run_uuid = 'bad'", "param", "bad depth"),
        ("UPDATE model_versions SET version = 'x' WHERE version = 2", "version", "m x"),
        ("UPDATE model_versions SET creation_time = 'x' WHERE version = 2", "version", "m 2"),
        ("INSERT INTO registered_model_aliases VALUES ('m', 'other', 'x')", "alias", "m other"),
        ("INSERT INTO registered_model_aliases VALUES ('m', NULL, 1)", "alias", "m None"),
        ("INSERT INTO registered_models VALUES (NULL, '')", "registered model", "None"),
        ("ALTER TABLE tags DROP COLUMN run_uuid", "file that cannot be read", "store.db: table tags"),
        ("ALTER TABLE registered_model_aliases DROP COLUMN version", "alias", "m champion"),
    ],
)
def test_a_row_of_a_database_that_is_not_of_its_form_is_named_and_the_rest_is_taken(
    project: Repository, tmp_path: Path, change: str, left: str, name: str
) -> None:
    told = taken(project, database(tmp_path / "store.db", change))
    told.pop(("run of a version", "was not taken over"), None)
    assert [what for what, _ in told] == [left]
    assert list(told.values()) == [[name]]
    run = runs(project)["good"]
    assert (run["params"], run["metrics"]) == ({"depth": 3}, {"auc": 0.5})
    assert ("bad" in runs(project)) == (left != "run")
    assert (project.root / layout.imported("m", "1.0.0")).is_file()


def test_a_database_with_a_damaged_page_gives_what_can_be_read(project: Repository, tmp_path: Path) -> None:
    store = database(tmp_path / "store.db")
    made = sqlite3.connect(store)
    (page,), (size,) = (
        made.execute("SELECT rootpage FROM sqlite_master WHERE name = 'params'").fetchone(),
        made.execute("PRAGMA page_size").fetchone(),
    )
    made.close()
    data = bytearray(store.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    store.write_bytes(data)
    told = taken(project, store)
    assert list(told.values()) == [["store.db: table params"]]
    assert runs(project).keys() == {"bad", "good"}
