"""A planned promotion as people read it before they propose or approve it, and the same for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from actum import gates, moments
from actum.approvals.counting import in_words
from actum.catalogue.differences import Change, FileChange
from actum.catalogue.feature_changes import FeatureChange
from actum.catalogue.figures import as_given
from actum.cli import output
from actum.cli.wording import clip
from actum.planning.changes import Changes, changes_of
from actum.planning.plan import Plan
from actum.records.codec import encode
from actum.records.event import Finding
from actum.review.head import flips, holdout

_SHOWN = 3
_WIDTH = 100
_SECTIONS = ("params", "data", "environment", "packages")


def show(plan: Plan, findings: Iterable[Finding], *, reason: str | None, now: datetime) -> None:
    """Print what each gate says, what the plan rests on, and what it changes.

    ``reason``: why closed gates are passed over, None where they are not.
    """
    told = tuple(findings)
    replaces = f" (replaces {plan.champion.version})" if plan.champion else " (the first)"
    blocks, warnings = sum(map(gates.is_closed, told)), sum(one.outcome == "warned" for one in told)
    way = f", {plan.intent}" if plan.intent.back or plan.intent.break_glass else ""
    click.echo(f"{plan.model} {plan.wanted} -> {plan.stage}{replaces}{way}   {blocks} block, {warnings} warn")
    if reason:
        click.echo(click.style(f"BREAK GLASS: {reason}", fg="red", bold=True))
    rows = list(_rows(plan, told))
    if any(row[1] or row[2] for row in rows):
        output.table(rows, head=("", "champion", "challenger", "", ""))
    else:
        output.table((gate, word, because) for gate, _, _, word, because in rows)
    output.facts(_facts(plan, now))


def data(plan: Plan, *, now: datetime) -> dict[str, Any]:
    """Return the same for programs, without the findings."""
    appraisal, changes = plan.appraisal, _changes(plan, now)
    return {
        "model": plan.model,
        "stage": plan.stage,
        "version": plan.wanted,
        "replaces": plan.pointer.version if plan.pointer else None,
        "back": plan.intent.back,
        "break_glass": plan.intent.break_glass,
        "effective_at": moments.write(plan.named) if plan.named else None,
        "policy": plan.policy,
        "plan": plan.digest or None,
        "judged": encode(appraisal.judged) if appraisal and appraisal.judged else None,
        "holdout_uses": appraisal.uses if appraisal and appraisal.judged else None,
        "rebuilt": encode(appraisal.rebuilt) if appraisal and appraisal.rebuilt else None,
        "approvals_needed": encode(plan.asked) if plan.asked else None,
        "roll_back": plan.way_back or None,
        "changes": encode(changes) if changes else None,
    }


def _rows(plan: Plan, findings: Iterable[Finding]) -> Iterator[tuple[str, ...]]:
    old = plan.champion.metrics if plan.champion else {}
    new = plan.candidate.metrics if plan.candidate else {}
    for finding in findings:
        champion, challenger = (f"{of[finding.gate]:.4g}" if finding.gate in of else "" for of in (old, new))
        yield finding.gate, champion, challenger, _word(finding), finding.because


def _word(finding: Finding) -> str:
    words = {"passed": "ok", "warned": "WARN"}
    return "BLOCK" if gates.is_closed(finding) else words[finding.outcome]


def _facts(plan: Plan, now: datetime) -> Iterator[tuple[str, object]]:
    if plan.candidate is None:
        return
    appraisal = plan.appraisal
    if appraisal and (judged := appraisal.judged):
        yield "holdout", holdout(judged, appraisal.uses)
        yield "flips", flips(judged) if judged.champion and judged.flips else ""
    yield "rebuilt", gates.attested(appraisal.rebuilt if appraisal else None, plan.card.rebuild.valid_days) or "never"
    yield "approvals", in_words(plan.asked) if plan.asked else "none asked"
    yield "changed", "\n".join(_changed(plan, _changes(plan, now)))
    yield "roll back", plan.way_back or "none: it is the first"
    yield "holds from", f"{plan.named:%Y-%m-%d %H:%M} UTC" if plan.named else ""
    yield "plan", plan.digest
    yield "policy", plan.policy or "none"


def _changes(plan: Plan, now: datetime) -> Changes | None:
    if plan.champion is None or plan.candidate is None:
        return None
    return changes_of(plan.base, plan.champion, plan.candidate, now=now)


def _changed(plan: Plan, changes: Changes | None) -> Iterator[str]:
    if changes is None or changes.differences is None:
        yield "everything: it is the first" if plan.champion is None else "cannot be told"
        return
    told = changes.differences.sections()
    if told["packages"]:  # they say more than the digest of their lock
        locks = {one.environment.lock for one in (plan.champion, plan.candidate) if one}
        told["environment"] = tuple(one for one in told["environment"] if one.name not in locks)
    listed = {name: [_change(name, one) for one in told[name]] for name in _SECTIONS}
    if changes.differences.sets:
        listed["features"] = [_feature(one) for one in changes.differences.features]
    listed["code"] = [f"{path} ({affects})" for path, affects in changes.code.items()]
    yield from (_line(name, items) for name, items in listed.items() if items)
    if same := [name for name, items in listed.items() if not items]:
        yield f"same: {', '.join(same)}"
    yield from changes.differences.unknown


def _line(name: str, items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return clip(f"{name} {len(items)}: {', '.join(items[:_SHOWN])}", _WIDTH) + more


def _feature(change: FeatureChange) -> str:
    how = {"renamed": f"was {change.was}", "changed": "means something else"}
    return f"{change.name} {how.get(change.how, change.how)}"


def _change(section: str, change: Change | FileChange) -> str:
    if isinstance(change, FileChange):
        return f"{change.path} {change.how}"
    if section == "environment" or change.how == "removed":
        return f"{change.name} {change.how}"
    text = as_given if section == "params" else str
    if change.how == "added":
        return f"{change.name} {text(change.b)} added"
    return f"{change.name} {text(change.a)} -> {text(change.b)}"
