"""Several commits read as one tree, folder by folder, held against the whole listing of git."""

from __future__ import annotations

import os
import random

import pytest

from actum.errors import ToolFailedError
from actum.git.joined import Joined, Layer
from actum.git.repository import Git, TreeEntry
from tests.real_git import Commit, git

NAMES = ("a", "b c", "deep", "\u00fc", "z.yaml", "-x", "deep.d")
MODES = ("100644", "100755", "120000", "160000")


def random_commit(repo: Git, chance: random.Random) -> str:
    """Commit a tree of all kinds of entries, some of which lie where another commit has a folder."""
    blob = git(repo.root, "hash-object", "-w", "--stdin", stdin=str(chance.random()).encode())
    listed = []
    for _ in range(30):
        path = "/".join(chance.choices(NAMES, k=chance.randint(1, 4)))
        listed.append(f"{chance.choice(MODES)} {blob}\t{path}\n".encode())
    listed.append(f"100644 {blob}\t".encode() + b"deep/\xff.yaml\n")
    index = {"GIT_INDEX_FILE": str(repo.root / f"index-{chance.random()}")}
    git(repo.root, "update-index", "--add", "--replace", "--index-info", stdin=b"".join(listed), env=index)
    return git(repo.root, "commit-tree", "-m", "any", git(repo.root, "write-tree", "--missing-ok", env=index))


def folders_of(paths: set[str]) -> set[str]:
    return {"", *(path[:at] for path in paths for at in range(len(path)) if path[at] == "/")}


@pytest.mark.parametrize("seed", range(5))
def test_folder_by_folder_is_the_same_as_all_at_once(repo: Git, seed: int) -> None:
    chance = random.Random(seed)
    own, other, third = (random_commit(repo, chance) for _ in range(3))

    def admits(path: str) -> bool:
        return "deep" in path

    below = {path: entry for path, entry in (repo.tree(third) | repo.tree(other)).items() if admits(path)}
    whole = below | repo.tree(own)
    joined = Joined(repo, (Layer(own), Layer(other, admits), Layer(third, admits)))
    folders = folders_of(set(repo.tree(own)) | set(repo.tree(other)) | set(repo.tree(third)))
    joined.load(folders)
    found: dict[str, TreeEntry] = {}
    for folder in folders:
        files = joined.files(folder)
        assert list(files) == sorted(files)
        found |= files
    assert found == whole
    assert {path: joined.file(path) for path in whole} == whole
    assert {layer.commit for path in whole if (layer := joined.layer_of(path))} <= {own, other, third}


def test_what_is_not_there_is_absent(repo: Git, commit: Commit) -> None:
    joined = Joined(repo, (Layer(commit("a/b.yaml", "one")),))
    joined.load(["nowhere/at/all", "a/b.yaml/c", "a"])
    assert (joined.files("nowhere/at/all"), joined.files("a/b.yaml"), joined.folders("a")) == ({}, {}, ())
    assert (joined.file("a"), joined.file("a/c.yaml"), joined.layer_of("a/b.yaml/c")) == (None, None, None)
    assert joined.folders("") == ("a",)


def test_a_folder_that_git_has_lost_is_said(repo: Git, commit: Commit) -> None:
    root = commit("a/b.yaml", "one")
    tree = git(repo.root, "rev-parse", f"{root}:a")
    (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    joined = Joined(repo, (Layer(root),))
    with pytest.raises(ToolFailedError, match=rf"^git has lost the folder {tree[:10]}$") as caught:
        joined.files("a")
    assert caught.value.hint == "git fsck"


def test_modes_that_old_gits_kept_are_read_as_git_reads_them(repo: Git, commit: Commit) -> None:
    blob = git(repo.root, "rev-parse", f"{commit('plain', 'one')}:plain")
    raw = b"".join(f"{mode} {mode}".encode() + b"\0" + bytes.fromhex(blob) for mode in ("100600", "100664", "100775"))
    tree = git(repo.root, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    listed = repo.folders([tree])[tree]
    assert {name: entry.mode for name, entry in listed.items()} == {
        name: entry.mode for name, entry in repo.tree(tree).items()
    }


def test_names_and_ids_are_told_as_git_tells_them_where_ids_are_longer(repo: Git, tmp_path: object) -> None:
    root = repo.root.parent / "sha256"
    git(repo.root.parent, "init", "-q", "--object-format=sha256", str(root))
    (root / "deep").mkdir()
    (root / os.fsdecode(b"deep/\xff.yaml")).write_text("one")
    git(root, "add", "--all")
    git(root, "commit", "-qm", "One")
    long = Git(root)
    assert Joined(long, (Layer(long.head()),)).files("deep") == long.tree("HEAD")
