"""What git was asked for once: small objects are remembered by their ids, names that move are not."""

from __future__ import annotations

from actum.git import known
from actum.git.known import Known
from actum.git.repository import Git
from tests.real_git import Commit, git


def test_an_object_that_was_read_is_not_read_again(repo: Git, commit: Commit) -> None:
    commit("a", "first")
    blob = git(repo.root, "rev-parse", "HEAD:a")
    assert repo.blobs([blob]) == {blob: b"first"}
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert (repo.blobs([blob]), repo.sizes([blob])) == ({blob: b"first"}, {blob: 5})
    assert (Git(repo.root).blobs([blob]), Git(repo.root).sizes([blob])) == ({}, {})


def test_the_folder_of_a_commit_is_known_by_the_commit(repo: Git, commit: Commit) -> None:
    first = commit("a", "first")
    assert repo.folders([f"{first}^{{tree}}"])[f"{first}^{{tree}}"].keys() == {"a"}
    second = commit("b", "second")
    assert repo.folders([f"{second}^{{tree}}"])[f"{second}^{{tree}}"].keys() == {"a", "b"}


def test_what_a_name_stands_for_is_asked_each_time(repo: Git, commit: Commit) -> None:
    commit("a", "first")
    assert repo.blobs(["main:a"]) == {"main:a": b"first"}
    commit("a", "second")
    assert repo.blobs(["main:a"]) == {"main:a": b"second"}


def test_known_and_unknown_come_in_the_order_of_the_question(repo: Git, commit: Commit) -> None:
    for name in "abc":
        commit(name, name)
    ids = [git(repo.root, "rev-parse", f"HEAD:{name}") for name in "abc"]
    repo.blobs([ids[1]])
    assert list(repo.blobs([*ids, "0" * 40]).items()) == list(zip(ids, (b"a", b"b", b"c"), strict=True))


def test_large_objects_and_more_than_there_is_room_for_are_not_kept() -> None:
    room = Known()
    room.learn({"0" * 40: bytes(known.LARGEST + 1)})
    full = {f"{number:040x}": bytes(known.LARGEST) for number in range(1, known.MOST // known.LARGEST + 2)}
    room.learn(full)
    assert list(room.among(["0" * 40, *full])) == list(full)[:-1]
