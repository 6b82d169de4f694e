"""Stores that somebody else made, moved, cut or forged: each trouble by name, and the rest all the same."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from actum.importing import mlflow_runs
from actum.importing.mlflow_runs import read_param
from tests.importing.conftest import Repository
from tests.real_git import write

META = """\
artifact_uri: {address}
end_time: 1700000001000
experiment_id: '1'
lifecycle_stage: active
run_id: {run}
run_name: {run}
start_time: 1700000000000
status: 3
user_id: ana
"""
NO_FOLDER = "is no folder, or a link, which may lead anywhere"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    root = tmp_path / "mlruns"
    write(root, "1/meta.yaml", "experiment_id: '1'\nname: flights\n")
    add(root, "good")
    return root


def add(root: Path, run: str, address: str = "file:///gone/1/x/artifacts", **files: str) -> Path:
    write(root, f"1/{run}/meta.yaml", META.format(run=run, address=address))
    for path, text in files.items():
        write(root, f"1/{run}/{path.replace('__', '/')}", text)
    return root / "1" / run


def taken(project: Repository, store: Path, *words: str) -> dict[tuple[str, str], list[str]]:
    data = json.loads(project.actum("import", "mlflow", str(store), "--json", *words))["data"]
    return {(one["what"], one["why"]): one["names"] for one in data["left"]}


def runs(project: Repository) -> dict[str, Any]:
    found = (json.loads(path.read_text()) for path in project.root.glob("runs/*/*/*.json"))
    return {run["origin"]["id"]: run for run in found}


def test_a_run_without_its_meta_file_is_left_and_the_others_are_taken(project: Repository, store: Path) -> None:
    write(store, "1/bare/params/depth", "3")
    write(store, "1/torn/meta.yaml", "start_time: [\n")
    write(store, "2/meta.yaml", "")
    write(store, "notes.txt", "mine")
    left = taken(project, store)
    assert runs(project).keys() == {"good"}
    assert left["file that cannot be read", "is not there"] == ["1/bare/meta.yaml"]
    assert left["foreign file", "has no home here"] == []
    assert {names[0] for (what, _), names in left.items() if what.startswith("file")} == {
        "1/bare/meta.yaml",
        "1/torn/meta.yaml",
        "2/meta.yaml",
    }


def test_an_experiment_without_its_meta_file_loses_its_name_alone(project: Repository, store: Path) -> None:
    (store / "1/meta.yaml").unlink()
    assert taken(project, store) == {("file that cannot be read", "is not there"): ["1/meta.yaml"]}
    assert runs(project)["good"].get("tags", {}) == {}


def test_a_line_that_is_no_metric_is_named_and_the_others_are_taken(project: Repository, store: Path) -> None:
    add(store, "cut", metrics__auc="1700000000000 0.5 0\n1700000000500 0.")
    add(store, "odd", metrics__auc="1700000000000 0.5 0\nwhat is this\n1700000000900 0.7 1\n")
    assert taken(project, store) == {
        ("file that cannot be read", "is no TIME VALUE STEP"): ["1/odd/metrics/auc:2"],
        ("file that cannot be read", "is cut off"): ["1/cut/metrics/auc:2"],
    }
    assert runs(project)["odd"]["metrics"] == {"auc": 0.7}
    assert runs(project)["cut"]["metrics"] == {"auc": 0.5}


def test_values_that_are_no_numbers_and_texts_with_control_characters_go_on_record(
    project: Repository, store: Path
) -> None:
    add(
        store,
        "strange",
        metrics__loss="1700000000000 nan 0\n",
        metrics__up="1700000000000 inf 0\n",
        metrics__down="1700000000000 -inf 0\n",
        params__text="a\x1b[31mred",
        params__größe="ß",
        tags__deep__name="x",
    )
    assert taken(project, store) == {}
    run = runs(project)["strange"]
    assert run["metrics"] == {"down": "-Infinity", "loss": "NaN", "up": "Infinity"}
    assert run["params"] == {"größe": "ß", "text": "a\\x1b[31mred"}
    assert run["tags"] == {"deep/name": "x", "mlflow.experiment": "flights"}


def test_artifacts_outside_of_the_store_are_taken_only_from_where_it_is_said(
    project: Repository, store: Path, tmp_path: Path
) -> None:
    """A store may name any folder of this disk; what is taken may be pushed to where others read it."""
    write(tmp_path, "keys/id", "secret")
    add(store, "thief", address=f"file://{tmp_path}/keys")
    left = taken(project, store)
    assert left == {
        ("folder of artifacts", "lies outside of the store: --artifacts DIR lets it"): [str(tmp_path / "keys")]
    }
    assert "artifacts" not in runs(project)["thief"]
    assert not list(project.root.glob(".dvc/cache/**/*.*"))
    shutil.rmtree(project.root / "runs")
    assert taken(project, store, "--artifacts", str(tmp_path / "keys")) == {}
    assert runs(project)["thief"]["artifacts"][0]["size"] == 6


def test_artifacts_that_are_links_are_not_followed(project: Repository, store: Path, tmp_path: Path) -> None:
    write(tmp_path, "keys/id", "secret")
    folder = add(store, "linked", artifacts__model="m")
    (folder / "artifacts/id").symlink_to(tmp_path / "keys/id")
    assert taken(project, store) == {("folder of artifacts", "holds links, which may lead anywhere"): ["linked"]}


def test_a_record_is_never_written_over_by_what_changed_there(project: Repository, store: Path) -> None:
    taken(project, store)
    (path,) = project.root.glob("runs/*/*/*.json")
    before = path.read_bytes()
    write(store, "1/good/tags/late", "yes")
    why = "changed there since it was taken over: the record stays as it is"
    assert taken(project, store) == {("run", why): [path.relative_to(project.root).as_posix()]}
    assert path.read_bytes() == before


def test_long_series_go_under_dvc(project: Repository, store: Path) -> None:
    lines = "".join(f"{1_700_000_000_000 + step} {step / 7} {step}\n" for step in range(10_000))
    add(store, "long", metrics__loss=lines)
    taken(project, store)
    series = runs(project)["long"]["series"]
    assert series["path"].endswith("/series.csv")
    assert (project.root / f"{series['path']}.dvc").is_file()
    assert not (project.root / series["path"]).exists()
    assert runs(project)["long"]["metrics"] == {"loss": 9999 / 7}


def test_a_parent_that_is_not_in_the_store_is_named(project: Repository, store: Path) -> None:
    folder = add(store, "orphan")
    write(folder, "tags/mlflow.parentRunId", "nobody")
    assert taken(project, store) == {("parent of a run", "is not in the store"): ["nobody"]}
    assert "parent" not in runs(project)["orphan"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "is not there"),
        (b"x", "is no SQLite file"),
        (b"SQLite format 3\0" + b"x" * 4096, "cannot be read as a SQLite file"),
    ],
)
def test_a_file_that_is_no_store_is_refused(project: Repository, tmp_path: Path, data: bytes | None, told: str) -> None:
    place = tmp_path / "store"
    if data is not None:
        place.write_bytes(data)
    assert told in project.warned("import", "mlflow", str(place))


def test_a_folder_or_a_database_of_something_else_is_refused(project: Repository, tmp_path: Path) -> None:
    assert "holds no experiment of MLflow's" in project.warned("import", "mlflow", str(tmp_path))
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE runs (a)")
    other.close()
    assert "is no database of MLflow's" in project.warned("import", "mlflow", str(tmp_path / "other.db"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-12", -12), ("0.1", 0.1), ("1e-05", 1e-05), ("True", True), ("False", False),
        ("007", "007"), ("1e3", "1e3"), ("+1", "+1"), ("-0", "-0"), ("nan", "nan"), ("inf", "inf"), ("true", "true"),
        ("1_000", "1_000"), (" 1", " 1"), ("99999999999999999999", "99999999999999999999"), ("", ""), ("None", "None"),
    ],
)  # fmt: skip
def test_a_parameter_is_read_as_a_value_only_where_that_is_written_the_same(text: str, value: Any) -> None:
    found = read_param(text)
    assert (found, type(found)) == (value, type(value))
    assert str(found) == text


@pytest.mark.parametrize(
    "linked", ["1/good/params", "1/good/tags", "1/good/metrics", "1", "1/good", "models", ".trash"]
)
def test_a_folder_that_is_a_link_is_told_and_not_entered(
    project: Repository, store: Path, tmp_path: Path, linked: str
) -> None:
    """What its reader may see and others may not would be in git."""
    write(tmp_path, "mine/id_rsa", "SECRET")
    write(tmp_path, "mine/meta.yaml", META.format(run="SECRET", address=""))
    write(tmp_path, "mine/SECRET/meta.yaml", META.format(run="SECRET", address=""))
    write(store, "2/other/meta.yaml", META.format(run="other", address=""))
    shutil.rmtree(store / linked, ignore_errors=True)
    (store / linked).symlink_to(tmp_path / "mine")
    left = taken(project, store)
    assert "other" in runs(project)
    told = json.dumps(runs(project)) + repr(left)
    assert "SECRET" not in told
    assert "id_rsa" not in told
    assert not (project.root / "registry").exists()
    if linked.startswith("1"):
        assert left.keys() & {("foreign file", "has no home here"), ("file that cannot be read", NO_FOLDER)}
    else:
        assert left["file that cannot be read", NO_FOLDER] == [linked]


@pytest.mark.parametrize(
    "linked", ["1/linked/meta.yaml", "1/linked/params/depth", "1/linked/metrics/auc", "1/meta.yaml"]
)
def test_a_file_that_is_a_link_is_told_and_not_read(
    project: Repository, store: Path, tmp_path: Path, linked: str
) -> None:
    write(tmp_path, "mine", f"{META.format(run='SECRET', address='')}name: SECRET\n")
    add(store, "linked", params__depth="3", metrics__auc="1700000000000 0.5 0\n")
    (store / linked).unlink()
    (store / linked).symlink_to(tmp_path / "mine")
    assert taken(project, store) == {("file that cannot be read", "is a link, which may lead anywhere"): [linked]}
    assert "SECRET" not in json.dumps(runs(project))
    assert "good" in runs(project)


@pytest.mark.parametrize("place", ["1/piped/meta.yaml", "1/piped/params/depth", "1/piped/metrics/auc"])
def test_a_pipe_is_told_and_not_waited_for(project: Repository, store: Path, place: str) -> None:
    add(store, "piped", params__depth="3", metrics__auc="1700000000000 0.5 0\n")
    (store / place).unlink()
    os.mkfifo(store / place)
    assert taken(project, store) == {("file that cannot be read", "is no regular file"): [place]}
    assert "good" in runs(project)


def test_a_link_to_an_mlruns_is_followed_only_where_it_was_named(
    project: Repository, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "around").mkdir()
    (tmp_path / "around/mlruns").symlink_to(store)
    assert "holds no experiment" in project.warned("import", "mlflow", str(tmp_path / "around"))
    assert taken(project, tmp_path / "around/mlruns") == {}
    assert runs(project).keys() == {"good"}


def test_a_line_without_an_end_is_told_and_not_kept_in_memory(project: Repository, store: Path) -> None:
    add(store, "long", metrics__auc="1700000000000 0.5 0\n" + "9" * 5000 + "\n1700000000000 0.7 1\n")
    why = "has 4,096 bytes or more: it and what follows is left"
    assert taken(project, store) == {("file that cannot be read", why): ["1/long/metrics/auc:2"]}
    assert runs(project)["long"]["metrics"] == {"auc": 0.5}


@pytest.mark.parametrize(
    ("place", "text", "left"),
    [
        ("1/bad/meta.yaml", META.format(run="bad", address="").replace("1700000001000", "1" + 18 * "0"), "run"),
        ("1/bad/meta.yaml", META.format(run="bad", address="").replace("1700000001000", "-1" + 15 * "0"), "run"),
        ("1/bad/meta.yaml", META.format(run="bad", address="").replace("status: 3", "status: 9"), "run"),
        ("1/bad/meta.yaml", META.format(run="bad", address="[]"), "run"),
        ("1/bad/metrics/auc", f"{400 * '9'} 0.5 0\n", "file that cannot be read"),
        ("1/bad/metrics/auc", f"1700000000000 0.5 {400 * '9'}\n", "file that cannot be read"),
        ("models/m/version-2/meta.yaml", f"creation_timestamp: {20 * '9'}\n", "version"),
        ("models/m/version-²/meta.yaml", "creation_timestamp: 1\n", "version"),
        ("models/m/aliases/champion", "²", "alias"),
        ("models/m/meta.yaml", "name: []\n", "registered model"),
        ("1/meta.yaml", "name: {}\n", "experiment"),
    ],
)
def test_what_is_not_of_its_form_in_a_folder_is_named_and_the_rest_is_taken(
    project: Repository, store: Path, place: str, text: str, left: str
) -> None:
    add(store, "bad")
    write(store, "models/m/meta.yaml", "name: m\n")
    write(store, "models/m/version-1/meta.yaml", "creation_timestamp: 1700000000000\n")
    write(store, place, text)
    told = taken(project, store)
    assert [what for what, _ in told] == [left]
    (names,) = told.values()
    assert names[0].startswith(place.removesuffix("/meta.yaml"))
    assert "good" in runs(project)
    assert ("bad" in runs(project)) == (left != "run")
    assert (project.root / "registry/m/imported/1.0.0.yaml").exists() == (left != "registered model")


def test_a_run_whose_address_or_folder_is_none_is_no_end_of_an_import(project: Repository, store: Path) -> None:
    add(store, "half", address="http://[bad")
    add(store, "long", address="file:///" + 300 * "x" + "/artifacts")
    (store / "1" / os.fsdecode(b"\xff")).mkdir()
    shutil.copy(store / "1/good/meta.yaml", store / "1" / os.fsdecode(b"\xff") / "meta.yaml")
    told = taken(project, store)
    assert told == {
        ("run", "its folder: holds the character U+DCFF"): ["1/\\udcff"],
    }
    assert runs(project).keys() == {"good", "half", "long"}


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
    assert (project.root / "registry/m/imported/1.0.0.yaml").is_file()


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


def test_a_run_is_counted_as_taken_once_it_is_on_record(project: Repository, store: Path) -> None:
    """A pipe among artifacts leaves them there. A run whose files cannot be put is left, and not taken."""
    os.mkfifo(add(store, "piped", artifacts__model="m") / "artifacts/pipe")
    add(store, "blocked", artifacts__model="m")
    blocked = mlflow_runs.id_of("blocked", 1_700_000_000_000)
    (project.root / "runs/2023/11" / blocked).mkdir(parents=True)
    (project.root / "runs/2023/11" / blocked / "artifacts.dvc").mkdir()
    told = json.loads(project.actum("import", "mlflow", str(store), "--json"))["data"]
    left = {(one["what"], one["count"]): one["names"] for one in told["left"]}
    assert left == {("folder of artifacts", 1): ["piped"], ("run", 1): ["blocked"]}
    assert told["taken"] == {"run": 2}
    assert runs(project).keys() == {"good", "piped"}
