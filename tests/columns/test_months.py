"""What is kept of the runs of a month: never more than git says, and one more run costs one run."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actum.columns.flattening import row_of
from actum.columns.months import Month, Outcomes, Source, month, state_of
from actum.errors import InvalidRecordError
from actum.git.repository import Git
from actum.index.index import Index
from actum.records.run import Run
from tests.columns.logged import Logged
from tests.index.conftest import INDEX
from tests.real_git import git

NEEDED = ("params.seed", "metrics.auc")


class Shelf:
    """A folder of runs that counts how often one is read."""

    def __init__(self, repo: Git, runs: Iterable[Run]) -> None:
        self.repo, self.runs, self.read = repo, {f"{run.id}.json": run for run in runs}, 0

    def source(self) -> Source:
        files = {name: state_of(repr(row_of(run, ""))) for name, run in self.runs.items()}
        state = state_of(*(f"{name} {blob}" for name, blob in sorted(files.items())))
        return Source(folder="runs/2026/01", state=state, files=lambda: files, read=self._read)

    def ask(self, *needed: str) -> Month:
        with self.index() as index:
            return month(self.source(), index, needed or NEEDED)

    @contextmanager
    def index(self) -> Iterator[Index]:
        index = Index(self.repo)
        yield index
        index.close()

    def _read(self, names: Iterable[str]) -> Outcomes:
        for name in names:
            self.read += 1
            yield name, self.runs[name]


def values(found: Month, name: str) -> dict[str, Any]:
    pairs = (pair for part in found.parts for pair in zip(part.living("id"), part.living(name), strict=True))
    return dict(pairs)


def truth(shelf: Shelf, name: str) -> dict[str, Any]:
    return {run.id: row_of(run, "").get(name) for run in shelf.runs.values()}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    logged = Logged(tmp_path / "repo")
    made = logged.start(120)
    return Shelf(logged.repo, made)


@pytest.fixture
def known(shelf: Shelf) -> Shelf:
    """A shelf of which the index knows all."""
    shelf.ask()
    shelf.read = 0
    return shelf


def test_what_the_index_knows_is_not_read_again(known: Shelf) -> None:
    assert [values(known.ask(), name) for name in NEEDED] == [truth(known, name) for name in NEEDED]
    assert known.read == 0


def test_one_more_run_costs_one_run(known: Shelf, tmp_path: Path) -> None:
    more = Logged(tmp_path / "more")
    more.minute = 60 * 200
    for number in range(1, 5):
        run = more.run()
        known.runs[f"{run.id}.json"] = run
        assert values(known.ask(), "params.seed") == truth(known, "params.seed")
        assert known.read == number


def test_runs_that_come_one_by_one_lie_in_few_parts(shelf: Shelf) -> None:
    runs, shelf.runs = shelf.runs, {}
    for at, (name, run) in enumerate(runs.items(), 1):
        shelf.runs[name] = run
        found = shelf.ask("metrics.auc")
        if at >= 100:  # below, no index is made
            assert 2 ** (len(found.parts) - 1) <= at
    assert values(found, "metrics.auc") == truth(shelf, "metrics.auc")
    assert shelf.read == sum(range(1, 101)) + 20


def test_a_run_that_is_gone_or_another_by_now_is_not_told(known: Shelf, tmp_path: Path) -> None:
    gone, other, *_ = list(known.runs)
    del known.runs[gone]
    changed = Logged(tmp_path / "other").run(id=known.runs[other].id, metrics={"auc": 0.25})
    known.runs[other] = changed
    found = known.ask()
    assert values(found, "metrics.auc") == truth(known, "metrics.auc")
    assert values(found, "metrics.auc")[changed.id] == 0.25
    assert known.read == 1


def test_two_states_of_a_folder_in_turn_read_nothing_again(known: Shelf) -> None:
    runs = dict(known.runs)
    few = dict(list(runs.items())[:70])
    for _ in range(3):
        for state in (few, runs):
            known.runs = state
            assert values(known.ask(), "params.seed") == truth(known, "params.seed")
    assert known.read == 0


def test_a_column_that_no_run_of_a_part_has_is_missing_there(known: Shelf, tmp_path: Path) -> None:
    more = Logged(tmp_path / "more")
    more.minute = 60 * 300
    run = more.run(params={"new": True}, metrics={})
    known.runs[f"{run.id}.json"] = run
    found = values(known.ask("params.new", "metrics.auc"), "params.new")
    assert {ulid for ulid, value in found.items() if value is not None} == {run.id}
    assert values(known.ask("metrics.auc"), "metrics.auc")[run.id] is None


DAMAGE = {
    "a column is gone": "DELETE FROM columns WHERE path = CAST('params.seed' AS BLOB)",
    "a column was changed": "UPDATE columns SET told = zeroblob(40) WHERE path = CAST('params.seed' AS BLOB)",
    "two columns were swapped": "UPDATE columns SET told = (SELECT told FROM columns WHERE path = CAST('metrics.rows'"
    " AS BLOB)), seal = (SELECT seal FROM columns WHERE path = CAST('metrics.rows' AS BLOB))"
    " WHERE path = CAST('params.seed' AS BLOB)",
    "the folder is gone": "DELETE FROM folders",
    "all columns are gone": "DELETE FROM columns",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_read_again_and_then_known(damage: str, known: Shelf) -> None:
    with sqlite3.connect(known.repo.root / INDEX) as opened:
        changed = opened.execute(DAMAGE[damage]).rowcount
    opened.close()
    assert changed > 0
    assert values(known.ask(), "params.seed") == truth(known, "params.seed")
    read = known.read
    assert values(known.ask(), "params.seed") == truth(known, "params.seed")
    assert known.read == read


def test_a_damaged_column_that_nobody_asks_for_does_not_spread_to_others(known: Shelf, tmp_path: Path) -> None:
    with sqlite3.connect(known.repo.root / INDEX) as opened:
        opened.execute("UPDATE columns SET told = zeroblob(9) WHERE path = CAST('metrics.rows' AS BLOB)")
    opened.close()
    more = Logged(tmp_path / "more")
    more.minute = 60 * 300
    for run in [more.run() for _ in range(80)]:  # so many that they are joined to what is there
        known.runs[f"{run.id}.json"] = run
    assert values(known.ask(), "metrics.auc") == truth(known, "metrics.auc")
    assert values(known.ask("metrics.rows"), "metrics.rows") == truth(known, "metrics.rows")


def test_columns_that_nobody_asks_for_any_more_are_removed(known: Shelf, tmp_path: Path) -> None:
    more = Logged(tmp_path / "more")
    more.minute = 60 * 300
    for _ in range(40):
        run = more.run()
        known.runs[f"{run.id}.json"] = run
        found = known.ask()
    with sqlite3.connect(known.repo.root / INDEX) as opened:
        groups = {row[0].hex() for row in opened.execute("SELECT DISTINCT object FROM columns")}
    opened.close()
    assert groups == {part.group for part in found.parts}


def test_what_cannot_be_read_is_kept_with_the_reason_and_told_each_time(known: Shelf, tmp_path: Path) -> None:
    name = f"{Logged(tmp_path / 'more').ulid()}.json"
    known.runs[name] = InvalidRecordError("it is no run", hint="mend it")  # type: ignore[assignment]
    files = {one: state_of(repr(row_of(run, ""))) for one, run in known.runs.items() if isinstance(run, Run)}
    source = Source("runs/2026/01", state_of("torn"), lambda: files | {name: "00"}, known._read)
    for _ in range(2):
        with known.index() as index:
            found = month(source, index, NEEDED)
        assert [(one.name, one.problem, one.hint) for one in found.unread] == [(name, "it is no run", "mend it")]
        assert len(values(found, "params.seed")) == 120
    assert known.read == 1


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 6))
def test_whatever_comes_and_goes_the_index_says_what_the_folder_says(
    seed: int, steps: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("shelf")
    git(folder, "init", "-q")
    logged = Logged(folder / "runs")
    pool = [logged.run(params={f"p{at % 7}": at}) for at in range(90)]
    shelf = Shelf(Git(folder), [])
    for _ in range(steps):
        shelf.runs = {f"{run.id}.json": run for run in chance.sample(pool, chance.randrange(len(pool)))}
        name = f"params.p{chance.randrange(7)}"
        assert values(shelf.ask(name), name) == truth(shelf, name)
