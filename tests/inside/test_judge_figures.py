"""The figures and their intervals, against scikit-learn, scipy, exact brute force and simulation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats

from actum.inside.drawing import Comparison, Draws, Sides, draws, interval
from actum.inside.figures import Answers
from tests.inside.judged_answers import (
    bin_of,
    by_sklearn,
    calibration_error,
    differences,
    judged,
    sides,
    signs_of,
    two_models,
)

NAMES = ("auc", "brier", "log_loss", "calibration_error", "accuracy", "declined_share", "offered_share")


def with_ties(rows: int) -> Sides:
    """Return answers of which many are equal, among them certainties that are wrong."""
    one = two_models(rows, np.random.default_rng(3))
    assert one.champion is not None
    return sides(one.champion.labels, one.champion.scores.round(1), one.challenger.scores.round(2))


@pytest.mark.parametrize("one", [two_models(3000, np.random.default_rng(2)), with_ties(3000)], ids=["plain", "ties"])
def test_each_figure_is_that_of_scikit_learn(one: Sides) -> None:
    (found,) = judged(one, draws=2)
    assert tuple(found) == NAMES
    assert one.champion is not None
    for who, answers in (("challenger", one.challenger), ("champion", one.champion)):
        wanted = by_sklearn(answers.labels, answers.scores, signs_of(answers.labels, answers.scores))
        assert {name: getattr(figure, who) for name, figure in found.items()} == pytest.approx(wanted, abs=1e-12)
        own = getattr(found["calibration_error"], who)
        assert own == pytest.approx(calibration_error(answers.labels, answers.scores), abs=1e-12)


def test_figures_of_groups_are_those_of_each_group_alone() -> None:
    one, codes = with_ties(2000), np.random.default_rng(1).integers(0, 7, 2000) * 3
    assert one.champion is not None
    for code, found in zip(np.unique(codes), judged(one, draws=2, codes=codes), strict=True):
        old, new = one.champion.at(codes == code), one.challenger.at(codes == code)
        (alone,) = judged(sides(old.labels, old.scores, new.scores), draws=2)
        assert differences(found) == pytest.approx(differences(alone), abs=1e-12)


def test_an_interval_is_that_of_drawing_the_very_rows_by_hand() -> None:
    """The counts of each draw are laid out as rows again, and scikit-learn judges these, slice by slice."""
    rows, count = 240, 60
    one, codes = with_ties(rows), np.random.default_rng(4).integers(0, 3, rows)
    found = judged(one, draws=count, codes=codes, seed=8)
    assert one.champion is not None
    pair = one.champion, one.challenger
    for group, figures in enumerate(found):
        mine = np.flatnonzero(codes == group)
        signs = [np.zeros(rows), np.zeros(rows)]
        for answers, sign in zip(pair, signs, strict=True):
            sign[mine] = signs_of(answers.labels[mine], answers.scores[mine])
        drawn: dict[str, list[float]] = {name: [] for name in NAMES}
        for counts in draws(rows, Draws(count=count, seed=8, confidence=0.95)):
            laid = np.repeat(np.arange(rows), counts)
            laid = laid[codes[laid] == group]
            old, new = (by_sklearn(a.labels[laid], a.scores[laid], s[laid]) for a, s in zip(pair, signs, strict=True))
            for name in NAMES:
                drawn[name].append(new[name] - old[name])
        for name in NAMES:
            figure = figures[name]
            assert (figure.low, figure.high) == pytest.approx(tuple(np.percentile(drawn[name], [2.5, 97.5])), abs=1e-9)
            assert figure.error == pytest.approx(np.std(drawn[name], ddof=1), abs=1e-9)


def test_a_seed_means_the_same_draws_for_ever() -> None:
    """Golden: raw PCG64, which no release of numpy may change."""
    first, second = draws(10, Draws(count=2, seed=1, confidence=0.95))
    assert first.tolist() == [1, 1, 1, 1, 1, 1, 0, 1, 1, 2]
    assert second.tolist() == [2, 0, 2, 0, 2, 1, 1, 0, 2, 0]


def test_every_row_is_drawn_as_often_as_every_other() -> None:
    rows, count = 51, 4000
    total = sum(draws(rows, Draws(count=count, seed=5, confidence=0.95)))
    assert total.sum() == rows * count
    assert scipy.stats.chisquare(total).pvalue > 0.001


def brier(labels: Any, champion: Any, challenger: Any) -> float:
    return float(np.mean((challenger - labels) ** 2) - np.mean((champion - labels) ** 2))


def auc(labels: Any, champion: Any, challenger: Any) -> float:
    """From ranks (Mann and Whitney 1947): scikit-learn's is the same and eight times as slow."""
    ups = labels == 1
    ranks = [scipy.stats.rankdata(scores)[ups].sum() for scores in (challenger, champion)]
    return float((ranks[0] - ranks[1]) / (ups.sum() * (~ups).sum()))


