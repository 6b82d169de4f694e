"""A review from branch to merge with two people's keys and no forge; then each attack on that very review, refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from actum import layout
from tests.journeys import attacks
from tests.journeys.attacks import EVIDENCE, GHOST, HUGE, SHA, Attack, Given, edit, forge, link, of
from tests.journeys.review import CARD, POINTER, POLICY, PROMOTION, REVOKED, SIGNERS, V1, V2, Review, address

NO_ROLE = "promotion-approvals EVENT: approval:model-risk: missing, 0 of 1"
NOBODY = "promotion-approvals EVENT: approvals: missing, 0 of 1"
APART = "changes beside POINTER: a promotion moves its pointer and nothing else"
FOR_EVER = "what is on record never changes"
REPLANNED = "promotion-plan EVENT: plan: is SHA, MAIN gives SHA"


def meant(other: str) -> str:
    """Say that an event is of another kind than the plan that was agreed to."""
    return (
        f"promotion-intent EVENT: plan: is that of an ordinary promotion, the event is of {other}:"
        " what was agreed to is another thing"
    )


ALONE = "promotion-alone EVENT: no pointer names it"
UNFIT = "malformed: it does not fit what it stands over: one of the two was edited"
RUNS_CODE = "loading it can run code, and no output on record or version has these bytes"
AUTHOR = "is of an author, who may not approve"


@pytest.mark.parametrize("how", ["--no-ff", "--squash"])
def test_a_review_from_branch_to_merge(proposed: Review, how: str) -> None:
    ana, rosa, ci = proposed.ana, proposed.rosa, proposed.ci
    proposed.propose()
    assert proposed.refused() == [NO_ROLE, NOBODY]

    proposed.approve()
    assert rosa.git("log", "-1", "--format=%an", proposed.approvals) == "Rosa"
    assert proposed.check(code=0) == []
    plan = proposed.read(proposed.event_path).promotion.plan

    proposed.merge(how)
    tags = ana.told("tags", "--push")
    written = ["tiny@v1.0.0", "tiny@v1.1.0", "tiny#production#1", "tiny#production#2"]
    assert [tag["name"] for tag in tags["missing"]] == written
    proposed.update()
    ci.git("merge", "--quiet", "--ff-only", "origin/main")
    (approval,) = tags["landed"]
    shown = ci.told("show", f"event/{approval}")
    said = shown["event"]["approval"]
    assert (said["principal"], said["plan"]) == (address("rosa"), plan)
    assert (shown["standing"], shown["merged"]) == ("verified", True)
    assert ci.git("for-each-ref", "refs/actum/approvals") == ""
    stands = [(one["stage"], one.get("version"), one.get("replaces")) for one in ci.told("ls", "stages")]
    assert stands == [("production", "1.1.0", "1.0.0"), ("staging", None, None)]
    assert ci.told("check")["findings"] == []
    assert ci.told("check", "--base", "HEAD^1")["findings"] == []
    assert ci.told("fsck")["clean"] is True


def judge(path: str, office: str) -> list[str]:
    return [f"promotion-judge {path}: changes beside POINTER, which {office}"]


TO_THE_BRANCH: dict[str, tuple[Attack, list[str]]] = {
    "edits an old version": (
        edit(V1, "share: 0.25", "share: 0.99"),
        [f"promotion-paths {V1}: {APART}", f"record-immutable {V1}: was edited; {FOR_EVER}"],
    ),
    "deletes a run": (
        attacks.delete_a_run,
        [f"promotion-paths RUN: {APART}", f"record-immutable RUN: was removed; {FOR_EVER}"],
    ),
    "edits an event": (
        attacks.edit_an_event,
        [f"promotion-paths EVENT: {APART}", f"record-immutable EVENT: was edited; {FOR_EVER}"],
    ),
    "forges a figure of the event": (
        attacks.forge_a_figure,
        [
            f"promotion-evidence EVENT: share: {said}"
            for said in (
                "the event says passed, 0.95 against at least 0.2; the policy on the base does not",
                "the policy on the base says passed, 0.25 against at least 0.2; the event does not",
            )
        ],
    ),
    "makes up a comparison": (
        attacks.make_up_a_comparison,
        ["promotion-evidence EVENT: comparison: the policy on the base asks for none"],
    ),
    "points at bytes that nobody registered": (
        attacks.point_at_other_bytes,
        [f"pointer-version POINTER: artifact: is SHA, {V2} says SHA"],
    ),
    "brings the version that it promotes": (
        attacks.bring_the_version,
        [
            f"pointer-version POINTER: version: {GHOST} is not on COMMIT, or malformed",
            f"promotion-paths {GHOST}: {APART}",
        ],
    ),
    "swaps the version that was approved": (
        attacks.swap_the_version,
        [
            NO_ROLE,
            f"{NOBODY}; {address('rosa')} does not count: is of tiny 1.1.0 to production, which this plan is not",
            "promotion-gate EVENT: rebuild: missing, nobody rebuilt it, bytes is asked",
            REPLANNED,
        ],
    ),
    "rewrites the policy": (edit(POLICY, "at_least: 0.2", "at_least: 0.1"), judge(POLICY, "the policy judges")),
    "rewrites the card": (edit(CARD, "policy: tiny\n", ""), judge(CARD, "the card judges")),
    "rewrites the groups": (edit("actum.yaml", "rosa@", "ana@"), judge("actum.yaml", "the settings judge")),
    "rewrites the trusted types": (
        edit(layout.TRUSTED_TYPES, "", "builtins.eval\n"),
        judge(layout.TRUSTED_TYPES, "the trusted types judge"),
    ),
    "rewrites the remote": (
        edit(".dvc/config", "../../remote", "../../mine"),
        judge(".dvc/config", "the remote judges"),
    ),
    "rewrites who may sign": (
        attacks.bring_signers,
        [
            *judge(SIGNERS, "the list of signers judges"),
            NO_ROLE,
            f"{NOBODY}; {address('mallory')} does not count: unknown key: no key of {address('mallory')} is listed",
        ],
    ),
    "takes a revocation back": (edit(REVOKED, "", "# nobody\n"), judge(REVOKED, "the list of revoked keys judges")),
    "moves a pointer whose base moved meanwhile": (
        attacks.let_the_base_move,
        [
            REPLANNED,
            "promotion-time EVENT: effective_at: is before DATE, when the promotion it replaces took effect",
            "pointer-moved POINTER: replaces: is 1.0.0, on MAIN stands 1.1.0",
            "pointer-moved POINTER: supersedes: is ULID, on MAIN stands ULID",
        ],
    ),
    "adds a link": (
        link(GHOST, "1.1.0.yaml"),
        [f"not-a-file {GHOST}: is a symbolic link, must be a regular file", f"promotion-paths {GHOST}: {APART}"],
    ),
    "makes a link of the pointer": (
        link(POINTER, "/etc/hostname"),
        [ALONE, "not-a-file POINTER: is a symbolic link, must be a regular file"],
    ),
    "adds a hundred megabytes of YAML": (
        edit(HUGE, "", "#" * 100_000_000),
        [
            "record-large registry/tiny/events/ULID-approval.yaml: has 100,000,000 bytes, must have at most 1,048,576",
        ],
    ),
    "adds code": (edit("src/more.py", "", "print('more')\n"), [f"promotion-paths src/more.py: {APART}"]),
    "removes the pointer": (attacks.remove_the_pointer, [ALONE, "pointer-removed POINTER: was removed"]),
    "leaves the pointer where it was": (attacks.keep_the_pointer, [ALONE]),
    "dates itself back": (
        attacks.date_back,
        [
            REPLANNED,
            "promotion-time EVENT: effective_at: DATE was past when it was recorded",
            "promotion-time EVENT: effective_at: is before DATE, when the promotion it replaces took effect",
        ],
    ),
    "breaks glass that the policy has not": (
        forge(break_glass="it is urgent"),
        [
            "promotion-break-glass EVENT: the policy allows no break-glass; the reason was: it is urgent",
            meant("a promotion behind broken glass"),
        ],
    ),
    "calls itself a roll-back": (
        forge(back=True),
        ["promotion-back EVENT: back: leads to 1.1.0, the last good version before was none", meant("a roll-back")],
    ),
}


@pytest.mark.parametrize("attack", TO_THE_BRANCH)
def test_a_branch_that_does_other_than_was_approved_is_refused(approved: Review, attack: str) -> None:
    do, said = TO_THE_BRANCH[attack]
    do(approved)
    assert approved.refused() == said


# In the place of Rosa's approval: by whom it says it is, and why it does not count; "" for one that is of no account.
APPROVALS: dict[str, tuple[Given, str, str]] = {
    "none at all": (attacks.nothing, "", ""),
    "by the author": (of("ana"), "ana", AUTHOR),
    "by another address of the author's key": (of("ana-at-home", "ana"), "ana-at-home", AUTHOR),
    "of another plan": (of("rosa", stage="staging", plan=SHA), "", ""),
    "of another plan, relabelled": (attacks.relabelled, "rosa", UNFIT),
    "of another version": (
        of("rosa", version="1.0.0"),
        "rosa",
        "is of tiny 1.0.0 to production, which this plan is not",
    ),
    "edited": (attacks.edited, "rosa", UNFIT),
    "withdrawn": (attacks.withdrawn, "rosa", "takes back what was agreed to"),
    "by an unknown key": (of("mallory"), "mallory", f"unknown key: no key of {address('mallory')} is listed"),
    "by an unknown key in another's name": (
        of("rosa", "mallory"),
        "rosa",
        f"unknown key: the key is none of {address('rosa')}",
    ),
    "by another's key": (
        of("rosa", "ben"),
        "rosa",
        f"unknown key: the key is of {address('ben')}, not of {address('rosa')}",
    ),
    "by an expired key": (of("eve"), "eve", "expired: the key was no longer valid on DATE"),
    "by a revoked key": (of("rex"), "rex", "revoked: the key is revoked"),
}


@pytest.mark.parametrize("attack", APPROVALS)
def test_an_approval_that_is_none_is_not_counted(approved: Review, attack: str) -> None:
    give, who, why = APPROVALS[attack]
    approved.only(*give(approved))
    assert approved.refused() == [NO_ROLE, NOBODY + (f"; {address(who)} does not count: {why}" if why else "")]


def test_an_approval_by_somebody_without_the_role_leaves_the_role_open(approved: Review) -> None:
    approved.only(approved.signed("ben"))
    assert approved.refused() == [NO_ROLE]


def test_the_author_is_told_so_when_she_tries(approved: Review) -> None:
    words = ("approve", "tiny", "--to", "production", "--key", approved.key("ana").path)
    who = f"{address('ana')} trained, registered or proposed tiny 1.1.0, and may not approve it"
    assert approved.ana.refused(*words, code=3) == (who, "ask somebody else to approve it")


def test_an_approval_from_before_a_roll_back_does_not_let_the_version_return(approved: Review) -> None:
    old, ana = approved.approval(), approved.ana
    approved.merge()
    ana.actum("rebuild", "tiny@v1.0.0")
    ana.actum("promote", "tiny", "--to", "production", "--back")
    ana.git("push", "--quiet", "origin", f"{PROMOTION}:main")
    ana.git("fetch", "--quiet", "origin")
    approved.propose()
    plan = approved.read(approved.event_path).promotion.plan
    assert old.approval is not None
    assert plan != old.approval.plan
    assert approved.refused() == [NO_ROLE, NOBODY]
    approved.only(old, replace(old, approval=replace(old.approval, plan=plan)))
    assert approved.refused() == [NO_ROLE, f"{NOBODY}; {address('rosa')} does not count: {UNFIT}"]


REBUILT = "evidence-changed actum/evidence:registry/tiny/events/ULID-attestation.yaml"
RESTS = "since it came; what a promotion rests on must be whole"


# What is done to the branch that nobody reviews, what it does to the promotion, and what a check of the push says.
TO_THE_EVIDENCE: dict[str, tuple[Attack, list[str], list[str]]] = {
    "deletes evidence": (
        attacks.delete_evidence,
        [
            f"{REBUILT}: was removed {RESTS}",
            "promotion-gate EVENT: rebuild: missing, nobody rebuilt it, bytes is asked",
        ],
        [f"{REBUILT}: was removed in COMMIT; evidence is only ever added to"],
    ),
    "edits evidence": (
        attacks.edit_evidence,
        [f"{REBUILT}: was edited {RESTS}"],
        [f"{REBUILT}: was edited in COMMIT; evidence is only ever added to"],
    ),
    "promotes without review": (
        attacks.promote_by_evidence,
        [],
        [
            f"evidence-foreign actum/evidence:{path}: was added in COMMIT;"
            " only attestations, seals, decisions and monitoring travel there"
            for path in ("EVENT", "POINTER")
        ],
    ),
    "brings a pickle": (
        attacks.bring_a_pickle_as_evidence,
        [],
        [f"pickle-unregistered decisions/tiny/model.bin: is a pickle: {RUNS_CODE}"],
    ),
}


@pytest.mark.parametrize("attack", TO_THE_EVIDENCE)
def test_evidence_that_is_not_as_it_came_is_refused(approved: Review, attack: str) -> None:
    before = approved.ana.git("rev-parse", f"origin/{EVIDENCE}")
    do, promotion, push = TO_THE_EVIDENCE[attack]
    do(approved)
    if promotion:
        assert approved.refused() == promotion
    else:
        assert approved.check(code=0) == []
    assert approved.refused(EVIDENCE, "--base", before) == push


def test_a_metric_that_is_forged_in_a_new_version_is_refused(approved: Review) -> None:
    attacks.forge_a_metric(approved)
    assert approved.refused("work") == [
        f"version-commit {GHOST}: metrics.share: is 0.95, commit COMMIT says 0.25",
        f"version-run {GHOST}: metrics.share: is 0.95, run/ULID says 0.25",
    ]


@pytest.mark.parametrize("wrapped", ["pickle", "joblib"])
def test_a_pickle_is_refused_and_never_runs(approved: Review, tmp_path: Path, wrapped: str) -> None:
    marker = tmp_path / "it-ran"
    place = attacks.bring_a_pickle(approved, marker, wrapped)
    how = {"pickle": "", "joblib": ", compressed with zlib"}[wrapped]
    assert approved.refused("work") == [f"pickle-unregistered models/new.{wrapped}: is a pickle{how}: {RUNS_CODE}"]
    assert not marker.exists()
    approved.ana.call(sys.executable, "-c", f"import joblib; joblib.load({str(place)!r})")
    assert marker.exists(), "it would have run"
