"""``actum ls runs`` with ``--where``, ``--sort``, ``--columns``, ``--export`` and ``--plot``."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from actum import layout, moments
from actum.filing import write_record
from actum.names import ulid_ms
from actum.records.run import Run
from tests.columns.logged import Logged, at_its_place, data
from tests.in_process import typed
from tests.index.conftest import Actum, Printed, without_index
from tests.real_git import git, write
from tests.records import samples

QUERIES = (
    ("--sort", "-metrics.auc", "--limit", "7", "--columns", "id,metrics.auc,params.seed"),
    ("--where", "metrics.auc > 0.7 and params.model.depth <= 4", "--columns", "all", "--json"),
    ("--where", "tags.team = 'risk' and params.model.kind <> 'linear'", "--sort", "seconds", "--limit", "0"),
    ("--where", "started_at >= '2026-01-03' and by = 'Ana'", "--json"),
    ("--where", "params.seed % 10 = 3", "--columns", "seed,rows"),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Run]]:
    logged = Logged(tmp_path_factory.mktemp("logged") / "repo")
    return logged.repo.root, logged.start(130)


@pytest.fixture
def logged(made: tuple[Path, list[Run]], tmp_path: Path) -> Logged:
    """A copy that a test may go on with, as the index does not know it yet."""
    shutil.copytree(made[0], tmp_path / "copy", ignore=shutil.ignore_patterns(".actum", "actum-index-key"))
    grown = Logged(tmp_path / "new")
    grown.repo = type(grown.repo)(tmp_path / "copy")
    grown.minute = 60 * 130
    return grown


@pytest.fixture
def actum() -> Actum:
    def run(root: Path, *words: str) -> Printed:
        return Printed(*typed(words, cwd=root, env=os.environ))

    return run


def ls(actum: Actum, logged: Logged, *words: str) -> Printed:
    return actum(logged.repo.root, "ls", "runs", *words)


def ids(printed: Printed) -> list[str]:
    return [row["id"] for row in data(printed.out)]


def test_the_best_runs_by_a_filter_are_those_that_python_finds(
    made: tuple[Path, list[Run]], logged: Logged, actum: Actum
) -> None:
    fitting = [run for run in made[1] if run.metrics["auc"] > 0.7 and run.params["model.depth"] <= 4]
    best = sorted(fitting, key=lambda run: (run.metrics["auc"], run.id), reverse=True)[:5]
    words = ("--where", "metrics.auc > 0.7 and params.model.depth <= 4", "--sort", "-metrics.auc", "--limit", "5")
    printed = ls(actum, logged, *words, "--columns", "id,metrics.auc,params.model.depth", "--json")
    assert json.loads(printed.out) == {
        "schema": "run-columns/1",
        "clock": "real",
        "data": [
            {"id": run.id, "metrics.auc": run.metrics["auc"], "params.model.depth": run.params["model.depth"]}
            for run in best
        ],
        "warnings": [],
        "next": [],
    }
    assert [row["id"] for row in data(ls(actum, logged, *words, "--json").out)] == [run.id for run in best]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_every_query_says_the_same_without_an_index_while_it_is_made_and_with_it(
    query: tuple[str, ...], logged: Logged, actum: Actum
) -> None:
    with without_index(logged.repo.root):
        plain = ls(actum, logged, *query)
    assert plain.status == 0
    assert plain.out.count("\n") > 3
    assert [ls(actum, logged, *query) for _ in range(2)] == [plain, plain]


def test_a_run_more_or_another_revision_is_told_as_git_has_it(logged: Logged, actum: Actum) -> None:
    query = ("--where", "metrics.auc >= 0.5", "--columns", "id", "--json", "--limit", "0")
    before = ids(ls(actum, logged, *query))
    first, run = git(logged.repo.root, "rev-parse", "main"), logged.run()
    logged.add(run)
    assert ids(ls(actum, logged, *query)) == [run.id, *before]
    assert ids(ls(actum, logged, *query, "--at", first)) == before
    day = int(moments.end_of("2026-01-02").timestamp() * 1000)
    by_then = [one for one in before if ulid_ms(one) <= day]
    assert ids(ls(actum, logged, *query, "--at", "2026-01-02")) == by_then
    assert 20 < len(by_then) < len(before)
    git(logged.repo.root, "update-ref", "refs/heads/main", first)
    assert ids(ls(actum, logged, *query)) == before


def test_runs_of_the_work_tree_are_told_and_marked_until_they_are_committed(logged: Logged, actum: Actum) -> None:
    run = logged.run(metrics={"auc": 0.99})
    logged.beside(run)
    best = ls(actum, logged, "--sort", "-auc", "--limit", "1")
    assert "not committed" in best.out
    assert "not committed" in ls(actum, logged, "--limit", "1").out
    assert ids(ls(actum, logged, "--where", "not committed", "--json")) == [run.id]
    assert run.id not in ids(ls(actum, logged, "--at", "HEAD", "--limit", "0", "--json", "--columns", "id"))
    shown = actum(logged.repo.root, "show", f"run/{run.id}")
    assert shown.out.splitlines()[0] == f"run/{run.id}  not committed"
    assert "not committed" in actum(logged.repo.root, "log", "--limit", "1").out
    git(logged.repo.root, "add", "runs")
    git(logged.repo.root, "commit", "-qm", "Log a run")
    assert "not committed" not in ls(actum, logged, "--sort", "-auc", "--limit", "1").out
    assert ls(actum, logged, "--sort", "-auc", "--limit", "1").out != best.out


def test_a_file_of_the_work_tree_is_told_as_it_is_now_whatever_is_known_of_it(logged: Logged, actum: Actum) -> None:
    runs = [logged.run(metrics={"auc": 0.25}) for _ in range(120)]
    for run in runs:
        logged.beside(run)
    query = ("--where", "auc <= 0.3", "--columns", "id,auc", "--json", "--limit", "0")
    assert len(ids(ls(actum, logged, *query))) == 120
    moved = replace(runs[7], metrics={"auc": 0.125})
    logged.beside(moved)
    logged.beside(runs[8]).unlink()
    rows = {row["id"]: row["metrics.auc"] for row in data(ls(actum, logged, *query).out)}
    assert rows == {run.id: 0.25 for run in runs if run is not runs[8]} | {moved.id: 0.125}


def test_of_a_run_that_is_committed_the_file_in_the_work_tree_says_nothing(logged: Logged, actum: Actum) -> None:
    before = ls(actum, logged, "--sort", "-auc", "--columns", "all", "--json")
    paths = sorted(logged.repo.root.glob("runs/*/*/*.json"))
    edited = json.loads(paths[0].read_text()) | {"metrics": {"auc": 1.0}}
    paths[0].write_text(json.dumps(edited))
    paths[1].write_bytes(paths[1].read_bytes()[:200])
    paths[2].unlink()
    assert ls(actum, logged, "--sort", "-auc", "--columns", "all", "--json") == before


def test_a_run_that_lies_in_two_months_is_told_twice_and_warned_of(logged: Logged, actum: Actum) -> None:
    path, run = at_its_place(logged.run())
    logged.commit({path: run, path.replace("/2026/", "/2025/"): run})
    printed = ls(actum, logged, "--where", f"id = '{run.id}'", "--json")
    assert ids(printed) == [run.id, run.id]
    assert json.loads(printed.out)["warnings"] == [f"run/{run.id} lies in two places"]


def bad_files(logged: Logged) -> dict[str, Any]:
    torn, renamed, edited = (at_its_place(logged.run()) for _ in range(3))
    other, linked = (layout.run(logged.ulid(), logged.now) for _ in range(2))
    return {
        torn[0]: write_record(torn[1], path=torn[0])[:300],
        other: write_record(renamed[1], path=renamed[0]),
        edited[0]: write_record(edited[1], path=edited[0]).replace(b'"kind": "pipeline"', b'"kind": "guess"'),
        linked: b"{}",
    }


@pytest.mark.parametrize("committed", [True, False])
def test_a_run_that_is_torn_renamed_or_edited_is_named_and_the_rest_is_served(
    committed: bool, logged: Logged, actum: Actum
) -> None:
    query = ("--sort", "-auc", "--limit", "5", "--columns", "id,auc")
    before = ls(actum, logged, *query)
    bad = bad_files(logged)
    if committed:
        logged.commit(bad)
    else:
        for path, content in bad.items():
            write(logged.repo.root, path, content)
    for _ in range(2):  # read, and then known
        printed = ls(actum, logged, *query)
        assert (printed.status, printed.out) == (0, before.out)
        warned = printed.err.splitlines()
        assert sorted(line.removeprefix("warning: ").partition(":")[0] for line in warned) == sorted(bad)


def test_numbers_that_json_has_none_for_are_compared_sorted_and_told(logged: Logged, actum: Actum) -> None:
    told = {"nan": "NaN", "high": "Infinity", "low": "-Infinity", "huge": 1e308}
    runs = {name: logged.run(metrics={"loss": value}, tags={"which": name}) for name, value in told.items()}
    logged.add(*runs.values())

    def cases(*words: str) -> list[str]:
        return [row["tags.which"] for row in data(ls(actum, logged, *words, "--columns", "which,loss", "--json").out)]

    assert cases("--where", "loss > 1e300") == ["huge", "high"]
    assert cases("--where", "loss < 0") == ["low"]
    assert cases("--where", "which is not null", "--sort", "loss") == ["low", "huge", "high", "nan"]
    printed = ls(actum, logged, "--where", "which = 'nan'", "--columns", "loss", "--json")
    assert data(printed.out) == [{"metrics.loss": "NaN"}]


def test_what_cannot_be_asked_is_refused_before_anything_is_written(logged: Logged, actum: Actum) -> None:
    said = [
        ls(actum, logged, "--where", "metrics.auc >"),
        ls(actum, logged, "--sort", "aux"),
        ls(actum, logged, "--columns", "id,metric.auc"),
        ls(actum, logged, "--columns", "all,id"),
        ls(actum, logged, "--export", "runs.xlsx"),
        ls(actum, logged, "--plot", "runs.jpg"),
        actum(logged.repo.root, "ls", "versions", "--where", "true"),
    ]
    assert [printed.status for printed in said] == [2] * 7
    assert [printed.err.splitlines()[0] for printed in said] == [
        "error: --where: 'metrics.auc >' ends too early",
        "error: --sort aux: no run has aux, did you mean metrics.auc?",
        "error: --columns metric.auc: no run has metric.auc, did you mean metrics.auc?",
        "error: --columns all,id: all stands alone",
        "error: --export runs.xlsx: the name must end in .parquet, .csv, .json",
        "error: --plot runs.jpg: the name must end in .html, .svg, .png",
        "error: --where, --columns, --export and --plot are for runs, not versions",
    ]


def test_where_there_are_no_runs_a_query_has_no_answer(logged: Logged, actum: Actum, tmp_path: Path) -> None:
    empty = Logged(tmp_path / "empty")
    empty.start(0)
    assert data(ls(actum, empty, "--where", "metrics.auc > 0.8", "--sort", "-metrics.auc", "--json").out) == []
    printed = ls(actum, empty, "--where", "metrics.auc > 0.8", "--columns", "metrics.auc")
    assert (printed.status, printed.out) == (0, "")
    for wish in ("--export", "--plot"):
        printed = ls(actum, empty, wish, "runs.json" if wish == "--export" else "runs.svg")
        assert printed == (1, "", "error: there are no runs to write\nhint: actum run\n")


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "runs.parquet": lambda path: [
        dict(zip(names, row, strict=True))
        for found in [duckdb.read_parquet(str(path))]
        for names in [found.columns]
        for row in found.fetchall()
    ],
    "runs.csv": lambda path: list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))),
    "runs.json": lambda path: json.loads(path.read_text()),
}


@pytest.mark.parametrize("name", READERS)
def test_an_export_holds_what_the_list_tells(name: str, logged: Logged, actum: Actum) -> None:
    odd = logged.run(
        params={"seed": 2**70, "model.kind": 'a,"b"\n=c', "layers": [1, 2], "seed2": 1, "Seed2": 2},
        metrics={"auc": "NaN", "rows": 3},
        tags={"team": "Überprüfung"},
    )
    logged.add(odd)
    printed = ls(actum, logged, "--export", name)
    assert (printed.status, printed.out) == (0, f"{name}: 131 runs, 25 columns\n")
    rows = READERS[name](logged.repo.root / name)
    told = data(ls(actum, logged, "--columns", "all", "--json", "--limit", "0").out)
    assert [row["id"] for row in rows] == [row["id"] for row in told]
    assert [str(row["params.seed"]) for row in rows] == [str(row["params.seed"]) for row in told]
    assert [float(row["metrics.auc"]) for row in rows[1:]] == [row["metrics.auc"] for row in told[1:]]
    assert math.isnan(float(rows[0]["metrics.auc"]))
    assert rows[0]["params.model.kind"] == 'a,"b"\n=c'
    assert rows[0]["tags.team"] == "Überprüfung"
    upper = "Seed2_1" if name == "runs.parquet" else "Seed2"  # DuckDB tells no case apart
    assert [str(rows[0][f"params.{one}"]) for one in ("seed2", upper)] == ["1", "2"]
    assert list(logged.repo.root.glob(".actum-*")) == []


def test_an_export_of_no_runs_has_the_columns_that_were_asked_for(logged: Logged, actum: Actum) -> None:
    for name, reader in READERS.items():
        printed = ls(actum, logged, "--where", "auc > 9", "--columns", "id,metrics.auc", "--export", name)
        assert (printed.status, printed.out) == (0, f"{name}: 0 runs, 2 columns\n")
        assert reader(logged.repo.root / name) == []


def test_two_repositories_are_one_list_in_one_order(logged: Logged, actum: Actum, tmp_path: Path) -> None:
    other = Logged(tmp_path / "other")
    other.minute = 30
    other.start(3)
    best = other.run(metrics={"auc": 0.97})
    other.add(best)
    where = ("--repo", str(logged.repo.root), "--repo", str(other.repo.root))
    rows = data(ls(actum, logged, *where, "--sort", "-auc", "--limit", "3", "--columns", "id,auc", "--json").out)
    assert [row["metrics.auc"] for row in rows] == sorted((row["metrics.auc"] for row in rows), reverse=True)
    assert rows[0]["id"] == best.id
    assert {"repository", "id", "metrics.auc"} == set(rows[0])


def test_runs_of_a_model_are_those_of_its_pipeline(logged: Logged, actum: Actum) -> None:
    logged.commit({layout.card("m"): samples.card(model="m", pipeline="sub")})
    one = logged.run(pipeline="sub")
    script = replace(logged.run(), kind="script", pipeline=None, environment=None)
    logged.add(one, script)
    assert ids(actum(logged.repo.root, "ls", "runs", "m", "--where", "true", "--json")) == [one.id]


WRITER = """
import sys
from pathlib import Path
from actum import files
from tests.columns.logged import Logged, at_its_place
from actum.filing import write_record

