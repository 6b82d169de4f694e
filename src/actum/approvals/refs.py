"""The ref of a plan's approvals: only ever added to, joined where two approved at once, pushed on its own.

A branch of the promotion would do as well, but a forge takes each push to it for a new proposal and dismisses reviews.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from actum import layout
from actum.errors import ToolFailedError
from actum.filing import write_record
from actum.git import writing
from actum.git.repository import Git
from actum.records.event import Event
from actum.revisions import evidence_tips
from actum.store import Store

_INCOMING = "refs/actum/incoming/"
_TRIES = 5


def approvals_of(store: Store, model: str, plan: str) -> tuple[Event, ...]:
    """Return the approvals of one plan that a store holds, in the order of recording, whatever they are worth."""
    return tuple(event for event in store.events(model, "approval") if event.approval and event.approval.plan == plan)


def all_approvals_of(repo: Git, model: str, plan: str, *stores: Store) -> tuple[Event, ...]:
    """Return the approvals of one plan: on its ref, among the evidence, and in *stores* beside; malformed ones in none.

    Two that differ under one id are both there: what somebody copied and edited must not hide the honest one.
    """
    tip, evidence = repo.resolve(layout.approvals_ref(plan)), evidence_tips(repo)
    tips = [*([tip] if tip else []), *evidence]
    found = (event for at in tips for event in approvals_of(Store(repo, at).tolerant(), model, plan))
    beside = (event for store in stores for event in approvals_of(store.tolerant(), model, plan))
    unique: list[Event] = []
    for event in (*found, *beside):
        if event not in unique:
            unique.append(event)
    return tuple(sorted(unique, key=lambda event: event.id))


def add(repo: Git, plan: str, events: Iterable[Event], message: str) -> str:
    """Commit approvals to their plan's ref and return the commit.

    Raises:
        ToolFailedError: Others keep moving the ref, or git refuses to.
    """
    ref = layout.approvals_ref(plan)
    paths = {layout.event(event.model, event.id, event.kind): event for event in events}
    changes = {path: write_record(event, path=path) for path, event in paths.items()}
    for _ in range(_TRIES):
        tip = repo.resolve(ref)
        commit = writing.commit_files(repo, tip, changes, message)
        if _moved(repo, ref, commit, tip, message):
            return commit
    raise ToolFailedError(f"{ref} keeps moving", hint="run the same command again")


def push(repo: Git, plan: str) -> None:
    """Push a plan's approvals to origin; those that others pushed meanwhile are joined first.

    Raises:
        ToolFailedError: Origin is out of reach, refuses, or others keep being faster.
    """
    ref = layout.approvals_ref(plan)
    for _ in range(_TRIES):
        before = repo.resolve(ref)
        try:
            writing.push(repo, "origin", f"{ref}:{ref}")
        except ToolFailedError as error:
            with suppress(ToolFailedError):  # out of reach: the push has said so
                bring(repo, [plan])
            if repo.resolve(ref) == before:
                hint = error.hint or f"git push origin {ref}"
                raise ToolFailedError(f"{error}\nthe approval is kept here", hint=hint) from error
            continue
        return
    raise ToolFailedError(f"{ref} keeps moving at origin; the approval is kept here", hint="run the same command again")


def bring(repo: Git, plans: Iterable[str]) -> Mapping[str, str]:
    """Join origin's approvals of some plans with those that are here, and return where origin has them, by plan.

    Raises:
        ToolFailedError: Origin is out of reach, or the refs here keep moving.
    """
    wanted = list(dict.fromkeys(plans))
    # With a star, a ref that origin does not have is no error.
    patterns = [layout.approvals_ref(plan) for plan in wanted]
    specs = [f"+{ref}*:{_INCOMING}{ref.removeprefix(layout.APPROVALS)}*" for ref in patterns]
    found: dict[str, str] = {}
    for at in range(0, len(specs), 100):
        if not writing.fetch(repo, "origin", *specs[at : at + 100]):
            raise ToolFailedError(
                "origin's approvals could not be fetched: it is out of reach", hint="git fetch origin"
            )
    for plan, ref in zip(wanted, patterns, strict=True):
        incoming = _INCOMING + ref.removeprefix(layout.APPROVALS)
        theirs = repo.resolve(incoming)
        if theirs is not None:
            found[plan] = theirs
            _join(repo, ref, theirs)
            writing.delete_ref(repo, incoming)
    return found


def _join(repo: Git, ref: str, theirs: str) -> None:
    for _ in range(_TRIES):
        ours = repo.resolve(ref)
        if ours is not None and repo.is_ancestor(theirs, ours):
            return
        joined = theirs
        if ours is not None and not repo.is_ancestor(ours, theirs):
            # In one order, so that whoever joins the two makes the same commit.
            joined = writing.join(repo, min(ours, theirs), max(ours, theirs), "Join approvals")
        if _moved(repo, ref, joined, ours, "Join approvals"):
            return
    raise ToolFailedError(f"{ref} keeps moving", hint="run the same command again")


def _moved(repo: Git, ref: str, commit: str, expected: str | None, message: str) -> bool:
    """Move the ref; False when somebody else was faster.

    Raises:
        ToolFailedError: git itself refuses.
    """
    try:
        writing.move_ref(repo, ref, commit, expected=expected, message=message.splitlines()[0])
    except ToolFailedError:
        if repo.resolve(ref) == expected:
            raise
        return False
    return True
