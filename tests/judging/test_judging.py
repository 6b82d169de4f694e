"""Champion and challenger on the pinned holdout: real git, DVC and two locked environments."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from actum.dvc.cache import ObjectStore
from actum.dvc.config import read_config
from actum.errors import ToolFailedError
from actum.files import read_json, write_json
from actum.judging.judge import Terms
from actum.models import load
from actum.planning.means import means_of
from actum.records.codec import decode, encode
from actum.records.judgement import Judged
from actum.records.version import ModelVersion
from tests.judging.judged_project import HELD, HOLDOUT, Loans
from tests.needs.registered import Told
from tests.real_git import git

ANSWERS = ["loans@v1.0.0 answers for the holdout", "loans@v2.0.0 answers for the holdout"]
JUDGING = "judging loans@v2.0.0 beside loans@v1.0.0"


def by_hand(loans: Loans, version: ModelVersion) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the holdout and a version's scores, from the registered bytes, without the room or the wing's jobs."""
    holdout = pd.read_csv(loans.root / HOLDOUT)
    features = pd.read_parquet(loans.cache.path(loans.features(version))).set_index("case").loc[holdout["case"]]
    model = load(loans.cache.path(version.artifact.md5), trusted=["numpy.dtype"])
    return holdout.assign(city=features["city"].to_numpy()), model.predict_proba(features)[:, 1]


def test_both_answer_from_their_registered_bytes_and_own_features_in_their_own_environment(
    loans: Loans, both: tuple[Judged, list[str]]
) -> None:
    judged, told = both
    assert told == [*ANSWERS, JUDGING]
    assert loans.champion.environment.lock_sha256 != loans.challenger.environment.lock_sha256
    digests = (loans.champion.artifact.sha256, loans.challenger.artifact.sha256)
    assert (judged.champion, judged.challenger) == digests
    assert (judged.holdout, judged.rows, judged.draws) == (loans.holdout(), HELD, Terms().draws)
    moments = pd.to_datetime(pd.read_csv(loans.root / HOLDOUT)["at"])
    assert (judged.first_moment, judged.last_moment) == (moments.min(), moments.max())
    figures = {figure.metric: figure for figure in judged.figures}
    for version, who in ((loans.champion, "champion"), (loans.challenger, "challenger")):
        holdout, scores = by_hand(loans, version)
        wanted = roc_auc_score(holdout["default"], scores), brier_score_loss(holdout["default"], scores)
        assert (getattr(figures["auc"], who), getattr(figures["brier"], who)) == pytest.approx(wanted, abs=1e-9)
        assert getattr(figures["declined_share"], who) == pytest.approx((scores >= 0.4).mean(), abs=1e-9)
    assert figures["auc"].low is not None
    assert figures["auc"].low > 0  # it knows the age
    assert loans.repo.dirty() == {}


def test_flips_and_slices_are_those_of_the_answers(loans: Loans, both: tuple[Judged, list[str]]) -> None:
    judged, _ = both
    (holdout, old), (_, new) = (by_hand(loans, version) for version in (loans.champion, loans.challenger))

    def flips(mine: np.ndarray) -> dict[str, int]:
        up, down = mine & (old < 0.4) & (new >= 0.4), mine & (old >= 0.4) & (new < 0.4)
        return {"granted->declined": int(up.sum()), "declined->granted": int(down.sum())}

    assert judged.flips == flips(np.ones(HELD, dtype=bool))
    assert sum(judged.flips.values()) > 20
    cities = {city: (holdout["city"] == city).to_numpy() for city in ("Bern", "Oslo", "Rome")}
    found = {part.value: (part.column, part.rows, part.flips) for part in judged.slices}
    assert found == {city: ("city", int(mine.sum()), flips(mine)) for city, mine in cities.items()}


def test_the_first_version_of_a_stage_is_judged_alone(alone: tuple[Judged, list[str]]) -> None:
    judged, told = alone
    assert told == [ANSWERS[1], "judging loans@v2.0.0"]
    assert (judged.champion, judged.flips, list(judged.calibration)) == (None, {}, ["challenger"])
    assert {figure.low for figure in judged.figures} == {None}
    assert {part.value for part in judged.slices} == {"Bern", "Oslo", "Rome"}


def test_a_version_whose_recorded_wing_knows_nothing_of_judging_is_judged_by_todays(
    loans: Loans, alone: tuple[Judged, list[str]]
) -> None:
    wing = loans.challenger.environment.wing
    old = replace(wing, path="environments/wings/0000.zip", md5="0" * 32, sha256="sha256:" + "0" * 64)
    version = replace(loans.challenger, environment=replace(loans.challenger.environment, wing=old))
    assert loans.judge(candidate=version, champion=None) == alone


def test_what_the_cache_lacks_comes_from_the_remote(loans: Loans, alone: tuple[Judged, list[str]]) -> None:
    for md5 in (loans.challenger.artifact.md5, loans.features(loans.challenger), loans.holdout()):
        loans.drop(md5)
    assert loans.judge(champion=None) == alone


ELSEWHERE = """\
[core]
    remote = store
[cache]
    dir = ../../elsewhere
['remote "store"']
    url = ../../elsewhere
"""


