"""The branch that carries a promotion: one a model and stage, made without touching checkout or index."""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.errors import InvalidRecordError, UserError
from actum.filing import read_record, write_record
from actum.git import writing
from actum.git.repository import Git
from actum.records.event import Event
from actum.records.stage import StagePointer


def require_replaceable(repo: Git, trunk: str, model: str, stage: str) -> str | None:
    """Return the commit that the branch is at, None when there is no such branch.

    Raises:
        UserError: It is checked out somewhere, or holds something other than promotions of this edge.
    """
    name = layout.promotion_branch(model, stage)
    held = repo.resolve(f"refs/heads/{name}")
    if held is None:
        return None
    if place := repo.place_of(name):
        raise UserError(f"{name} is checked out in {place}: it would move under it", hint="git switch -")
    for commit in _own(repo, held, trunk):
        if not _is_promotion(repo, commit, model, stage):
            raise UserError(
                f"branch {name} holds commit {commit[:10]}, which is no promotion of {model} to {stage}",
                hint=f"git branch -m {name} OTHER-NAME",
            )
    return held


def write_branch(repo: Git, trunk: str, pointer: StagePointer, event: Event, *, held: str | None) -> str:
    """Put pointer and event onto the trunk's tip in one commit, and the branch onto that commit.

    Raises:
        ToolFailedError: The branch moved meanwhile.
    """
    paths = layout.stage(pointer.model, pointer.stage), layout.event(event.model, event.id, event.kind)
    changes = {path: write_record(record, path=path) for path, record in zip(paths, (pointer, event), strict=True)}
    message = _message(event)
    commit = writing.commit_files(repo, trunk, changes, message)
    ref = f"refs/heads/{layout.promotion_branch(pointer.model, pointer.stage)}"
    writing.move_ref(repo, ref, commit, expected=held, message=message.splitlines()[0])
    return commit


def push_branch(repo: Git, name: str) -> None:
    """Push a promotion's branch to origin, over an older promotion of ours there and over nothing else.

    Raises:
        ToolFailedError: origin has the branch otherwise than this clone last saw it, or cannot be reached.
    """
    ref = f"refs/heads/{name}"
    known = repo.resolve(f"refs/remotes/origin/{name}") or ""
    writing.push(repo, "origin", f"--force-with-lease={ref}:{known}", f"{ref}:{ref}")


def _message(event: Event) -> str:
    promotion = event.promotion
    assert promotion is not None
    lines = [f"Promote {event.model} {promotion.version} to {promotion.stage}", ""]
    lines += [f"Replaces: {promotion.replaces}"] if promotion.replaces else []
    return "\n".join([*lines, f"Plan: {promotion.plan}", f"Event: {event.id}"])


def _own(repo: Git, tip: str, trunk: str) -> Iterator[str]:
    """Yield the commits that only the branch has, as far as it is one line."""
    commit = tip
    while not repo.is_ancestor(commit, trunk):
        yield commit
        parents = repo.parents(commit)
        if len(parents) != 1:
            return
        commit = parents[0]


def _is_promotion(repo: Git, commit: str, model: str, stage: str) -> bool:
    parents = repo.parents(commit)
    changed = repo.changed(parents[0], commit) if len(parents) == 1 else {}
    events = [path for path in changed if layout.kind_of(path) == "event"]
    if set(changed) != {layout.stage(model, stage), *events} or len(events) != 1:
        return False
    data = repo.read(commit, events[0])
    try:
        event = read_record(events[0], data) if data is not None else None
    except InvalidRecordError:
        return False  # somebody edited it: it is no longer what we wrote
    return event is not None and event.promotion is not None and (event.model, event.promotion.stage) == (model, stage)
