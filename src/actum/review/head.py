"""The first twelve lines: is it good, who agreed, what is gained, who is touched, how to return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from actum.margins import LOWER_IS_BETTER, within
from actum.records.event import Figure, Finding
from actum.records.judgement import Judged, Slice, SliceFigure
from actum.records.policy import Margin, Weight
from actum.review.markup import brief, figure, signed, table
from actum.review.material import Material

METRICS = {
    "auc": "AUC ↑",
    "brier": "Brier ↓",
    "log_loss": "Log loss ↓",
    "calibration_error": "Calibration error ↓",
    "accuracy": "Accuracy ↑",
    "mae": "MAE ↓",
    "mse": "MSE ↓",
    "bias": "Bias",
}
_SHARE = "_share"
_SHOWN = 4
_NAMED = 3
_NAME = 40
_REASONS = 2
_REASON = 100


def head(of: Material) -> list[str]:
    """Return the lines that must be enough to decide by."""
    return [_title(of), *_verdict(of), _agreement(of), *_figures(of), *_people(of)]


def metric_name(metric: str) -> str:
    return METRICS.get(metric) or brief(metric.replace("_", " ").capitalize())


def is_share(metric: str) -> bool:
    return metric.endswith(_SHARE) or metric == "accuracy"


def difference(one: Figure | SliceFigure) -> str:
    """Write a difference with its interval, "" where nothing was compared."""
    if one.champion is None:
        return ""
    share = is_share(one.metric)
    told = signed(one.challenger - one.champion, share=share)
    if one.low is None or one.high is None:
        return told
    low, high = (signed(bound, share=share).removesuffix(" pp") for bound in (one.low, one.high))
    return f"{told} [{low}, {high}]"


def _title(of: Material) -> str:
    replaces = f" (replaces {brief(of.replaces)})" if of.replaces else " (the first)"
    light = "🔴" if of.blocks else "🟡" if of.warnings else "🟢"
    said = [f"{brief(of.model)} {brief(of.version)} → {brief(of.stage)}{replaces}"]
    said += [f"{of.blocks} block, {of.warnings} warn"]
    said += ["⏪ roll-back"] if of.back else []
    said += ["clock: simulated"] if of.clock == "simulated" else []
    return f"### {light} " + " · ".join(said)


def _verdict(of: Material) -> Iterator[str]:
    if of.break_glass:
        yield f"🚨 **Break-glass**: {brief(of.break_glass, _REASON)}  "
    tabled = {f"holdout:{metric}" for metric in of.margins or {}} if of.judged else set()
    warned = [one for one in of.findings if one.outcome == "warned" and one.gate not in tabled]
    closed = [one for one in of.findings if one.outcome in ("failed", "missing")]
    yield from _reasons("🔴 Refused", of, "block", closed)
    yield from _reasons("🟡 Warned", of, "warn", warned)


def _reasons(word: str, of: Material, weight: Weight, findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the first reasons behind their word, those against files before those of gates."""
    said = [f"{brief(one.path)}: {brief(one.message, _REASON)}" for one in of.troubles if one.weight == weight]
    said += [f"**{brief(one.gate)}** {brief(one.because, _REASON)}" for one in findings]
    if said:
        more = f" and {len(said) - _REASONS} more, below" if len(said) > _REASONS else ""
        yield f"{word}: " + "; ".join(said[:_REASONS]) + more + "  "


def _agreement(of: Material) -> str:
    plan = f"plan `{of.plan.removeprefix('sha256:')[:12]}`" if of.plan else "no plan"
    plan += f" · holds from {of.holds_from:%Y-%m-%d %H:%M} UTC" if of.holds_from else ""
    missing = [one for one in of.findings if one.gate.startswith("approval") and one.outcome == "missing"]
    got = sorted({one.principal for one in of.consents if not one.why_not})
    if not of.approvals_needed and not missing:
        return f"Approvals: none asked{_by(got)} · {plan}  "
    lacking = ", missing: " + "; ".join(brief(one.because) for one in missing[:_NAMED]) if missing else ""
    return f"Approvals {len(got)} of {max(of.approvals_needed, len(got))}{_by(got)}{lacking} · {plan}  "


def _by(got: list[str]) -> str:
    return f" ({_named([brief(name, _NAME) for name in got])})" if got else ""


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _figures(of: Material) -> Iterator[str]:
    judged = of.judged
    if judged is None:
        yield "Holdout: not judged  "
        return
    yield f"Holdout {holdout(judged, of.holdout_uses)}  "
    chosen = _chosen(judged, of.margins or {})
    yield ""
    yield from table(
        ("", "champion", "challenger", f"difference [{100 * judged.confidence:g} %]", "rule"),
        (_metric(one, (of.margins or {}).get(one.metric)) for one in chosen),
        right=(1, 2),
    )
    yield ""
    if least := least_gain(of):
        yield least
    if judged.champion:
        yield f"Flips {brief(flips(judged), _REASON).replace('-&gt;', '→')}  "


