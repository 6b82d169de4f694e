"""What a promotion is planned from and what a check looks at: the base, the evidence, and what lies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actum import layout
from actum.errors import NotFoundError, UserError
from actum.git.repository import Git
from actum.revisions import evidence_tips, open_head, trunk_commit
from actum.store import Store

EVIDENCE_AT_ORIGIN = f"refs/remotes/origin/{layout.EVIDENCE_BRANCH}"


@dataclass(frozen=True)
class Scope:
    """``base`` judges; ``changed``: path -> git's letter, since head left the base's line.

    ``whole``: the base has all that head has, so every record is looked at, not only what changed.
    ``before``: the records where head left that line, against which "unchanged" is meant.
    """

    head: Store
    base: Store
    before: Store
    changed: Mapping[str, str]
    whole: bool
    base_name: str

    def paths(self) -> list[str]:
        """Return the paths to look at that head has, sorted."""
        return sorted(self.head.tree) if self.whole else sorted(path for path in self.changed if path in self.head.tree)


def open_scope(repo: Git, *, head: str | None, base: str | None) -> Scope:
    """Open *head* (default: what is checked out) against *base* (default: the trunk's tip).

    Raises:
        NotFoundError: A revision is not there.
        UserError: They have no common history, or it is cut off in a shallow clone.
    """
    tip = _commit(repo, head) if head else repo.head()
    name, judge = (base, _commit(repo, base)) if base else _trunk(repo)
    since = repo.merge_base(judge, tip)
    if since is None:
        shallow = repo.is_shallow()
        because = "this clone is shallow" if shallow else "they have no common history"
        hint = "git fetch --unshallow" if shallow else "actum check --base REV"
        raise UserError(f"{tip[:10]} cannot be checked against {name}: {because}", hint=hint)
    store = Store(repo, tip).tolerant()
    return Scope(
        head=store,
        base=store.beside(judge).tolerant(),
        before=store.beside(since).tolerant(),
        changed=repo.changed(since, tip) if since != tip else {},
        whole=since == tip,
        base_name=f"{name} ({judge[:10]})",
    )


def evidence_to_check(repo: Git, head: str | None) -> str | None:
    """Return the commit to check when it is the evidence branch, here or at origin, that is meant; else None."""
    tip = repo.resolve(head or "HEAD")
    return tip if tip and tip in (repo.resolve(layout.EVIDENCE_REF), repo.resolve(EVIDENCE_AT_ORIGIN)) else None


def open_evidence_scope(repo: Git, tip: str, base: str | None) -> tuple[Scope, str | None]:
    """Open the evidence branch as a whole, and return where it stood before, when *base* says so.

    Raises:
        NotFoundError: There is no such revision.
    """
    is_new = base is not None and not base.strip("0")  # what forges say of a branch that was just pushed first
    since = _commit(repo, base) if base and not is_new else None
    store = Store(repo, tip).tolerant()
    name = f"{base} ({since[:10]})" if since else "its own history"
    return Scope(head=store, base=store, before=store, changed={}, whole=True, base_name=name), since


def open_base(repo: Git) -> Store:
    """Open the trunk's tip, without the evidence branch: nobody reviews that one, so it promotes nothing.

    Raises:
        NotFoundError: The branch that actum.yaml calls the trunk is neither here nor at origin.
    """
    return Store(repo, _trunk(repo)[1])


def open_evidence(repo: Git) -> Store | None:
    """Open the evidence branch, from which attestations are taken and nothing else; a bad file there stops nobody."""
    tips = evidence_tips(repo)
    return Store(repo, tips[0], tips[1:]).tolerant() if tips else None


def _commit(repo: Git, revision: str) -> str:
    found = repo.resolve(revision)
    if found is None:
        raise NotFoundError(f"there is no revision {revision}", hint="git fetch")
    return found


def _trunk(repo: Git) -> tuple[str, str]:
    trunk = open_head(repo).settings().trunk
    tip = trunk_commit(repo, trunk)
    if tip is None:
        raise NotFoundError(
            f"the trunk {trunk}, named in {layout.SETTINGS}, is neither here nor at origin",
            hint=f"git fetch origin {trunk}",
        )
    return trunk, tip
