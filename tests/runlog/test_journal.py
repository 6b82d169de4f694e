"""The journal of a run under way, also after a kill at a bad moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from actum.runlog.journal import FINISHED_KEPT, JOURNAL, Book, Execution, books_folder, open_book, unfinished

ONE, TWO, THREE = (f"01JDC8{'0' * 19}{number}" for number in (1, 2, 3))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return open_book(tmp_path, ONE, {"targets": ["train"]})


def begin(book: Book, stage: str, cmd: str) -> None:
    book.note("command-started", stage=stage, cmd=cmd)


def end(book: Book, stage: str, cmd: str, code: int = 0) -> Execution:
    book.note("command-ended", stage=stage, cmd=cmd, code=code, seconds=1.5, cpu_seconds=1.0, peak_mb=9.0)
    return Execution(stage, cmd, code, 1.5, 1.0, 9.0)


def test_intent_stands_first(book: Book) -> None:
    assert book.run == ONE
    assert book.intent() == {"event": "intent", "targets": ["train"]}
    assert book.is_closed() is False
    assert book.executed() == ()


def test_a_stage_is_executed_when_its_commands_ended_well(book: Book) -> None:
    begin(book, "train", "a")
    first = end(book, "train", "a")
    begin(book, "train", "b")
    second = end(book, "train", "b")
    begin(book, "score", "c")
    end(book, "score", "c", code=1)
    assert book.executions("train") == (first, second)
    assert book.executed() == ("train",)
    assert book.executions("other") == ()


def test_a_stage_killed_within_its_second_command_is_not_executed(book: Book) -> None:
    begin(book, "train", "a")
    end(book, "train", "a")
    begin(book, "train", "b")
    assert book.executed() == ()


def test_a_stage_tried_again_counts_from_its_last_beginning(book: Book) -> None:
    begin(book, "train", "a")
    end(book, "train", "a", code=1)
    begin(book, "train", "a")
    again = end(book, "train", "a")
    assert book.executions("train") == (again,)
    assert book.executed() == ("train",)


def test_a_line_cut_off_by_a_kill_does_not_count_and_does_not_spoil_the_next(book: Book) -> None:
    journal = book.folder / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"event": "command-sta')
    assert book.entries() == ({"event": "intent", "targets": ["train"]},)
    book.note("closed", why="recorded")
    assert journal.read_bytes() == whole + b'{"event": "closed", "why": "recorded"}\n'
    assert book.is_closed()


def test_unfinished_runs_are_those_that_did_not_close_newest_first(tmp_path: Path) -> None:
    assert unfinished(tmp_path) == ()
    books = [open_book(tmp_path, run, {}) for run in (TWO, ONE, THREE)]
    books[0].note("closed")
    (books_folder(tmp_path) / "notes").mkdir()
    assert [book.run for book in unfinished(tmp_path)] == [THREE, ONE]


def test_of_finished_books_the_last_few_are_kept_and_of_the_others_all(tmp_path: Path) -> None:
    numbered = [f"01JDC8{number:020}" for number in range(1, 60)]
    open_, killed, *finished = (open_book(tmp_path, run, {}) for run in numbered[:50])
    rebuilding = open_book(tmp_path, numbered[50], {"rebuild": "tiny"})
    (books_folder(tmp_path) / numbered[51]).mkdir()  # killed before it said what it meant to do
    for book in finished:
        book.note("closed", why="recorded")
    (tmp_path / ".actum" / "worktrees" / f"{rebuilding.run}-x").mkdir(parents=True)
    for number in range(FINISHED_KEPT + 1):
        open_book(tmp_path, f"01JDC9{number:020}", {}).note("closed", why="recorded")
    left = sorted(path.name for path in books_folder(tmp_path).iterdir())
    assert left == [open_.run, killed.run, rebuilding.run, *(f"01JDC9{n:020}" for n in range(FINISHED_KEPT + 1))]
    assert [book.run for book in unfinished(tmp_path)] == [killed.run, open_.run]
    (tmp_path / ".actum" / "worktrees" / f"{rebuilding.run}-x").rmdir()  # the rebuild has ended
    open_book(tmp_path, f"01JDCA{0:020}", {})
    assert not rebuilding.folder.exists()


def test_a_run_has_one_book(book: Book, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        open_book(tmp_path, ONE, {})
    assert book.intent() is not None