def holdout(judged: Judged, uses: int) -> str:
    """Say from when the rows are that judged, how many they are, and how many promotions they judged before."""
    days = [f"{at:%Y-%m-%d}" for at in (judged.first_moment, judged.last_moment) if at]
    window = f"{' to '.join(dict.fromkeys(days))}, " if days else ""
    times = "once" if uses == 1 else f"{uses} times"
    return f"{window}n={judged.rows:,}, " + (f"used {times} before" if uses else "never used before")


def _chosen(judged: Judged, margins: dict[str, Margin] | object) -> list[Figure]:
    """Return the metrics that the policy bounds, else the first ones."""
    asked = margins if isinstance(margins, dict) else {}
    bounded = [one for one in judged.figures if one.metric in asked]
    return bounded or list(judged.figures[:_SHOWN])


def _metric(one: Figure, margin: Margin | None) -> tuple[str, ...]:
    share = is_share(one.metric)
    values = figure(one.champion, share=share), figure(one.challenger, share=share)
    return (metric_name(one.metric), *values, difference(one), rule(one, margin))


def rule(one: Figure, margin: Margin | None) -> str:
    """Write what the policy allows and whether the whole interval lies within."""
    if margin is None:
        return ""
    share = is_share(one.metric)
    bound = margin.worse_by_at_most if margin.moves_by_at_most is None else margin.moves_by_at_most
    assert bound is not None
    allowed = f"{100 * bound:g} pp" if share else f"{bound:g}"
    least = f"worse by ≤ {allowed}" if bound else "not worse"
    words = least if margin.moves_by_at_most is None else f"± {allowed}"
    return words if one.champion is None else f"{words} {_mark(one, margin)}"


def _mark(one: Figure, margin: Margin) -> str:
    return "✔" if within(margin, one) else "🔴 **BLOCK**" if margin.weight == "block" else "🟡 **WARN**"


def shown_metrics(of: Material) -> list[str]:
    """Return the metrics of the table, in its order."""
    return [one.metric for one in _chosen(of.judged, of.margins or {})] if of.judged else []


def by_gain(of: Material) -> list[tuple[Slice, SliceFigure]]:
    """Return the slices that are large enough for an interval, least gain first, by the first metric of the table."""
    metric = next(iter(shown_metrics(of)), "")
    found = [(one, each) for one in (of.judged.slices if of.judged else ()) for each in one.figures]
    judged = [
        (one, each)
        for one, each in found
        if each.metric == metric and None not in (each.champion, each.low) and one.rows >= of.least_rows
    ]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return sorted(judged, key=lambda pair: sign * (pair[1].challenger - (pair[1].champion or 0)))


def least_gain(of: Material) -> str:
    """Name the slice with the least gain, "" where none is large enough."""
    for one, each in by_gain(of)[:1]:
        return f"Least gain: {brief(one.column)} {brief(one.value)} {difference(each)} (n={one.rows:,})  "
    return ""


def flips(judged: Judged) -> str:
    """Say how many decisions change, and which way."""
    total = sum(judged.flips.values())
    ways = ", ".join(f"{count:,} {way}" for way, count in judged.flips.items() if count)
    share = f" ({100 * total / judged.rows:.1f} %)" if judged.rows else ""
    return f"{total:,}{share}" + (f": {ways}" if ways else "")


def _people(of: Material) -> Iterator[str]:
    back = f"Roll back: {of.rollback}" if of.rollback else "Roll back: nothing to return to"
    yield f"Rebuilt: {brief(of.rebuilt) or 'never'} · {back}  "
    yield f"Changed: {_changed(of)}  "
    names = [f"{brief(one.name, _NAME)} (owner {brief(one.owner, _NAME)})" for one in of.consumers]
    yield f"Consumers: {_named(names) or 'none named'}"


def _changed(of: Material) -> str:
    if of.differences is None:
        return "everything: it is the first" if of.replaces is None else "cannot be told"
    counts = {
        "params": len(of.differences.params),
        **({"features": len(of.differences.features)} if of.differences.sets else {}),
        "data": len(of.differences.data),
        "environment": len(of.differences.environment) + len(of.differences.packages),
        "code": len(of.differences.code),
    }
    return " · ".join(f"{name} {count}" for name, count in counts.items())
