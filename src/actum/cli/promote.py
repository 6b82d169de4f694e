"""``actum promote MODEL[@V] --to STAGE``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from actum import files, gates, layout, moments, names, state
from actum.checking.check import check
from actum.checking.gather import pages
from actum.cli import output, planned
from actum.cli.context import Context, dry_run_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.errors import UsageError, UserError
from actum.git.repository import Git
from actum.planning.appraisal import HOLDOUT
from actum.planning.plan import Plan
from actum.progress import Teller
from actum.promotion.branch import push_branch
from actum.promotion.promote import Order, Outcome, Surroundings, promote
from actum.records.codec import encode

ORIGIN = "remote.origin.url"


@click.command(epilog="Example: actum promote churn@v1.1.0 --to production")
@click.argument("model", metavar="MODEL[@V]")
@click.option("--to", "stage", required=True, metavar="STAGE", help="One of the stages in actum.yaml.")
@click.option(
    "--effective-at", metavar="TIME", help="When it holds in the business; now, without it. At most a year ahead."
)
@click.option("--back", is_flag=True, help="Return to the last good version; MODEL alone, without @V.")
@click.option("--break-glass", "reason", metavar="REASON", help="Pass over closed gates, loudly and on record.")
@click.option("--push", is_flag=True, help="Push the branch to origin.")
@pickle_option
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    model: str,
    stage: str,
    effective_at: str | None,
    back: bool,
    reason: str | None,
    push: bool,
    allow_pickle: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Move a version to a stage, if its policy allows.

    Writes the pointer and its event on a branch of their own, promote/MODEL/STAGE, built from the trunk;
    what is checked out stays as it is. The merge of that branch is the promotion.

    The event says from when it holds in the business: from now on, or from --effective-at. The merge does not
    change that time, so where a review takes days, name one that lies after it; `check` warns of a late merge.
    Only a simulated clock lets it lie in the past.

    Where the policy sets margins, champion and challenger are judged on the card's holdout, each in its own
    environment. A roll-back (--back) goes the same road but is not measured against the champion that it leaves.
    """
    reference = names.parse_reference(model)
    if reference.kind not in ("model", "version", "stage"):
        raise UsageError(f"{model!r} is no version", hint="actum promote MODEL@v1.2.0 --to STAGE")
    if not names.is_name(stage):
        raise UsageError(f"--to {stage!r} is no name of a stage", hint="actum promote MODEL --to production")
    if back and reference.kind != "model":
        raise UsageError(f"--back finds the version itself: {model} names one", hint=_back(reference.owner, stage))
    if reason is not None and not reason.strip():
        raise UsageError("--break-glass wants a reason", hint='actum promote MODEL --to STAGE --break-glass "WHY"')
    order = Order(
        back=back,
        break_glass=reason,
        reference=reference,
        stage=stage,
        effective_at=moments.from_option(effective_at) if effective_at else None,
        allow_pickle=allow_pickle,
        dry_run=dry_run,
    )
    repo = context.repo()
    if push and not repo.config(ORIGIN):
        raise UserError("there is no remote origin to push to", hint="git remote add origin ADDRESS")
    with telling(context, "judging the version by its policy", as_json=as_json) as tell:
        around = Surroundings(repo=repo, environ=context.environ, now=context.now, ids=context.ids, tell=tell)
        outcome = promote(order, around)
        body = _write_body(context, repo, order, outcome, tell) if outcome.commit else None
        if push and outcome.commit:
            tell.now("pushing the branch to origin")
            push_branch(repo, outcome.branch)
    steps = _steps(outcome, order, outcome.plan.base.settings().trunk, bool(repo.config(ORIGIN)), push)
    (_show_json if as_json else _show)(outcome, body, order, steps, context.now())
    if outcome.refused and not as_json:
        for path in sorted(repo.dirty().keys() & _read(outcome.plan)):
            output.warn(f"{path} is not committed as it is: a promotion is judged by what the trunk holds")
    return 3 if outcome.refused else 0


