"""What a command is given by the process, and what ``--at`` makes a read look at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from actum import layout
from actum.cli.context import Context
from actum.cli.reading import open_view
from actum.errors import NotFoundError
from actum.filing import write_record
from actum.git.repository import Git
from actum.names import is_ulid
from tests.real_git import Commit, git
from tests.records import samples


def context(root: Path) -> Context:
    return Context.of_process(root)


@pytest.fixture
def settings() -> bytes:
    return write_record(samples.settings(clock="simulated"), path=layout.SETTINGS)


def test_the_process_gives_clock_ids_environment_and_folder(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.root)
    monkeypatch.setenv("MARK", "1")
    given = Context.of_process(Path("."))
    assert (given.folder, given.repo(), given.environ["MARK"]) == (repo.root, repo, "1")
    assert abs((given.now() - datetime.now(UTC)).total_seconds()) < 5
    assert is_ulid(given.ids.new())


def test_without_at_a_read_looks_at_the_trunk(repo: Git, commit: Commit, settings: bytes) -> None:
    trunk = commit(layout.SETTINGS, settings)
    git(repo.root, "switch", "-qc", "work")
    commit("other", "x")
    view = open_view(context(repo.root), None)
    assert (view.store.commit, view.moment, view.clock(), view.warnings()) == (trunk, None, "simulated", [])


def test_at_is_a_revision_or_else_a_date(repo: Git, commit: Commit, settings: bytes) -> None:
    first = commit(layout.SETTINGS, settings)
    second = commit("other", "x")
    assert open_view(context(repo.root), "HEAD~1").store.commit == first
    dated = open_view(context(repo.root), "2020-04-01")
    assert (dated.store.commit, dated.moment) == (second, datetime(2020, 4, 1, 23, 59, 59, 999_999, tzinfo=UTC))
    git(repo.root, "branch", "2020-04-01", first)
    assert open_view(context(repo.root), "2020-04-01").store.commit == first


@pytest.mark.parametrize("at", ["yesterday", "--all", "^HEAD", "2020-02-30", ""])
def test_at_neither_a_revision_nor_a_date_is_said(repo: Git, commit: Commit, settings: bytes, at: str) -> None:
    commit(layout.SETTINGS, settings)
    with pytest.raises(NotFoundError) as caught:
        open_view(context(repo.root), at)
    assert (str(caught.value), caught.value.hint) == (
        f"--at {at} is neither a revision nor a date",
        "git log --oneline",
    )


def test_a_shallow_clone_never_answers_silently(repo: Git, commit: Commit, settings: bytes, tmp_path: Path) -> None:
    old = commit(layout.SETTINGS, settings)
    commit("other", "x")
    git(tmp_path, "clone", "-q", "--depth", "1", repo.root.as_uri(), "shallow")
    there = context(tmp_path / "shallow")
    assert open_view(there, None).warnings() == [
        "this clone is shallow: what lies before its edge is unknown (git fetch --unshallow)"
    ]
    with pytest.raises(NotFoundError, match=r"nor a date; this clone is shallow and may lack it$"):
        open_view(there, old)
