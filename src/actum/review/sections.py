"""What is folded under the head: slices, calibration, changes, lineage, approvals, checks, digests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from actum.catalogue.differences import Change, FileChange
from actum.catalogue.feature_changes import FeatureChange
from actum.records.judgement import Bin, Slice
from actum.review.head import by_gain, difference, is_share, metric_name, shown_metrics
from actum.review.markup import bars, brief, code, figure, fold, table, text
from actum.review.material import Material

Section = tuple[str, list[str]]
_LONGEST_VALUE = 60
_MERMAID_NODES = 40
_HOW = {"changed": "**means something else**", "words": "said otherwise"}
_SLICED_BY = 3
_TROUBLE_FIRST = "🔴🟡✔"


def sections(of: Material) -> Iterator[Section]:
    """Yield title and folded lines of each section that has something to say, in reading order."""
    builders: Sequence[tuple[str, Callable[[Material], list[str]]]] = (
        ("checks", _checks),
        ("slices", _slices),
        ("calibration", _calibration),
        ("features", _features),
        ("changes", _changes),
        ("code", _code),
        ("approvals", _approvals),
        ("consumers", _consumers),
        ("card", _card),
        ("lineage", _lineage),
        ("digests", _digests),
    )
    for name, build in builders:
        if lines := build(of):
            yield name, lines


def _checks(of: Material) -> list[str]:
    words = {"passed": "✔", "warned": "🟡 warn", "failed": "🔴 block", "missing": "🔴 missing"}
    rows = [(words[one.outcome], code(one.gate), text(one.because)) for one in of.findings]
    rows += [
        ("🔴 block" if one.weight == "block" else "🟡 warn", code(one.path), _with_hint(one.message, one.hint))
        for one in of.troubles
    ]
    if not rows:
        return []
    rows.sort(key=lambda row: _TROUBLE_FIRST.index(row[0][0]))
    passed = sum(1 for row in rows if row[0] == "✔")
    title = f"Checks: {passed} passed, {of.warnings} warn, {of.blocks} block"
    return fold(title, table(("", "check", "what it says"), rows))


def _with_hint(message: str, hint: str) -> str:
    return text(message) + (f"<br>{code(hint)}" if hint else "")


def _slices(of: Material) -> list[str]:
    if of.judged is None or not of.judged.slices:
        return []
    known = {each.metric for one in of.judged.slices for each in one.figures}
    metrics = [metric for metric in shown_metrics(of) if metric in known][:_SLICED_BY]
    head = ("slice", "n", "positives", *(metric_name(metric) + ", difference" for metric in metrics), "flips")
    large = {(one.column, one.value): one for one, _ in by_gain(of)}
    small = [one for one in of.judged.slices if (one.column, one.value) not in large]
    rows = [_slice_row(one, metrics) for one in (*large.values(), *small)]
    order = f", least gain first; {len(small)} at the end too small for a verdict" if small else ", least gain first"
    title = f"Slices: {len(rows)}" + (order if of.judged.champion else "")
    return fold(title, table(head, rows, right=(1, 2, len(head) - 1)))


def _slice_row(one: Slice, metrics: Sequence[str]) -> tuple[str, ...]:
    told = {each.metric: each for each in one.figures}
    cells = [
        f"{figure(told[metric].challenger, share=is_share(metric))} {difference(told[metric])}".strip()
        if metric in told
        else "too few"
        for metric in metrics
    ]
    positives = "" if one.positives is None else f"{one.positives:,}"
    changed = sum(one.flips.values())
    return (
        f"{text(one.column)} {text(one.value)}",
        f"{one.rows:,}",
        positives,
        *cells,
        f"{changed:,}" if changed else "",
    )


def _calibration(of: Material) -> list[str]:
    judged = of.judged
    if judged is None or not judged.calibration:
        return []
    rows = []
    for who, bins in judged.calibration.items():
        rows.append((f"{who}, predicted", *(_bin(one, realised=False) for one in bins)))
        rows.append((f"{who}, realised", *(_bin(one, realised=True) for one in bins)))
    width = max(len(row) for row in rows)
    rows = [(*row, *[""] * (width - len(row))) for row in rows]
    lines = table(("tenths of rows, lowest scores first", *[""] * (width - 1)), rows)
    spread = [(text(who), f"`{bars(counts)}`") for who, counts in judged.scores.items()]
    return fold("Calibration and scores", [*lines, "", *table(("scores from 0 to 1", "rows"), spread)])


def _bin(one: Bin, *, realised: bool) -> str:
    return f"{one.realised if realised else one.predicted:.3f}"


def _features(of: Material) -> list[str]:
    if of.differences is None or not of.differences.features:
        return []
    rows = [_feature_row(one, of.feature_users.get(one.name, ())) for one in of.differences.features]
    return fold(
        f"Features that change: {len(rows)}", table(("feature", "", "what changes", "others that take it"), rows)
    )


def _feature_row(change: FeatureChange, users: Sequence[str]) -> tuple[str, ...]:
    how = f"was {code(change.was)}" if change.how == "renamed" else _HOW.get(change.how, change.how)
    parts = "<br>".join(
        f"{text(one.name)}: {_value(one.a or 'nothing', True)} → {_value(one.b or 'nothing', True)}"
        for one in change.parts
    )
    return (code(change.name), how, parts, ", ".join(map(text, users)))


def _changes(of: Material) -> list[str]:
    if of.differences is None:
        return []
    lines: list[str] = []
    for name, changes in of.differences.sections().items():
        if not changes or name in ("features", "code", "outs"):
            continue
        lines += ["", f"**{name}**", "", *table(("", "from", "to", ""), [_change_row(one) for one in changes])]
    for problem in of.differences.unknown:
        lines += ["", f"Unknown: {text(problem)}"]
    return fold(f"What changed from {text(of.differences.a)}", lines[1:]) if lines else []


def _change_row(change: Change | FileChange) -> tuple[str, ...]:
    if isinstance(change, FileChange):
        sides = (f"{one.md5[:8]} {_size(one.size)}".strip() if one else "" for one in (change.a, change.b))
        return (code(change.path), *map(text, sides), change.how)
    told = "" if change.difference is None else f"{change.difference:+.4g}"
    old, new = (_value(change.a, change.how != "added"), _value(change.b, change.how != "removed"))
    return (code(change.name), old, new, told or ("" if change.how == "changed" else change.how))


def _size(size: int | None) -> str:
    return "" if size is None else f"{size:,} bytes"


def _value(value: object, present: bool) -> str:
    if not present:
        return ""
    plain = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return brief(plain)


def _code(of: Material) -> list[str]:
    if not of.code:
        return []
    order = ("training", "serving", "other")
    rows = [(kind, code(path)) for kind in order for path, affects in of.code.items() if affects == kind]
    return fold(f"Changed code: {len(rows)}", table(("affects", "file"), rows))


def _approvals(of: Material) -> list[str]:
    if not of.consents:
        return []
    rows = [
        (
            text(one.principal),
            ", ".join(map(text, one.groups)),
            f"{one.at:%Y-%m-%d %H:%M} UTC",
            text(one.how),
            "✔" if not one.why_not else f"does not count: {text(one.why_not)}",
            text(one.comment),
        )
        for one in of.consents
    ]
    return fold(f"Approvals: {len(rows)}", table(("who", "groups", "when", "how", "", "comment"), rows))


def _consumers(of: Material) -> list[str]:
    rows = [(text(one.name), text(one.owner), text(one.purpose)) for one in of.consumers]
    return fold(f"Consumers: {len(rows)}", table(("application", "owner", "what for"), rows)) if rows else []


def _card(of: Material) -> list[str]:
    card = of.card
    if card is None:
        return []
    risk = (
        f"{card.risk.tier} (exposure {card.risk.exposure}, purpose {card.risk.purpose})" if card.risk else "not stated"
    )
    rule = ""
    if card.decision:
        rule = f"{card.decision.at_or_above} at or above {card.decision.threshold:g}, else {card.decision.below}"
    facts = (("owner", card.owner), ("purpose", card.purpose), ("risk tier", risk), ("decision", rule))
    return fold("Card", table(("", ""), [(name, text(value)) for name, value in facts if value]))


def _lineage(of: Material) -> list[str]:
    if not of.lineage:
        return []
    names = list(dict.fromkeys(name for pair in of.lineage for name in pair))[:_MERMAID_NODES]
    ids = {name: f"n{number}" for number, name in enumerate(names)}
    nodes = [f'  {ids[name]}["{_label(name)}"]' for name in names]
    arrows = [f"  {ids[a]} --> {ids[b]}" for a, b in of.lineage if a in ids and b in ids]
    return fold("Lineage", ["```mermaid", "graph LR", *nodes, *arrows, "```"])


def _label(name: str) -> str:
    plain = "".join(char if char.isprintable() and char not in '"<>`#;&[]{}|\\' else " " for char in name)
    return plain[:_LONGEST_VALUE]


def _digests(of: Material) -> list[str]:
    rows = [(text(name), code(value)) for name, value in (of.digests or {}).items() if value]
    return fold("Digests, for the audit", table(("", ""), rows)) if rows else []
