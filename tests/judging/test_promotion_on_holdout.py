"""Promotions that a policy judges on the holdout: margins, slices, warnings, and figures that nobody is believed."""

from __future__ import annotations

import json
import os
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.checking.gather import pages
from actum.dvc.cache import ObjectStore
from actum.filing import write_record
from actum.planning.appraisal import holdout_uses
from actum.planning.digest import Ground, Intent, named_moment
from actum.records.event import Comparison, Finding
from actum.records.judgement import Judged
from tests.judging.judged_project import MODEL
from tests.judging.releases import BRANCH, POLICY, Releases
from tests.real_git import git

LEAVE = "loans@v5.0.0: models/loans.joblib is joblib: to load a pickle is to run what is in it"
AGAIN = "run the same command with --allow-pickle"


def opened(found: list[Finding]) -> dict[str, str]:
    """Return what each gate on the holdout says that is not simply passed."""
    return {one.gate: one.outcome for one in found if one.outcome != "passed"}


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("2.0.0", {}),
        ("3.0.0", {"holdout:auc": "failed", "holdout:declined_share": "warned"}),
        ("4.0.0", {"slices:auc": "failed"}),
        ("5.0.0", {"holdout:declined_share": "warned"}),
    ],
    ids=["passes", "refused by a margin", "refused by a slice", "only warned"],
)
def test_a_candidate_is_judged_beside_the_champion_by_margins_and_slices(
    releases: Releases, version: str, says: dict[str, str]
) -> None:
    outcome = releases.promote(version, allow_pickle=True)
    assert opened(list(outcome.plan.findings)) == says
    refused = "failed" in says.values()
    assert (outcome.refused, outcome.commit is None) == (refused, refused)
    if not refused:
        warned = [("warn", "promotion-gate")] * len(says)
        assert [found[:2] for found in releases.found(allow_pickle=True)] == warned


def test_the_gates_say_by_which_figures(releases: Releases) -> None:
    found = {one.gate: one.because for one in releases.promote("4.0.0").plan.findings}
    change = r"0\.8018 -> 0\.7\d+, difference -0\.02\d+ \[-0\.04\d+, \+0\.0\d+\] against worse by at most 0\.06"
    assert re.fullmatch(change, found["holdout:auc"])
    assert re.fullmatch(r"worse by more than 0\.02: city Rome \(\+0\.1\d+ worse, n=327\)", found["slices:auc"])


def test_a_slice_below_the_least_number_of_rows_has_no_verdict(releases: Releases) -> None:
    releases.loans.commit({layout.policy("loans"): POLICY.replace("min_rows: 300", "min_rows: 330")})
    found = {one.gate: (one.outcome, one.because) for one in releases.promote("4.0.0").plan.findings}
    because = "none of 1 slice is worse by more than 0.02 (Holm, 0.05); no verdict on 2 more, too few rows"
    assert found["slices:auc"] == ("passed", because)


def test_check_computes_the_figures_again_and_gets_the_same(releases: Releases) -> None:
    event = releases.waiting("2.0.0")
    releases.forget()
    checked = releases.check()
    (dossier,) = checked.dossiers
    assert checked.objections == ()
    assert len(releases.loans.judgements()) == 1
    assert event.promotion is not None
    judged = dossier.appraisal.judged
    assert judged is not None
    assert event.promotion.comparison == judged.comparison()
    assert "\nHoldout 2020-04-12 to 2020-05-23, n=1,000, never used before  \n" in pages(checked)


def forged(comparison: Comparison, what: str) -> dict[str, Any]:
    """Return what a forger writes into the event."""
    first, *others = comparison.figures
    better = replace(first, challenger=first.challenger + 1e-4)
    wider = replace(first, low=-1.0)
    changes: dict[str, dict[str, Any]] = {
        "a figure": {"comparison": replace(comparison, figures=(better, *others))},
        "an interval": {"comparison": replace(comparison, figures=(wider, *others))},
        "a figure left out": {"comparison": replace(comparison, figures=tuple(others))},
        "the flips": {"comparison": replace(comparison, flips={"granted->declined": 0, "declined->granted": 0})},
        "another holdout": {"comparison": replace(comparison, holdout="0" * 32)},
        "no comparison": {"comparison": None},
        "no findings": {"findings": ()},
    }
    return changes[what]


