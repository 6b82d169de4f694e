"""Approvals travel on a ref of their plan: only added to, joined, pushed until they are there."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from actum import layout
from actum.approvals import refs
from actum.errors import ToolFailedError
from actum.git import writing
from actum.git.repository import Git
from actum.names import Ids
from actum.records.event import Event
from actum.revisions import approval_tips
from tests.real_git import git
from tests.records import samples
from tests.records.samples import SHA

IDS = Ids(lambda: 1_764_000_000_000, lambda length: bytes(length))
REF = layout.approvals_ref(SHA)
OTHER = "sha256:" + "d" * 64


def approval(who: str = "rosa", plan: str = SHA) -> Event:
    return replace(samples.approval(principal=f"{who}@example.org", plan=plan), id=IDS.new())


def ids(repo: Git, plan: str = SHA) -> set[str]:
    return {event.id for event in refs.all_approvals_of(repo, "churn", plan)}


def add(repo: Git, event: Event) -> None:
    assert event.approval is not None
    refs.add(repo, event.approval.plan, [event], "Approve")


def test_the_ref_is_named_by_the_hex_digits_of_the_plan() -> None:
    assert REF == "refs/actum/approvals/" + "a" * 64


def test_approvals_add_up_and_work_tree_index_and_branches_stay(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    before = git(repo.root, "for-each-ref", "refs/heads"), git(repo.root, "status", "--porcelain")
    one, two = approval("rosa"), approval("ben")
    add(repo, one)
    add(repo, two)
    assert ids(repo) == {one.id, two.id}
    assert (git(repo.root, "for-each-ref", "refs/heads"), git(repo.root, "status", "--porcelain")) == before
    assert git(repo.root, "log", "--format=%s", REF) == "Approve\nApprove"
    assert git(repo.root, "diff", "--name-status", f"{REF}~1", REF) == f"A\t{path_of(two)}"


def path_of(event: Event) -> str:
    return layout.event(event.model, event.id, event.kind)


def test_each_plan_has_a_ref_of_its_own(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    one, other = approval(), approval(plan=OTHER)
    add(repo, one)
    add(repo, other)
    assert (ids(repo), ids(repo, OTHER)) == ({one.id}, {other.id})
    assert len(approval_tips(repo)) == 2


def test_an_approval_of_another_plan_on_the_ref_is_not_among_them(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    refs.add(repo, SHA, [approval(plan=OTHER)], "Approve")
    assert ids(repo) == set()


def test_twelve_who_approve_at_once_are_all_there(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    events = [approval(f"person{number}") for number in range(12)]
    left = []

    def persist(event: Event) -> None:
        while True:
            try:
                add(repo, event)
            except ToolFailedError as error:
                if "run the same command again" not in error.hint and "lock" not in str(error):
                    left.append(str(error))
                    return
            else:
                return

    threads = [threading.Thread(target=persist, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left == []
    assert ids(repo) == {event.id for event in events}


def test_a_push_brings_the_ref_to_origin(clones: tuple[Git, Git], origin: Path) -> None:
    one, two = clones
    event = approval()
    add(one, event)
    refs.push(one, SHA)
    assert git(origin, "rev-parse", REF) == one.resolve(REF)
    assert refs.bring(two, [SHA, OTHER]) == {SHA: one.resolve(REF)}
    assert ids(two) == {event.id}
    assert git(two.root, "for-each-ref", "refs/actum/incoming") == ""


def test_a_rejected_push_joins_what_was_there_and_pushes_again(clones: tuple[Git, Git], origin: Path) -> None:
    one, two = clones
    rosa, ben = approval("rosa"), approval("ben")
    add(one, rosa)
    add(two, ben)
    refs.push(one, SHA)
    refs.push(two, SHA)
    assert ids(two) == {rosa.id, ben.id}
    assert git(origin, "rev-parse", REF) == two.resolve(REF)
    listed = git(origin, "ls-tree", "-r", "--name-only", REF).splitlines()
    assert listed == sorted([path_of(rosa), path_of(ben)])


def test_two_who_join_the_same_make_the_same_commit(clones: tuple[Git, Git]) -> None:
    one, two = clones
    add(one, approval("rosa"))
    add(two, approval("ben"))
    tips = one.resolve(REF), two.resolve(REF)
    git(one.root, "fetch", "-q", str(two.root), f"{REF}:refs/x/theirs")
    git(two.root, "fetch", "-q", str(one.root), f"{REF}:refs/x/theirs")
    git(one.root, "push", "-q", "origin", f"refs/x/theirs:{REF}")
    refs.bring(one, [SHA])
    git(two.root, "push", "-q", "-f", "origin", f"refs/x/theirs:{REF}")
    refs.bring(two, [SHA])
    assert one.resolve(REF) == two.resolve(REF)
    assert one.resolve(REF) not in tips


def test_bringing_what_is_older_or_newer_moves_straight(clones: tuple[Git, Git]) -> None:
    one, two = clones
    add(one, approval("rosa"))
    refs.push(one, SHA)
    refs.bring(two, [SHA])
    add(two, approval("ben"))
    ahead = two.resolve(REF)
    refs.bring(two, [SHA])
    assert two.resolve(REF) == ahead
    refs.push(two, SHA)
    refs.bring(one, [SHA])
    assert one.resolve(REF) == ahead


def test_origin_out_of_reach_keeps_the_approval_here(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    event = approval()
    add(repo, event)
    git(repo.root, "remote", "set-url", "origin", "/nowhere")
    with pytest.raises(ToolFailedError, match=r"git push failed: (.|\n)*the approval is kept here"):
        refs.push(repo, SHA)
    assert ids(repo) == {event.id}


def test_an_origin_that_refuses_is_not_asked_for_ever(clones: tuple[Git, Git], origin: Path) -> None:
    repo, _ = clones
    hook = origin / "hooks/update"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    event = approval()
    add(repo, event)
    with pytest.raises(ToolFailedError, match="the approval is kept here"):
        refs.push(repo, SHA)
    assert ids(repo) == {event.id}


def test_the_evidence_branch_is_looked_at_too_and_each_approval_told_once(clones: tuple[Git, Git]) -> None:
    repo, _ = clones
    event = approval()
    add(repo, event)
    tip = repo.resolve(REF)
    assert tip is not None
    writing.move_ref(repo, layout.EVIDENCE_REF, tip, expected=None)
    assert ids(repo) == {event.id}
    writing.delete_ref(repo, REF, expected=tip)
    assert [one.id for one in refs.all_approvals_of(repo, "churn", SHA)] == [event.id]
