"""What cannot be judged is refused by name, and nothing is kept of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import joblib
import pytest

from actum import digests, layout
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.judging.material import NotComparableError
from actum.records.version import Artifact, ModelVersion
from actum.store import Store
from tests.judging.judged_project import HOLDOUT, MODEL, Loans
from tests.real_git import git

CARD = layout.card(MODEL)
HOLDOUT_LINE = "holdout: {path: holdout.csv, label: default, features: data/features.parquet}\n"
HEAD = "case,at,default\n"
OTHER_FEATURES = (
    "data/other.parquet is no table that the pipeline of loans@v1.0.0 made"
    " (under DVC: data/features.parquet, models/loans.skops)"
)


def said(loans: Loans, kind: type[UserError] = UserError, **changed: Any) -> tuple[str, str]:
    """Return message and hint of the refusal; nothing was kept."""
    with pytest.raises(kind) as refusal:
        loans.judge(**changed)
    assert type(refusal.value) is kind
    assert loans.judgements() == []
    return str(refusal.value), refusal.value.hint


def in_git(loans: Loans) -> Store:
    git(loans.root, "rm", "-q", "--cached", f"{HOLDOUT}.dvc")
    (loans.root / f"{HOLDOUT}.dvc").unlink()
    return loans.commit({HOLDOUT: HEAD})


def not_there(loans: Loans) -> Store:
    git(loans.root, "rm", "-q", f"{HOLDOUT}.dvc")
    return loans.commit({})


def folder(loans: Loans) -> Store:
    return loans.edit(f"{HOLDOUT}.dvc", loans.holdout(), loans.holdout() + ".dir")


CARDS: dict[str, tuple[Callable[[Loans], Store], type[UserError], str, str]] = {
    "no holdout": (
        lambda loans: loans.edit(CARD, HOLDOUT_LINE, ""),
        UserError,
        f"{CARD}: cannot be judged without holdout",
        f"write it into {CARD} and commit",
    ),
    "no key": (
        lambda loans: loans.edit(CARD, "key: case\n", ""),
        UserError,
        f"{CARD}: cannot be judged without key",
        f"write it into {CARD} and commit",
    ),
    "in git": (
        in_git,
        NotFoundError,
        f"{HOLDOUT}: is in git, must be under DVC",
        f"git rm --cached {HOLDOUT} && dvc add {HOLDOUT} && git add {HOLDOUT}.dvc && git commit",
    ),
    "not there": (
        not_there,
        NotFoundError,
        f"{HOLDOUT}: is not under DVC: there is no {HOLDOUT}.dvc",
        f"dvc add {HOLDOUT} && git add {HOLDOUT}.dvc && git commit",
    ),
    "a folder": (
        folder,
        InvalidRecordError,
        f"{HOLDOUT}.dvc: names no md5 of one file {HOLDOUT}",
        f"dvc add {HOLDOUT}",
    ),
    "features nobody makes": (
        lambda loans: loans.edit(CARD, "features: data/features.parquet", "features: data/other.parquet"),
        NotFoundError,
        OTHER_FEATURES,
        "actum show loans@v1.0.0",
    ),
    "no label column": (
        lambda loans: loans.edit(CARD, "label: default", "label: repaid"),
        UserError,
        f"{HOLDOUT}: has no column repaid",
        "",
    ),
    "labels": (
        lambda loans: loans.pin(HEAD + "case-1,2020-01-20T01:00:00Z,1\ncase-2,2020-01-20T02:00:00Z,2\n"),
        UserError,
        f"{HOLDOUT}: column default must be 0 or 1, found 2 and so on in 1 rows",
        "write task: regression under holdout: of the card",
    ),
    "keys": (
        lambda loans: loans.pin(HEAD + "case-1,2020-01-20T01:00:00Z,1\nsomebody,2020-01-20T02:00:00Z,0\n"),
        UserError,
        f"loans@v1.0.0: data/features.parquet: has no row for 1 of the 2 keys of {HOLDOUT}, first 'somebody'",
        "judge on keys that the pipeline makes features for",
    ),
    "moments": (
        lambda loans: loans.pin(HEAD + "case-1,2020-01-20T00:00:00Z,1\n"),
        UserError,
        f"loans@v1.0.0: data/features.parquet: column at is not that of {HOLDOUT} in 1 rows, first 'case-1'",
        "both versions must answer at the same moment",
    ),
    "slices": (
        lambda loans: loans.edit(CARD, "slices: [city]", "slices: [city, branch]"),
        UserError,
        f"{CARD}: slices: names branch, a column of neither the holdout nor the features of loans@v2.0.0",
        f"edit {CARD}",
    ),
}


ALONE = ("no label column", "labels", "slices")
"""Seen when both have answered: with one of them it is seen sooner."""


@pytest.mark.parametrize("case", CARDS)
def test_a_card_or_a_holdout_by_which_nothing_can_be_judged(loans: Loans, case: str) -> None:
    change, kind, message, hint = CARDS[case]
    assert said(loans, kind, base=change(loans), **({"champion": None} if case in ALONE else {})) == (message, hint)


def test_a_slice_that_only_the_challengers_features_have_is_looked_at(loans: Loans) -> None:
    base = loans.edit(CARD, "slices: [city]", "slices: [age, city]")
    columns = {part.column for part in loans.judge(base=base)[0].slices}
    assert columns == {"age", "city"}


@pytest.mark.parametrize("which", ["champion", "candidate"])
def test_a_version_of_another_platform_is_not_comparable_here(loans: Loans, which: str) -> None:
    version = loans.champion if which == "champion" else loans.challenger
    elsewhere = replace(version, environment=replace(version.environment, platform="linux-m68k"))
    message = f"loans@v{version.version} is not comparable here, needs linux-m68k"
    assert said(loans, NotComparableError, **{which: elsewhere}) == (message, "judge on linux-m68k")


@pytest.mark.parametrize("which", ["artifact", "features", "holdout"])
def test_bytes_that_are_not_what_their_record_names_are_not_judged(loans: Loans, which: str) -> None:
    path, md5 = {
        "artifact": ("models/loans.skops", loans.challenger.artifact.md5),
        "features": ("data/features.parquet", loans.features(loans.challenger)),
        "holdout": (HOLDOUT, loans.holdout()),
    }[which]
    loans.flip(md5)
    message = f"{path}: the cache holds other bytes than its record names"
    assert said(loans, InvalidRecordError) == (message, "actum fsck")


def pickled(loans: Loans) -> ModelVersion:
    """Return a version, of a run that is not on record, whose artifact is a joblib file."""
    buffer = io.BytesIO()
    joblib.dump({"a": "model"}, buffer)
    data = buffer.getvalue()
    md5 = loans.cache.put_bytes(data)
    artifact = Artifact(
        path="models/loans.joblib", md5=md5, sha256=digests.of_bytes(data), size=len(data), format="joblib"
    )
    return replace(loans.challenger, run="0" * 26, artifact=artifact)


def test_a_pickle_runs_only_by_name_digest_and_leave(loans: Loans) -> None:
    version = pickled(loans)
    loans.drop(loans.holdout())
    told = "loans@v2.0.0: models/loans.joblib is joblib: to load a pickle is to run what is in it"
    again = "run the same command with --allow-pickle"
    assert said(loans, candidate=version, champion=None) == (told, again)
    assert not loans.cache.has(loans.holdout())  # nothing was fetched for what nobody may load
    message, _ = said(loans, candidate=version, champion=None, allow_pickle=True)
    assert message == "loans@v2.0.0: dict predicts nothing: no predict_proba, decision_function or predict"


def test_a_pickle_that_says_it_is_a_skops_file_is_never_run(loans: Loans) -> None:
    version = pickled(loans)
    disguised = replace(version, artifact=replace(version.artifact, format="canonical-skops/1"))
    message, _ = said(loans, candidate=disguised, champion=None, allow_pickle=True)
    told = "models/loans.joblib: a pickle file runs code when it is loaded, and that is not allowed here"
    assert message == f"loans@v2.0.0: {told}"


def test_a_version_that_stands_for_another_model_than_its_run_made_is_refused(loans: Loans) -> None:
    forged = replace(loans.challenger, artifact=loans.champion.artifact)
    message, hint = said(loans, InvalidRecordError, candidate=forged)
    run = loans.challenger.run
    assert message == f"loans@v2.0.0: models/loans.skops with its digests is no output of run/{run}"
    assert hint == "actum fsck"


def test_a_run_that_names_other_features_than_dvc_lock_is_refused(loans: Loans) -> None:
    run = loans.challenger.run
    path = next(path for path in loans.base.paths("run") if run in path)
    old, new = (loans.features(version) for version in (loans.challenger, loans.champion))
    base = loans.edit(path, old, new)
    message, hint = said(loans, InvalidRecordError, base=base)
    assert (message, hint) == (
        f"loans@v2.0.0: dvc.lock and run/{run} disagree on data/features.parquet",
        "actum fsck",
    )


def test_an_object_that_is_nowhere_is_named(loans: Loans) -> None:
    md5 = loans.features(loans.challenger)
    loans.drop(md5, remote=True)
    with pytest.raises(UserError) as refusal:
        loans.judge()
    assert f"object {md5} of data/features.parquet is missing" in str(refusal.value)
