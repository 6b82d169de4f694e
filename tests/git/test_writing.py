"""Writing by plumbing: what a commit holds, and what stays untouched beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from actum.errors import ToolFailedError, UserError
from actum.git import writing
from actum.git.repository import Git
from tests.real_git import Commit, git, write


def contents(repo: Git, commit: str) -> dict[str, bytes | None]:
    return {path: repo.read(commit, path) for path in repo.tree(commit)}


def touched(repo: Git) -> tuple[str, str, str]:
    """What a user would notice: index, work tree against it, and where the branch is."""
    return (
        git(repo.root, "ls-files", "--stage"),
        git(repo.root, "status", "--porcelain"),
        git(repo.root, "for-each-ref"),
    )


def test_commit_files_touches_neither_work_tree_nor_index_nor_refs(repo: Git, commit: Commit) -> None:
    commit("gone", "x")
    parent = commit("kept", "old")
    write(repo.root, "kept", "being edited")
    write(repo.root, "staged", "staged")
    git(repo.root, "add", "staged")
    before = touched(repo)
    made = writing.commit_files(repo, parent, {"gone": None, "deep/ü\n new": b"n", "never": None}, "Change")
    assert contents(repo, made) == {"kept": b"old", "deep/ü\n new": b"n"}
    assert repo.parents(made) == (parent,)
    assert git(repo.root, "log", "-1", "--format=%B|%an|%ae", made) == "Change\n|Ana|ana@example.org"
    assert touched(repo) == before


def test_commit_files_can_begin_a_history(repo: Git) -> None:
    made = writing.commit_files(repo, None, {"a": b"1"}, "Begin")
    assert (contents(repo, made), repo.parents(made)) == ({"a": b"1"}, ())


@pytest.mark.parametrize("path", [".git/config", "../x", "a/../../x", "/etc/x"])
def test_no_commit_holds_a_path_that_leads_out(repo: Git, path: str) -> None:
    with pytest.raises(ToolFailedError, match=r"^git update-index failed: (error: Invalid path '.*'\n)?Ignoring path "):
        writing.commit_files(repo, None, {"good": b"1", path: b"1"}, "x")


def test_commit_work_tree_takes_the_named_paths_and_nothing_else_that_is_staged(repo: Git, commit: Commit) -> None:
    commit("named", "old")
    commit("gone", "x")
    parent = commit("other", "old")
    write(repo.root, "named", "new")
    write(repo.root, "-new ü", "new")
    write(repo.root, "other", "staged by the user")
    (repo.root / "gone").unlink()
    git(repo.root, "add", "other")
    made = writing.commit_work_tree(repo, ["named", "gone", "-new ü", "named", "never there"], "Take\n\nbody")
    assert contents(repo, made) == {"named": b"new", "-new ü": b"new", "other": b"old"}
    assert (repo.head(), repo.branch(), repo.parents(made)) == (made, "main", (parent,))
    assert git(repo.root, "-c", "core.quotepath=off", "status", "--porcelain") == "M  other"
    assert git(repo.root, "reflog", "-1", "--format=%gs") == "actum: Take"


def test_commit_work_tree_lets_a_file_become_a_folder_and_back(repo: Git, commit: Commit) -> None:
    commit("one", "file")
    commit("two/deep", "folder")
    (repo.root / "one").unlink()
    write(repo.root, "one/deep", "now a folder")
    shutil.rmtree(repo.root / "two")
    write(repo.root, "two", "now a file")
    made = writing.commit_work_tree(repo, ["one/deep", "two"], "x")
    assert contents(repo, made) == {"one/deep": b"now a folder", "two": b"now a file"}
    assert repo.dirty() == {}


def test_commit_work_tree_takes_links_and_modes_as_they_are(repo: Git, commit: Commit) -> None:
    commit("a", "x")
    (repo.root / "link").symlink_to("a")
    (repo.root / "a").chmod(0o755)
    made = writing.commit_work_tree(repo, ["link", "a"], "x")
    assert {path: entry.mode for path, entry in repo.tree(made).items()} == {"a": "100755", "link": "120000"}


def test_commit_work_tree_on_a_detached_head_moves_head_alone(repo: Git, commit: Commit) -> None:
    first = commit("a", "1")
    git(repo.root, "checkout", "-q", "--detach")
    write(repo.root, "a", "2")
    made = writing.commit_work_tree(repo, ["a"], "x")
    assert (repo.head(), repo.resolve("main")) == (made, first)


def test_without_an_identity_nothing_is_staged(repo: Git, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    commit("a", "1")
    write(repo.root, "a", "2")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with pytest.raises(UserError, match=r"^git does not know who you are$"):
        writing.commit_work_tree(repo, ["a"], "x")
    assert repo.dirty() == {"a": " M"}


def test_another_git_at_work_is_said(repo: Git, commit: Commit) -> None:
    commit("a", "1")
    write(repo.root, "a", "2")
    (repo.root / ".git/index.lock").touch()
    with pytest.raises(ToolFailedError, match=r"index\.lock': File exists") as caught:
        writing.commit_work_tree(repo, ["a"], "x")
    assert caught.value.hint == "another git is at work, or one was killed: actum doctor"


def test_hooks_do_not_run(repo: Git, commit: Commit, tmp_path: Path) -> None:
    parent = commit("a", "1")
    git(tmp_path, "init", "-q", "--bare", "far.git")
    git(repo.root, "remote", "add", "origin", str(tmp_path / "far.git"))
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-index-change",
        "reference-transaction",
        "pre-push",
        "post-checkout",
    ):
        hook = repo.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\nexit 1\n")
        hook.chmod(0o755)
    write(repo.root, "a", "2")
    made = writing.commit_work_tree(repo, ["a"], "x")
    writing.push(repo, "origin", "main")
    writing.add_worktree(repo, tmp_path / "tree", parent)
    assert repo.head() == made
    assert list(tmp_path.glob("ran-*")) == []


def test_a_snapshot_is_the_work_tree_with_what_is_untracked_and_without_what_is_ignored(
    repo: Git, commit: Commit
) -> None:
    commit(".gitignore", "*.tmp\n")
    commit("gone", "x")
    parent = commit("changed", "old")
    write(repo.root, "changed", "new")
    write(repo.root, "deep/new", "untracked")
    write(repo.root, "ignored.tmp", "ignored")
    write(repo.root, "forced.tmp", "ignored, but added by force")
    git(repo.root, "add", "-f", "forced.tmp")
    (repo.root / "gone").unlink()
    before = touched(repo)
    made = writing.snapshot(repo, "Snapshot")
    assert contents(repo, made) == {
        ".gitignore": b"*.tmp\n",
        "changed": b"new",
        "deep/new": b"untracked",
        "forced.tmp": b"ignored, but added by force",
    }
    assert (repo.parents(made), touched(repo)) == ((parent,), before)


def test_a_ref_moves_only_from_where_it_is_expected(repo: Git, commit: Commit) -> None:
    first, second = commit("a", "1"), commit("a", "2")
    ref = "refs/actum/x"
    writing.move_ref(repo, ref, first, expected=None)
    with pytest.raises(ToolFailedError, match=r"^refs/actum/x could not be moved: ") as caught:
        writing.move_ref(repo, ref, second, expected=None)
    assert caught.value.hint == "run the same command again"
    with pytest.raises(ToolFailedError, match=r"^refs/actum/x could not be moved: "):
        writing.move_ref(repo, ref, second, expected=second)
    assert repo.resolve(ref) == first
    writing.move_ref(repo, ref, second, expected=first)
    assert repo.resolve(ref) == second
    writing.delete_ref(repo, ref)
    assert repo.resolve(ref) is None


def test_a_join_holds_the_files_of_both_and_is_the_same_whoever_makes_it(
    repo: Git, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit("base", "0")
    one = writing.commit_files(repo, base, {"one": b"1", "both": b"first"}, "one")
    other = writing.commit_files(repo, base, {"other": b"2", "both": b"second"}, "other")
    made = writing.join(repo, one, other, "Join")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ben")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ben@example.org")
    assert contents(repo, made) == {"base": b"0", "one": b"1", "other": b"2", "both": b"first"}
    assert repo.parents(made) == (one, other)
    assert writing.join(repo, one, other, "Join") == made


def test_a_tag_carries_the_time_it_is_given(repo: Git, commit: Commit) -> None:
    at = commit("a", "1")
    writing.annotated_tag(repo, "churn@v1.0.0", at, "Version 1.0.0", at=1_700_000_000)
    form = "%(objecttype) %(*objectname) %(taggername) %(taggerdate:raw) %(subject)"
    assert git(repo.root, "for-each-ref", "refs/tags", f"--format={form}") == (
        f"tag {at} Ana 1700000000 +0000 Version 1.0.0"
    )


def test_a_worktree_has_the_commits_bytes_and_goes_without_a_trace(repo: Git, commit: Commit, tmp_path: Path) -> None:
    first = commit("a", "one\n")
    commit("a", "two\n")
    commit(".gitattributes", "* text=auto\n")
    git(repo.root, "config", "core.autocrlf", "true")
    git(repo.root, "config", "core.eol", "crlf")
    before = touched(repo)
    tree = writing.add_worktree(repo, tmp_path / "tree", first)
    assert ((tmp_path / "tree/a").read_bytes(), tree.head(), tree.branch()) == (b"one\n", first, None)
    write(tree.root, "leftover", "x")
    writing.remove_worktree(repo, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert touched(repo) == before
    assert git(repo.root, "worktree", "list", "--porcelain").count("worktree ") == 1


def test_push_and_fetch_move_refs_between_repositories(repo: Git, commit: Commit, tmp_path: Path) -> None:
    at = commit("a", "1")
    git(tmp_path, "init", "-q", "--bare", "far.git")
    git(repo.root, "remote", "add", "origin", str(tmp_path / "far.git"))
    writing.push(repo, "origin", f"{at}:refs/actum/x")
    assert git(tmp_path / "far.git", "rev-parse", "refs/actum/x") == at
    assert writing.fetch(repo, "origin", "refs/actum/x:refs/actum/y") is True
    assert repo.resolve("refs/actum/y") == at
    assert writing.fetch(repo, "origin", "refs/actum/none") is False
    with pytest.raises(ToolFailedError, match=r"^git push failed: "):
        writing.push(repo, "nowhere", "main")


def test_what_commits_to_a_branch_refuses_a_detached_head(repo: Git, commit: Commit) -> None:
    commit("a", "1")
    assert writing.require_branch(repo) == "main"
    git(repo.root, "checkout", "-q", "--detach")
    with pytest.raises(UserError, match=r"^HEAD is detached, and this command commits to a branch$") as caught:
        writing.require_branch(repo)
    assert caught.value.hint == "git switch -c NAME"
