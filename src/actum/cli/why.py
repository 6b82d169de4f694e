"""``actum why MODEL/ULID``."""

from __future__ import annotations

from typing import Any

import click

from actum import moments
from actum.cli import output
from actum.cli.context import Context, at_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.cli.reading import open_view
from actum.cli.wording import brought
from actum.dvc.config import read_config
from actum.explain.explain import Explanation, explain
from actum.explain.locating import Places, by_key, parse
from actum.explain.said import Check, Reason, for_and_against
from actum.records.codec import encode
from actum.revisions import open_head

FINDINGS = 3


@click.command(epilog="Example: actum why churn/01JDC8Q6Z4N8T0R3V5X7Y9A1B2, or actum why churn --key A-2020-0815")
@click.argument("decision", metavar="MODEL/ULID")
@click.option("--key", metavar="KEY", help="With MODEL, instead of an id: the row's own name in the business.")
@pickle_option
@at_option
@json_option
@click.pass_obj
def command(context: Context, decision: str, key: str | None, allow_pickle: bool, at: str | None, as_json: bool) -> int:
    """Explain one decision: what was decided and why, replayed, and proved from the records.

    The whole batch is scored again in the version's own environment; the record is led to the Merkle root
    that git holds. Exit status 3 where anything contradicts the record.
    """
    model, prefix = (decision, "") if key else parse(decision)
    view = open_view(context, at)
    repo = view.store.repo
    stores = (view.store,) if at else (view.store, open_head(repo))
    places = Places(stores=stores, config=read_config(repo.root, context.environ), environ=context.environ)
    with telling(context, "finding the decision", as_json=as_json) as tell:
        wanted = by_key(model, key, places) if key else prefix
        found = explain(
            model, wanted, places, now=context.now(), moment=view.moment, allow_pickle=allow_pickle, tell=tell
        )
    warnings = [*view.warnings(), *found.notes]
    if as_json:
        output.envelope("why/1", _data(found), clock=found.clock, warnings=warnings, next_=_next(found))
    else:
        _show(found, warnings)
    return FINDINGS if found.problems else 0


def _show(found: Explanation, warnings: list[str]) -> None:
    output.clock_line(found.clock)
    decision = found.decision
    title = found.card.title or decision.model
    click.echo(click.style(f"{decision.outcome.upper()} {title}", bold=True) + f"   {found.subject}")
    output.facts(
        [
            ("score", _line(found.rule) + f"   {decision.model} {decision.version}"),
            ("because", _because(found)),
            ("inputs", brought(supplied) if (supplied := found.located.segment.seal.supplied) else ""),
            ("replayed", _line(found.replay.check)),
            ("promoted", _line(found.promoted)),
            ("model", _line(found.model)),
            ("record", _line(found.record)),
            ("outcome", _line(found.afterwards.check)),
        ]
    )
    for warning in warnings:
        output.warn(warning)
    output.next_steps(_next(found))


def _line(check: Check) -> str:
    return click.style(check.said, fg={"ok": None, "failed": "red", "absent": "yellow"}[check.state])


def _because(found: Explanation) -> str:
    """Write the contributions in aligned columns."""
    replayed = found.replay
    if not replayed.reasons:
        return f"not taken apart: {replayed.unexplained}" if replayed.unexplained else ""
    pro, contra = for_and_against(found.card, found.decision, replayed.reasons)
    rows = [_row("", reason) for reason in pro] + [_row("against: ", reason) for reason in contra]
    widths = [max(len(row[at]) for row in rows) for at in range(3)] if rows else []
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(lead: str, reason: Reason) -> tuple[str, str, str]:
    return lead + reason.words, reason.shown, f"{reason.contribution:+.2f}"


def _next(found: Explanation) -> list[str]:
    checks = (found.record, found.replay.check, found.promoted, found.model)
    hints = [check.hint for check in checks if check.hint and check.state != "ok"]
    return list(dict.fromkeys(hints))


def _data(found: Explanation) -> dict[str, Any]:
    located, replayed, after = found.located, found.replay, found.afterwards
    seal = located.segment.seal
    return {
        "decision": encode(found.decision),
        "title": found.card.title,
        "subject": found.subject,
        "clock": found.clock,
        "asked": moments.write(found.asked),
        "rule": _check(found.rule),
        "replay": {
            **_check(replayed.check),
            "score": replayed.score,
            "base": replayed.base,
            "link": replayed.link,
            "contributions": [_reason(one) for one in replayed.reasons],
            "unexplained": replayed.unexplained or None,
        },
        "promotion": {**_check(found.promoted), "event": encode(found.promotion) if found.promotion else None},
        "model": {**_check(found.model), "event": found.attestation.id if found.attestation else None},
        "record": {
            **_check(found.record),
            "seal": encode(located.segment.event),
            "segment": {"id": seal.segment, "path": seal.path, "sha256": located.segment.sha256},
            "proof": _proof(found),
        },
        "outcome": {
            **_check(after.check),
            "value": after.value,
            "known_at": moments.write(after.known_at) if after.known_at else None,
        },
        "problems": list(found.problems),
    }


def _check(check: Check) -> dict[str, str]:
    return {"state": check.state, "said": check.said}


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "input": reason.input,
        "words": reason.words,
        "value": reason.value,
        "unit": reason.unit,
        "contribution": reason.contribution,
    }


def _proof(found: Explanation) -> dict[str, Any] | None:
    proof = found.located.proof
    if proof is None:
        return None
    return {
        "index": proof.index,
        "rows": proof.rows,
        "leaf": proof.leaf.hex(),
        "steps": [{"side": step.side, "digest": step.digest.hex()} for step in proof.steps],
        "root": proof.root,
        "sealed_root": found.located.segment.seal.merkle_root,
    }