FORGED = {
    "a figure": "comparison: auc is 0.80",
    "an interval": "comparison: auc is 0.80",
    "a figure left out": "comparison: auc is absent, computed again 0.80",
    "the flips": "comparison: holdout, rows or flips are others when computed again",
    "another holdout": "comparison: holdout, rows or flips are others when computed again",
    "no comparison": "comparison: is absent, the policy on the base asks for it",
    "no findings": "holdout:auc: the policy on the base says passed; the event does not",
}


@pytest.mark.parametrize("what", FORGED)
def test_figures_that_the_bytes_do_not_give_are_refused(releases: Releases, what: str) -> None:
    event = releases.waiting("2.0.0")
    assert event.promotion is not None
    assert event.promotion.comparison is not None
    releases.rewrite(event, **forged(event.promotion.comparison, what))
    told = [message for weight, kind, message in releases.found() if (weight, kind) == ("block", "promotion-evidence")]
    assert [message[: len(FORGED[what])] for message in told][:1] == [FORGED[what]]


def test_a_refused_candidate_that_calls_itself_passed_is_refused(releases: Releases) -> None:
    """Its author writes the event by hand: every gate passed, the figures true."""
    event = releases.waiting("3.0.0", break_glass="to have a branch")
    assert event.promotion is not None
    base = releases.loans.base
    held = base.pointers(MODEL)["production"]
    ground = Ground(
        base=base, card=base.card(MODEL), stage="production", version="3.0.0", pointer=held, named=named_moment(event)
    )
    passed = tuple(replace(one, outcome="passed") for one in event.promotion.findings)
    releases.rewrite(event, break_glass=None, findings=passed, plan=ground.digest(Intent()))
    blocks = [message for weight, _, message in releases.found() if weight == "block"]
    assert [message.partition(",")[0] for message in blocks if message.startswith("holdout:auc")] == [
        "holdout:auc: the event says passed; the policy on the base does not",
        "holdout:auc: the policy on the base says failed; the event does not",
        "holdout:auc: failed",
    ]


def test_a_metric_on_record_that_the_bytes_do_not_give_is_refused(releases: Releases) -> None:
    """The same bytes as 2.0.0: run and version agree on a figure that nobody measured."""
    data = releases.loans.cache.path(releases.version("2.0.0").artifact.md5).read_bytes()
    releases.register("6.0.0", data, auc=0.99)
    (block,) = releases.promote("6.0.0").plan.blocks
    assert (block.gate, block.outcome) == ("recorded", "failed")
    assert block.because.startswith("on record: auc 0.99, computed again 0.854")


def test_the_uses_of_a_holdout_are_counted_from_the_promotions_on_the_trunk(
    releases: Releases, both: tuple[Judged, list[str]]
) -> None:
    releases.loans.commit({layout.policy("loans"): POLICY + "evidence: {holdout_uses: 1}\n"})
    before = releases.promote("2.0.0", "staging", dry_run=True).plan.appraisal
    assert before is not None
    assert before.uses == 0
    releases.promoted("2.0.0", "staging")
    event = releases.waiting("2.0.0")
    assert event.promotion is not None
    told = {one.gate: (one.outcome, one.because) for one in event.promotion.findings}
    because = "1 promotion was judged on these rows before: choose new ones"
    assert told["holdout-uses"] == ("warned", because)
    assert releases.found() == [("warn", "promotion-gate", f"holdout-uses: {because}")]
    assert "n=1,000, used once before  \n" in pages(releases.check())
    assert holdout_uses(releases.loans.base, MODEL, replace(both[0], holdout="0" * 32)) == 0


