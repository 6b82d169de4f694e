"""Is the repository whole, and can we commit to it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from actum import moments
from actum.errors import UserError
from actum.git import plumbing
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, told, wrong

_SKEW = timedelta(minutes=5)


def look_at_repository(repo: Git, now: datetime) -> Iterator[Finding]:
    yield _identity(repo)
    yield _head(repo)
    yield from _history(repo)
    yield _clock(repo, now)


def _identity(repo: Git) -> Finding:
    try:
        person = repo.identity()
    except UserError as error:
        return told("identity", error)
    return ok("identity", f"{person.name} <{person.email}>")


def _head(repo: Git) -> Finding:
    if repo.resolve("HEAD") is None:
        return wrong("head", "the repository has no commit yet", "git add . && git commit -m 'Begin with actum'")
    branch = repo.branch()
    if branch is None:
        says = "HEAD is detached: reads and rebuild work, what commits to a branch refuses"
        return note("head", says, "git switch -c NAME")
    return ok("head", f"on {branch}")


def _history(repo: Git) -> Iterator[Finding]:
    """Look for what makes git answer questions about the past from less, or from other, than the past."""
    found = []
    if repo.is_shallow():
        found.append(wrong("history", "this clone is shallow, what lies before its edge is unknown", _FETCH_ALL))
    promisors = plumbing.attempt(repo.root, "config", "--get-regexp", r"^remote\..*\.promisor$", "^true$")
    for line in promisors.out.decode().splitlines():
        name = line.split()[0].removeprefix("remote.").removesuffix(".promisor")
        says = f"this clone is partial: objects that nobody asked for yet are only at {name}"
        found.append(wrong("history", says, _complete(name)))
    replaced = [ref.name for ref in repo.refs("refs/replace/")]
    if replaced:
        says = f"{len(replaced)} commits replaced by others: history reads differently here than elsewhere"
        found.append(wrong("history", says, "git replace -d $(git replace -l)"))
    grafts = repo.folder() / "info" / "grafts"
    if grafts.exists() and grafts.stat().st_size:
        found.append(wrong("history", "grafts change what this clone takes for history", f"rm {grafts}"))
    yield from found or [ok("history", "whole")]


def _complete(remote: str) -> str:
    """Fetch again without the filter, and only then forget that there was one."""
    settings = (f"remote.{remote}.promisor", f"remote.{remote}.partialclonefilter")
    steps = [f"git fetch --refetch --no-filter {remote}", *(f"git config --unset {name}" for name in settings)]
    return " && ".join(steps)


_FETCH_ALL = "git fetch --unshallow"


def _clock(repo: Git, now: datetime) -> Finding:
    head = repo.resolve("HEAD")
    made = datetime.fromtimestamp(repo.committed_at(head), UTC) if head else now
    if made > now + _SKEW:
        says = f"HEAD was committed at {moments.write(made)}, and this machine's clock says {moments.write(now)}"
        return wrong("clock", says, "timedatectl set-ntp true  # or ask who committed with a wrong clock")
    return ok("clock", "not behind HEAD")
