"""After the merge of a promotion its approvals become evidence, so that they outlive the ref they travelled on."""

from __future__ import annotations

from dataclasses import dataclass

from actum import layout
from actum.approvals import refs
from actum.approvals.verifying import Trust, trust_of, verified
from actum.errors import ToolFailedError
from actum.evidence import add_evidence, evidence_commit
from actum.git import plumbing, writing
from actum.git.repository import Git
from actum.records.event import Event, Promotion
from actum.revisions import evidence_tips
from actum.store import Store

_TRIES = 5
_AT_ORIGIN = f"refs/remotes/origin/{layout.EVIDENCE_BRANCH}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sifted:
    """What lies on one ref: what is to land, the bytes that it lands as, and why the rest does not."""

    events: tuple[Event, ...]
    changes: dict[str, bytes]
    left: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What became evidence. ``remarks``: approvals that did not, and why; their refs stay."""

    events: tuple[Event, ...] = ()
    remarks: tuple[str, ...] = ()


def merged_plans(base: Store) -> dict[str, tuple[str, Promotion]]:
    """Return the promotions that are on the trunk, each with its model, by the digest of their plan."""
    found = ((event, event.promotion) for model in base.models() for event in base.events(model, "promotion"))
    planned = ((event.model, promotion) for event, promotion in found if promotion and promotion.plan)
    return {promotion.planned: (model, promotion) for model, promotion in planned}


def land(base: Store, *, dry_run: bool = False) -> Landed:
    """Add the approvals of merged promotions to the evidence branch, and drop the refs of which nothing is left over.

    Only what is of whom it says it is lands: anybody may write to such a ref, and evidence stays for good.

    Raises:
        ToolFailedError: git failed.
    """
    base, repo = base.tolerant(), base.repo
    waiting = {ref.name: ref.commit for ref in repo.refs(layout.APPROVALS)}
    if not waiting:
        return Landed()
    trust, settled = trust_of(base), _settled(base)
    sifted = {
        ref: _sift(Store(repo, waiting[ref]).tolerant(), model, promotion, trust, settled)
        for plan, (model, promotion) in merged_plans(base).items()
        if (ref := layout.approvals_ref(plan)) in waiting
    }
    events = tuple(event for one in sifted.values() for event in one.events)
    if not dry_run:
        if events:
            changes = {path: data for one in sifted.values() for path, data in one.changes.items()}
            add_evidence(repo, changes, _message(events))
        for ref, one in sifted.items():
            if not one.left:
                writing.delete_ref(repo, ref, expected=waiting[ref])
    return Landed(events=events, remarks=tuple(f"{ref}: {why}" for ref, one in sifted.items() for why in one.left))


def bring_merged(base: Store) -> dict[str, str]:
    """Fetch the approvals of merged promotions that still lie on refs at origin; return those refs with their commits.

    Raises:
        ToolFailedError: Origin is out of reach.
    """
    listed = plumbing.text(base.repo.root, "ls-remote", "origin", f"{layout.APPROVALS}*").splitlines()
    at_origin = {ref: commit for commit, _, ref in (line.partition("\t") for line in listed)}
    plans = {plan for plan in merged_plans(base.tolerant()) if layout.approvals_ref(plan) in at_origin}
    brought = refs.bring(base.repo, sorted(plans))
    return {layout.approvals_ref(plan): commit for plan, commit in brought.items()}


def push_landed(repo: Git, brought: dict[str, str]) -> None:
    """Push landed approvals, then drop at origin the refs that brought them; other evidence alone is not pushed here.

    Raises:
        ToolFailedError: Origin is out of reach or refuses, or others keep moving the evidence branch.
    """
    if _unpushed(repo):
        _push_evidence(repo)
    gone = {ref: commit for ref, commit in brought.items() if repo.resolve(ref) is None}
    for ref, commit in gone.items():
        # With the lease an approval that somebody pushed meanwhile is not lost; it lands the next time.
        words = ("push", "--quiet", f"--force-with-lease={ref}:{commit}", "origin", f":{ref}")
        plumbing.attempt(repo.root, *words)


def _unpushed(repo: Git) -> bool:
    """Whether the evidence branch here holds approvals that origin's does not."""
    here, there = repo.resolve(layout.EVIDENCE_REF), repo.resolve(_AT_ORIGIN)
    own = repo.tree(here, "registry").keys() if here else set[str]()
    known = repo.tree(there, "registry").keys() if there else set[str]()
    return any(layout.is_approval(path) for path in own - known)


def _push_evidence(repo: Git) -> None:
    ref, there = layout.EVIDENCE_REF, _AT_ORIGIN
    for _ in range(_TRIES):
        local = repo.resolve(ref)
        if local is None or local == repo.resolve(there):
            return
        try:
            writing.push(repo, "origin", f"{ref}:{ref}")
        except ToolFailedError:
            writing.fetch(repo, "origin", f"+{ref}:{there}")
            joined = evidence_commit(repo)
            if joined is None or joined == local:
                raise  # nobody was faster: origin refuses
            writing.move_ref(repo, ref, joined, expected=local, message="Join evidence")
            continue
        return
    raise ToolFailedError(f"{layout.EVIDENCE_BRANCH} keeps moving at origin", hint="run the same command again")


def _sift(store: Store, model: str, promotion: Promotion, trust: Trust, settled: frozenset[str]) -> _Sifted:
    events, left = [], []
    for event in refs.approvals_of(store, model, promotion.planned):
        if _event_path(event) in settled:
            continue
        if why_not := _foreign(event, promotion) or verified(event, trust, now=None).why_not:
            left.append(f"event/{event.id} does not land: {why_not}")
        else:
            events.append(event)
    left += [str(error) for error in (store.skipped or {}).values()]
    changes = {path: store.read(path) or b"" for path in map(_event_path, events)}
    return _Sifted(events=tuple(events), changes=changes, left=tuple(left))


def _foreign(event: Event, promotion: Promotion) -> str:
    """Say what an approval is about, where it is not the promotion that it names by its plan; "" where it is."""
    approval = event.approval
    assert approval is not None
    told = (approval.stage, approval.version, approval.artifact)
    if told == (promotion.stage, promotion.version, promotion.artifact):
        return ""
    return f"is of {approval.version} to {approval.stage}, the plan is of {promotion.version} to {promotion.stage}"


def _settled(base: Store) -> frozenset[str]:
    """Return what need not land: it is evidence already, or came with the branch."""
    evidence = (path for tip in evidence_tips(base.repo) for path in base.repo.tree(tip, "registry"))
    return frozenset((*base.tree, *evidence))


def _event_path(event: Event) -> str:
    return layout.event(event.model, event.id, event.kind)


def _message(events: tuple[Event, ...]) -> str:
    return "\n".join(["Land approvals", "", *(f"Approval: {event.model} event/{event.id}" for event in events)])
