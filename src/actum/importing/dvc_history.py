"""The use case of ``import dvc``: a run for each commit that changed a dvc.lock, with what that commit says.

Nobody saw these runs. When they were committed, and by whom, is all that git knows of their times.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from actum import layout, names
from actum.dvc.definitions import LOCK, is_inside
from actum.dvc.lockfile import Entry, Lock, LockedStage, read_lock
from actum.dvc.pipeline import read_pipeline
from actum.errors import InvalidRecordError, UserError
from actum.git.repository import Git, Step
from actum.importing.desk import Desk, open_desk
from actum.importing.ledger import Imported
from actum.pipeline import metrics_in
from actum.progress import Teller, counted
from actum.records.forms import FileFact, Person
from actum.records.run import Origin, Run, RunStage
from actum.runlog.history import digest_of, flat_metrics, locked_state, stage_params
from actum.store import Store

SYSTEM = "dvc"
_PERSON = re.compile(rb"^(author|committer) (.*) <(.*)> (\d+) [+-]\d{4}$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A commit that changed a dvc.lock. ``by``: its author; ``at``: when it was committed, seconds since 1970."""

    commit: str
    lock: str
    by: Person
    at: int

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.lock) or "."

    @property
    def ulid(self) -> str:
        """The id of its run: the same at each import."""
        said = f"{SYSTEM} run {self.commit} {self.lock}".encode()
        return names.ulid_of(self.at * 1000, hashlib.sha256(said).digest()[:10])


def import_dvc(repo: Git, *, environ: Mapping[str, str], dry_run: bool, tell: Teller) -> Imported:
    """Put a run on record for each commit in the history of HEAD that changed a dvc.lock and has no run of its own.

    Raises:
        NotFoundError: There is no actum.yaml here.
        UserError: There is no commit yet.
    """
    desk = open_desk(repo, environ, dry_run=dry_run)
    tell.now("reading the history")
    steps = repo.steps(repo.head())
    observer = _Observer(desk, _recorded(repo, steps))
    for change in counted(tell, list(_changes(repo, steps)), "taking over commits", "commits"):
        observer.take(change)
    notes = ("this clone is shallow: what lies before its edge is not taken over",) if repo.is_shallow() else ()
    return desk.ledger.close(SYSTEM, desk.paths(), notes)


def _changes(repo: Git, steps: tuple[Step, ...]) -> Iterator[Change]:
    """Yield the changes, oldest first; a merge that has the dvc.lock of one of its parents changed nothing."""
    times = Counter(
        (step.commit, path) for step in steps for path, letter in step.changed.items() if _is_new(path, letter)
    )
    commits = repo.blobs(commit for commit, _ in times)
    for (commit, path), count in times.items():
        head = commits[commit].partition(b"\n\n")[0]
        people = {found[1]: found for found in _PERSON.finditer(head)}
        if count < head.count(b"\nparent ") or people.keys() != {b"author", b"committer"}:
            continue
        author = people[b"author"]
        by = Person(name=author[2].decode(errors="replace"), email=author[3].decode(errors="replace"))
        yield Change(commit=commit, lock=path, by=by, at=int(people[b"committer"][4]))


def _is_new(path: str, letter: str) -> bool:
    return posixpath.basename(path) == LOCK and letter in "AM"


def _recorded(repo: Git, steps: tuple[Step, ...]) -> frozenset[tuple[str, str]]:
    """Return the commits, each with the folder of its pipeline, that brought a record of a run of their own."""
    found = set()
    for step in steps:
        for path, letter in step.changed.items():
            if letter == "A" and layout.kind_of(path) == "run":
                try:
                    run = Store(repo, step.commit).run(layout.names_in(path)[0])
                except InvalidRecordError:
                    continue  # fsck's to tell
                if run is not None and run.kind == "pipeline":
                    found.add((step.commit, run.pipeline or "."))
    return frozenset(found)


class _Observer:
    """Turns commits into runs; of each stage it knows which commit had it first as it is."""

    def __init__(self, desk: Desk, recorded: frozenset[tuple[str, str]]) -> None:
        self._desk, self._recorded = desk, recorded
        self._first: dict[tuple[str, str, str], str] = {}

    def take(self, change: Change) -> None:
        if (change.commit, change.folder) in self._recorded:
            self._desk.ledger.known["run"] += 1
            return
        try:
            run = self._run(change)
        except UserError as error:
            self._desk.ledger.leave("commit", str(error), change.commit[:10])
            return
        if run.stages:
            self._desk.put("run", layout.run(run.id, run.started_at), run)
        else:
            self._desk.ledger.leave("commit", f"its {change.lock} names no stage", change.commit[:10])

    def _run(self, change: Change) -> Run:
        then = Store(self._desk.repo, change.commit)
        lock = read_lock(then.read, change.lock)
        described = read_pipeline(then.read, layout.in_pipeline(change.folder, "dvc.yaml"))
        measured = metrics_in(then.read, described, lock.stages)
        params: dict[str, object] = {}
        for stage in lock.stages.values():
            params = stage_params(stage) | params
        files = self._files(change, lock)
        return Run(
            schema="run/1",
            id=change.ulid,
            kind="observed",
            origin=Origin(system=SYSTEM, id=change.commit),
            started_at=datetime.fromtimestamp(change.at, UTC),
            clock=self._desk.settings.clock,
            by=change.by,
            pipeline=change.folder,
            params=params,
            metrics=flat_metrics({path: found for path, found in measured.items() if found}),
            stages=tuple(self._stage(change, name, stage, files, params) for name, stage in lock.stages.items()),
            files=tuple(files[path] for path in sorted(files)),
        )

    def _stage(
        self,
        change: Change,
        name: str,
        stage: LockedStage,
        files: Mapping[str, FileFact],
        params: Mapping[str, object],
    ) -> RunStage:
        """Return a stage with what it read and was told, where the run's record says the same of it.

        After a partial ``dvc repro`` two stages can have read two contents of one file, of which a record has one.
        """
        told = stage_params(stage)
        for param in (param for param in told if params[param] != told[param]):
            why = "another stage was told otherwise"
            self._desk.ledger.leave("param of a stage", why, f"{change.commit[:10]} {name}: {param}")
        key = change.folder, name, digest_of(locked_state(stage))
        return RunStage(
            name=name,
            run=self._first.setdefault(key, change.ulid),
            cmd="\n".join(stage.cmd),
            deps=tuple(entry.path for entry in stage.deps if _stands(entry, files)),
            params=tuple(param for param in told if params[param] == told[param]),
            outs=tuple(entry.path for entry in stage.outs if _stands(entry, files)),
        )

    def _files(self, change: Change, lock: Lock) -> dict[str, FileFact]:
        found: dict[str, FileFact] = {}
        entries = [entry for stage in lock.stages.values() for entry in (*stage.outs, *stage.deps)]
        for entry in entries:
            if entry.md5 is None or not is_inside(entry.path):
                why = "lies outside of the repository, or has no md5"
                self._desk.ledger.leave("file of a stage", why, f"{change.commit[:10]} {entry.path}")
                continue
            fact = found.setdefault(entry.path, FileFact(path=entry.path, md5=entry.md5, size=entry.size))
            if fact.md5 != entry.md5:
                why = "a stage read it otherwise than it stands there"
                self._desk.ledger.leave("file of a stage", why, f"{change.commit[:10]} {entry.path}")
        return found


def _stands(entry: Entry, files: Mapping[str, FileFact]) -> bool:
    return entry.path in files and files[entry.path].md5 == entry.md5