def declined_share(_labels: Any, champion: Any, challenger: Any) -> float:
    return float(np.mean(challenger >= 0.35) - np.mean(champion >= 0.35))


@pytest.mark.parametrize("statistic", [auc, brier, declined_share], ids=lambda one: one.__name__)
def test_scipys_paired_bootstrap_gives_the_same_interval_within_its_noise(statistic: Any) -> None:
    one = two_models(1500, np.random.default_rng(12))
    assert one.champion is not None
    (found,) = judged(one, draws=2000)
    told = scipy.stats.bootstrap(
        (one.champion.labels, one.champion.scores, one.challenger.scores),
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=1000,
        method="percentile",
        rng=np.random.default_rng(1),
    )
    figure, bounds = found[statistic.__name__], told.confidence_interval
    # A percentile of 1,000 draws is uncertain by 0.085 standard errors, one of 2,000 by 0.06: three times both.
    noise = 3 * np.hypot(0.085, 0.06) * told.standard_error
    assert (figure.low, figure.high) == pytest.approx((bounds.low, bounds.high), abs=noise)
    assert figure.error == pytest.approx(told.standard_error, rel=0.1)


def test_the_interval_of_a_mean_is_the_normal_one_of_paired_differences() -> None:
    one = two_models(4000, np.random.default_rng(21))
    assert one.champion is not None
    (found,) = judged(one, draws=2000)
    labels = one.champion.labels
    apart = (one.challenger.scores - labels) ** 2 - (one.champion.scores - labels) ** 2
    low, high = scipy.stats.norm.interval(0.95, loc=apart.mean(), scale=scipy.stats.sem(apart))
    noise = 3 * 0.06 * scipy.stats.sem(apart)
    assert (found["brier"].low, found["brier"].high) == pytest.approx((low, high), abs=noise)
    assert found["brier"].error == pytest.approx(scipy.stats.sem(apart), rel=0.05)


def placements(labels: Any, scores: Any) -> tuple[Any, Any]:
    """Return the share of 0 below each 1, and of 1 above each 0. Source: DeLong et al., Biometrics 1988."""
    won = np.heaviside(scores[labels == 1][:, None] - scores[labels == 0][None, :], 0.5)
    return won.mean(axis=1), won.mean(axis=0)


def test_the_error_of_an_auc_difference_is_delongs() -> None:
    one = two_models(2500, np.random.default_rng(31))
    assert one.champion is not None
    (found,) = judged(one, draws=2000)
    ups, downs = zip(*(placements(a.labels, a.scores) for a in (one.challenger, one.champion)), strict=True)
    error = np.sqrt(np.var(ups[0] - ups[1], ddof=1) / len(ups[0]) + np.var(downs[0] - downs[1], ddof=1) / len(downs[0]))
    assert found["auc"].error == pytest.approx(error, rel=0.06)
    apart = ups[0].mean() - ups[1].mean()
    assert differences(found)["auc"] == pytest.approx(apart, abs=1e-12)
    bounds = apart - 1.96 * error, apart + 1.96 * error
    assert (found["auc"].low, found["auc"].high) == pytest.approx(bounds, abs=0.25 * error)


SIMULATED, DRAWS = 300, 250


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    """The differences in a quarter of a million rows: to an interval over 400 rows, the truth."""
    (found,) = judged(two_models(250_000, np.random.default_rng(99), certainty=1.6), draws=1)
    return differences(found)