# ------------------------------------------------------------------ pickles


def test_without_leave_the_gate_of_a_pickle_is_closed_and_names_the_flag(
    releases: Releases, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = releases.promote("5.0.0").plan
    because = f"nobody could judge it: {LEAVE} ({AGAIN})"
    assert plan.blocks == (Finding(gate="holdout", outcome="missing", because=because),)
    assert releases.actum("promote", "loans@v5.0.0", "--to", "production") == 3
    assert "next: actum promote loans@v5.0.0 --to production --allow-pickle\n" in capsys.readouterr().err


def test_with_leave_a_pickle_is_promoted_and_checked_with_leave_again(
    releases: Releases, capsys: pytest.CaptureFixture[str]
) -> None:
    assert releases.actum("promote", "loans@v5.0.0", "--to", "production", "--allow-pickle") == 0
    assert "      actum check --allow-pickle\n" in capsys.readouterr().err
    assert releases.actum("check", "--head", BRANCH, "--allow-pickle") == 0
    assert releases.actum("check", "--head", BRANCH) == 3
    assert f"holdout: missing, nobody could judge it: {LEAVE} ({AGAIN})" in capsys.readouterr().out


def test_whoever_approves_a_pickle_sees_its_figures_with_leave_alone(releases: Releases) -> None:
    releases.waiting("5.0.0", allow_pickle=True)
    blocks = {leave: releases.pending(allow_pickle=leave).plan.blocks for leave in (False, True)}
    assert [one.gate for one in blocks[False]] == ["holdout"]
    assert blocks[True] == ()


def test_a_champion_that_is_a_pickle_needs_leave_as_well(releases: Releases) -> None:
    releases.promoted("5.0.0", allow_pickle=True)
    (block,) = releases.promote("2.0.0").plan.blocks
    assert block.because == f"nobody could judge it: {LEAVE} ({AGAIN})"


class Bomb:
    """What leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self._trace),))


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def bomb(trace: Path) -> bytes:
    """A pickle that would make the folder ``trace``."""
    made = pickle.dumps(Bomb(trace))
    pickle.loads(made)
    trace.rmdir()
    return made


def test_other_bytes_than_the_versions_are_never_unpickled(releases: Releases, bomb: bytes, trace: Path) -> None:
    waiting, artifact = releases.waiting("5.0.0", allow_pickle=True), releases.version("5.0.0").artifact
    releases.forget()
    place = releases.loans.cache.path(artifact.md5)
    place.chmod(0o644)
    place.write_bytes(bomb)
    assert waiting.promotion is not None
    (block,) = (finding for finding in releases.promote("5.0.0", allow_pickle=True).plan.blocks)
    assert block.because.startswith(
        f"nobody could judge it: {artifact.path}: the cache holds other bytes than its record names"
    )
    assert "holdout: missing" in " ".join(message for _, _, message in releases.found(allow_pickle=True))
    assert not trace.exists()


def test_a_pickle_that_the_branch_exchanges_is_never_unpickled(releases: Releases, bomb: bytes, trace: Path) -> None:
    """The head says that version 5.0.0 has other bytes, and brings them along: it is refused before anything runs."""
    event, version = releases.waiting("5.0.0", allow_pickle=True), releases.version("5.0.0")
    releases.forget()
    for store in (releases.loans.cache, ObjectStore(releases.root.parent / "store")):
        md5 = store.put_bytes(bomb)
    path = layout.version(MODEL, "5.0.0")
    other = replace(version, artifact=replace(version.artifact, md5=md5, size=len(bomb), state=None))
    git(releases.root, "switch", "-q", BRANCH)
    releases.loans.commit({path: write_record(other, path=path)}, "Exchange")
    git(releases.root, "switch", "-q", "main")
    checked = releases.check(allow_pickle=True)
    assert "record-immutable" in {one.kind for one in checked.blocks}
    assert not trace.exists()
    assert event.promotion is not None
    (dossier,) = checked.dossiers
    assert dossier.appraisal.judged is None  # a change that brings along more than its promotion is not judged at all


# ------------------------------------------------------------------ what people read


def test_a_dry_run_shows_what_the_plan_rests_on_and_what_changes(
    releases: Releases, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "approvals: {at_least: 2, groups: [{group: risk, at_least: 1}]}\n"
    releases.loans.commit({layout.policy("loans"): POLICY + rule})
    branches = git(releases.root, "branch", "--list")
    assert releases.actum("promote", "loans@v2.0.0", "--to", "production", "--dry-run") == 0
    out, err = capsys.readouterr()
    digest = releases.promote("2.0.0", dry_run=True).plan.digest
    lines = out.splitlines()
    flips = r"  flips      \d+ \(\d+\.\d %\): \d+ granted->declined, \d+ declined->granted"
    assert lines[0] == "loans 2.0.0 -> production (replaces 1.0.0)   0 block, 0 warn"
    assert lines[6:] == [
        "  holdout    2020-04-12 to 2020-05-23, n=1,000, never used before",
        next(line for line in lines if re.fullmatch(flips, line)),
        "  rebuilt    never",
        "  approvals  2 people, 1 of risk, SSH-signed; no author counts",
        "  changed    packages 1: six 1.17.0 added",
        "             code 3: src/features.py (training), registry/loans/model.yaml (serving), requirements.in (other)",
        "             same: params, data, environment",
        "  roll back  actum promote loans --to production --back",
        f"  plan       {digest}",
        "  policy     loans",
        "dry run: nothing was written",
    ]
    assert err.endswith("next: actum diff loans@v1.0.0 loans@v2.0.0\n")
    assert git(releases.root, "branch", "--list") == branches


def test_a_dry_run_tells_programs_the_same(releases: Releases, capsys: pytest.CaptureFixture[str]) -> None:
    assert releases.actum("promote", "loans@v4.0.0", "--to", "production", "-n", "--json") == 3
    data = json.loads(capsys.readouterr().out)["data"]
    plan = releases.promote("4.0.0", dry_run=True).plan
    assert (data["plan"], data["back"], data["break_glass"]) == (plan.digest, False, False)
    assert (data["judged"]["rows"], data["holdout_uses"], data["rebuilt"], data["approvals_needed"]) == (
        1000,
        0,
        None,
        None,
    )
    assert data["roll_back"] == "actum promote loans --to production --back"
    assert [one["name"] for one in data["changes"]["differences"]["packages"]] == ["six"]
    assert data["changes"]["code"]["src/features.py"] == "training"
    assert [one["gate"] for one in data["findings"] if one["outcome"] == "failed"] == ["slices:auc"]


def test_a_roll_back_names_the_way_forth_again(releases: Releases, capsys: pytest.CaptureFixture[str]) -> None:
    releases.promoted("2.0.0")
    assert releases.actum("promote", "loans", "--to", "production", "--back", "-n") == 0
    out = capsys.readouterr().out
    assert out.startswith("loans 1.0.0 -> production (replaces 2.0.0), a roll-back   0 block, 0 warn\n")
    assert "  roll back  actum promote loans@v2.0.0 --to production\n" in out


def test_a_dry_run_behind_broken_glass_refuses_nothing_and_says_so(
    releases: Releases, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("promote", "loans@v3.0.0", "--to", "production", "--break-glass", "the old one lies", "-n")
    assert releases.actum(*words) == 0
    lines = capsys.readouterr().out.splitlines()
    title = "loans 3.0.0 -> production (replaces 1.0.0), a promotion behind broken glass   1 block, 1 warn"
    assert lines[:2] == [title, "BREAK GLASS: the old one lies"]
    assert lines[-1] == "dry run: nothing was written"
