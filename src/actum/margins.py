"""What a policy's margins say of a judgement on the holdout. Pure: values in, findings out.

Over all rows the burden of proof lies with the challenger: the whole interval of the difference must lie within the
margin (non-inferiority). On slices it is the other way round, or many small slices would stop every promotion by
chance: a slice fails when it is worse than its margin beyond doubt, corrected for all slices at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Literal

from actum.quantities import plural
from actum.records.event import Figure, Finding
from actum.records.judgement import Judged, Slice, SliceFigure
from actum.records.policy import Margin, Policy, SliceRule, Weight

HIGHER_IS_BETTER = frozenset({"auc", "accuracy"})
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "calibration_error", "mae", "mse"})
ALPHA = 0.05
_NAMED = 3


def judge_margins(policy: Policy, stage: str, judged: Judged | None) -> tuple[Finding, ...]:
    """Return one finding for each margin that counts at this stage, then one for each rule about slices.

    Args:
        judged: None when nobody judged the version on the holdout: then every margin is closed.
    """
    counting = [margin for margin in policy.margins if not margin.stages or stage in margin.stages]
    found = [_margin(margin, judged) for margin in counting]
    return (*found, *(_slices(rule, judged) for rule in policy.slices))


def judge_recorded(recorded: Mapping[str, float], judged: Judged, within_: float) -> tuple[Finding, ...]:
    """Return whether the metrics of the record are those that its bytes give on the holdout, where both name one."""
    again = {figure.metric: figure.challenger for figure in judged.figures}
    shared = [name for name in recorded if name in again]
    off = [name for name in shared if not abs(recorded[name] - again[name]) <= within_]
    if off:
        told = ", ".join(f"{name} {recorded[name]!r}, computed again {again[name]!r}" for name in off[:_NAMED])
        return (Finding(gate="recorded", outcome="failed", because=f"on record: {told}"),)
    if not shared:
        return ()
    because = f"{', '.join(shared)} computed again, equal within {within_:g}"
    return (Finding(gate="recorded", outcome="passed", because=because),)


def judge_uses(uses: int, allowed: int) -> tuple[Finding, ...]:
    """Warn of a holdout that so many choices were made on that it no longer tells the future."""
    if uses < allowed:
        return ()
    judged = f"{plural(uses, 'promotion')} {'was' if uses == 1 else 'were'} judged"
    because = f"{judged} on these rows before: choose new ones"
    return (Finding(gate="holdout-uses", outcome="warned", because=because),)


def within(margin: Margin, figure: Figure) -> bool:
    """Whether the whole interval of the difference lies within the margin; an interval that is unknown does not."""
    if figure.low is None or figure.high is None:
        return False
    if margin.moves_by_at_most is not None:
        return -margin.moves_by_at_most <= figure.low and figure.high <= margin.moves_by_at_most
    assert margin.worse_by_at_most is not None
    if figure.metric in HIGHER_IS_BETTER:
        return figure.low >= -margin.worse_by_at_most
    return figure.metric in LOWER_IS_BETTER and figure.high <= margin.worse_by_at_most


def _margin(margin: Margin, judged: Judged | None) -> Finding:
    gate = f"holdout:{margin.metric}"
    if judged is None:
        return Finding(gate=gate, outcome="missing", because="nobody judged it on the holdout")
    if judged.champion is None:
        return Finding(gate=gate, outcome="passed", because="nothing stands at the stage to compare with")
    figure = next((one for one in judged.figures if one.metric == margin.metric), None)
    if figure is None or figure.champion is None or figure.low is None or figure.high is None:
        known = ", ".join(one.metric for one in judged.figures)
        return Finding(gate=gate, outcome="missing", because=f"the holdout gives no {margin.metric} (known: {known})")
    sided = margin.worse_by_at_most is not None
    if sided and margin.metric not in HIGHER_IS_BETTER | LOWER_IS_BETTER:
        because = f"{margin.metric} has no better side: bound it with moves_by_at_most"
        return Finding(gate=gate, outcome="failed", because=because)
    bound = margin.worse_by_at_most if sided else margin.moves_by_at_most
    allowed = f"worse by at most {bound:g}" if sided else f"a move of at most {bound:g}"
    change = f"{figure.challenger - figure.champion:+.4g} [{figure.low:+.4g}, {figure.high:+.4g}]"
    because = f"{figure.champion:.4g} -> {figure.challenger:.4g}, difference {change} against {allowed}"
    return Finding(gate=gate, outcome="passed" if within(margin, figure) else _closed(margin.weight), because=because)


def _slices(rule: SliceRule, judged: Judged | None) -> Finding:
    gate = f"slices:{rule.metric}"
    if judged is None:
        return Finding(gate=gate, outcome="missing", because="nobody judged it on the holdout")
    if judged.champion is None:
        return Finding(gate=gate, outcome="passed", because="nothing stands at the stage to compare with")
    tested = [(one, figure) for one, figure in _figures(rule, judged) if one.rows >= rule.min_rows]
    if not tested:
        lacking = f"no slice has {rule.min_rows:,} rows and a figure of {rule.metric}"
        because = f"{lacking}: name columns under slices in the card"
        return Finding(gate=gate, outcome="missing", because=because)
    small = len(judged.slices) - len(tested)
    silent = f"; no verdict on {small} more, too few rows" if small else ""
    worse = worse_beyond_doubt(rule, tested)
    if not worse:
        among = f"none of {plural(len(tested), 'slice')}"
        because = f"{among} is worse by more than {rule.worse_by_at_most:g} (Holm, {ALPHA:g}){silent}"
        return Finding(gate=gate, outcome="passed", because=because)
    names = [f"{one.column} {one.value} ({_loss(figure):+.4g} worse, n={one.rows:,})" for one, figure in worse]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    because = f"worse by more than {rule.worse_by_at_most:g}: {', '.join(names[:_NAMED])}{more}{silent}"
    return Finding(gate=gate, outcome=_closed(rule.weight), because=because)


def worse_beyond_doubt(
    rule: SliceRule, tested: list[tuple[Slice, SliceFigure]], alpha: float = ALPHA
) -> list[tuple[Slice, SliceFigure]]:
    """Return the slices that are worse than the rule allows, by Holm's step-down procedure.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979), 65-70.
    """
    ordered = sorted(tested, key=lambda pair: _p_value(rule, pair[1]))
    found = []
    for rank, pair in enumerate(ordered):
        if _p_value(rule, pair[1]) > alpha / (len(ordered) - rank):
            break
        found.append(pair)
    return found


def _figures(rule: SliceRule, judged: Judged) -> Iterator[tuple[Slice, SliceFigure]]:
    for one in judged.slices:
        for figure in one.figures:
            if figure.metric == rule.metric and figure.champion is not None and figure.error is not None:
                yield one, figure


def _p_value(rule: SliceRule, figure: SliceFigure) -> float:
    """Return how likely a loss this large is, were the true one just what the rule allows (normal, one-sided)."""
    excess = _loss(figure) - rule.worse_by_at_most
    if not figure.error:
        return 0.0 if excess > 0 else 1.0
    return math.erfc(excess / figure.error / math.sqrt(2)) / 2


def _loss(figure: SliceFigure) -> float:
    """Return by how much the challenger is worse; a metric without a better side counts by how far it moved."""
    assert figure.champion is not None
    difference = figure.challenger - figure.champion
    if figure.metric in HIGHER_IS_BETTER:
        return -difference
    return difference if figure.metric in LOWER_IS_BETTER else abs(difference)


def _closed(weight: Weight) -> Literal["failed", "warned"]:
    return "failed" if weight == "block" else "warned"
