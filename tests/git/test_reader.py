"""One git answers many questions, in order, whatever becomes of it meanwhile, and ends when nobody asks any more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from actum.errors import ToolFailedError
from actum.git.reader import AT_ONCE, Reader
from actum.git.repository import Git
from actum.process import is_alive
from tests.real_git import Commit, git

NOWHERE = "0" * 40


def children() -> set[int]:
    """Return the numbers of this process' children that run cat-file."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat, words = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == os.getpid() and b"cat-file" in words:
                found.add(int(entry.name))
    return found


@pytest.fixture
def ids(repo: Git, commit: Commit) -> list[str]:
    for name, text in (("a", "first"), ("b", ""), ("c", "two\nlines missing\n")):
        commit(name, text)
    return [git(repo.root, "rev-parse", f"HEAD:{name}") for name in "abc"]


def test_one_child_answers_all_questions_of_a_kind(repo: Git, ids: list[str]) -> None:
    reader, before = Reader(repo.root), children()
    for blob, data in zip(ids, (b"first", b"", b"two\nlines missing\n"), strict=True):
        assert reader.objects([NOWHERE, blob, "no such name"]) == {blob: data}
        assert reader.sizes([NOWHERE, blob]) == {blob: len(data)}
    assert len(children() - before) == 2


def test_it_knows_what_came_after_it_was_started(repo: Git, ids: list[str], commit: Commit) -> None:
    reader = Reader(repo.root)
    reader.objects(ids)
    commit("d", "later")
    git(repo.root, "gc", "-q", "--prune=now")
    assert reader.objects(["main:d", *ids[:1]]) == {"main:d": b"later", ids[0]: b"first"}


def test_a_child_that_was_killed_is_replaced(repo: Git, ids: list[str]) -> None:
    reader, before = Reader(repo.root), children()
    reader.objects(ids)
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)
    assert reader.objects(ids[:1]) == {ids[0]: b"first"}
    assert reader.objects(ids[2:]) == {ids[2]: b"two\nlines missing\n"}


def test_children_end_with_their_reader(repo: Git, ids: list[str]) -> None:
    reader, before = Reader(repo.root), children()
    reader.objects(ids)
    reader.sizes(ids)
    started = children() - before
    del reader
    assert [child for child in started if is_alive(child)] == []


def test_a_question_that_was_broken_off_does_not_answer_the_next(repo: Git, ids: list[str]) -> None:
    reader = Reader(repo.root)

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reader._asked("--batch", ids, interrupted)
    assert reader.objects(ids[2:]) == {ids[2]: b"two\nlines missing\n"}


def test_more_names_than_fit_into_a_pipe_are_answered_too(repo: Git, ids: list[str]) -> None:
    many = [f"{number:040x}" for number in range(2 * AT_ONCE)]
    assert Reader(repo.root).sizes([*many, ids[0]]) == {ids[0]: 5}


def test_where_git_cannot_read_its_own_words_are_told(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="git cat-file failed: fatal: not a git repository"):
        Reader(tmp_path).objects([NOWHERE])
