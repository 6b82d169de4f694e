"""The use case: what will be run, running it, and the result commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePosixPath

from actum import files, layout, pipeline, state
from actum.dvc.lockfile import Lock
from actum.dvc.pipeline import Pipeline
from actum.errors import InvalidRecordError, ToolFailedError
from actum.filing import write_record
from actum.git import writing
from actum.git.repository import Git
from actum.names import Ids, ulid_ms
from actum.progress import Teller
from actum.records.run import Run
from actum.records.settings import Settings
from actum.runlog import closing, history, journal
from actum.runlog.history import flat_metrics, locked_state
from actum.running.beforehand import look_first, mend_lock
from actum.running.ignoring import ignore_outputs
from actum.running.record import Hasher, run_stages
from actum.store import Store
from actum.workshop import Workshop, keep_wing, open_workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked for. ``pipeline``: the folder of the dvc.yaml; ``targets``: stages, empty for all."""

    pipeline: str = "."
    targets: tuple[str, ...] = ()
    commit: bool = True
    command: tuple[str, ...] = ("actum", "run")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        run: The run's record; of an order that changed nothing, the run that stands.
        new: Whether anything was executed.
        commit: The result commit, absent for a dirty tree or with ``--no-commit``.
        pending: What the record says is to be committed by hand, when ``commit`` is absent.
    """

    run: Run
    path: str
    new: bool
    log: str
    commit: str | None = None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A run under way: everything decided before the first stage starts."""

    repo: Git
    store: Store
    settings: Settings
    order: Order
    workshop: Workshop
    code_commit: str
    dirty: bool


def run(
    repo: Git,
    order: Order,
    *,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    ids: Ids,
    tell: Teller,
    each_line: Callable[[str], None],
) -> Outcome:
    """Run the pipeline and record it.

    Raises:
        UserError: Something is missing; nothing was started.
        ToolFailedError: A stage failed; no record was written, the log's place is said.
    """
    with state.one_writer(repo.root, "run"):
        repo.identity()
        if order.commit:
            writing.require_branch(repo)
        store = Store(repo, repo.head())
        settings = store.settings()
        files.sweep(repo.root, repo.dirty())
        _, unclosed = closing.close_killed(repo.root, environ)
        for problem in unclosed.values():
            tell(f"a run of a script cannot be put on record: {problem}")
        mend_lock(repo, store, order.pipeline, tell)
        lock = look_first(repo, store, order.pipeline, order.targets, settings.environment, tell)
        workshop = open_workshop(repo.root, lock, settings.environment, environ=environ, tell=tell)
        if (path := settings.environment.lock) in repo.dirty():
            tell(f"{path} is not committed as it is: the environment is made of the one that is (git commit {path})")
        job = _prepare(repo, store, settings, order, workshop, tell)
        return _Performance(job, environ, ids, now, tell, each_line).perform()


def preview(repo: Git, order: Order, *, environ: Mapping[str, str], tell: Teller) -> tuple[tuple[str, str], ...]:
    """Return what a run would do with each stage: ``executed``, or the id of the run that it would cite.

    Raises:
        UserError: Something is missing.
    """
    store = Store(repo, repo.head())
    settings = store.settings().environment
    committed = look_first(repo, store, order.pipeline, order.targets, settings, tell)
    workshop = open_workshop(repo.root, committed, settings, environ=environ, tell=tell)
    described, lock = pipeline.read(repo.root, order.pipeline)
    stages = pipeline.closure(described, order.targets)
    tell.now("asking DVC what is out of date")
    states = {stage.name: locked_state(lock.stages[stage.name]) for stage in stages if stage.name in lock.stages}
    cited = history.standing(states, history.key_of(workshop.described), store.runs())
    stale = pipeline.out_of_date(repo.root, order.pipeline, environ=environ, targets=order.targets)
    execute = pipeline.downstream(stages, {*stale, *(stage.name for stage in stages if stage.name not in cited)})
    return tuple((s.name, "executed" if s.name in execute else cited[s.name].stage.run) for s in stages)


