"""The use case: score in the locked environment, write a segment, push it, seal it in one commit."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from actum import moments, state
from actum.decisions import proving, sealing
from actum.decisions.seals import body, seals
from actum.dvc.config import Config, read_config
from actum.dvc.objects import Needed
from actum.errors import UserError
from actum.git.repository import Git
from actum.names import Ids
from actum.needs import bring, leave_lacking
from actum.progress import Teller, counter
from actum.quantities import plural
from actum.records.event import Event
from actum.records.settings import Clock
from actum.revisions import open_head, open_trunk
from actum.scoring.keeping import Keeper, finish_left_over
from actum.scoring.order import Decider, Order, Table, decider, request, table
from actum.scoring.supplying import Found, lacking, supply
from actum.scoring.survey import Survey, survey
from actum.store import Store
from actum.workshop import open_version_workshop

BATCH_ROWS = 4096
EXAMPLES = 2


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What scoring is given by the process."""

    repo: Git
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    ids: Ids
    tell: Teller


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """What came of it.

    Attributes:
        seal: The seal on record; None for a dry run.
        supplied: Inputs that the table lacked; None where it lacked none.
        new: Whether this call sealed it, or it stood already.
        examples: Ids of decisions to ask about, of the outcome at or above the threshold first.
        remote: Where the segment's bytes were pushed to and read back; "" for nowhere.
        branch: Where the seal was committed.
    """

    by: Decider
    table: Table
    survey: Survey
    clock: Clock
    supplied: Found | None = None
    seal: Event | None = None
    new: bool = False
    examples: tuple[str, ...] = ()
    remote: str = ""
    branch: str = ""
    commit: str = ""
    warnings: tuple[str, ...] = ()


def score(order: Order, around: Surroundings) -> Scored:
    """Decide about every row of a table and seal the decisions; the same order a second time changes nothing.

    Raises:
        UserError: The card, the table or the times of its rows do not allow it; nothing is written.
        ToolFailedError: The remote did not take the segment; nothing is sealed.
    """
    repo = around.repo
    with state.one_writer(repo.root, f"score {order.reference.owner}"):
        repo.identity()
        as_of = order.as_of or around.now()
        trunk = open_trunk(repo)
        by = decider(trunk, order.reference, as_of)
        rows = table(repo.root, order.table)
        if not order.dry_run:
            finish_left_over(repo, by.card.model, around.environ, around.tell)
        with state.held(repo.root, "score") as folder:
            lines, supplied = _ask(order, around, by, rows, trunk, folder)
            around.tell.now("reading the scores")
            found = survey(lines, by.rule, since=by.standing.since if by.standing else None, until=as_of)
            _refuse_outside(found, order, by, rows, as_of)
            changed = supplied.changed if supplied else ()
            done = Scored(
                by=by,
                table=rows,
                survey=found,
                clock=trunk.settings().clock,
                supplied=supplied,
                warnings=tuple(f"{path} is not what is on record: inputs were built from it" for path in changed),
            )
            return _settle(done, order, around, trunk, lines, as_of)


def _settle(done: Scored, order: Order, around: Surroundings, trunk: Store, lines: Path, as_of: datetime) -> Scored:
    known = seals(done.by.card.model, trunk, open_head(around.repo))
    if (same := _same(known, done)) is not None:
        keeper = _keeper(order.reference.owner, body(same).segment, around)
        lacking = "" if order.dry_run else keeper.deliver(body(same), local=order.local, tell=around.tell)
        return replace(done, seal=same, remote=lacking)
    if order.dry_run:
        return replace(done, new=True)
    return _seal(done, order, around, known[-1] if known else None, lines, as_of)


def _ask(
    order: Order, around: Surroundings, by: Decider, rows: Table, trunk: Store, folder: Path
) -> tuple[Path, Found | None]:
    """Have the worker write the scored rows; return where, and what was found of inputs that the table lacks.

    Raises:
        UserError: The model is no skops file, and nobody gave leave to load another; or inputs cannot be found.
    """
    version = by.version
    if problem := leave_lacking(version, allow_pickle=order.allow_pickle):
        raise UserError(f"{by.name}: {problem}", hint=_again(order, rows, "--allow-pickle"))
    config = read_config(around.repo.root, around.environ)
    artifact = version.artifact
    needed = Needed(path=artifact.path, md5=artifact.md5, size=artifact.size, sha256=artifact.sha256)
    wanted = lacking(by, rows, order, trunk, config)
    model = bring(needed, config, around.environ, around.tell)
    workshop = open_version_workshop(around.repo, version, environ=around.environ, tell=around.tell)
    found = None
    if wanted:
        verb = "looking up" if order.store else "building"
        around.tell.now(f"{verb} {plural(len(wanted.inputs), 'input')} of {by.name}")
        found = supply(wanted, by, rows, order, workshop, folder)
    around.tell(f"scoring {rows.listed or rows.path.name} with {by.name}")
    around.tell.now(f"scoring with {by.name}")  # in the locked environment, which answers once
    out, supplied = folder / "scored.ndjson", (found.path, found.record.inputs) if found else None
    workshop.ask("score", {**request(order, by, rows, model, out, supplied), "batch_rows": BATCH_ROWS})
    return out, found


