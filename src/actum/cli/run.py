"""``actum run [-- STAGE...]``."""

from __future__ import annotations

import click

from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.errors import InvalidRecordError
from actum.git.repository import Git
from actum.records.card import ModelCard
from actum.records.codec import encode
from actum.revisions import open_head
from actum.running.run import Order, Outcome, preview, run
from actum.store import Store


@click.command(epilog="Example: actum run, then actum register MODEL")
@click.argument("stages", nargs=-1)
@click.option("--pipeline", default=".", metavar="DIR", help="Folder of the dvc.yaml.")
@click.option("--no-commit", is_flag=True, help="Leave the results uncommitted, to look at them first.")
@click.option("-v", "--verbose", is_flag=True, help="Show what DVC and the stages print.")
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    stages: tuple[str, ...],
    pipeline: str,
    no_commit: bool,
    verbose: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run the pipeline in the locked environment and record it.

    Stages that are up to date, and whose result an earlier run in this very environment made, are not
    executed again; the record cites that run. The results and the record are committed together.
    """
    repo = context.repo()
    if dry_run:
        with telling(context, "getting ready", as_json=as_json) as tell:
            told = preview(repo, Order(pipeline=pipeline, targets=stages), environ=context.environ, tell=tell)
        _foretell(told, open_head(repo).settings().clock, as_json)
        return
    words = ("actum", "run", *(("--pipeline", pipeline) if pipeline != "." else ()), *stages)

    def each_line(line: str) -> None:
        if verbose or line.startswith("Running stage"):
            output.say(line if verbose else f"  {line.removeprefix('Running ').rstrip(':')}")

    with telling(context, "getting ready", as_json=as_json) as tell:
        outcome = run(
            repo,
            Order(pipeline=pipeline, targets=stages, commit=not no_commit, command=words),
            environ=context.environ,
            now=context.now,
            ids=context.ids,
            tell=tell,
            each_line=each_line,
        )
        steps = _steps(repo, outcome)
    _show(outcome, steps, as_json)


def _steps(repo: Git, outcome: Outcome) -> list[str]:
    """Name the models that this pipeline trains and no version has; a project may have no card yet."""
    if outcome.new and not outcome.commit:
        return []
    store = open_head(repo).tolerant()
    cards = [card for name in store.models() if (card := _card(store, name))]
    mine = [card.model for card in cards if card.pipeline == outcome.run.pipeline]
    if not mine:
        return ["actum init --model NAME && git add registry && git commit", "actum register NAME"]
    done = {name for name in mine for version in store.versions(name) if version.run == outcome.run.id}
    return [f"actum register {name}" for name in mine if name not in done]


def _card(store: Store, name: str) -> ModelCard | None:
    try:
        return store.card(name)
    except InvalidRecordError:
        return None  # `actum register` will say what is wrong with it


def _foretell(stages: tuple[tuple[str, str], ...], clock: str, as_json: bool) -> None:
    if as_json:
        data = [{"stage": name, "run": None if told == "executed" else told} for name, told in stages]
        output.envelope("run-preview/1", data, clock=clock, next_=["actum run"])
        return
    output.clock_line(clock)
    output.table(
        (f"  {name}", "would be executed" if told == "executed" else f"unchanged, executed by run/{told}")
        for name, told in stages
    )


def _show(outcome: Outcome, steps: list[str], as_json: bool) -> None:
    record = outcome.run
    if as_json:
        data = {"run": encode(record), "path": outcome.path, "new": outcome.new, "commit": outcome.commit}
        data["pending"] = list(outcome.pending)
        output.envelope("run-result/1", data, clock=record.clock, next_=steps)
        return
    output.clock_line(record.clock)
    if not outcome.new:
        click.echo(f"nothing to do: run/{record.id} stands")
        output.next_steps(steps)
        return
    output.table(_stage_row(record.id, stage.name, stage.run, stage.seconds or 0.0) for stage in record.stages)
    figures = [f"{name} {value:.4g}" for name, value in record.metrics.items() if isinstance(value, float)]
    click.echo(", ".join([f"{len(record.executed())} of {len(record.stages)} stages", *figures[:4]]))
    click.echo(f"recorded run/{record.id}" + (f" in commit {outcome.commit[:10]}" if outcome.commit else ""))
    if record.dirty:
        output.warn("the work tree was dirty: this run cannot be registered; commit your changes and run again")
    elif outcome.pending:
        output.next_steps(["git add -- " + " ".join(outcome.pending), "git commit"])
    output.next_steps(steps)


def _stage_row(run_id: str, name: str, executed_by: str, seconds: float) -> tuple[str, ...]:
    if executed_by == run_id:
        return (f"  {name}", f"{seconds:.1f} s", "executed")
    return (f"  {name}", f"{seconds:.1f} s", f"unchanged, executed by run/{executed_by}")
