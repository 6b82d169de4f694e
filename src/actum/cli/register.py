"""``actum register MODEL``."""

from __future__ import annotations

from typing import Literal

import click

from actum import digests
from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.quantities import plural
from actum.records.codec import encode
from actum.registration.register import Order, Outcome, Surroundings, register
from actum.revisions import open_head


@click.command(epilog="Example: actum register churn --bump minor")
@click.argument("model")
@click.option("--run", "run_id", metavar="ID", help="The run to register; the newest that stands, without it.")
@click.option("--version", metavar="X.Y.Z", help="The number to give.")
@click.option(
    "--bump", type=click.Choice(["major", "minor", "patch"]), default="minor", help="Or count on from the last."
)
@click.option("--wheels", is_flag=True, help="Keep the wheels too, so that a rebuild needs no package index.")
@click.option("--local", is_flag=True, help="Push nothing, neither objects nor the ref.")
@pickle_option
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    model: str,
    run_id: str | None,
    version: str | None,
    bump: Literal["major", "minor", "patch"],
    wheels: bool,
    local: bool,
    allow_pickle: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Give what a run made a version that never changes.

    Its objects are pushed to the DVC remote and read back there; its result commit is kept reachable
    under refs/actum/versions, whatever a merge does to the branch.
    """
    repo = context.repo()
    order = Order(
        model=model,
        run=run_id,
        version=version,
        bump=bump,
        wheels=wheels,
        local=local,
        allow_pickle=allow_pickle,
        dry_run=dry_run,
    )
    with telling(context, "looking for the run", as_json=as_json) as tell:
        around = Surroundings(repo=repo, environ=context.environ, now=context.now, tell=tell)
        outcome = register(order, around)
    _show(outcome, open_head(repo).settings().clock, dry_run, as_json)


def _show(outcome: Outcome, clock: str, dry_run: bool, as_json: bool) -> None:
    version = outcome.version
    name = f"{version.model}@v{version.version}"
    steps = [f"actum promote {name} --to STAGE", f"actum rebuild {name}", "actum tags"]
    if as_json:
        data = {"version": encode(version), "path": outcome.path, "new": outcome.new, "commit": outcome.commit}
        warnings = [outcome.problem] if outcome.problem else []
        data |= {"clock": clock, "dry_run": dry_run}
        output.envelope("register-result/1", data, clock=clock, warnings=warnings, next_=steps)
        return
    output.clock_line(clock)
    if not outcome.new:
        asked = outcome.asked_run
        equal = asked and asked != version.run
        told = f"run/{asked} made the very bytes that are {name} already, of" if equal else f"{name} is"
        click.echo(f"nothing to do: {told} run/{version.run}" + ("" if equal else " already"))
        return
    click.echo(f"{'would register' if dry_run else 'registered'} {name}")
    artifact, unopened = version.artifact, "not loaded" if outcome.problem else "no loader for this format"
    output.facts(
        [
            ("run", f"run/{version.run}   result commit {version.result_commit[:10]}"),
            ("artifact", f"{artifact.path}   {digests.short(artifact.sha256)}   {artifact.format}"),
            ("state", digests.short(artifact.state) if artifact.state else f"not computed: {unopened}"),
            (
                "probe",
                f"{plural(version.probe.rows, 'prediction')} {digests.short(version.probe.predictions)}"
                if version.probe
                else None,
            ),
            ("remote", f"{plural(outcome.objects, 'object')} verified in {outcome.remote}" if outcome.remote else None),
            ("record", outcome.path),
        ]
    )
    if outcome.problem:
        output.warn(outcome.problem)
    output.next_steps(steps)
