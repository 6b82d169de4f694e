"""``actum features materialize [VIEW...] [--until T] [--store PATH]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actum import layout, moments, state
from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.cli.wording import moment
from actum.git.repository import Git
from actum.publishing.materialize import Materialized, Order, Surroundings, materialize
from actum.quantities import plural
from actum.records.codec import encode


@click.command("materialize", epilog="Example: actum features materialize delays --until 2013-04-18T22:00:00Z")
@click.argument("views", metavar="[VIEW]...", nargs=-1)
@click.option("--until", metavar="TIME", help="By what was known then; now, without it. A bare date is counted in.")
@click.option("--store", metavar="PATH", help=f"The store to publish to, instead of {layout.ONLINE_STORE}.")
@click.option("--allow-changed", is_flag=True, help="Take sources that are not what is on record; the store says so.")
@dry_run_option
@json_option
@click.pass_obj
def subcommand(
    context: Context,
    views: tuple[str, ...],
    until: str | None,
    store: str | None,
    allow_changed: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring views to the online store, as they stand at a moment.

    Without VIEW all that have a source. They are computed in the project's locked environment, from sources that are
    what dvc.lock and .dvc files say, and published together: a reader sees all of them or none. Only what changed is
    written.
    """
    repo = context.repo()
    place = store_at(context, repo, store)
    order = Order(
        views=views,
        store=place,
        until=moments.end_of(until) if until else None,
        allow_changed=allow_changed,
        dry_run=dry_run,
    )
    with telling(context, "getting ready", as_json=as_json) as tell:
        done = materialize(order, Surroundings(repo=repo, environ=context.environ, now=context.now, tell=tell))
    steps = [f"actum features get {name} KEY" for name in done.views[:1]]
    if as_json:
        data = _data(done, place)
        output.envelope("features-materialized/1", data, clock=done.clock, warnings=_warnings(done), next_=steps)
        return
    output.clock_line(done.clock)
    _show(done, place)
    for warning in _warnings(done):
        output.warn(warning)
    output.next_steps(steps)


def store_at(context: Context, repo: Git, path: str | None) -> Path:
    """Return where the online store lies that is meant."""
    return context.folder / path if path else state.folder(repo.root) / Path(layout.ONLINE_STORE).name


def _show(done: Materialized, store: Path) -> None:
    verb = "would materialize" if done.changes is None else "materialized"
    click.echo(f"{verb} {plural(len(done.views), 'view')} until {moment(done.until)}")
    if done.changes is None:
        for name in done.views:
            before = done.before.get(name)
            click.echo(f"  {name}  {f'known until {moment(before)}' if before else 'new'}")
    else:
        rows = [
            (
                f"  {one.view}",
                plural(one.rows, "row"),
                f"{one.written:,} written" if one.written else "nothing written",
                f"{one.removed:,} removed" if one.removed else "",
                "anew" if one.rewritten else "",
            )
            for one in done.changes
        ]
        output.table(rows)
    output.facts(
        [
            ("sources", "\n".join(one.fact.path for one in done.origins)),
            ("commit", done.commit[:10]),
            ("engine", done.engine),
            ("store", store),
        ]
    )


def _warnings(done: Materialized) -> list[str]:
    return [one.said for one in done.origins if one.state != "committed"]


def _data(done: Materialized, store: Path) -> dict[str, Any]:
    return {
        "views": list(done.views),
        "until": moments.write(done.until),
        "commit": done.commit,
        "engine": done.engine or None,
        "store": str(store),
        "before": {name: moments.write(at) for name, at in done.before.items()},
        "sources": [{**encode(one.fact), "state": one.state} for one in done.origins],
        "changes": None
        if done.changes is None
        else [
            {
                "view": one.view,
                "rows": one.rows,
                "written": one.written,
                "removed": one.removed,
                "rewritten": one.rewritten,
            }
            for one in done.changes
        ],
    }
