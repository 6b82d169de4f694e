"""Margins and slice rules: who bears the burden of proof, and what nobody measured is closed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actum.margins import judge_margins, judge_recorded, judge_uses, within, worse_beyond_doubt
from actum.records.event import Figure
from actum.records.judgement import Judged, Slice, SliceFigure
from actum.records.policy import Margin, Policy, SliceRule

SHA = "sha256:" + "a" * 64


def judged(**changes: Any) -> Judged:
    least: dict[str, Any] = {
        "schema": "judged/1",
        "holdout": "b" * 32,
        "challenger": SHA,
        "champion": SHA,
        "rows": 1000,
        "draws": 1000,
        "seed": 1,
        "confidence": 0.95,
        "figures": (
            Figure(metric="auc", champion=0.7, challenger=0.72, low=0.01, high=0.03),
            Figure(metric="brier", champion=0.15, challenger=0.16, low=0.005, high=0.015),
            Figure(metric="declined_share", champion=0.02, challenger=0.17, low=0.14, high=0.16),
        ),
    }
    return Judged(**least | changes)


def policy(*margins: Margin, slices: tuple[SliceRule, ...] = ()) -> Policy:
    return Policy(schema="policy/1", policy="strict", margins=margins, slices=slices)


def part(value: str, loss: float, error: float | None, rows: int = 1000) -> Slice:
    figure = SliceFigure(metric="auc", champion=0.7, challenger=0.7 - loss, low=-loss, high=-loss, error=error)
    return Slice(column="carrier", value=value, rows=rows, figures=(figure,))


@pytest.mark.parametrize(
    ("metric", "low", "high", "bound", "holds"),
    [
        ("auc", -0.005, 0.1, 0.005, True),
        ("auc", -0.0051, 0.1, 0.005, False),
        ("auc", 0.01, 0.02, 0.0, True),
        ("brier", -0.1, 0.005, 0.005, True),
        ("brier", -0.1, 0.0051, 0.005, False),
        ("mae", -1.0, 0.0, 0.0, True),
        ("declined_share", -0.1, -0.1, 1.0, False),  # no better side
    ],
)
def test_the_whole_interval_must_lie_within_a_one_sided_margin(
    metric: str, low: float, high: float, bound: float, holds: bool
) -> None:
    figure = Figure(metric=metric, champion=0.5, challenger=0.5, low=low, high=high)
    assert within(Margin(metric=metric, worse_by_at_most=bound), figure) is holds


@pytest.mark.parametrize(("low", "high", "holds"), [(-0.05, 0.05, True), (-0.06, 0.0, False), (0.0, 0.06, False)])
def test_a_share_may_move_either_way_within_its_margin(low: float, high: float, holds: bool) -> None:
    figure = Figure(metric="declined_share", champion=0.5, challenger=0.5, low=low, high=high)
    assert within(Margin(metric="declined_share", moves_by_at_most=0.05), figure) is holds


def test_an_interval_that_nobody_knows_lies_within_nothing() -> None:
    assert not within(Margin(metric="auc", worse_by_at_most=1.0), Figure(metric="auc", champion=0.5, challenger=0.9))


def test_each_margin_says_its_figures_and_what_follows() -> None:
    found = judge_margins(
        policy(
            Margin(metric="auc", worse_by_at_most=0.005),
            Margin(metric="brier", worse_by_at_most=0.0),
            Margin(metric="declined_share", moves_by_at_most=0.05, weight="warn"),
            Margin(metric="log_loss", worse_by_at_most=0.1),
            Margin(metric="declined_share", worse_by_at_most=0.1),
            Margin(metric="auc", worse_by_at_most=0.0, stages=("staging",)),
        ),
        "production",
        judged(),
    )
    assert [(one.gate, one.outcome, one.because) for one in found] == [
        (
            "holdout:auc",
            "passed",
            "0.7 -> 0.72, difference +0.02 [+0.01, +0.03] against worse by at most 0.005",
        ),
        ("holdout:brier", "failed", "0.15 -> 0.16, difference +0.01 [+0.005, +0.015] against worse by at most 0"),
        (
            "holdout:declined_share",
            "warned",
            "0.02 -> 0.17, difference +0.15 [+0.14, +0.16] against a move of at most 0.05",
        ),
        ("holdout:log_loss", "missing", "the holdout gives no log_loss (known: auc, brier, declined_share)"),
        (
            "holdout:declined_share",
            "failed",
            "declined_share has no better side: bound it with moves_by_at_most",
        ),
    ]


def test_a_margin_that_nobody_judged_is_closed() -> None:
    rules = policy(
        Margin(metric="auc", worse_by_at_most=0.1, weight="warn"),
        slices=(SliceRule(metric="auc", worse_by_at_most=0.1),),
    )
    assert [one.outcome for one in judge_margins(rules, "production", None)] == ["missing", "missing"]


def test_the_first_version_has_nothing_to_be_worse_than() -> None:
    alone = judged(champion=None, figures=(Figure(metric="auc", challenger=0.7),))
    found = judge_margins(policy(Margin(metric="auc", worse_by_at_most=0.1)), "production", alone)
    assert [(one.outcome, one.because) for one in found] == [("passed", "nothing stands at the stage to compare with")]


def test_a_slice_is_worse_only_beyond_doubt_and_corrected_for_all_of_them() -> None:
    rule = SliceRule(metric="auc", worse_by_at_most=0.0)
    # One-sided p of a loss of 2 errors: 0.0228, below 0.05 alone and above 0.05 / 4 among four.
    alone = [part("AA", 0.02, 0.01)]
    among = [*alone, part("B6", -0.01, 0.01), part("DL", 0.0, 0.01), part("UA", 0.001, 0.01)]
    assert [one.value for one, _ in worse_beyond_doubt(rule, [(one, one.figures[0]) for one in alone])] == ["AA"]
    assert worse_beyond_doubt(rule, [(one, one.figures[0]) for one in among]) == []


def test_holm_steps_down_to_the_next_slice_with_a_larger_share_of_the_error() -> None:
    rule = SliceRule(metric="auc", worse_by_at_most=0.0)
    slices = [part("AA", 0.04, 0.01), part("B6", 0.0205, 0.01), part("DL", -0.1, 0.01)]
    p = math.erfc(2.05 / math.sqrt(2)) / 2
    assert 0.05 / 3 < p < 0.05 / 2  # Bonferroni would let it pass
    assert [one.value for one, _ in worse_beyond_doubt(rule, [(one, one.figures[0]) for one in slices])] == ["AA", "B6"]


def test_a_small_slice_has_no_verdict() -> None:
    rules = policy(slices=(SliceRule(metric="auc", worse_by_at_most=0.01, min_rows=500, weight="block"),))
    large = judged(slices=(part("AA", 0.2, 0.01, rows=500), part("YV", 0.3, 0.01, rows=499)))
    assert judge_margins(rules, "production", large)[0].because == (
        "worse by more than 0.01: carrier AA (+0.2 worse, n=500); no verdict on 1 more, too few rows"
    )
    small = judge_margins(rules, "production", judged(slices=(part("YV", 0.3, 0.01, rows=499),)))[0]
    assert (small.outcome, small.because) == (
        "missing",
        "no slice has 500 rows and a figure of auc: name columns under slices in the card",
    )


def test_recorded_metrics_must_be_those_that_the_bytes_give() -> None:
    honest, forged = {"auc": 0.72, "rows": 5.0}, {"auc": 0.75}
    assert judge_recorded(honest, judged(), 1e-6)[0].because == "auc computed again, equal within 1e-06"
    found = judge_recorded(forged, judged(), 1e-6)[0]
    assert (found.outcome, found.because) == ("failed", "on record: auc 0.75, computed again 0.72")
    assert judge_recorded({"auc": math.nan}, judged(), 1e-6)[0].outcome == "failed"
    assert judge_recorded({"rows": 5.0}, judged(), 1e-6) == ()


def test_a_holdout_that_was_used_often_is_said() -> None:
    assert judge_uses(9, 10) == ()
    assert judge_uses(1, 1)[0].because == "1 promotion was judged on these rows before: choose new ones"
    assert judge_uses(10, 10)[0].because == "10 promotions were judged on these rows before: choose new ones"