@pytest.mark.parametrize("file", ["config", "config.local"])
def test_a_checkout_that_points_the_remote_elsewhere_changes_nothing_of_what_is_judged(
    loans: Loans, alone: tuple[Judged, list[str]], file: str
) -> None:
    """A pull request brings a configuration of DVC along; all bytes are in the base's remote alone."""
    base, version, told = loans.base, loans.challenger, list[str]()
    objects = [version.artifact.md5, loans.features(version), loans.holdout()]
    for md5 in objects:
        loans.drop(md5)
    git(loans.root, "switch", "-qc", "branch")
    loans.commit({f".dvc/{file}": ELSEWHERE})
    assert read_config(loans.root, os.environ).cache_dir == loans.root.parent / "elsewhere"
    assert means_of(base, os.environ, Told(told)).compare(version, None) == alone[0]
    assert (told, (loans.root.parent / "elsewhere").exists()) == (alone[1], False)
    own = ObjectStore(loans.root / ".dvc" / "cache")
    assert [own.has(md5) for md5 in objects] == [True] * 3


def test_a_squashed_history_leaves_all_that_judging_needs(loans: Loans, alone: tuple[Judged, list[str]]) -> None:
    """Refs and commits of the versions are gone; what they pin is in the one commit that is left."""
    for ref in git(loans.root, "for-each-ref", "--format=%(refname)", "refs/actum").split():
        git(loans.root, "update-ref", "-d", ref)
    git(loans.root, "checkout", "-q", "--orphan", "squashed")
    git(loans.root, "commit", "-qm", "All in one")
    git(loans.root, "branch", "-qD", "main")
    git(loans.root, "reflog", "expire", "--expire=now", "--all")
    git(loans.root, "gc", "-q", "--prune=now")
    assert loans.repo.resolve(loans.challenger.result_commit) is None
    assert loans.judge(champion=None) == alone


def test_the_same_question_is_answered_from_what_was_kept(kept: Loans, both: tuple[Judged, list[str]]) -> None:
    assert kept.judge() == (both[0], [])
    (place,) = kept.judgements()
    assert decode(Judged, read_json(place.read_bytes(), where="kept"), strict=True) == both[0]


def test_the_base_decides_not_the_branch_that_is_checked_out(kept: Loans, both: tuple[Judged, list[str]]) -> None:
    """A branch moves threshold, trusted types and holdout beside its promotion: the question is the same."""
    base = kept.base
    git(kept.root, "switch", "-qc", "branch")
    kept.edit("registry/loans/model.yaml", "threshold: 0.4", "threshold: 0.9")
    kept.edit("policies/trusted-types.txt", "numpy.dtype", "builtins.eval")
    kept.pin("case,at,default\ncase-1,2020-01-20T01:00:00Z,1\n")
    assert kept.judge(base=base) == (both[0], [])


def test_leave_to_load_pickles_is_no_question_where_there_is_none(kept: Loans, both: tuple[Judged, list[str]]) -> None:
    assert kept.judge(allow_pickle=True) == (both[0], [])


def change(kept: Loans, what: str) -> dict[str, Any]:
    """Return another question than the one whose answer was kept."""
    card, model = "registry/loans/model.yaml", kept.challenger
    changes: dict[str, Any] = {
        "rule": lambda: {"base": kept.edit(card, "threshold: 0.4", "threshold: 0.3")},
        "slices": lambda: {"base": kept.edit(card, "slices: [city]\n", "")},
        "trusted types": lambda: {"base": kept.edit("policies/trusted-types.txt", "numpy.dtype", "# none")},
        "draws": lambda: {"terms": Terms(draws=99)},
        "sides": lambda: {"candidate": kept.champion, "champion": model},
        "environment": lambda: {
            "candidate": replace(model, environment=replace(model.environment, exactness="relaxed"))
        },
    }
    asked: dict[str, Any] = changes[what]()
    return asked


@pytest.mark.parametrize("what", ["rule", "slices", "trusted types", "draws", "sides", "environment"])
def test_another_question_is_asked_anew(kept: Loans, what: str) -> None:
    with pytest.raises(ToolFailedError, match=f"object {kept.holdout()} of {HOLDOUT} is missing"):
        kept.judge(**change(kept, what))


def damaged(judged: Judged, whole: bytes) -> dict[str, bytes]:
    """Return, by what is wrong with it, what may lie where a judgement was kept."""
    return {
        "cut off": whole[: len(whole) // 2],
        "of another schema": whole.replace(b"judged/1", b"judged/9"),
        "not finite": whole.replace(b'"rows": 1000', b'"rows": NaN'),
        "of another model": write_json(encode(replace(judged, challenger=judged.champion or ""))),
        "of another holdout": write_json(encode(replace(judged, holdout="0" * 32))),
        "in git": whole,
    }


DAMAGE = ("cut off", "of another schema", "not finite", "of another model", "of another holdout", "in git")


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_was_kept_is_believed_only_when_it_is_whole_and_ours(
    kept: Loans, both: tuple[Judged, list[str]], damage: str
) -> None:
    (place,) = kept.judgements()
    whole = place.read_bytes()
    place.write_bytes(damaged(both[0], whole)[damage])
    if damage == "in git":  # a branch may bring its own judgement along
        git(kept.root, "add", "--force", str(place))
        git(kept.root, "commit", "-qm", "Believe me")
    else:
        assert place.read_bytes() != whole
    with pytest.raises(ToolFailedError, match=f"object {kept.holdout()} of {HOLDOUT} is missing"):
        kept.judge()