def simulated() -> Iterator[dict[str, tuple[float, float]]]:
    chance = np.random.default_rng(5)
    for seed in range(SIMULATED):
        (found,) = judged(two_models(400, chance, certainty=1.6), draws=DRAWS, seed=seed)
        yield {name: (one.low, one.high) for name, one in found.items() if one.low is not None and one.high is not None}


def test_of_three_hundred_simulated_intervals_as_many_hold_the_truth_as_they_say(truth: dict[str, float]) -> None:
    held = dict.fromkeys(truth, 0)
    for bounds in simulated():
        for name, (low, high) in bounds.items():
            held[name] += low <= truth[name] <= high
    least, most = scipy.stats.binom.interval(0.999, SIMULATED, 0.95)
    assert {name: count for name, count in held.items() if not least <= count <= most} == {}
    assert set(held) == set(NAMES)


def test_a_slice_of_one_kind_has_no_auc_and_says_nothing_of_it() -> None:
    one, codes = two_models(300, np.random.default_rng(6)), np.zeros(300, dtype=int)
    codes[np.flatnonzero(one.challenger.labels == 0)[:40]] = 1
    _, found = judged(one, draws=50, codes=codes)
    assert tuple(found) == NAMES[1:]


def test_a_figure_that_too_few_draws_define_has_no_interval() -> None:
    """Of one positive row in forty a draw holds none in 37 of 100 cases."""
    one, codes = two_models(400, np.random.default_rng(7)), np.zeros(400, dtype=int)
    codes[np.flatnonzero(one.challenger.labels == 0)[:39]] = 1
    codes[np.flatnonzero(one.challenger.labels == 1)[:1]] = 1
    _, found = judged(one, draws=200, codes=codes)
    assert found["auc"].champion is not None
    assert (found["auc"].low, found["auc"].high, found["auc"].error) == (None, None, None)
    assert found["brier"].low is not None


def test_nine_tenths_of_the_draws_must_define_a_figure() -> None:
    values = np.arange(100.0)
    few, enough = np.where(values < 11, np.nan, values), np.where(values < 10, np.nan, values)
    assert interval(few, 0.9) == (None, None, None)
    assert interval(enough, 0.9) == pytest.approx((14.45, 94.55, np.std(np.arange(10, 100), ddof=1)))


def test_scores_that_are_no_probabilities_are_ranked_and_decided_on_and_no_more() -> None:
    one = two_models(500, np.random.default_rng(9))
    far = replace(one, challenger=Answers(labels=one.challenger.labels, scores=one.challenger.scores * 3 - 1))
    (found,) = judged(far, draws=20)
    assert tuple(found) == ("auc", "accuracy", "declined_share", "offered_share")
    assert one.champion is not None
    (old,) = judged(replace(far, challenger=one.challenger, champion=far.challenger), draws=20)
    assert (old["brier"].champion, old["brier"].low) == (None, None)


def test_a_regression_is_judged_by_its_errors() -> None:
    chance = np.random.default_rng(10)
    labels = chance.normal(size=800)
    champion, challenger = labels + chance.normal(0.3, 1.0, 800), labels + chance.normal(0.0, 0.5, 800)
    one = replace(sides(labels, champion, challenger), task="regression", rule=None)
    (found,) = judged(one, draws=400)
    assert tuple(found) == ("mae", "mse", "bias")
    assert found["mae"].challenger == pytest.approx(abs(challenger - labels).mean())
    assert found["mse"].champion == pytest.approx(((champion - labels) ** 2).mean())
    assert found["bias"].champion == pytest.approx((champion - labels).mean())
    assert found["mae"].high is not None
    assert found["mae"].high < 0


def test_bins_of_calibration_hold_equal_rows_and_equal_scores_stay_together() -> None:
    scores = np.random.default_rng(11).random(1000)
    assert np.bincount(bin_of(scores)).tolist() == [100] * 10
    comparison = Comparison(sides(np.ones(1000), scores, np.full(1000, 0.5)), np.zeros(1000, dtype=int))
    assert comparison.figures(0.95)[0]["calibration_error"].challenger == pytest.approx(0.5)
