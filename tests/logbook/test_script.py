"""``actum.run()``: what a script says of itself is on record, in the words of the glossary."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import actum
from actum import digests, files, schemas
from actum.environment.machine import platform_name
from actum.errors import NotFoundError, UserError
from actum.names import ulid_ms
from actum.records.forms import FileFact, Person
from actum.records.run import Interpreter, Run, RunStatus
from actum.runlog import closing, series
from tests.logbook.conftest import Records
from tests.real_git import git, write


def test_a_script_s_run_is_one_record_with_all_that_it_said(root: Path, records: Records) -> None:
    with actum.run(
        "try 1", params={"model": {"depth": 6}}, tags={"team": "x"}, notes="One.", packages=["pytest"]
    ) as run:
        run.log_param("seed", 7)
        run.log_params({"model": {"kind": "linear"}})
        run.log_metric("auc", 0.8)
        run.log_metrics({"rows": 100, "brier": 0.25})
        run.tag("sort", "b")
        run.note("Two.")
    (record,) = records().values()
    assert record.finished_at is not None
    assert record == Run(
        schema="run/1",
        id=run.id,
        kind="script",
        name="try 1",
        started_at=datetime.fromtimestamp(ulid_ms(run.id) / 1000, UTC),
        finished_at=record.finished_at,
        clock="real",
        by=Person(name="Ana", email="ana@example.org"),
        command=record.command,
        code_commit=git(root, "rev-parse", "HEAD"),
        dirty=False,
        interpreter=Interpreter(
            python=platform.python_version(), platform=platform_name(), packages={"pytest": pytest.__version__}
        ),
        tags={"team": "x", "sort": "b"},
        notes="One.\nTwo.",
        params={"model.depth": 6, "seed": 7, "model.kind": "linear"},
        metrics={"auc": 0.8, "rows": 100, "brier": 0.25},
    )
    assert git(root, "status", "--porcelain").splitlines() == ["?? runs/"]
    assert list((root / ".actum/scripts").iterdir()) == []


def test_of_one_name_the_last_word_counts(root: Path, records: Records) -> None:
    with actum.run(params={"a": 1}, tags={"t": "1"}) as run:
        run.log_param("a", 2)
        run.log_metric("m", 1)
        run.log_metric("m", 2)
        run.tag("t", 2)
    (record,) = records().values()
    assert (record.params, record.metrics, record.tags) == ({"a": 2}, {"m": 2}, {"t": "2"})


def test_metrics_by_step_lie_beside_the_record_and_their_last_values_in_it(root: Path, records: Records) -> None:
    with actum.run() as run:
        for step in range(3):
            run.log_metrics({"loss": 1 / (step + 1), 'a "b", c': step}, step=step)
        run.log_metric("loss", float("-inf"), step=-1)
        run.log_metric("best", 3, step=0)
        run.log_metric("best", 1)
        run.log_metric("best", 2, step=1)
    (record,) = records().values()
    assert record.metrics == {"loss": "-Infinity", 'a "b", c': 2, "best": 1}
    assert record.series is not None
    data = (root / record.series.path).read_bytes()
    assert record.series == FileFact(
        path=f"runs/{record.started_at:%Y/%m}/{run.id}.csv",
        md5=digests.md5_of_bytes(data),
        sha256=digests.of_bytes(data),
        size=len(data),
    )
    lines = [line.split(",", 2) for line in data.decode().splitlines()]
    assert lines.pop(0) == ["step", "seconds", "metric,value"]
    assert [(step, rest) for step, _, rest in lines] == [
        ("0", "loss,1.0"), ("0", '"a ""b"", c",0.0'), ("1", "loss,0.5"), ("1", '"a ""b"", c",1.0'),
        ("2", "loss,0.3333333333333333"), ("2", '"a ""b"", c",2.0'), ("-1", "loss,-Infinity"),
        ("0", "best,3.0"), ("1", "best,2.0"),
    ]  # fmt: skip
    assert series.last_values(root / record.series.path) == {"loss": float("-inf"), 'a "b", c': 2.0, "best": 2.0}


def test_long_series_lie_under_dvc_and_git_takes_the_pointer(root: Path, records: Records) -> None:
    with actum.run() as run:
        for step in range(6000):
            run.log_metric("loss", 1 / (step + 1), step)
    (record,) = records().values()
    assert record.series is not None
    assert record.series.size is not None
    assert record.series.size > closing.LONGEST_IN_GIT
    folder = f"runs/{record.started_at:%Y/%m}"
    assert record.series.path == f"{folder}/{run.id}/series.csv"
    git(root, "add", "runs")
    kept = [f"{folder}/{run.id}.json", f"{folder}/{run.id}/.gitignore", f"{folder}/{run.id}/series.csv.dvc"]
    assert git(root, "ls-files", "runs").splitlines() == kept
    whole = (root / record.series.path).read_bytes()
    (root / record.series.path).unlink()
    dvc(root, "checkout")
    assert (root / record.series.path).read_bytes() == whole


def test_an_artifact_is_kept_under_dvc_as_it_was(root: Path, records: Records) -> None:
    write(root, "models/a.bin", "first")
    write(root, "plots/one.txt", "1")
    write(root, "plots/deep/two.txt", "2")
    write(root.parent, "outside.txt", "there")
    with actum.run() as run:
        run.log_artifact("models/a.bin")
        run.log_artifact(Path("plots"))
        run.log_artifact(root.parent / "outside.txt")
        write(root, "models/a.bin", "second")
    (record,) = records().values()
    folder = f"runs/{record.started_at:%Y/%m}/{run.id}"
    assert [fact.path for fact in record.artifacts] == [
        f"{folder}/{name}" for name in ("models/a.bin", "plots", "outside.txt")
    ]
    assert record.artifacts[0].sha256 == digests.of_bytes(b"first")
    dvc(root, "checkout")
    names = ("models/a.bin", "plots/one.txt", "plots/deep/two.txt", "outside.txt")
    assert [(root / folder / name).read_text() for name in names] == ["first", "1", "2", "there"]
    git(root, "add", "runs")
    told = git(root, "ls-files", "runs").splitlines()
    assert sorted(told) == sorted(
        [
            f"{folder}.json",
            f"{folder}/.gitignore",
            *(f"{folder}/{name}.dvc" for name in ("models/a.bin", "outside.txt", "plots")),
        ]
    )


def test_an_artifact_needs_a_file_and_dvc(root: Path) -> None:
    with actum.run() as run:
        with pytest.raises(NotFoundError, match=r"no\.txt: there is no such file$"):
            run.log_artifact("no.txt")
        (root / ".dvc").rename(root / "away")
        with pytest.raises(NotFoundError, match=r"is no DVC project") as caught:
            run.log_artifact("actum.yaml")
    assert caught.value.hint == "dvc init"


def test_a_run_may_be_part_of_another(root: Path, records: Records) -> None:
    with actum.run("outer") as outer, actum.run("inner", parent=outer) as inner:
        pass
    with actum.run("later", parent=f"run/{outer.id}") as later:
        pass
    parents = {record.name: record.parent for record in records().values()}
    assert parents == {"outer": None, "inner": outer.id, "later": outer.id}
    assert list(records()) == sorted([outer.id, inner.id, later.id])
    with pytest.raises(UserError, match=r"^parent is 'outer', must be a run or its id$"):
        actum.run(parent="outer").begin()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, None),
        (SystemExit(0), None),
        (SystemExit(2), "failed"),
        (ValueError("no"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_how_a_block_ends_is_how_the_run_ended(
    error: BaseException | None, status: RunStatus | None, root: Path, records: Records
) -> None:
    def block() -> None:
        with actum.run() as run:
            run.log_metric("m", 1)
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            block()
    else:
        block()
    (record,) = records().values()
    assert (record.status, record.metrics) == (status, {"m": 1})
    assert record.finished_at is not None


def test_a_notebook_begins_and_ends_a_run_by_hand(root: Path, records: Records) -> None:
    run = actum.run("cells")
    with pytest.raises(UserError, match=r"^the run has not begun$"):
        run.log_metric("m", 1)
    run.begin()
    with pytest.raises(UserError, match=rf"^run/{run.id} has begun already$"):
        run.begin()
    run.log_metric("m", 1)
    run.end("failed")
    run.end()
    with pytest.raises(UserError, match=rf"^run/{run.id} has ended$"):
        run.log_metric("m", 2)
    (record,) = records().values()
    assert (record.status, record.metrics) == ("failed", {"m": 1})


def test_what_git_does_not_know_is_absent(root: Path, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = root / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    monkeypatch.chdir(fresh)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with actum.run() as run:
        pass
    (path,) = fresh.glob("runs/*/*/*.json")
    told = json.loads(path.read_text())
    assert told["id"] == run.id
    assert told.keys() == {"schema", "id", "kind", "started_at", "finished_at", "clock", "command", "interpreter"}


def test_changes_that_no_commit_holds_are_told_and_runs_are_none(root: Path, records: Records) -> None:
    with actum.run("clean"):
        pass
    write(root, "train.py", "changed")
    code = "import actum\nwith actum.run('dirty'): pass"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert {record.name: record.dirty for record in records().values()} == {"clean": False, "dirty": True}


def test_the_command_is_told_from_the_root(root: Path, records: Records) -> None:
    write(root, "src/train.py", "import actum\nwith actum.run(): pass\n")
    subprocess.run([sys.executable, "train.py", "--depth", "6\x1b"], cwd=root / "src", check=True)
    (record,) = records().values()
    assert record.command == ("src/train.py", "--depth", "6\\x1b")


def test_outside_of_a_repository_no_run_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match=r"is not in a git repository$"):
        actum.run().begin()


def test_what_a_record_cannot_hold_is_refused_before_it_is_said(root: Path, records: Records) -> None:
    with actum.run() as run:
        for number in range(100):
            run.log_metric("same", number)
        run.log_param("long", "x" * 800_000)
        run.log_param("long", "y" * 800_000)
        with pytest.raises(UserError, match=r"says more than 900,000 bytes, which a record does not hold$"):
            run.note("z" * 200_000)
        with pytest.raises(UserError, match=r"900,000 bytes"):
            run.tag("large as json", '"' * 50_001)
        with pytest.raises(UserError, match=r"900,000 bytes"):
            run.tag("large as utf-8", "日" * 33_334)
    (record,) = records().values()
    assert (record.params["long"][0], record.metrics, record.notes, record.tags) == ("y", {"same": 99}, None, {})
    with pytest.raises(UserError, match=r"900,000 bytes"):
        actum.run(params={"long": "x" * 900_000}).begin()
    assert list((root / ".actum/scripts").iterdir()) == []


def test_a_run_whose_folder_was_taken_away_does_not_end_as_if_all_were_well(root: Path) -> None:
    run = actum.run().begin()
    shutil.rmtree(root / ".actum")
    run.log_metric("m", 1)
    with pytest.raises(
        NotFoundError, match=rf"^run/{run.id}: its folder in \.actum/scripts is gone, and what it had said$"
    ):
        run.end()


def test_threads_share_a_run_and_begin_others(root: Path, records: Records) -> None:
    with actum.run("shared") as run, ThreadPoolExecutor(8) as pool:

        def log(number: int) -> None:
            run.log_metric(f"m{number}", number)
            run.log_metric("step", number, number)
            actum.run("own", parent=run).begin().end()

        list(pool.map(log, range(40)))
    found = records()
    assert len(found) == 41
    assert {name: value for name, value in found[run.id].metrics.items() if name != "step"} == {
        f"m{number}": number for number in range(40)
    }
    kept = found[run.id].series
    assert kept is not None
    assert sorted(row.step for row in series.rows(root / kept.path)) == list(range(40))


def test_every_value_that_may_be_logged_makes_a_record_of_its_schema(root: Path, records: Records) -> None:
    with actum.run("größe\t\x00", params={"a\x1bb": "é\ud800\n"}, tags={"ü": "\x7f"}, notes="\x85") as run:
        run.log_metrics({"nan": float("nan"), "large": 1e308 * 10, "日本": 10**300})
    (path,) = root.glob("runs/*/*/*.json")
    raw = files.read_json(path.read_bytes(), where="run")
    assert schemas.validate(raw, "run", where="run") == []
    (record,) = records().values()
    assert record.name == "größe\\t\\x00"
    assert record.params == {"a\\x1bb": "é\\ud800\n"}
    assert (record.tags, record.notes) == ({"ü": "\\x7f"}, "\\x85")
    assert record.metrics == {"nan": "NaN", "large": "Infinity", "日本": 1e300}


def test_importing_actum_loads_nothing_of_it(tmp_path: Path) -> None:
    code = "import sys, actum; print(sorted(name for name in sys.modules if name.startswith('actum')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "['actum']\n"


def dvc(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)


def test_a_run_ends_with_a_status_that_there_is(root: Path, records: Records) -> None:
    run = actum.run("odd").begin()
    with pytest.raises(UserError, match="'done' is no status of a run"):
        run.end("done")  # type: ignore[arg-type]
    run.end("failed")
    assert [record.status for record in records().values()] == ["failed"]
