"""Reading a repository at a revision, whatever stands in its work tree and whatever its files are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actum.errors import NotFoundError, ToolFailedError, UserError
from actum.git import plumbing
from actum.git.repository import Git, Ref, TreeEntry
from actum.records.forms import Person
from tests.real_git import Commit, git, write

WEIRD = ["a b.txt", "ü/ñ.txt", "new\nline", "-rf", 'quo"te', "back\\slash", "*", ":(top)x", "tab\tstop", "#x", "[a]"]


def test_a_read_sees_the_revision_and_not_the_work_tree(repo: Git, commit: Commit) -> None:
    first, second = commit("policy.yaml", "old"), commit("policy.yaml", "new")
    write(repo.root, "policy.yaml", "not committed")
    assert [repo.read(at, "policy.yaml") for at in (first, second)] == [b"old", b"new"]
    assert repo.read(first, "missing.yaml") is None
    assert repo.read(first, "") is None


def test_files_may_be_called_anything(repo: Git, commit: Commit) -> None:
    before = commit("other", "")
    for number, name in enumerate(WEIRD):
        write(repo.root, name, f"content {number}")
    git(repo.root, "add", ".")
    git(repo.root, "commit", "-qm", "all")
    at = repo.head()
    blobs = {
        name: git(repo.root, "hash-object", "--stdin", stdin=f"content {number}".encode())
        for number, name in enumerate(WEIRD)
    }
    assert repo.tree(at) == repo.tree(before) | {name: TreeEntry("100644", blob) for name, blob in blobs.items()}
    assert repo.changed(before, at) == dict.fromkeys(WEIRD, "A")
    assert [repo.read(at, name) for name in WEIRD] == [f"content {number}".encode() for number in range(len(WEIRD))]
    assert {repo.introduced(at, name) for name in WEIRD} == {at}
    assert {repo.first_parents(at, name) for name in WEIRD} == {(at,)}
    for name in WEIRD:
        write(repo.root, name, "changed")
    assert repo.dirty() == dict.fromkeys(WEIRD, " M")


def test_a_name_that_is_no_utf8_survives(repo: Git, commit: Commit) -> None:
    name = os.fsdecode(b"caf\xe9")
    at = commit(name, "x")
    assert list(repo.tree(at)) == [name]
    assert repo.read(at, name) == b"x"


def test_a_pattern_in_a_path_is_a_path(repo: Git, commit: Commit) -> None:
    first = commit("a1", "")
    second = commit("a*", "")
    assert repo.first_parents(second, "a*") == (second,)
    assert repo.introduced(first, "a*") is None


def test_a_tree_names_links_and_submodules_for_what_they_are(repo: Git, commit: Commit) -> None:
    base = commit("file", "x")
    (repo.root / "link").symlink_to("file")
    (repo.root / "run.sh").write_text("#!/bin/sh\n")
    (repo.root / "run.sh").chmod(0o755)
    git(repo.root, "add", ".")
    git(repo.root, "update-index", "--add", "--cacheinfo", f"160000,{base},vendored")
    git(repo.root, "commit", "-qm", "all kinds")
    tree = repo.tree(repo.head())
    assert {path: entry.mode for path, entry in tree.items()} == {
        "file": "100644",
        "link": "120000",
        "run.sh": "100755",
        "vendored": "160000",
    }
    assert tree["vendored"].blob == base


def test_a_tree_can_be_asked_for_some_folders(repo: Git, commit: Commit) -> None:
    commit("registry/a", "")
    commit("registry2/b", "")
    assert list(repo.tree(commit("c", ""), "registry", "absent")) == ["registry/a"]


def test_many_blobs_come_at_once_and_unknown_ones_are_absent(repo: Git, commit: Commit) -> None:
    commit("empty", b"")
    commit("binary", b"\0\n\xff" * 1000)
    tree = repo.tree(commit("lines", b"a\nb\n"))
    ids = [entry.blob for entry in tree.values()]
    contents = {path: repo.blobs([*ids, "0" * 40, *ids]).get(entry.blob) for path, entry in tree.items()}
    assert contents == {"empty": b"", "binary": b"\0\n\xff" * 1000, "lines": b"a\nb\n"}
    assert repo.blobs(["0" * 40]) == {}
    assert repo.blobs([]) == {}


def test_sizes_come_without_the_bytes_and_unknown_objects_have_none(repo: Git, commit: Commit) -> None:
    commit("empty", b"")
    tree = repo.tree(commit("lines", b"a\nb\n"))
    empty, lines = tree["empty"].blob, tree["lines"].blob
    assert repo.sizes([lines, "0" * 40, empty, lines]) == {lines: 4, empty: 0}
    assert repo.sizes([]) == {}


def test_a_branch_is_found_where_it_is_checked_out(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("file", "x")
    git(repo.root, "branch", "free")
    git(repo.root, "worktree", "add", "-q", "-b", "linked", str(tmp_path / "linked"))
    assert repo.place_of("main") == str(repo.root)
    assert repo.place_of("linked") == str(tmp_path / "linked")
    assert (repo.place_of("free"), repo.place_of("absent")) == (None, None)


@pytest.mark.parametrize(
    "revision",
    ["", "nothing", "-1", "--all", "--help", "^HEAD", "HEAD:file", "HEAD..HEAD", "HEAD^{tree}", "HEAD~9", "@{-1}"],
)
def test_what_is_no_single_commit_is_none(repo: Git, commit: Commit, revision: str) -> None:
    commit("file", "x")
    assert repo.resolve(revision) is None


def test_revisions_are_git_s_own(repo: Git, commit: Commit) -> None:
    first, second = commit("file", "1"), commit("file", "2")
    git(repo.root, "tag", "-a", "-m", "x", "v1", first)
    revisions = ["HEAD~1", "v1", first[:10], "main", "HEAD", "@"]
    assert [repo.resolve(revision) for revision in revisions] == [first, first, first, second, second, second]


def test_refs_are_peeled_to_commits_and_others_are_left_out(repo: Git, commit: Commit) -> None:
    at = commit("file", "x")
    blob = git(repo.root, "rev-parse", "HEAD:file")
    git(repo.root, "tag", "light")
    git(repo.root, "tag", "-a", "-m", "x", "annotated")
    git(repo.root, "tag", "-a", "-m", "x", "nested", "annotated")
    git(repo.root, "tag", "blob", blob)
    git(repo.root, "tag", "-a", "-m", "x", "annotated-blob", blob)
    git(repo.root, "tag", "next\u0085line")
    tags = {ref.name: ref for ref in repo.refs("refs/tags")}
    annotated, nested = (git(repo.root, "rev-parse", name) for name in ("annotated", "nested"))
    assert tags == {
        "refs/tags/light": Ref("refs/tags/light", at, at),
        "refs/tags/annotated": Ref("refs/tags/annotated", annotated, at),
        "refs/tags/nested": Ref("refs/tags/nested", nested, at),
        "refs/tags/next\u0085line": Ref("refs/tags/next\u0085line", at, at),
    }


def test_an_empty_repository_has_no_head_and_says_what_to_do(repo: Git) -> None:
    with pytest.raises(UserError, match=r"^the repository has no commit yet$") as caught:
        repo.head()
    assert caught.value.hint == "git add . && git commit -m 'Begin with actum'"
    assert (repo.resolve("HEAD"), repo.branch(), repo.refs()) == (None, "main", ())
    assert repo.dirty() == {}


def test_a_detached_head_has_a_commit_and_no_branch(repo: Git, commit: Commit) -> None:
    first = commit("file", "1")
    commit("file", "2")
    git(repo.root, "checkout", "-q", "--detach", first)
    assert (repo.head(), repo.branch()) == (first, None)


def test_a_shallow_clone_is_known_for_one(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("file", "1")
    commit("file", "2")
    git(tmp_path, "clone", "-q", "--depth", "1", repo.root.as_uri(), "shallow")
    assert repo.is_shallow() is False
    assert Git(tmp_path / "shallow").is_shallow() is True


def test_history_along_first_parents_and_where_a_file_came_in(repo: Git, commit: Commit) -> None:
    base = commit("file", "1")
    git(repo.root, "switch", "-qc", "side")
    side = commit("new", "x")
    git(repo.root, "switch", "-q", "main")
    main = commit("file", "2")
    git(repo.root, "merge", "-q", "--no-ff", "-m", "merge", "side")
    merge = repo.head()
    assert repo.first_parents(merge) == (merge, main, base)
    assert repo.first_parents(merge, "new") == (merge,)
    assert repo.introduced(merge, "new") == side
    assert repo.parents(merge) == (main, side)
    assert repo.parents(base) == ()
    assert repo.merge_base(main, side) == base
    assert (repo.is_ancestor(side, merge), repo.is_ancestor(merge, side)) == (True, False)
    assert repo.committed_at(merge) == int(git(repo.root, "log", "-1", "--format=%ct"))


def test_unrelated_commits_have_no_base(repo: Git, commit: Commit) -> None:
    at = commit("file", "1")
    other = git(repo.root, "commit-tree", "-m", "x", f"{at}^{{tree}}")
    assert repo.merge_base(at, other) is None


def test_changes_between_commits_with_gits_letters(repo: Git, commit: Commit) -> None:
    commit("gone", "same")
    first = commit("changed", "1")
    commit("moved here", "same")
    (repo.root / "gone").unlink()
    (repo.root / "changed").unlink()
    (repo.root / "changed").symlink_to("elsewhere")
    git(repo.root, "add", "-A")
    git(repo.root, "commit", "-qm", "x")
    assert repo.changed(first, repo.head()) == {"gone": "D", "changed": "T", "moved here": "A"}


def test_dirty_names_what_differs_and_what_is_untracked(repo: Git, commit: Commit) -> None:
    commit("changed", "1")
    commit("removed", "1")
    commit(".gitignore", "ignored\n")
    for path in ("changed", "deep/new", "ignored", "staged"):
        write(repo.root, path, "2")
    (repo.root / "removed").unlink()
    git(repo.root, "add", "staged")
    assert repo.dirty() == {"changed": " M", "removed": " D", "deep/new": "??", "staged": "A "}


def test_the_repository_is_found_from_any_folder_in_it(repo: Git, tmp_path: Path) -> None:
    (repo.root / "deep/er").mkdir(parents=True)
    assert Git.find(repo.root / "deep/er") == repo
    with pytest.raises(NotFoundError, match=rf"^{tmp_path} is not in a git repository$") as caught:
        Git.find(tmp_path)
    assert caught.value.hint == "actum init"
    with pytest.raises(NotFoundError, match=rf"^{tmp_path}/missing is not a folder$"):
        Git.find(tmp_path / "missing")


def test_a_repository_without_a_work_tree_is_said_to_be_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(UserError, match=r"bare\.git is in a git repository without a work tree$"):
        Git.find(tmp_path / "bare.git")


def test_a_linked_work_tree_shares_the_folder(repo: Git, commit: Commit, tmp_path: Path) -> None:
    commit("file", "x")
    git(repo.root, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert Git(tmp_path / "linked").folder() == repo.folder() == repo.root / ".git"


def test_who_commits_here(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.identity() == Person(name="Ana", email="ana@example.org")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ben")
    assert repo.identity() == Person(name="Ben", email="ana@example.org")


def test_nobody_is_made_up_where_git_does_not_know_who_commits(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("EMAIL", "root@host.example.org")
    with pytest.raises(UserError, match=r"^git does not know who you are$") as caught:
        repo.identity()
    assert caught.value.hint == "git config --global user.name NAME && git config --global user.email ADDRESS"


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("yes", True), ("1", True), ("off", False), (None, False)]
)
def test_a_flag_has_gits_own_spellings(repo: Git, value: str | None, expected: bool) -> None:
    if value is not None:
        git(repo.root, "config", "commit.gpgsign", value)
    else:
        git(repo.root, "config", "--global", "--unset", "commit.gpgsign")
    assert repo.flag("commit.gpgsign") is expected


def test_inside_a_hook_git_works_on_the_folder_that_it_is_given(
    repo: Git, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = commit("file", "x")
    git(tmp_path, "init", "-q", "other")
    for name, value in {"DIR": tmp_path / "other/.git", "INDEX_FILE": "none", "WORK_TREE": tmp_path / "other"}.items():
        monkeypatch.setenv(f"GIT_{name}", str(value))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Cy")
    assert repo.head() == at
    assert repo.dirty() == {}
    assert repo.identity().name == "Cy"
    passed = {name for name in plumbing.clean_environment() if name.startswith("GIT_")}
    assert passed == {
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"),
        *("GIT_SSH_COMMAND", "GIT_TERMINAL_PROMPT", "GIT_OPTIONAL_LOCKS", "GIT_LITERAL_PATHSPECS"),
    }


def test_the_users_settings_do_not_change_what_is_read(repo: Git, commit: Commit) -> None:
    at = commit("ü", "x")
    for key, value in {"log.showSignature": "true", "core.quotepath": "true", "color.ui": "always"}.items():
        git(repo.root, "config", key, value)
    for key, value in {"status.short": "true", "diff.noprefix": "true", "core.pager": "false"}.items():
        git(repo.root, "config", key, value)
    write(repo.root, "ü", "y")
    assert (repo.introduced(at, "ü"), repo.dirty()) == (at, {"ü": " M"})


def test_a_failure_of_git_is_ours_with_its_last_words(repo: Git) -> None:
    with pytest.raises(ToolFailedError) as caught:
        plumbing.git(repo.root, "rev-list", "nothing")
    assert str(caught.value).startswith("git rev-list failed: fatal: ambiguous argument 'nothing'")
    assert caught.value.exit_code == 4


def test_a_folder_that_is_gone_is_not_taken_for_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=rf"^{tmp_path}/gone is not a folder$"):
        plumbing.git(tmp_path / "gone", "status")


def test_where_there_is_no_git_it_is_said(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo.root))
    with pytest.raises(ToolFailedError, match=r"^git is not installed$"):
        repo.is_shallow()