def _refuse_outside(found: Survey, order: Order, by: Decider, rows: Table, as_of: datetime) -> None:
    """No row is left out in silence, and none is decided by a version that did not stand there then.

    Raises:
        UserError: Rows lie before the promotion, or after the time asked for.
    """
    problems, options = [], []
    if found.before and by.standing:
        since = moments.write(by.standing.since)
        problems.append(f"{_rows(found.before)} before {since}, when {by.name} took {by.standing.stage}")
        options += ["--since", since]
    if found.after:
        problems.append(f"{_rows(found.after)} after {moments.write(as_of)}, the time asked for (--as-of)")
        options += ["--until", moments.write(as_of)]
    if found.before == found.rows and by.standing:
        which = "the only row is" if found.rows == 1 else f"all {found.rows:,} rows are"
        problem = f"{which} before {since}, when {by.name} took {by.standing.stage}"
        outright = shlex.join(["actum", "score", by.name, rows.listed or str(rows.path)])
        raise UserError(f"{problem}; none was decided", hint=f"{outright}  # a version by its name, under no promotion")
    if problems:
        told = f"{' and '.join(problems)}; of {plural(found.rows, 'row')} none was decided"
        raise UserError(told, hint=_again(order, rows, *options))


def _rows(count: int) -> str:
    return plural(count, "row") + (" is" if count == 1 else " are")


def _again(order: Order, rows: Table, *options: str) -> str:
    """Return the command of an order with other options, or more of them."""
    times = [("--as-of", order.as_of), ("--since", order.since), ("--until", order.until)]
    kept = [word for name, at in times if at and name not in options for word in (name, moments.write(at))]
    kept += ["--store", str(order.store)] if order.store else []
    flags = [("--local", order.local), ("--allow-pickle", order.allow_pickle), ("--dry-run", order.dry_run)]
    flags.append(("--allow-changed", order.allow_changed))
    kept += [name for name, is_given in flags if is_given and name not in options]
    return shlex.join(["actum", "score", str(order.reference), rows.listed or str(rows.path), *options, *kept])


def _same(known: tuple[Event, ...], done: Scored) -> Event | None:
    """Return the seal of the very same order, if there is one."""
    found, standing = done.survey, done.by.standing
    supplied = done.supplied.record.sha256 if done.supplied else None
    wanted = (done.table.sha256, done.by.version.artifact.sha256, standing.event.id if standing else None, supplied)
    for event in known:
        seal = body(event)
        inputs = seal.supplied.sha256 if seal.supplied else None
        times = (seal.first_moment, seal.last_moment, seal.rows)
        same = (seal.input_sha256, seal.artifact, seal.stage_event, inputs) == wanted
        if same and times == (found.first, found.last, found.rows):
            return event
    return None


def _seal(
    done: Scored, order: Order, around: Surroundings, previous: Event | None, lines: Path, as_of: datetime
) -> Scored:
    by, segment, at = done.by, around.ids.new(), around.now()
    if previous is not None and segment <= max(previous.id, body(previous).segment):
        raise UserError(
            f"this machine's clock ({at:%Y-%m-%d %H:%MZ}) is behind the last seal of {by.card.model}, {previous.id}",
            hint="set the clock right: ids must follow each other",
        )
    keeper = _keeper(by.card.model, segment, around)
    scratch = lines.parent
    with keeper.place() as target, lines.open("rb") as stream:
        rows = _counted(around.tell, stream, done.survey.rows)
        written = sealing.seal_rows(rows, target, _terms(by, at), around.ids, scratch=scratch)
        examples = _examples(target, by)
        kept = keeper.keep(target, local=order.local, tell=around.tell)
        event = keeper.event(
            kept,
            by=by,
            written=written,
            table=done.table,
            batch_rows=BATCH_ROWS,
            event_id=around.ids.new(),
            at=at,
            as_of=as_of,
            clock=done.clock,
            previous=previous,
            outcomes=done.survey.outcomes,
            supplied=done.supplied.record if done.supplied else None,
        )
        around.tell.now("committing")
        commit, branch = keeper.commit(event, target)
    return replace(
        done,
        seal=event,
        new=True,
        examples=examples,
        remote=kept.remote,
        branch=branch,
        commit=commit,
        warnings=(*done.warnings, *_warnings(order, keeper.config)),
    )


def _keeper(model: str, segment: str, around: Surroundings) -> Keeper:
    config = read_config(around.repo.root, around.environ)
    return Keeper(repo=around.repo, config=config, environ=around.environ, model=model, segment=segment)


def _counted(tell: Teller, lines: Iterable[bytes], total: int) -> Iterator[bytes]:
    count = counter(tell, "sealing", "rows")
    for done, line in enumerate(lines):
        count(done, total)
        yield line
    tell.now("writing the segment and reading it back")


def _terms(by: Decider, at: datetime) -> sealing.Terms:
    return sealing.Terms(
        model=by.card.model,
        version=by.version.version,
        artifact=by.version.artifact.sha256,
        recorded_at=at,
        rule=by.rule,
        stage=by.standing.stage if by.standing else None,
        stage_event=by.standing.event.id if by.standing else None,
    )


def _examples(segment: Path, by: Decider) -> tuple[str, ...]:
    found = proving.decided(segment, by.rule.at_or_above, EXAMPLES)
    return found or proving.decided(segment, by.rule.below, EXAMPLES)


def _warnings(order: Order, config: Config) -> tuple[str, ...]:
    if order.local or config.default_remote:
        return ()
    return ("there is no DVC remote: the decisions lie on this machine alone",)
