"""Many files and large ones are read in portions, or into a file; and history as all of its lines tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actum.errors import ToolFailedError
from actum.git import repository
from actum.git.repository import Content, Git
from tests.real_git import Commit, git, write


def blobs(repo: Git) -> dict[str, str]:
    return {path: entry.blob for path, entry in repo.tree("HEAD").items()}


def test_files_come_by_path_without_the_large_and_the_lost(repo: Git, commit: Commit) -> None:
    for path, text in (("a", "one"), ("b", "one"), ("c", "x" * 11), ("d", "")):
        commit(path, text)
    asked = {**blobs(repo), "e": "0" * 40}
    assert sorted(repo.contents(asked, most=10)) == [
        Content("a", 3, b"one"),
        Content("b", 3, b"one"),
        Content("c", 11, None),
        Content("d", 0, b""),
        Content("e", None, None),
    ]
    assert list(repo.contents({}, most=10)) == []


def test_no_more_than_a_portion_is_held_at_once(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"f{number}": f"{number}" * 40 for number in range(9)}
    for path, text in texts.items():
        write(repo.root, path, text)
    git(repo.root, "add", ".")
    git(repo.root, "commit", "-qm", "Many")
    monkeypatch.setattr(repository, "PORTION", 100)
    asked: list[int] = []
    whole = Git.blobs

    def counted(self: Git, ids: object) -> dict[str, bytes]:
        wanted = list(ids)  # type: ignore[call-overload]
        asked.append(len(wanted))
        return whole(self, wanted)

    monkeypatch.setattr(Git, "blobs", counted)
    assert {one.path: one.data for one in repo.contents(blobs(repo), most=100)} == {
        path: text.encode() for path, text in texts.items()
    }
    assert asked == [2, 2, 2, 2, 1]


def test_a_file_is_copied_out_of_git_byte_for_byte(repo: Git, commit: Commit, tmp_path: Path) -> None:
    data = bytes(range(256)) * 300_000
    commit("large", data)
    with (tmp_path / "copy").open("w+b") as stream:
        repo.copy(blobs(repo)["large"], stream)
        stream.seek(0)
        assert stream.read() == data
    with (tmp_path / "none").open("wb") as stream, pytest.raises(ToolFailedError, match="git cat-file failed"):
        repo.copy("0" * 40, stream)


def test_a_merge_has_a_step_for_each_parent_that_it_left_something_out_of(repo: Git, commit: Commit) -> None:
    """Along first parents nobody would see that b is gone."""
    first = commit("a", "a")
    second = commit("b", "b")
    tree = git(repo.root, "rev-parse", f"{first}^{{tree}}")
    other = git(repo.root, "commit-tree", tree, "-m", "A root of its own")
    merge = git(repo.root, "commit-tree", tree, "-p", other, "-p", second, "-m", "Leave b out")
    told = {(step.commit, tuple(step.changed.items())) for step in repo.steps(merge)}
    assert told == {
        (first, (("a", "A"),)),
        (second, (("b", "A"),)),
        (other, (("a", "A"),)),
        (merge, (("b", "D"),)),
    }
    assert [step.commit for step in repo.steps(merge, second)] == [other, merge]


def test_every_file_that_ever_came_is_told_with_all_that_it_came_as(repo: Git, commit: Commit) -> None:
    commit("folder/a", "one")
    commit("folder/a", "edited")
    commit("elsewhere", "x")
    commit("folder/b", "b")
    git(repo.root, "rm", "-q", "folder/a")
    git(repo.root, "commit", "-qm", "Remove it")
    commit("folder/a", "again")
    one, again, b = (git(repo.root, "hash-object", "--stdin", stdin=text.encode()) for text in ("one", "again", "b"))
    assert repo.arrivals("HEAD", "folder") == {"folder/a": {one, again}, "folder/b": {b}}
    assert repo.arrivals("HEAD", "nowhere") == {}
