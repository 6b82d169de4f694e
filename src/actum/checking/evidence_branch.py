"""Was the evidence branch only ever added to, and only by what may travel there?

Nobody reviews that branch, and CI pushes to it: what is there must stay as it came.
"""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.checking.findings import Objection, block
from actum.checking.record_rules import record_objections
from actum.checking.strangers import stranger_objections
from actum.git.repository import REGULAR_FILE_MODES, Git
from actum.planning.scope import EVIDENCE_AT_ORIGIN, Scope
from actum.store import Store

_WORDS = {"M": "was edited", "D": "was removed", "T": "was replaced by something other than a file"}


def local_objections(repo: Git) -> Iterator[Objection]:
    """Yield what the branch here did since it left origin's, or since its beginning where origin has none."""
    here, there = repo.resolve(layout.EVIDENCE_REF), repo.resolve(EVIDENCE_AT_ORIGIN)
    if here is None or here == there:
        return
    since = repo.merge_base(there, here) if there else None
    yield from _line(repo, here, since)
    if there and since != there:  # both went on, and will be joined: what both have is the same
        own, other = repo.tree(here), repo.tree(there)
        for path in sorted(own.keys() & other.keys()):
            if own[path] != other[path]:
                hint = f"git diff origin/{layout.EVIDENCE_BRANCH} {layout.EVIDENCE_BRANCH} -- '{path}'"
                yield block("evidence-changed", _named(path), "is not what origin has under that name", hint)


def branch_objections(scope: Scope, since: str | None) -> Iterator[Objection]:
    """Yield what is wrong with the whole branch, its records included. ``since``: where it stood before a push."""
    repo, tip = scope.head.repo, scope.head.commit
    if since is not None and not repo.is_ancestor(since, tip):
        because = f"was rewritten: {since[:10]} is not in its history"
        yield block("evidence-changed", layout.EVIDENCE_BRANCH, because, f"git log {since[:10]}")
        yield from _judged(repo.changed(since, tip), f"since {since[:10]}", f"git diff {since[:10]} {tip[:10]}")
    else:
        yield from _line(repo, tip, since)
    for path, entry in sorted(scope.head.tree.items()):
        if layout.is_evidence(path) and entry.mode not in REGULAR_FILE_MODES:
            yield block("not-a-file", path, "is a link or a submodule, must be a regular file", f"git show {tip[:10]}")
    yield from record_objections(scope)
    yield from stranger_objections(scope, "commits", vouched=False)  # nobody reviews what would vouch there


def relied_objections(evidence: Store, model: str) -> Iterator[Objection]:
    """Yield the attestations of a model that the branch no longer has as they came: without one a worse verdict hides.

    What a promotion rests on is looked at back to the beginning, whoever pushed it; the same bytes put back mend it.
    """
    came: dict[str, frozenset[str]] = {}
    for tip in (evidence.commit, *evidence.evidence):
        for path, blobs in evidence.repo.arrivals(tip, layout.folder("event", model)).items():
            came[path] = came.get(path, frozenset()) | blobs
    for path, blobs in sorted(came.items()):
        now = evidence.tree.get(path)
        if layout.kind_of(path) != "event" or layout.names_in(path)[2] != "attestation":
            continue
        if now is None or blobs != {now.blob}:
            because = (
                f"was {'removed' if now is None else 'edited'} since it came; what a promotion rests on must be whole"
            )
            yield block("evidence-changed", _named(path), because, f"git log --all -- '{path}'")


def _line(repo: Git, tip: str, since: str | None) -> Iterator[Objection]:
    for step in repo.steps(tip, since):
        yield from _judged(step.changed, f"in {step.commit[:10]}", f"git show {step.commit[:10]}")


def _judged(changed: dict[str, str], when: str, hint: str) -> Iterator[Objection]:
    for path, letter in sorted(changed.items()):
        if letter != "A":
            because = f"{_WORDS[letter]} {when}; evidence is only ever added to"
            yield block("evidence-changed", _named(path), because, hint)
        elif not layout.is_evidence(path):
            because = f"was added {when}; only attestations, seals, decisions and monitoring travel there"
            yield block("evidence-foreign", _named(path), because, hint)


def _named(path: str) -> str:
    """Name a file of the branch as git does."""
    return f"{layout.EVIDENCE_BRANCH}:{path}"