def _prepare(
    repo: Git, store: Store, settings: Settings, order: Order, workshop: Workshop, tell: Callable[[str], None]
) -> _Job:
    described, _ = pipeline.read(repo.root, order.pipeline)
    changed = repo.dirty()
    results = _results_of(described, order.pipeline)
    code = {path for path in changed if not _is_result(path, results)}
    commit = repo.head()
    if code:
        names = ", ".join(sorted(code)[:3]) + (" ..." if len(code) > 3 else "")
        tell(f"the work tree is dirty ({names}): the run is recorded with a snapshot, but cannot be registered")
        commit = writing.snapshot(repo, "actum: snapshot of a dirty work tree")
    return _Job(
        repo=repo,
        store=store,
        settings=settings,
        order=order,
        workshop=workshop,
        code_commit=commit,
        dirty=bool(code),
    )


class _Performance:
    """One run from its intent to its record."""

    def __init__(
        self,
        job: _Job,
        environ: Mapping[str, str],
        ids: Ids,
        now: Callable[[], datetime],
        tell: Teller,
        each_line: Callable[[str], None],
    ) -> None:
        self._job, self._environ, self._ids, self._now = job, environ, ids, now
        self._tell, self._each_line = tell, each_line

    def perform(self) -> Outcome:
        job = self._job
        described, lock = pipeline.read(job.repo.root, job.order.pipeline)
        stages = pipeline.closure(described, job.order.targets)
        names = [stage.name for stage in stages]
        book = self._resumed(lock) or self._begun()
        cited = self._cite(names, lock, book)
        pipeline.cut(job.repo.root, job.order.pipeline, self._nobodys(names, lock, book, cited))
        ignore_outputs(job.repo, stages)
        # Before its first run nobody knows how many stages a template makes.
        guess = any(stage.templated and stage.name not in lock.stages for stage in stages)
        pipeline.write_watched(book.folder, job.repo.root, stages)
        self._execute(book, pipeline.stage_counter(self._tell, None if guess else len(stages)))
        described, lock = pipeline.read(job.repo.root, job.order.pipeline)
        # Of a foreach or a matrix only dvc.lock knows the stages.
        names = [stage.name for stage in pipeline.closure(described, job.order.targets)]
        self._notice_changes(described)
        if not book.executed() and (standing := self._already(names, lock)):
            book.note("closed", why="nothing to do")
            path = layout.run(standing.id, standing.started_at)
            return Outcome(run=standing, path=path, new=False, log=str(book.log))
        return self._record(book, described, lock, names)

    def _begun(self) -> journal.Book:
        book = journal.open_book(self._job.repo.root, self._ids.new(), self._intent())
        if self._job.dirty:
            writing.move_ref(self._job.repo, layout.run_ref(book.run), self._job.code_commit, expected=None)
        return book

    def _resumed(self, lock: Lock) -> journal.Book | None:
        """Return the newest run that was killed or failed, if it meant to do the very same; give up the others."""
        found = None
        for book in journal.unfinished(self._job.repo.root):
            if found is None and book.intent() == {"event": "intent", **self._intent()} and not self._job.dirty:
                self._tell(f"continuing run/{book.run}, which did not come to its end")
                book.note("continued")
                _distrust(book, lock)
                found = book
            else:
                book.note("closed", why="given up")
        return found

    def _intent(self) -> dict[str, object]:
        job = self._job
        return {
            "code_commit": job.code_commit,
            "pipeline": job.order.pipeline,
            "targets": list(job.order.targets),
            "environment": list(map(str, history.key_of(job.workshop.described))),
        }

    def _cite(self, names: Sequence[str], lock: Lock, book: journal.Book) -> dict[str, history.Cited]:
        states = {name: locked_state(lock.stages[name]) for name in names if name in lock.stages}
        open_ = {name: state_ for name, state_ in states.items() if name not in book.executed()}
        key = history.key_of(self._job.workshop.described)
        return history.standing(open_, key, self._job.store.runs())

    def _nobodys(
        self, names: Sequence[str], lock: Lock, book: journal.Book, cited: Mapping[str, history.Cited]
    ) -> list[str]:
        """Return the stages in dvc.lock whose result no execution in this environment made."""
        executed = book.executed()
        return [name for name in names if name in lock.stages and name not in cited and name not in executed]

    def _execute(self, book: journal.Book, count: Callable[[str], None]) -> None:
        job = self._job
        shell = job.workshop.write_shell(book.folder)
        begun = len(book.entries())
        with book.log.open("a", encoding="utf-8") as log:

            def keep(line: str) -> None:
                log.write(line + "\n")
                log.flush()
                self._each_line(line)
                count(line)
                if pipeline.is_between_stages(line):
                    self._keep_states(book)

            code = pipeline.execute(
                job.repo.root,
                job.order.pipeline,
                environ=self._environ,
                shell=shell,
                targets=job.order.targets,
                each_line=keep,
            )
        self._keep_states(book)
        if code:
            problem = _failure(book, since=begun)
            book.note("failed", code=code)
            hint = "dvc pull" if "missing data" in problem else f"less {book.log}; mend it, then actum run again"
            raise ToolFailedError(problem, hint=hint)

    def _notice_changes(self, described: Pipeline) -> None:
        """Whoever edits or commits code under a run leaves nobody to say which of it was executed: call it dirty."""
        job = self._job
        if job.dirty:
            return
        results = _results_of(described, job.order.pipeline)
        changed = sorted(path for path in job.repo.changed_since(job.code_commit) if not _is_result(path, results))
        if changed:
            self._tell(f"{', '.join(changed[:3])} changed while the stages ran: this run cannot be registered")
            self._job = replace(job, dirty=True)

    def _keep_states(self, book: journal.Book) -> None:
        """Note what dvc.lock says of each stage executed: a resumed run trusts no entry that says otherwise."""
        try:
            _, lock = pipeline.read(self._job.repo.root, self._job.order.pipeline)
        except InvalidRecordError:
            return  # DVC is writing it at this moment; the next line brings us here again
        told = book.locked()
        for name in book.executed():
            if name not in told and name in lock.stages:
                book.note("locked", stage=name, state=history.digest_of(locked_state(lock.stages[name])))

    def _already(self, names: Sequence[str], lock: Lock) -> Run | None:
        """Return the newest run on record that says all that this one could say."""
        job = self._job
        key = history.key_of(job.workshop.described)
        wanted = {name: locked_state(lock.stages[name]) for name in names}
        for run_ in job.store.runs():
            if run_.kind != "pipeline" or run_.dirty or run_.environment is None:
                continue
            told = {stage.name: history.state_of(run_, stage) for stage in run_.stages}
            if told == wanted and history.key_of(run_.environment) == key:
                return run_
        return None

    def _record(self, book: journal.Book, described: Pipeline, lock: Lock, names: Sequence[str]) -> Outcome:
        job = self._job
        root = job.repo.root
        self._tell.now("reading what the stages read and made")
        cited = self._cite(names, lock, book)
        tracked = cache(lambda: job.repo.tree(job.code_commit))
        stages, facts = run_stages(names, lock, book, cited, Hasher(root), tracked)
        started = datetime.fromtimestamp(ulid_ms(book.run) / 1000, UTC)
        record = Run(
            schema="run/1",
            id=book.run,
            kind="pipeline",
            started_at=started,
            finished_at=self._now(),
            clock=job.settings.clock,
            by=job.repo.identity(),
            command=job.order.command,
            code_commit=job.code_commit,
            dirty=job.dirty,
            pipeline=job.order.pipeline,
            environment=job.workshop.described,
            params={key: value for name in names for key, value in history.stage_params(lock.stages[name]).items()},
            metrics=flat_metrics(pipeline.metrics_of(root, described, names)),
            stages=stages,
            files=facts,
        )
        path = layout.run(book.run, started)
        keep_wing(root, self._environ, job.workshop.described)
        files.replace(files.inside(root, path), write_record(record, path=path))
        return self._commit(book, record, path, described)

    def _commit(self, book: journal.Book, record: Run, path: str, described: Pipeline) -> Outcome:
        job, root = self._job, self._job.repo.root
        outcome = Outcome(run=record, path=path, new=True, log=str(book.log))
        results = _results_of(described, job.order.pipeline)
        # A record that an earlier run of a pipeline left uncommitted is not this one's result.
        scripts = closing.scripts_of(root, changed := job.repo.dirty())
        mine = (p for p in changed if p == path or not p.startswith(f"{layout.RUNS}/") or p in scripts)
        paths = [p for p in mine if _is_result(p, results)]
        if job.dirty or not job.order.commit:
            book.note("closed", why="recorded, not committed")
            return replace(outcome, pending=tuple(sorted(paths)))
        book.note("committing", paths=sorted(paths))
        self._tell.now("committing")
        commit = writing.commit_work_tree(job.repo, paths, _message(record))
        book.note("closed", why="recorded", commit=commit)
        return replace(outcome, commit=commit)


