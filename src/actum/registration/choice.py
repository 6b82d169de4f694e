"""Which run is to be registered, and which commit holds what came of it? Never a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from actum import layout
from actum.claims import differing_stage, more_than_results
from actum.dvc.lockfile import Lock, read_lock
from actum.dvc.pipeline import Pipeline, read_pipeline
from actum.errors import NotFoundError, UserError
from actum.records.card import ModelCard
from actum.records.forms import FileFact
from actum.records.run import Run
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A run with its artifact, and the commit that brought its results."""

    run: Run
    artifact: FileFact
    result: Store
    pipeline: Pipeline
    lock: Lock


def choose(store: Store, card: ModelCard, run_id: str | None) -> Chosen:
    """Return the run to register: the one asked for, or the newest that made what dvc.lock says.

    Raises:
        UserError: The run is a script's, or of a dirty tree, did not make the artifact, or its commit holds more than
            its results; or the artifact is not under DVC.
        NotFoundError: There is no such run, or none made what dvc.lock says.
    """
    run = _named(store, run_id) if run_id else _newest(store, card)
    recipe = run.recipe()
    if run.dirty:
        raise UserError(f"run/{run.id} ran a dirty work tree", hint="git commit your changes, then actum run")
    artifact = artifact_of(run, card)
    result = Store(store.repo, _result_commit(store, run))
    _only_results(result, run)
    pipeline, lock = described(result, recipe.pipeline)
    _agree(run, lock)
    _require_dvc(artifact, pipeline, card)
    return Chosen(run=run, artifact=artifact, result=result, pipeline=pipeline, lock=lock)


def artifact_of(run: Run, card: ModelCard) -> FileFact:
    """Return the run's output that the card calls its artifact.

    Raises:
        UserError: It is a folder, or no stage of the run made it: what is from outside has no provenance.
    """
    path = layout.in_pipeline(card.pipeline, card.artifact)
    out = run.made().get(path)
    if out is not None and out.sha256 is None:
        problem = f"{path} is a folder: an artifact is one file"
        raise UserError(problem, hint="have its stage write one file, a zip or a tar of the folder")
    if out is not None:
        return out
    raise UserError(
        f"{path} is not an output of run/{run.id}: its pipeline did not make it",
        hint=f"name the pipeline's output as artifact in {layout.card(card.model)}",
    )


def described(store: Store, folder: str) -> tuple[Pipeline, Lock]:
    """Return pipeline and lock as a revision has them."""
    reader: Callable[[str], bytes | None] = store.read
    pipeline, lock = (layout.in_pipeline(folder, name) for name in ("dvc.yaml", "dvc.lock"))
    return read_pipeline(reader, pipeline), read_lock(reader, lock)


def _require_dvc(artifact: FileFact, pipeline: Pipeline, card: ModelCard) -> None:
    """A version's bytes are fetched, verified and archived as an object of DVC; of git's blobs none of that is true."""
    outs = (out for stage in pipeline.stages for out in stage.outs)
    if any(out.path == artifact.path and not out.cached for out in outs):
        where = layout.in_pipeline(card.pipeline, "dvc.yaml")
        problem = f"{artifact.path} has cache: false in {where}: git holds its bytes, a version's must be under DVC"
        hint = f"git rm --cached {artifact.path}, take cache: false off it in {where}, git commit both, then actum run"
        raise UserError(problem, hint=hint)


def _named(store: Store, run_id: str) -> Run:
    run = store.run(run_id.removeprefix("run/"))
    if run is None:
        raise NotFoundError(f"there is no run {run_id} in the commit that is checked out", hint="actum ls runs")
    return run


def _newest(store: Store, card: ModelCard) -> Run:
    _, lock = described(store, card.pipeline)
    artifact = layout.in_pipeline(card.pipeline, card.artifact)
    found: Run | None = None
    fitting: Run | None = None
    runs = (run for run in store.runs() if run.kind == "pipeline")
    for found in runs:
        if found.pipeline == card.pipeline and not found.dirty and differing_stage(found, lock) is None:
            if artifact in found.made():
                return found
            fitting = fitting or found  # of targets that do not need the model; an earlier one may have made it
    if fitting is not None:
        return fitting
    if found is None:
        raise NotFoundError("no run is on record yet", hint="actum run")
    raise NotFoundError("no run on record made what dvc.lock says: it was changed without a run", hint="actum run")


def _agree(run: Run, lock: Lock) -> None:
    if (name := differing_stage(run, lock)) is not None:
        raise UserError(f"dvc.lock does not say of stage {name} what run/{run.id} recorded", hint="actum run")


def _result_commit(store: Store, run: Run) -> str:
    path = layout.run(run.id, run.started_at)
    found = store.repo.introduced(store.commit, path)
    if found is None:
        raise NotFoundError(f"no commit that is checked out brought {path}", hint="git add . && git commit")
    return found


def _only_results(result: Store, run: Run) -> None:
    """What lies between the code that was run and the result commit must be results, or the code is not what ran."""
    repo, code = result.repo, run.recipe().code_commit
    if not repo.is_ancestor(code, result.commit):
        raise UserError(f"run/{run.id} ran {code[:10]}, which its result commit does not descend from")
    if foreign := more_than_results(run, result):
        raise UserError(
            f"commit {result.commit[:10]} holds more than the results of run/{run.id}: {', '.join(foreign[:3])}",
            hint="actum run: it commits results alone",
        )
