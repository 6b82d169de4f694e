"""One pipeline whole: stages in order, what each reads, is told and makes, and which run made its present result."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from actum import layout
from actum.dvc.definitions import LOCK, PIPELINE
from actum.dvc.lockfile import Lock, read_lock
from actum.dvc.pipeline import Pipeline, Stage, read_pipeline
from actum.errors import NotFoundError, UsageError
from actum.records.run import Run, RunStage
from actum.runlog.history import Cited, flat, locked_state, state_of
from actum.store import Store

OutKind = Literal["out", "metric", "plot", "model"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One output. ``model``: the card that calls it its artifact."""

    path: str
    kind: OutKind = "out"
    model: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePage:
    """One stage.

    Attributes:
        reads: Its dependencies; ``params``: the names that it is told, from files other than params.yaml with these.
        run: The run that executed what dvc.lock says; absent where it says nothing, or where no run vouches for it.
        undeclared: What that execution opened besides, as the run has it on record.
    """

    name: str
    cmd: tuple[str, ...]
    reads: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    makes: tuple[Made, ...] = ()
    locked: bool = False
    run: str | None = None
    at: datetime | None = None
    seconds: float | None = None
    undeclared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelinePage:
    folder: str
    stages: tuple[StagePage, ...]

    @property
    def where(self) -> str:
        return layout.in_pipeline(self.folder, PIPELINE)


def folders_of(store: Store) -> tuple[str, ...]:
    """Return the folders that hold a dvc.yaml, sorted; the root is ``.``."""
    return tuple(sorted(posixpath.dirname(p) or "." for p in store.tree if posixpath.basename(p) == PIPELINE))


def folder_of(store: Store, asked: str | None) -> str:
    """Return the folder of the pipeline that is asked for; without a name, of the only one.

    Raises:
        UsageError: There are several, and none is named.
        NotFoundError: There is none, or none there.
    """
    known = folders_of(store)
    if asked is None and len(known) > 1:
        raise UsageError(
            f"there are {len(known)} pipelines: {', '.join(known)}", hint=f"actum show pipeline {known[0]}"
        )
    folder = posixpath.normpath(asked) if asked else (known or (".",))[0]
    folder = posixpath.dirname(folder) or "." if posixpath.basename(folder) == PIPELINE else folder
    if folder not in known:
        there = f" (there is one in {', '.join(known)})" if known else ""
        raise NotFoundError(f"there is no {layout.in_pipeline(folder, PIPELINE)}{there}", hint="dvc stage add --help")
    return folder


def page_of(store: Store, folder: str, runs: Iterable[Run]) -> PipelinePage:
    """Return the pipeline of a folder. *runs* newest first; read only as far as a stage waits for its run.

    Raises:
        InvalidRecordError: dvc.yaml or dvc.lock does not have DVC's form.
    """
    described, lock = read_both(store, folder)
    models = models_of(store, folder)
    cited = _makers(lock, runs)
    stages = tuple(_stage(stage, lock, models, cited.get(stage.name)) for stage in described.stages)
    return PipelinePage(folder=folder, stages=stages)


def read_both(store: Store, folder: str) -> tuple[Pipeline, Lock]:
    """Return a pipeline and what its dvc.lock says; an absent lock is an empty one."""
    where = layout.in_pipeline(folder, LOCK)
    lock = read_lock(store.read, where) if store.has(where) else Lock(stages={})
    return read_pipeline(store.read, layout.in_pipeline(folder, PIPELINE)), lock


def models_of(store: Store, folder: str) -> dict[str, str]:
    """Return the artifacts of the cards of a pipeline, by path: the model's name. Cards that are none are left out."""
    cards = store.tolerant().outcomes(store.listed("model")).values()
    named = (card for card in cards if getattr(card, "pipeline", None) == folder)
    return {layout.in_pipeline(folder, card.artifact): card.model for card in named}


def _makers(lock: Lock, runs: Iterable[Run]) -> dict[str, Cited]:
    """Return, by stage, the newest run on record whose stage is what dvc.lock says."""
    wanted = {name: locked_state(stage) for name, stage in lock.stages.items()}
    found: dict[str, Cited] = {}
    for run in runs if wanted else ():
        for stage in run.stages if run.kind == "pipeline" else ():
            if stage.name not in found and wanted.get(stage.name) == state_of(run, stage):
                found[stage.name] = Cited(run, stage)
        if len(found) == len(wanted):
            break
    return found


def _stage(stage: Stage, lock: Lock, models: dict[str, str], cited: Cited | None) -> StagePage:
    made_by: RunStage | None = cited.stage if cited else None
    return StagePage(
        name=stage.name,
        cmd=stage.cmd,
        reads=stage.deps,
        params=told_to(stage, lock),
        makes=tuple(
            Made(path=out.path, kind="model" if out.path in models else out.kind, model=models.get(out.path))
            for out in stage.outs
        ),
        locked=stage.name in lock.stages,
        run=made_by.run if made_by else None,
        at=cited.run.started_at if cited and made_by and cited.run.id == made_by.run else None,
        seconds=made_by.seconds if made_by else None,
        undeclared=made_by.undeclared if made_by else (),
    )


def told_to(stage: Stage, lock: Lock) -> tuple[str, ...]:
    """Return the names of the params of a stage, those of dvc.lock where it has them: there whole sections are open."""
    locked = lock.stages[stage.name].params if stage.name in lock.stages else {}
    told = []
    for file, keys in (locked or stage.params).items():
        names = flat(locked[file]) if locked else keys or ("*",)
        told += [name if posixpath.basename(file) == "params.yaml" else f"{file}:{name}" for name in names]
    return tuple(told)
