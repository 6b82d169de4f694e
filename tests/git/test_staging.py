"""The next commit as a tree, without taking the index's lock or changing what is staged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actum.errors import UserError
from actum.git.repository import Git
from actum.git.staging import EMPTY_TREE, known_or_new, staged_tree
from tests.real_git import Commit, git, write


def names(repo: Git, tree: str) -> list[str]:
    return sorted(repo.tree(tree))


def test_the_tree_is_that_of_the_commit_that_follows(repo: Git, commit: Commit) -> None:
    commit("a.txt", "old")
    write(repo.root, "a.txt", "new")
    write(repo.root, "b/c.txt", "more")
    git(repo.root, "add", ".")
    write(repo.root, "a.txt", "newer still")
    tree = staged_tree(repo, {})
    git(repo.root, "commit", "-qm", "Next")
    assert tree == git(repo.root, "rev-parse", "HEAD^{tree}")


def test_before_the_first_commit_and_with_nothing_staged_it_is_empty(repo: Git) -> None:
    assert staged_tree(repo, {}) == EMPTY_TREE


def test_named_files_are_taken_from_the_work_tree_and_the_index_stays(repo: Git, commit: Commit) -> None:
    commit("a.txt", "old")
    commit("gone.txt", "old")
    write(repo.root, "a.txt", "new")
    (repo.root / "gone.txt").unlink()
    write(repo.root, "b.txt", "untracked")
    before = (repo.root / ".git/index").read_bytes()
    tree = staged_tree(repo, {}, ["a.txt", "gone.txt", "b.txt"])
    assert names(repo, tree) == ["a.txt", "b.txt"]
    assert repo.read(tree, "a.txt") == b"new"
    assert (repo.root / ".git/index").read_bytes() == before


def test_an_index_that_another_git_holds_is_read_all_the_same(repo: Git, commit: Commit) -> None:
    commit("a.txt", "old")
    (repo.root / ".git/index.lock").touch()
    assert names(repo, staged_tree(repo, {})) == ["a.txt"]


def test_a_hook_of_commit_with_files_sees_what_that_commit_will_hold(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("a.txt", "old")
    commit("b.txt", "old")
    hook, seen = repo.root / ".git/hooks/pre-commit", tmp_path / "seen"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nprintf %s "$GIT_INDEX_FILE" > {seen}\ncp "$GIT_INDEX_FILE" {tmp_path}/index\n')
    hook.chmod(0o755)
    write(repo.root, "a.txt", "new")
    write(repo.root, "b.txt", "staged")
    git(repo.root, "add", "b.txt")
    git(repo.root, "commit", "-qm", "Only a", "--", "a.txt")
    named = Path(os.path.join(repo.root, seen.read_text()))
    assert named.name.startswith("next-index-")
    named.write_bytes((tmp_path / "index").read_bytes())  # as it was while the hook ran
    tree = staged_tree(repo, {"GIT_INDEX_FILE": seen.read_text()})
    assert tree == git(repo.root, "rev-parse", "HEAD^{tree}")
    assert tree != staged_tree(repo, {})


def test_the_index_of_another_repository_is_not_ours(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("a.txt", "ours")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    write(other, "b.txt", "theirs")
    git(other, "add", ".")
    assert names(repo, staged_tree(repo, {"GIT_INDEX_FILE": str(other / ".git/index")})) == ["a.txt"]


def test_a_linked_work_tree_has_an_index_of_its_own(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("a.txt", "here")
    git(repo.root, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Git(tmp_path / "linked")
    write(linked.root, "b.txt", "there")
    git(linked.root, "add", ".")
    assert names(linked, staged_tree(linked, {})) == ["a.txt", "b.txt"]
    assert names(repo, staged_tree(repo, {})) == ["a.txt"]


def test_an_unfinished_merge_is_said_with_its_file(repo: Git, commit: Commit) -> None:
    commit("a.txt", "base")
    git(repo.root, "switch", "-qc", "other")
    commit("a.txt", "theirs")
    git(repo.root, "switch", "-q", "main")
    commit("a.txt", "ours")
    with pytest.raises(AssertionError):
        git(repo.root, "merge", "-q", "other")
    with pytest.raises(UserError) as caught:
        staged_tree(repo, {})
    assert (str(caught.value), caught.value.hint) == ("a.txt: holds an unresolved merge", "git status")


def test_a_folder_stands_for_what_git_would_take_of_it(repo: Git, commit: Commit) -> None:
    commit(".gitignore", "*.bin\n")
    commit("in/a.txt", "tracked")
    commit("out.txt", "elsewhere")
    for path in ("in/new é.txt", "in/b.bin", "[in]/c.txt"):
        write(repo.root, path, "x")
    (repo.root / "in/a.txt").unlink()
    assert known_or_new(repo, ["in"]) == ("in/a.txt", "in/new é.txt")
    assert known_or_new(repo, ["[in]/c.txt", "in/b.bin", "nothing"]) == ("[in]/c.txt",)
