"""``actum features materialize``: real views over real flights, in the project's locked environment."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from actum import files, layout
from actum.errors import NotFoundError
from actum.online.sqlite import SqliteStore
from tests.flight_features import EVENING, FLIGHTS, VIEWS
from tests.real_git import git, write
from tests.scored_project import Loans

LATER = "2013-04-17T21:47:00Z"


def materialize(project: Loans, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert project.actum("features", "materialize", *words, "--json") == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "features-materialized/1"
    return dict(answer["data"], warnings=answer["warnings"])


def test_views_are_published_together_and_later_only_what_changed(
    served: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore(served.root / ".actum/online.sqlite")
    meta = store.meta()
    assert list(meta) == ["aircraft", "arrivals", "departures", "routes"]
    assert {view.commit for view in meta.values()} == {served.repo.head()}
    assert meta["departures"].digests == served.head.definitions.digests_of(meta["departures"].digests)
    assert meta["departures"].engine.startswith("duckdb ")
    data = materialize(served, capsys, "--until", LATER)
    assert data["before"] == dict.fromkeys(meta, EVENING)
    assert [(one["path"], one["state"]) for one in data["sources"]] == [
        ("data/flights.parquet", "committed"),
        ("data/planes.csv", "committed"),
    ]
    changes = {one["view"]: one for one in data["changes"]}
    assert {name: one["rows"] for name, one in changes.items()} == {name: v.rows for name, v in store.meta().items()}
    assert (changes["aircraft"]["written"], changes["aircraft"]["rewritten"]) == (0, False)
    assert 0 < changes["routes"]["written"] < changes["routes"]["rows"] / 10
    assert served.actum("features", "materialize", "--until", EVENING) == 1
    assert f"until {LATER}, later than {EVENING}" in capsys.readouterr().err


def test_a_view_that_means_something_else_is_written_anew_and_the_others_are_left(
    airline: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    materialize(airline, capsys, "aircraft", "routes", "--until", EVENING)
    view = {**VIEWS["aircraft"], "features": [{"name": "built", "type": "int", "of": "year + 0"}]}
    write(airline.root, layout.view("aircraft"), files.write_yaml(view))
    git(airline.root, "commit", "-qam", "Another meaning")
    (change,) = materialize(airline, capsys, "aircraft", "--until", EVENING)["changes"]
    assert (change["view"], change["rewritten"]) == ("aircraft", True)
    meta = SqliteStore(airline.root / ".actum/online.sqlite").meta()
    assert set(meta) == {"aircraft", "routes"}
    assert meta["aircraft"].digests == airline.head.definitions.digests_of(["built"])


def test_a_dry_run_says_what_would_be_done_and_does_nothing(airline: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    assert airline.actum("features", "materialize", "routes", "--until", EVENING, "--dry-run") == 0
    said = capsys.readouterr().out
    assert said.startswith("would materialize 1 view until 2013-04-17 21:17Z\n  routes  new\n  sources  data/flights")
    assert not (airline.root / ".actum/online.sqlite").exists()


def test_a_source_that_is_not_what_is_on_record_is_refused_or_said(
    airline: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    with (airline.root / "data/planes.csv").open("a") as table:
        table.write("N99999,2001,4\n")
    words = ("aircraft", "--until", EVENING)
    assert airline.actum("features", "materialize", *words) == 1
    said = capsys.readouterr().err
    assert "error: data/planes.csv is not what is on record\n" in said
    assert "hint: dvc add data/planes.csv and commit, dvc checkout data/planes.csv, or --allow-changed\n" in said
    data = materialize(airline, capsys, *words, "--allow-changed")
    assert data["warnings"] == ["data/planes.csv is not what is on record"]
    assert SqliteStore(airline.root / ".actum/online.sqlite").meta()["aircraft"].changed == ("data/planes.csv",)


def test_a_source_that_is_nowhere_on_record_or_not_here_is_refused(
    airline: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    git(airline.root, "rm", "-q", "data/planes.csv.dvc")
    git(airline.root, "commit", "-qm", "Forget the aircraft")
    assert airline.actum("features", "materialize", "aircraft") == 1
    assert "error: data/planes.csv is neither under DVC nor in git\n" in capsys.readouterr().err
    (airline.root / FLIGHTS).unlink()
    assert airline.actum("features", "materialize", "routes") == 1
    assert "error: data/flights.parquet is not here\nhint: dvc pull data/flights.parquet\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("planes",), "features/planes.yaml is not committed; there are: aircraft, arrivals, departures, routes"),
        (("offer",), "offer has no source: it is computed from others when it is asked for"),
        (("routes", "--until", "2113-04-17"), "2113-04-17T23:59:59.999999Z has not come yet"),
    ],
)
def test_what_cannot_be_materialized_is_said(
    airline: Loans, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert airline.actum("features", "materialize", *words) == 1
    assert f"error: {message}\n" in capsys.readouterr().err


def test_what_is_not_committed_does_not_count_and_that_is_said(
    airline: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    write(airline.root, layout.view("aircraft"), files.write_yaml({**VIEWS["aircraft"], "owner": "bob@example.org"}))
    assert airline.actum("features", "materialize", "aircraft", "--until", EVENING, "-n") == 0
    assert "features/aircraft.yaml is not committed as it is: what is committed counts\n" in capsys.readouterr().err


def test_a_column_that_the_source_lacks_is_the_workers_to_say(
    airline: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    view = {**VIEWS["aircraft"], "features": [{"name": "built", "type": "int", "of": "yaer"}]}
    write(airline.root, layout.view("aircraft"), files.write_yaml(view))
    git(airline.root, "commit", "-qam", "A slip of the pen")
    assert airline.actum("features", "materialize", "aircraft", "--until", EVENING) == 1
    said = capsys.readouterr().err
    assert "error: features/aircraft.yaml: features[0].of: " in said
    assert "did you mean year?" in said


def test_killed_at_any_moment_it_leaves_the_state_before_or_after(
    served: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    path, chance = served.root / ".actum/online.sqlite", random.Random(3)
    command = [sys.executable, "-m", "actum", "-C", str(served.root), "features", "materialize", "--until", LATER]
    for _ in range(3):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 4.0))
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert len({view.until for view in SqliteStore(path).meta().values()}) == 1
        assert served.actum("features", "get", "departures", "JFK", "--at", LATER) == 0
    assert materialize(served, capsys, "--until", LATER)["views"] == ["aircraft", "arrivals", "departures", "routes"]


def test_a_file_that_is_no_store_of_ours_is_left_alone(airline: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = airline.root / "notes.txt"
    foreign.write_text("not a database" * 100)
    words = ("features", "materialize", "aircraft", "--until", EVENING, "--store", "notes.txt")
    assert airline.actum(*words) == 1
    assert "notes.txt: is no online store" in capsys.readouterr().err
    assert foreign.read_text().startswith("not a database")
    with pytest.raises(NotFoundError):
        SqliteStore(Path(airline.root / ".actum/online.sqlite")).meta()
