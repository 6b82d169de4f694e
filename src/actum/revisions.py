"""Which commit speaks: what is checked out, the trunk's tip, the evidence branch, approvals that wait."""

from __future__ import annotations

from actum import layout
from actum.git.repository import Git
from actum.store import Store


def trunk_commit(repo: Git, trunk: str) -> str | None:
    """Return the tip of the trunk: ``origin``'s when there is one, else the local branch's."""
    remote, local = _tips(repo, trunk)
    return remote or local


def evidence_tips(repo: Git) -> tuple[str, ...]:
    """Return the tip of the evidence branch, here or at origin; both where they have diverged, origin's first."""
    remote, local = _tips(repo, layout.EVIDENCE_BRANCH)
    if local is None or remote is None or remote == local:
        return tuple(tip for tip in (remote or local,) if tip)
    if repo.is_ancestor(remote, local):
        return (local,)
    return (remote,) if repo.is_ancestor(local, remote) else (remote, local)


def approval_tips(repo: Git) -> tuple[str, ...]:
    """Return the tips of the refs on which approvals wait for their promotion."""
    return tuple(ref.commit for ref in repo.refs(layout.APPROVALS))


def _tips(repo: Git, branch: str) -> tuple[str | None, str | None]:
    names = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    tips = {ref.name: ref.commit for ref in repo.refs(*names)}
    return tips.get(names[0]), tips.get(names[1])


def open_head(repo: Git) -> Store:
    """Open what is checked out, with today's evidence."""
    return Store(repo, repo.head(), evidence_tips(repo))


def open_trunk(repo: Git, head: Store | None = None) -> Store:
    """Open the trunk, the truth about stages; HEAD where there is no trunk (a detached clone of one commit)."""
    head = head or open_head(repo)
    tip = trunk_commit(repo, head.settings().trunk)
    return head.beside(tip) if tip and tip != head.commit else head