root, number = Path(sys.argv[1]), int(sys.argv[2])
logged = Logged(Path(sys.argv[3]))
logged.minute = 60 * 1000 * (number + 1)
for _ in range(40):
    path, run = at_its_place(logged.run())
    files.replace(root / path, write_record(run, path=path))
"""


def test_while_ten_write_a_reader_sees_whole_runs_and_ever_more_of_them(
    logged: Logged, actum: Actum, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(logged.repo.root), str(at), str(tmp_path / f"w{at}")], cwd=root
        )
        for at in range(10)
    ]
    seen = [set[str]()]
    while any(writer.poll() is None for writer in writers):
        printed = ls(actum, logged, "--where", "auc >= 0", "--columns", "id,auc", "--json", "--limit", "0")
        assert (printed.status, json.loads(printed.out)["warnings"]) == (0, [])
        seen.append(set(ids(printed)))
    assert [writer.returncode for writer in writers] == [0] * 10
    assert all(before <= after for before, after in pairwise(seen))
    assert len(ids(ls(actum, logged, "--where", "auc >= 0", "--json", "--limit", "0"))) == 530


def test_that_nothing_matches_is_said_and_is_no_empty_log_book(logged: Logged, actum: Actum) -> None:
    printed = ls(actum, logged, "--where", "auc > 2")
    assert (printed.status, printed.out) == (0, "")
    assert printed.err.startswith("none of ")
    assert "actum run" not in printed.err
    drawn = ls(actum, logged, "--where", "auc > 2", "--plot", "x.svg")
    assert (drawn.status, drawn.err.startswith("error: none of ")) == (1, True)