def _results_of(described: Pipeline, folder: str) -> frozenset[str]:
    """Return the paths that a run writes: outputs, dvc.lock, and the .gitignore files that DVC keeps beside outputs."""
    outs = {out.path for stage in described.stages for out in stage.outs}
    ignores = {str(PurePosixPath(path).parent / ".gitignore") for path in outs}
    return frozenset(outs | ignores | {pipeline.lock_path(folder)})


def _is_result(path: str, results: frozenset[str]) -> bool:
    parents = {str(parent) for parent in PurePosixPath(path).parents}
    ours = path.startswith((f"{layout.RUNS}/", f"{layout.WINGS}/"))
    return ours or path in results or bool(parents & results)


def _distrust(book: journal.Book, lock: Lock) -> None:
    """Take back each stage of which dvc.lock does not say what it said when DVC had executed it.

    The file was put back, or written by hand since; what it says now, no execution of this run made.
    """
    told = book.locked()
    for name in book.executed():
        stage = lock.stages.get(name)
        if stage is None or told.get(name) != history.digest_of(locked_state(stage)):
            book.note("void", stage=name)


def _failure(book: journal.Book, *, since: int) -> str:
    ended = [entry for entry in book.entries()[since:] if entry["event"] == "command-ended" and entry["code"]]
    if not ended:
        with suppress(IndexError):
            return "dvc repro failed: " + book.log.read_text(encoding="utf-8").strip().splitlines()[-1]
        return "dvc repro failed"
    last = ended[-1]
    words = _last_words(book)
    told = f"\n  {words}" if words else ""
    return f"stage {last['stage']} failed with exit status {last['code']}: {last['cmd']}{told}"


def _last_words(book: journal.Book) -> str:
    """Return the last line that the stage itself wrote; what follows it in the log is DVC's."""
    lines = book.log.read_text(encoding="utf-8", errors="replace").splitlines()
    own = (line.strip() for line in reversed(lines) if not line.startswith(("ERROR: ", ">")))
    last = next((line for line in own if line), "")
    return "" if pipeline.is_between_stages(last) else last[:300]


def _message(record: Run) -> str:
    stages = ", ".join(record.executed()) or "nothing"
    shown = [f"{name} {value:.4g}" for name, value in record.metrics.items() if isinstance(value, float)][:3]
    title = f"Run {record.id}" + (f": {', '.join(shown)}" if shown else "")
    return f"{title}\n\nExecuted: {stages}\nCode: {record.code_commit}"