def _write_body(context: Context, repo: Git, order: Order, outcome: Outcome, tell: Teller) -> Path:
    """Judge the branch as CI will, and keep the page for reviewers where the pull request's text can be taken from."""
    checked = check(
        repo,
        head=outcome.commit,
        environ=context.environ,
        now=context.now(),
        tell=tell,
        allow_pickle=order.allow_pickle,
    )
    path = state.folder(repo.root) / "promotions" / f"{outcome.plan.model}-{outcome.plan.stage}.md"
    path.parent.mkdir(exist_ok=True)
    files.replace(path, pages(checked).encode())
    return path.relative_to(repo.root)


def _title(outcome: Outcome) -> str:
    return f"Promote {outcome.plan.model} {outcome.plan.wanted} to {outcome.plan.stage}"


def _back(model: str, stage: str) -> str:
    return f"actum promote {model} --to {stage} --back"


def _steps(outcome: Outcome, order: Order, trunk: str, has_origin: bool, pushed: bool) -> list[str]:
    if outcome.event is None:
        return _mends(outcome.plan, order)
    branch, check_it = outcome.branch, "actum check" + (" --allow-pickle" if order.allow_pickle else "")
    if has_origin:
        force = " --force-with-lease" if outcome.replaced else ""
        return [
            f"git switch {branch}",
            check_it,
            *(() if pushed else (f"git push{force} -u origin {branch}",)),
            "actum tags --push  # after the merge",
        ]
    return [f"git switch {branch}", check_it, f"git switch {trunk}", f"git merge --no-ff {branch}", "actum tags"]


def _mends(plan: Plan, order: Order) -> list[str]:
    """Say what opens the gates that a person can open without another model, and what shows more of the plan."""
    closed = {finding.gate for finding in plan.blocks}
    known = {
        "application": f"write applications: [NAME] into {layout.card(plan.model)}, describe NAME in {layout.SETTINGS}",
        gates.REBUILD: f"actum rebuild {plan.model}@v{plan.wanted}",
    }
    if plan.candidate:  # it is there, and not as it was registered
        known["version"] = "actum fsck"
    if not order.allow_pickle and any(one and one.artifact.needs_leave for one in (plan.champion, plan.candidate)):
        known[HOLDOUT] = f"actum promote {order.reference} --to {order.stage} --allow-pickle"
    steps = [step for gate, step in known.items() if gate in closed]
    if plan.champion and plan.candidate and not plan.stands_already:
        steps.append(f"actum diff {plan.model}@v{plan.champion.version} {plan.model}@v{plan.candidate.version}")
    return steps


def _read(plan: Plan) -> set[str]:
    return {layout.SETTINGS, layout.card(plan.model), *([layout.policy(plan.policy)] if plan.policy else [])}


def _show_json(outcome: Outcome, body: Path | None, order: Order, steps: list[str], now: datetime) -> None:
    plan = outcome.plan
    data = {
        **planned.data(plan, now=now),
        "findings": [encode(finding) for finding in plan.findings],
        "stands_already": plan.stands_already,
        "event": encode(outcome.event) if outcome.event else None,
        "branch": outcome.branch if outcome.event else None,
        "commit": outcome.commit,
        "title": _title(outcome) if outcome.commit else None,
        "body": str(body) if body else None,
        "clock": outcome.clock,
        "dry_run": order.dry_run,
    }
    warnings = [one.because for one in plan.warnings]
    output.envelope("promote-result/1", data, clock=outcome.clock, warnings=warnings, next_=steps)


def _show(outcome: Outcome, body: Path | None, order: Order, steps: list[str], now: datetime) -> None:
    plan = outcome.plan
    output.clock_line(outcome.clock)
    if plan.stands_already:
        since = f" since {plan.standing.effective_at:%Y-%m-%d}" if plan.standing else ""
        click.echo(f"nothing to do: {plan.model} {plan.wanted} stands at {plan.stage}{since}")
        return
    planned.show(plan, plan.findings, reason=order.break_glass, now=now)
    if outcome.commit:
        click.echo(f"written to {outcome.branch}, commit {outcome.commit[:10]}")
        click.echo(f"pull request: {_title(outcome)}; its text: {body}")
    elif outcome.refused:
        click.echo("refused: nothing was written")
    elif order.dry_run:
        click.echo("dry run: nothing was written")
    output.next_steps(steps)
