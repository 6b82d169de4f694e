"""``actum approve MODEL[@V] --to STAGE``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from actum import layout, names
from actum.approvals import refs
from actum.approvals.reviews import MOST_BYTES, ForgeReview, read_reviews
from actum.cli import output, planned
from actum.cli.context import Context, dry_run_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.errors import UsageError, UserError
from actum.git.repository import Git
from actum.planning.pending import Pending, find_pending
from actum.promotion.approve import Outcome, Word, approve
from actum.promotion.forge_reviews import import_reviews, sift
from actum.promotion.promote import Surroundings
from actum.records.codec import encode
from actum.records.event import Finding
from actum.signing.keys import chosen_key

ORIGIN = "remote.origin.url"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for beside the promotion itself."""

    word: Word
    key: Path | None
    push: bool
    reviews: tuple[ForgeReview, ...] | None


@click.command(epilog="Example: actum approve churn@v1.1.0 --to production --push")
@click.argument("model", metavar="MODEL[@V]")
@click.option("--to", "stage", required=True, metavar="STAGE", help="The stage that it is to take.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="Sign with FILE; git's own key, without.")
@click.option("--comment", default="", metavar="TEXT", help="What is to be remembered of your review.")
@click.option("--withdraw", is_flag=True, help="Take back what you approved before.")
@click.option("--push", is_flag=True, help="Push the plan's approvals to origin, joined with those there.")
@click.option(
    "--from-github",
    "listed",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Take over the reviews of the pull request, as the forge's REST interface lists them.",
)
@pickle_option
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    model: str,
    stage: str,
    key: Path | None,
    comment: str,
    withdraw: bool,
    push: bool,
    listed: Path | None,
    allow_pickle: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Approve a promotion that waits on its branch: sign its plan, and nothing else.

    What is approved is shown first: it is planned again from the trunk, and refused where the branch says otherwise.
    The signature is an event on refs/actum/approvals/PLAN; after the merge `actum tags` lands it as evidence. It
    stays good when the trunk goes on with other things, and is void for any other plan. Who counts, the trunk says:
    the keys in policies/allowed_signers, the groups in actum.yaml, the number in the policy.
    """
    reference = _reference(model, stage)
    if listed and (key or comment or withdraw):
        raise UsageError("--from-github takes over what others said: --key, --comment and --withdraw do not go with it")
    word = Word(comment=comment, withdraw=withdraw, dry_run=dry_run)
    asked = Asked(word=word, key=key, push=push, reviews=_reviews(context, listed))
    repo = context.repo()
    if push and not repo.config(ORIGIN):
        raise UserError("there is no remote origin to push to", hint="git remote add origin ADDRESS")
    version = reference.name or None
    with telling(context, "planning it again", as_json=as_json) as tell:
        pending = find_pending(
            repo,
            reference.owner,
            stage,
            version,
            environ=context.environ,
            now=context.now(),
            tell=tell,
            allow_pickle=allow_pickle,
        )
    clock = pending.base.settings().clock
    if not as_json:
        output.clock_line(clock)
        _show(pending, context.now())
    outcome = _act(context, repo, pending, asked)
    if push and not dry_run and repo.resolve(layout.approvals_ref(pending.plan.digest)) is not None:
        refs.push(repo, pending.plan.digest)
    steps = _steps(repo, pending, outcome, asked)
    if as_json:
        data = planned.data(pending.plan, now=context.now()) | _data(pending, outcome, asked) | {"clock": clock}
        output.envelope("approve-result/1", data, clock=clock, warnings=list(outcome.remarks), next_=steps)
    else:
        _tell(pending, outcome, asked, steps)
    return 0


def _reference(model: str, stage: str) -> names.Reference:
    reference = names.parse_reference(model)
    if reference.kind not in ("model", "version"):
        raise UsageError(f"{model!r} is no version", hint="actum approve MODEL@v1.2.0 --to STAGE")
    if not names.is_name(stage):
        raise UsageError(f"--to {stage!r} is no name of a stage", hint="actum approve MODEL --to production")
    return reference


def _reviews(context: Context, listed: Path | None) -> tuple[ForgeReview, ...] | None:
    if listed is None:
        return None
    path = context.folder / listed
    if not path.is_file():
        raise UserError(f"there is no file {path}", hint="gh api --paginate repos/OWNER/NAME/pulls/NUMBER/reviews")
    with path.open("rb") as stream:
        return read_reviews(stream.read(MOST_BYTES + 1), where=str(listed))


def _act(context: Context, repo: Git, pending: Pending, asked: Asked) -> Outcome:
    around = Surroundings(repo=repo, environ=context.environ, now=context.now, ids=context.ids)
    if asked.reviews is None:
        option, home = context.folder / asked.key if asked.key else None, context.environ.get("HOME", "~")
        return approve(
            pending, asked.word, around, key=lambda: chosen_key(option, repo.config, root=repo.root, home=home)
        )
    if asked.word.dry_run:
        _, remarks = sift(pending, asked.reviews, around)
        return Outcome(remarks=remarks)
    return import_reviews(pending, asked.reviews, around)


def _show(pending: Pending, now: datetime) -> None:
    planned.show(pending.plan, _findings(pending), reason=pending.promotion.break_glass, now=now)
    click.echo(f"proposed by {pending.event.by} on {pending.branch}, commit {pending.head.commit[:10]}")


def _findings(pending: Pending) -> tuple[Finding, ...]:
    """Return what is to be said of the plan, of the approvals only what they are by now."""
    own = {finding.gate for finding in pending.tally.findings}
    return (*(one for one in pending.plan.findings if one.gate not in own), *pending.tally.findings)


def _done(pending: Pending, outcome: Outcome, asked: Asked) -> str:
    version, stage = pending.promotion.version, pending.plan.stage
    if asked.word.dry_run:
        return "dry run: nothing was signed or written"
    if not outcome.events:
        none = "there is no approval of yours to take back" if asked.word.withdraw else "it is on record already"
        return f"nothing to do: {none if asked.reviews is None else 'no review says anything new'}"
    verb = "withdrawn" if asked.word.withdraw else "approved"
    who = ", ".join(_said(outcome))
    return f"{verb}: {pending.plan.model} {version} -> {stage} by {who}, {layout.approvals_ref(pending.plan.digest)}"


def _said(outcome: Outcome) -> Iterable[str]:
    for event in outcome.events:
        if event.approval:
            taken_back = " (taken back)" if event.approval.withdrawn and event.approval.review else ""
            yield event.approval.principal + taken_back


def _steps(repo: Git, pending: Pending, outcome: Outcome, asked: Asked) -> list[str]:
    has_origin = bool(repo.config(ORIGIN))
    if outcome.events and has_origin and not asked.push and not asked.word.dry_run:
        ref = layout.approvals_ref(pending.plan.digest)
        return [f"git push origin {ref}  # or the same command with --push"]
    return []


def _tell(pending: Pending, outcome: Outcome, asked: Asked, steps: list[str]) -> None:
    click.echo(_done(pending, outcome, asked))
    for remark in outcome.remarks:
        output.warn(remark)
    output.next_steps(steps)


def _data(pending: Pending, outcome: Outcome, asked: Asked) -> dict[str, Any]:
    return {
        "promotion": pending.event.id,
        "head": pending.head.commit,
        "findings": [encode(finding) for finding in _findings(pending)],
        "approvals": [encode(event) for event in outcome.events],
        "ref": layout.approvals_ref(pending.plan.digest),
        "commit": outcome.commit,
        "pushed": asked.push and not asked.word.dry_run,
        "dry_run": asked.word.dry_run,
    }
