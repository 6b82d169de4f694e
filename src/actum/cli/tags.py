"""``actum tags [--push] [-n]``."""

from __future__ import annotations

from dataclasses import asdict

import click

from actum import layout
from actum.catalogue.happenings import sentence
from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.errors import UserError
from actum.planning.scope import open_base
from actum.progress import counted
from actum.promotion.landing import Landed, bring_merged, land, push_landed
from actum.store import Store
from actum.tags import TagPlan, fetch_tags, plan_tags, push_tags, write_tags

ORIGIN = "remote.origin.url"


@click.command(epilog="Example: actum tags --push")
@click.option("--push", is_flag=True, help="Begin with origin's tags, and push ours.")
@dry_run_option
@json_option
@click.pass_obj
def command(context: Context, push: bool, dry_run: bool, as_json: bool) -> int:
    """Write the git tags that GTO and DVC read.

    They are derived from the records on the trunk: MODEL@vX.Y.Z for versions, MODEL#STAGE#N for promotions.
    Approvals of what is merged land as evidence with them, and --push pushes that too. Run again, it finds what it
    wrote.
    """
    repo = context.repo()
    store = open_base(repo)
    if push and not repo.config(ORIGIN):
        raise UserError("there is no remote origin to push tags to", hint="git remote add origin ADDRESS")
    with telling(context, "reading the records", as_json=as_json) as tell:
        if push:
            tell.now("fetching origin's tags")
            fetch_tags(repo)
            tell.now("reading the records")
        plan = plan_tags(store, now=int(context.now().timestamp()))
        if not dry_run:
            repo.identity()
            write_tags(repo, counted(tell, plan.missing, "writing the tags", "tags"))
        if push and not dry_run:
            tell.now("pushing the tags to origin")
            push_tags(repo, plan)
    landed = _land(store, push=push, dry_run=dry_run)
    done = (plan.missing or landed.events) and not dry_run
    steps = ["actum tags --push"] if done and not push and repo.config(ORIGIN) else []
    _show(plan, landed, store.settings().clock, dry_run, push, steps, as_json)
    return 3 if any(remark.weight == "block" for remark in plan.remarks) else 0


def _land(store: Store, *, push: bool, dry_run: bool) -> Landed:
    brought = bring_merged(store) if push else {}
    landed = land(store, dry_run=dry_run)
    if push and not dry_run:
        push_landed(store.repo, brought)
    return landed


def _show(
    plan: TagPlan, landed: Landed, clock: str, dry_run: bool, push: bool, steps: list[str], as_json: bool
) -> None:
    if as_json:
        data = {"missing": [asdict(tag) for tag in plan.missing], "present": list(plan.present)}
        data |= {"landed": [event.id for event in landed.events]}
        told = data | {"remarks": [asdict(remark) for remark in plan.remarks], "written": not dry_run, "pushed": push}
        warnings = [*(one.message for one in plan.remarks), *landed.remarks]
        output.envelope("tags/1", told, clock=clock, warnings=warnings, next_=steps)
        return
    output.clock_line(clock)
    if not plan.missing:
        click.echo(f"nothing to do: {len(plan.present)} tags are there")
    output.table((f"  {tag.name}", tag.commit[:10], tag.message.splitlines()[0]) for tag in plan.missing)
    for event in landed.events:
        click.echo(f"  event/{event.id}  {event.model} {sentence(event)}, on {layout.EVIDENCE_BRANCH}")
    for words in landed.remarks:
        output.warn(words)
    for remark in plan.remarks:
        hint = f" ({remark.hint})" if remark.hint else ""
        click.echo(f"{remark.weight:5}  {remark.subject}: {remark.message}{hint}")
    output.next_steps(steps)
