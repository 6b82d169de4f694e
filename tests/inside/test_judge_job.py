"""The job that judges: its answer is a record, says nothing it does not know, and is the same every time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actum.inside.drawing import Sides
from actum.inside.figures import Answers
from actum.inside.judge import judge
from actum.records.codec import decode, encode
from actum.records.judgement import Judged
from tests.inside.asking import Ask, Worker
from tests.inside.judged_answers import DIGEST, bin_of, differences, judged, request_in, sides, two_models


def answer_of(ask: Ask, request: dict[str, Any]) -> dict[str, Any]:
    answer = ask(judge, request)
    assert answer.pop("ok"), answer
    return answer


@pytest.fixture
def one() -> Sides:
    return two_models(2000, np.random.default_rng(17))


@pytest.fixture
def cities() -> list[str]:
    return [str(city) for city in np.random.default_rng(18).choice(["Oslo", "Rome", "Bern"], 2000)]


def test_the_answer_is_the_record_as_it_is_written(ask: Ask, one: Sides, cities: list[str], tmp_path: Path) -> None:
    answer = answer_of(ask, request_in(tmp_path, one, city=cities))
    record = decode(Judged, answer, strict=True)
    assert encode(record) == answer
    assert (record.holdout, record.champion, record.challenger) == ("0" * 32, DIGEST["champion"], DIGEST["challenger"])
    assert (record.rows, record.positives) == (2000, int(one.challenger.labels.sum()))
    assert (record.first_moment, record.last_moment) == (None, None)  # nobody named a column of them
    assert (record.draws, record.seed, record.confidence) == (200, 1, 0.95)
    (wanted,) = judged(one, draws=200)
    found = {item.metric: (item.champion, item.challenger, item.low, item.high) for item in record.figures}
    assert found == {name: (item.champion, item.challenger, item.low, item.high) for name, item in wanted.items()}


@pytest.mark.parametrize("kind", ["microseconds", "seconds", "csv"])
def test_the_window_is_the_first_and_the_last_moment_of_the_holdout(
    ask: Ask, one: Sides, tmp_path: Path, kind: str
) -> None:
    request = request_in(tmp_path, one) | {"moment": "at"}
    at = pd.date_range("2013-07-01T00:30", periods=2000, freq="h", tz="America/New_York")
    table = pd.DataFrame({"late": one.challenger.labels, "at": at})[::-1]
    if kind == "csv":
        table.assign(at=[moment.isoformat() for moment in table["at"]]).to_csv(request["holdout"], index=False)
    else:
        table.assign(at=table["at"].dt.as_unit("us" if kind == "microseconds" else "s")).to_parquet(request["holdout"])
    answer = answer_of(ask, request)
    assert (answer["first_moment"], answer["last_moment"]) == ("2013-07-01T04:30:00Z", "2013-09-22T11:30:00Z")
    assert decode(Judged, answer, strict=True).first_moment == datetime(2013, 7, 1, 4, 30, tzinfo=UTC)


MOMENTS = {
    "null": (pd.Series([pd.NaT] * 3, dtype="datetime64[us, UTC]"), "column at is null in 3 rows"),
    "no zone": (pd.Series(["2013-07-01T00:30:00"] * 3), "has no time zone"),
    "numbers": (pd.Series([1, 2, 3]), "column at is int64, wanted moments"),
    "for ever": (pd.Series([2**62] * 3, dtype="datetime64[us, UTC]"), "holds a moment outside the years 1 to 9999"),
}


@pytest.mark.parametrize("problem", MOMENTS)
def test_what_is_no_moment_makes_no_window(ask: Ask, tmp_path: Path, problem: str) -> None:
    small = sides(np.array([1.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1]))
    request = request_in(tmp_path, small) | {"moment": "at"}
    moments, said = MOMENTS[problem]
    pd.DataFrame({"late": small.challenger.labels, "at": moments}).to_parquet(request["holdout"])
    answer = ask(judge, request)
    assert answer["ok"] is False
    assert said in answer["error"]


def test_slices_have_their_rows_positives_figures_and_flips(
    ask: Ask, one: Sides, cities: list[str], tmp_path: Path
) -> None:
    record = decode(Judged, answer_of(ask, request_in(tmp_path, one, city=cities, all=["x"] * 2000)))
    assert [(part.column, part.value) for part in record.slices] == [
        ("city", "Bern"),
        ("city", "Oslo"),
        ("city", "Rome"),
        ("all", "x"),
    ]
    assert one.champion is not None
    old, new = one.champion.scores >= 0.35, one.challenger.scores >= 0.35
    for part in record.slices[:3]:
        mine = np.array(cities) == part.value
        assert (part.rows, part.positives) == (int(mine.sum()), int(one.challenger.labels[mine].sum()))
        assert part.flips == {
            "offered->declined": int((mine & ~old & new).sum()),
            "declined->offered": int((mine & old & ~new).sum()),
        }
        assert all(figure.error is not None and figure.error > 0 for figure in part.figures)
    assert sum(part.rows for part in record.slices[:3]) == 2000
    whole = record.slices[3]
    assert whole.flips == record.flips
    told = [(item.metric, item.challenger, item.champion, item.low, item.high) for item in whole.figures]
    assert told == [(item.metric, item.challenger, item.champion, item.low, item.high) for item in record.figures]


def test_calibration_and_scores_are_told_of_both(ask: Ask, one: Sides, tmp_path: Path) -> None:
    record = decode(Judged, answer_of(ask, request_in(tmp_path, one)))
    assert list(record.calibration) == list(record.scores) == ["champion", "challenger"]
    for name, answers in one.by_name().items():
        bins, found = bin_of(answers.scores), record.calibration[name]
        assert [part.rows for part in found] == [200] * 10
        for said, of in (("predicted", answers.scores), ("realised", answers.labels)):
            means = [of[bins == n].mean() for n in range(10)]
            assert [getattr(part, said) for part in found] == pytest.approx(means)
        wanted = np.bincount(np.minimum((answers.scores * 20).astype(int), 19), minlength=20)
        assert record.scores[name] == tuple(wanted.tolist())


def test_the_same_request_gives_the_same_bytes_and_another_seed_other_intervals(
    ask: Ask, worker: Worker, one: Sides, cities: list[str], tmp_path: Path
) -> None:
    request = request_in(tmp_path, one, city=cities)
    first = answer_of(ask, request)
    assert answer_of(ask, request) == first
    assert {**worker("judge", request), "ok": None} == {**first, "ok": None}
    other = answer_of(ask, {**request, "seed": 2})
    assert [one["challenger"] for one in other["figures"]] == [one["challenger"] for one in first["figures"]]
    assert [one["low"] for one in other["figures"]] != [one["low"] for one in first["figures"]]


def test_without_a_champion_there_are_figures_and_no_differences(
    ask: Ask, one: Sides, cities: list[str], tmp_path: Path
) -> None:
    alone = answer_of(ask, request_in(tmp_path, replace(one, champion=None), city=cities))
    record = decode(Judged, alone, strict=True)
    assert (record.champion, record.draws, record.flips, list(record.scores)) == (None, 0, {}, ["challenger"])
    both = decode(Judged, answer_of(ask, request_in(tmp_path, one, city=cities)))
    assert [figure.challenger for figure in record.figures] == [figure.challenger for figure in both.figures]
    assert {figure.champion or figure.low or figure.high for figure in record.figures} == {None}
    assert all(figure.error is None for part in record.slices for figure in part.figures)


def test_two_equal_models_do_not_differ_at_all(ask: Ask, one: Sides, tmp_path: Path) -> None:
    record = decode(Judged, answer_of(ask, request_in(tmp_path, replace(one, champion=one.challenger))))
    assert {(figure.low, figure.high) for figure in record.figures} == {(0.0, 0.0)}
    assert record.flips == {"offered->declined": 0, "declined->offered": 0}


def test_without_a_decision_rule_nothing_is_decided(ask: Ask, one: Sides, cities: list[str], tmp_path: Path) -> None:
    record = decode(Judged, answer_of(ask, request_in(tmp_path, replace(one, rule=None), city=cities)))
    names = [figure.metric for figure in record.figures]
    assert names == ["auc", "brier", "log_loss", "calibration_error"]
    assert (record.flips, record.slices[0].flips) == ({}, {})


def test_what_a_slice_does_not_define_is_left_out_and_never_nan(ask: Ask, one: Sides, tmp_path: Path) -> None:
    kinds = np.where(one.challenger.labels == 1, "claims", "others").tolist()
    answer = answer_of(ask, request_in(tmp_path, one, kind=kinds))
    record = decode(Judged, answer, strict=True)
    assert [(part.value, part.rows - (part.positives or 0)) for part in record.slices] == [
        ("claims", 0),
        ("others", record.rows - (record.positives or 0)),
    ]
    assert all("auc" not in [figure.metric for figure in part.figures] for part in record.slices)
    assert "NaN" not in json.dumps(answer)


def test_a_decision_value_has_no_histogram(ask: Ask, one: Sides, tmp_path: Path) -> None:
    far = Answers(labels=one.challenger.labels, scores=one.challenger.scores * 8 - 4)
    record = decode(Judged, answer_of(ask, request_in(tmp_path, replace(one, challenger=far))))
    assert (list(record.scores), list(record.calibration)) == (["champion"], ["champion", "challenger"])


def test_a_regression_counts_no_positives(ask: Ask, tmp_path: Path) -> None:
    labels = np.random.default_rng(1).normal(20, 5, 500)
    one = replace(sides(labels, labels + 1, labels - 0.5), task="regression", rule=None)
    record = decode(Judged, answer_of(ask, request_in(tmp_path, one, city=["Oslo"] * 500)))
    assert (record.positives, record.slices[0].positives, record.scores) == (None, None, {})
    assert [figure.metric for figure in record.figures] == ["mae", "mse", "bias"]
    assert [figure.champion for figure in record.figures] == pytest.approx([1.0, 1.0, 1.0])
    assert [figure.challenger for figure in record.figures] == pytest.approx([0.5, 0.25, -0.5])


@pytest.mark.parametrize("kind", ["float64", "int8", "bool", "csv"])
def test_labels_may_be_numbers_or_truths(ask: Ask, one: Sides, tmp_path: Path, kind: str) -> None:
    request = request_in(tmp_path, one)
    wanted = answer_of(ask, request)
    table = pd.DataFrame({"late": one.challenger.labels.astype(int)})
    if kind == "csv":
        table.to_csv(request["holdout"], index=False)
    else:
        table.astype(kind).to_parquet(request["holdout"])
    assert answer_of(ask, request) == wanted


LABELS = {
    "null": ([None, 1, 0], "{holdout}: column late is null in 1 rows"),
    "two": ([2, 1, 0.5], "{holdout}: column late must be 0 or 1, found 2 and so on in 2 rows"),
    "text": (["yes", "no", "no"], "{holdout}: column late is string, wanted float"),
    "infinite": ([1, 0, np.inf], "{holdout}: column late holds an infinite value"),
    "missing": (None, "{holdout}: has no column late"),
    "fewer": ([1, 0], "{challenger}: holds float64 (3,), wanted a finite score for each of 2 rows"),
}


@pytest.mark.parametrize("problem", LABELS)
def test_labels_that_say_nothing_of_an_outcome_are_refused(ask: Ask, tmp_path: Path, problem: str) -> None:
    small = sides(np.array([1.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1]))
    request = request_in(tmp_path, small)
    labels, said = LABELS[problem]
    pd.DataFrame({"other": [1, 2, 3]} if labels is None else {"late": labels}).to_parquet(request["holdout"])
    answer = ask(judge, request)
    wanted = said.format(holdout=request["holdout"], challenger=request["challenger"]["answers"])
    assert (answer["ok"], answer["error"]) == (False, wanted)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "ranking"}, "request.task: 'ranking' is none of binary, regression"),
        ({"draws": 0}, "request.draws: an integer of at least 1 was wanted, found 0"),
        ({"rule": {"at_or_above": "a", "below": "b"}}, "request.rule.threshold: is required"),
        ({"confidence": None}, "request.confidence: a number between 0 and 1 was wanted, found None"),
        ({"confidence": 95}, "request.confidence: a number between 0 and 1 was wanted, found 95.0"),
    ],
)
def test_a_request_that_is_none_is_refused(
    ask: Ask, one: Sides, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    answer = ask(judge, {**request_in(tmp_path, one), **change})
    assert (answer["ok"], answer["error"]) == (False, said)


def test_the_differences_are_those_of_the_figures(ask: Ask, one: Sides, tmp_path: Path) -> None:
    record = decode(Judged, answer_of(ask, request_in(tmp_path, one)))
    (wanted,) = judged(one, draws=2)
    found = {figure.metric: figure.challenger - (figure.champion or 0.0) for figure in record.figures}
    assert found == pytest.approx(differences(wanted), abs=1e-15)


FILES = {
    "not there": (None, "holds no scores: FileNotFoundError: "),
    "no archive": ({}, "holds no scores: "),
    "objects": ({"scores": np.array([0.1, None, 0.3], dtype=object)}, "holds no scores: ValueError: "),
    "not finite": ({"scores": np.array([0.1, np.nan, 0.3])}, "holds float64 (3,), wanted a finite score for each of 3"),
    "exchanged": ({"scores": np.array([0.9, 0.1, 0.9])}, "holds other scores than sha256:"),
    "too few codes": ({"codes": np.zeros((1, 2), dtype="<i4")}, "holds int32 (1, 2), wanted slice 0 of 3 rows"),
    "strange codes": ({"codes": np.full((1, 3), 7, dtype="<i4")}, "holds slices that request.slices[0] gives no value"),
}


@pytest.mark.parametrize("problem", FILES)
def test_answers_that_are_not_those_a_version_gave_are_refused(ask: Ask, tmp_path: Path, problem: str) -> None:
    small = sides(np.array([1.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1]))
    request = request_in(tmp_path, small, city=["Oslo", "Rome", "Rome"])
    held, said = FILES[problem]
    place = Path(request["challenger"]["answers"])
    with np.load(place) as found:
        kept = dict(found.items())
    place.unlink()
    if held == {}:
        place.write_bytes(b"PK")
    elif held is not None:
        np.savez(place, **{**kept, **held})
    answer = ask(judge, request)
    assert answer["ok"] is False
    assert answer["error"].startswith(f"{place}: {said}")
