"""``actum score MODEL[@V|#STAGE] INPUT``."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from actum import digests, moments
from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.cli.wording import both, brought, moment
from actum.durations import parse_duration
from actum.errors import UsageError
from actum.names import parse_reference
from actum.quantities import plural
from actum.records.codec import encode
from actum.records.event import Seal
from actum.scoring.order import Order
from actum.scoring.score import Scored, Surroundings, score


@click.command(epilog="Example: actum score churn#production data/april.parquet")
@click.argument("model")
@click.argument("table", metavar="INPUT")
@click.option("--as-of", metavar="TIME", help="By what stood there at this business time; now, without it.")
@click.option("--since", metavar="TIME", help="Only rows from this moment on.")
@click.option("--until", metavar="TIME", help="Only rows before this moment; a bare date is counted in.")
@click.option("--store", metavar="PATH", help="Look inputs that INPUT lacks up in this online store.")
@click.option("--max-age", metavar="SPAN", help="Refuse rows of which the store knows nothing for longer, such as 6h.")
@click.option("--allow-changed", is_flag=True, help="Build inputs from sources that are not what is on record, too.")
@click.option("--local", is_flag=True, help="Push nothing.")
@pickle_option
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    model: str,
    table: str,
    as_of: str | None,
    since: str | None,
    until: str | None,
    store: str | None,
    max_age: str | None,
    allow_changed: bool,
    local: bool,
    allow_pickle: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Decide about a table of rows, seal the decisions, and commit the seal.

    MODEL means what stands at its last stage; MODEL#STAGE and MODEL@v1.2.0 say it outright. The rows are
    scored in the version's own locked environment. Rows from before its promotion, or after the time asked
    for, are refused: leave them out with --since and --until. Where the version was trained with a feature set, inputs
    that INPUT lacks are found for each row, by definitions that mean what they meant then, or nothing is scored.
    """
    reference = parse_reference(model)
    if reference.kind not in ("model", "version", "stage"):
        raise UsageError(f"{model} cannot decide", hint="write MODEL, MODEL#STAGE or MODEL@v1.2.0")
    order = Order(
        reference=reference,
        table=context.folder / Path(table),
        as_of=moments.end_of(as_of) if as_of else None,
        since=moments.from_option(since) if since else None,
        until=_until(until) if until else None,
        store=context.folder / store if store else None,
        max_age=_span(max_age) if max_age else None,
        allow_changed=allow_changed,
        local=local,
        allow_pickle=allow_pickle,
        dry_run=dry_run,
    )
    repo = context.repo()
    with telling(context, "getting ready", as_json=as_json) as tell:
        around = Surroundings(repo=repo, environ=context.environ, now=context.now, ids=context.ids, tell=tell)
        done = score(order, around)
    _show(done, dry_run, as_json)


def _until(text: str) -> datetime:
    end = moments.end_of(text)
    return end + timedelta(microseconds=1) if moments.is_date(text) else end


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--max-age {error}") from error


def _show(done: Scored, dry_run: bool, as_json: bool) -> None:
    model = done.by.card.model
    steps = [f"actum why {model}/{one}" for one in done.examples]
    if as_json:
        output.envelope("score-result/1", _data(done, dry_run), clock=done.clock, warnings=done.warnings, next_=steps)
        return
    output.clock_line(done.clock)
    seal = done.seal.seal if done.seal else None
    if seal and not done.new:
        told = f"segment {seal.segment} holds these {plural(seal.rows, 'decision')}, sealed"
        click.echo(f"pushed to {done.remote}: {told} before" if done.remote else f"nothing to do: {told}")
        return
    found = done.survey
    click.echo(f"{'would decide' if dry_run else 'decided'} {plural(found.rows, 'row')} by {done.by.name}")
    output.facts(
        [
            ("stage", _stage(done)),
            ("inputs", brought(done.supplied.record) if done.supplied else ""),
            ("rows", f"{moment(found.first)} to {moment(found.last)}"),
            *((name, f"{count:,}   {count / found.rows:.1%}") for name, count in found.outcomes.items()),
            ("score", f"{found.lowest:.4f} to {found.highest:.4f}, threshold {done.by.rule.threshold:g}"),
            *(_sealed(seal, done) if seal else ()),
        ]
    )
    for warning in done.warnings:
        output.warn(warning)
    output.next_steps(steps)


def _stage(done: Scored) -> str:
    held = done.by.standing
    if held is None:
        return "none: the version was named outright"
    return f"{held.stage}, since {both(held.since, held.event.recorded_at)}"


def _sealed(seal: Seal, done: Scored) -> list[tuple[str, object]]:
    pushed = f"   verified in {done.remote}" if done.remote else ""
    return [
        ("segment", f"{seal.segment}   {digests.short(seal.sha256)}{pushed}"),
        ("sealed", f"Merkle root {digests.short(seal.merkle_root)}   commit {done.commit[:10]} on {done.branch}"),
        *(("decision", f"{done.by.card.model}/{one}") for one in done.examples),
    ]


def _data(done: Scored, dry_run: bool) -> dict[str, Any]:
    found, held = done.survey, done.by.standing
    return {
        "version": done.by.name,
        "stage": held.stage if held else None,
        "stage_event": held.event.id if held else None,
        "clock": done.clock,
        "input": {"path": done.table.listed or str(done.table.path), "sha256": done.table.sha256},
        "rows": found.rows,
        "outcomes": dict(found.outcomes),
        "score": {"lowest": found.lowest, "highest": found.highest, "threshold": done.by.rule.threshold},
        "moments": {"first": moments.write(found.first), "last": moments.write(found.last)},
        "supplied": encode(done.supplied.record) if done.supplied else None,
        "seal": encode(done.seal) if done.seal else None,
        "new": done.new,
        "dry_run": dry_run,
        "commit": done.commit or None,
        "branch": done.branch or None,
        "remote": done.remote or None,
        "examples": [f"{done.by.card.model}/{one}" for one in done.examples],
    }
