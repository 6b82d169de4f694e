"""The use case: clean checkout, locked environment, source data only, pipeline re-run, bytes compared."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from actum import digests, files, layout, pipeline, state
from actum.dvc.cache import cache_of
from actum.dvc.config import Config, read_config, worktree_config
from actum.dvc.lockfile import read_lock
from actum.dvc.objects import Needed
from actum.environment import machine
from actum.errors import ToolFailedError, UserError
from actum.evidence import add_evidence
from actum.filing import write_record
from actum.git import writing
from actum.git.repository import Git
from actum.names import Ids
from actum.needs import leave_lacking, secure
from actum.progress import Teller, counted
from actum.quantities import plural
from actum.rebuild import verdict
from actum.rebuild.repeating import standing
from actum.rebuild.source import Source, find_source
from actum.rebuild.statement import statement
from actum.rebuild.verdict import Likeness
from actum.records.card import ModelCard
from actum.records.event import Attestation, Event, Verdict, reaches
from actum.records.run import Run, RunEnvironment, RunStage
from actum.records.version import ModelVersion
from actum.registry import require_made
from actum.runlog.history import flat_metrics
from actum.runlog.journal import Book, open_book
from actum.store import Store
from actum.workshop import Workshop, open_version_workshop

SPARE_BYTES = 256 << 20
_BYTES_ALONE = "neither state nor predictions were compared"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a rebuild is given by the process.

    ``overrides``: variables that the caller sets against the pin; ``allow_pickle``: leave to load models that are
    no skops files.
    """

    repo: Git
    store: Store
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    ids: Ids
    tell: Teller
    each_line: Callable[[str], None]
    tool: str
    overrides: Mapping[str, str]
    allow_pickle: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """The verdict and what it rests on.

    Attributes:
        level: None where this machine cannot compare (another platform); ``why`` says so.
        metrics: How many metrics came out equal, of how many on record.
        difference: The first stage that differs, with its outputs.
        attestation: The event on record, absent for an experiment with overrides; ``attested_before``: it stood.
    """

    version: ModelVersion
    wanted: Verdict
    level: Verdict | None = None
    why: str = ""
    found_by: str = ""
    objects: int = 0
    packages_cached: bool = False
    stages_run: int = 0
    stages: int = 0
    rebuilt_sha256: str = ""
    metrics: tuple[int, int] = (0, 0)
    difference: tuple[str, tuple[str, ...]] | None = None
    cause: str = ""
    likeness: Likeness | None = None
    attestation: Event | None = None
    attested_before: bool = False
    limits: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the rebuild reached the level that the card asks for."""
        return self.level is not None and reaches(self.level, self.wanted)


def rebuild(version: ModelVersion, card: ModelCard, around: Surroundings) -> Rebuilt:
    """Rebuild a version and judge it.

    Raises:
        RefusedError: An object that it needs is missing or corrupt; named before anything runs.
        UserError: Its commit, its run or its environment cannot be had.
        ToolFailedError: A stage failed.
    """
    wanted = card.rebuild.level
    state.require_plain_path(around.repo.root)
    if version.environment.platform != machine.platform_name():
        needs = f"not comparable here, needs {version.environment.platform}"
        return Rebuilt(version=version, wanted=wanted, why=needs)
    if not around.overrides:
        around.repo.identity()  # the attestation needs it: not after hours of computing
    around.tell.now("finding the commit of the version")
    source = find_source(around.repo, version, around.store.settings().trunk)
    result = Store(around.repo, source.result)
    run = result.run(version.run)
    if run is None:
        raise UserError(f"run/{version.run} is not in commit {source.result[:10]}", hint="actum fsck")
    require_made(result, version)
    config = read_config(around.repo.root, around.environ)
    needed = secure(result, version, config, around.environ, around.tell)
    _disk_space(around.repo.root, needed)
    if around.dry_run:
        counted = f"{plural(len(run.stages), 'stage')}, {plural(len(needed), 'object')} verified"
        told = f"would rebuild commit {source.code[:10]}: {counted}"
        return Rebuilt(version=version, wanted=wanted, why=told, found_by=source.found_by, objects=len(needed))
    return _Rebuild(version, card, run, source, result, config, needed, around).perform()


def _disk_space(root: Path, needed: tuple[Needed, ...]) -> None:
    wanted = 2 * sum(item.size or 0 for item in needed if not item.is_dir) + SPARE_BYTES
    free = shutil.disk_usage(root).free
    if free < wanted:
        raise UserError(f"the rebuild needs about {wanted >> 20} MB of disk, {free >> 20} MB are free")


class _Rebuild:
    """One rebuild whose objects are all here and sound."""

    def __init__(
        self,
        version: ModelVersion,
        card: ModelCard,
        run: Run,
        source: Source,
        result: Store,
        config: Config,
        needed: tuple[Needed, ...],
        around: Surroundings,
    ) -> None:
        self._version, self._card, self._run, self._source = version, card, run, source
        self._result, self._config, self._needed, self._around = result, config, needed, around
        self._cache = cache_of(config)
        self._id = around.ids.new()

    def perform(self) -> Rebuilt:
        started = self._around.now()
        around = self._around
        workshop = open_version_workshop(
            around.repo, self._version, environ=around.environ, tell=around.tell, overrides=around.overrides
        )
        around.tell.now("checking the code out elsewhere")
        with self._checkout() as checkout:
            book = open_book(self._around.repo.root, self._id, {"rebuild": f"{self._version.model}"})
            self._execute(checkout.root, workshop, book)
            book.note("closed", why="rebuilt")
            around.tell.now("comparing")
            rebuilt = self._judge(checkout.root, workshop, book)
        if self._around.overrides:
            return rebuilt
        return self._attest(rebuilt, workshop, started)

    @contextmanager
    def _checkout(self) -> Iterator[Git]:
        """Check the code out elsewhere, with source data and nothing that a stage makes."""
        repo = self._around.repo
        place = state.hold_worktree(repo.root, self._id)
        folder = place.path / "checkout"
        try:
            checkout = writing.add_worktree(repo, folder, self._source.code)
            config = worktree_config(self._config, site_cache_dir=place.path / "site")
            files.replace(folder / ".dvc" / "config.local", config)
            self._lay_out(folder)
            yield checkout
        finally:
            writing.remove_worktree(repo, folder)
            place.release()

    def _lay_out(self, folder: Path) -> None:
        described, _ = pipeline.read(folder, self._version.pipeline)
        for path in (
            pipeline.lock_path(self._version.pipeline),
            *(out.path for stage in described.stages for out in stage.outs),
        ):
            place = files.inside(folder, path)
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        for path in self._run.made():  # git keeps no empty folder: where a stage wrote there was one
            files.inside(folder, path).parent.mkdir(parents=True, exist_ok=True)
        apart = self._apart()
        data = [item for item in self._needed if item.kind == "source" and not item.is_dir and item.path not in apart]
        for item in counted(self._around.tell, data, "laying out the data", "objects"):
            place = files.inside(folder, item.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._cache.path(item.md5, legacy=item.legacy), place)

    def _apart(self) -> set[str]:
        """Objects of the version that no stage reads."""
        version = self._version
        apart = {item.path for item in self._needed if item.path.startswith(layout.WHEELS)}
        return apart | {version.environment.wing.path} | ({version.probe.path} if version.probe else set())

    def _execute(self, root: Path, workshop: Workshop, book: Book) -> None:
        shell = workshop.write_shell(book.folder)
        count = pipeline.stage_counter(self._around.tell, len(self._run.stages))
        with book.log.open("a", encoding="utf-8") as log:

            def keep(line: str) -> None:
                log.write(line + "\n")
                self._around.each_line(line)
                count(line)

            code = pipeline.execute(
                root,
                self._version.pipeline,
                environ=self._around.environ,
                shell=shell,
                targets=tuple(stage.name for stage in self._run.stages),
                each_line=keep,
                commit=False,
            )
        if code:
            raise ToolFailedError("the pipeline failed while it was rebuilt", hint=f"less {book.log}")

    def _judge(self, root: Path, workshop: Workshop, book: Book) -> Rebuilt:
        version, around = self._version, self._around
        described, lock = pipeline.read(root, version.pipeline)
        recorded = {stage.name: _digests(self._run, stage) for stage in self._run.stages}
        made = {name: {o.path: o.md5 or "" for o in stage.outs} for name, stage in lock.stages.items()}
        difference = verdict.first_difference([stage.name for stage in self._run.stages], recorded, made)
        self._distrust()
        found = digests.of_file(files.inside(root, version.artifact.path))
        likeness, limit = self._likeness(root, workshop, found.sha256)
        level = verdict.level_of(likeness, self._card.rebuild.tolerance)
        metrics = flat_metrics(pipeline.metrics_of(root, described, recorded))
        ran = [name for name in book.executed() if name in recorded]
        if len(ran) != len(recorded):
            missed = ", ".join(sorted(set(recorded) - set(ran)))
            raise ToolFailedError(f"not every stage was executed: {missed}", hint=f"less {book.log}")
        cause = verdict.likely_cause(self._run.recipe().environment, workshop.described, around.overrides)
        return Rebuilt(
            version=version,
            wanted=self._card.rebuild.level,
            level=level,
            found_by=self._source.found_by,
            objects=len(self._needed),
            packages_cached=not workshop.prepared.environment.created,
            stages_run=len(ran),
            stages=len(recorded),
            rebuilt_sha256=found.sha256,
            metrics=(sum(metrics.get(k) == v for k, v in self._run.metrics.items()), len(self._run.metrics)),
            difference=difference,
            cause=cause if difference else "",
            likeness=likeness,
            limits=(*workshop.prepared.limits, *([limit] if limit else ())),
        )

    def _distrust(self) -> None:
        """The lock that the work tree has now was written by the rebuild; the commit's must be what the run says."""
        committed = read_lock(self._result.read, pipeline.lock_path(self._version.pipeline))
        for stage in self._run.stages:
            told = _digests(self._run, stage)
            locked = committed.stages.get(stage.name)
            if locked is None or {out.path: out.md5 for out in locked.outs} != told:
                what = f"dvc.lock of the commit and run/{self._run.id} disagree on {stage.name}"
                raise UserError(what, hint="actum fsck")

    def _likeness(self, root: Path, workshop: Workshop, sha256: str) -> tuple[Likeness, str]:
        """Compare the models, and say why no more than their bytes was compared; "" where it was, or is enough."""
        version = self._version
        if sha256 == version.artifact.sha256:
            return Likeness(same_bytes=True), ""
        unequal = Likeness(same_bytes=False)
        if problem := leave_lacking(version, allow_pickle=self._around.allow_pickle):
            again = f"actum rebuild {version.model}@v{version.version} --allow-pickle"
            return unequal, f"{_BYTES_ALONE}: {problem}; with leave: {again}"
        try:
            answer = workshop.ask("compare", self._comparison(root, sha256))
        except ToolFailedError:
            raise
        except UserError as error:
            if version.artifact.state is not None:
                raise
            return unequal, f"{_BYTES_ALONE}: {error}"  # of a library that nothing of ours can load
        return _told(answer), ""

    def _comparison(self, root: Path, sha256: str) -> dict[str, Any]:
        version, card = self._version, self._card
        return {
            "left": {"model": str(self._cache.path(version.artifact.md5)), "sha256": version.artifact.sha256},
            "right": {"model": str(root / version.artifact.path), "sha256": sha256},
            "trusted": list(self._result.trusted_types()),
            "allow_pickle": self._around.allow_pickle,
            "probe": str(self._cache.path(version.probe.md5)) if version.probe else None,
            "inputs": [{"name": item.name, "type": item.type} for item in card.inputs],
            "threshold": card.decision.threshold if card.decision else None,
        }

    def _attest(self, rebuilt: Rebuilt, workshop: Workshop, started: datetime) -> Rebuilt:
        around, version = self._around, self._version
        finished = around.now()
        assert rebuilt.level is not None
        event = Event(
            schema="event/1",
            id=self._id,
            kind="attestation",
            model=version.model,
            recorded_at=finished,
            effective_at=finished,
            clock="real",
            by=around.repo.identity(),
            attestation=Attestation(
                version=version.version,
                level=rebuilt.level,
                expires_at=finished + timedelta(days=self._card.rebuild.valid_days),
                stages_run=rebuilt.stages_run,
                stages=rebuilt.stages,
                first_difference=rebuilt.difference[0] if rebuilt.difference else None,
                cause=rebuilt.cause or None,
                statement=self._statement(rebuilt, workshop.described, started, finished),
            ),
        )
        known = around.store.tolerant().events(version.model)
        if (old := standing(event, known, valid_days=self._card.rebuild.valid_days)) is not None:
            return replace(rebuilt, attestation=old, attested_before=True)
        path = layout.event(event.model, event.id, event.kind)
        message = f"Record {event.kind} of {event.model} ({event.id})"
        add_evidence(around.repo, {path: write_record(event, path=path)}, message)
        return replace(rebuilt, attestation=event)

    def _statement(
        self, rebuilt: Rebuilt, environment: RunEnvironment, started: datetime, finished: datetime
    ) -> dict[str, Any]:
        return statement(
            self._version,
            self._source,
            environment,
            rebuilt_sha256=rebuilt.rebuilt_sha256,
            started=started,
            finished=finished,
            tool=self._around.tool,
        )


def _told(answer: Mapping[str, Any]) -> Likeness:
    return Likeness(
        same_bytes=False,
        same_state=answer["states_equal"],
        same_predictions=answer.get("predictions_equal"),
        largest_difference=answer.get("max_abs_difference"),
        flips=answer.get("flips"),
        rows=answer.get("rows"),
    )


def _digests(run: Run, stage: RunStage) -> dict[str, str]:
    return {path: fact.md5 for path, fact in run.facts(stage.outs).items()}
