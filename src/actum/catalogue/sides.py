"""The two sides of a comparison: what a version or a run was made of and what came of it, in one form."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actum import layout, registry
from actum.catalogue.holdings import Holdings
from actum.definitions.definitions import Definitions
from actum.errors import NotFoundError, UsageError
from actum.git.repository import TreeEntry
from actum.names import Reference
from actum.quantities import is_number
from actum.records.forms import FileFact
from actum.records.run import Interpreter, Run, RunEnvironment
from actum.records.version import Artifact, ModelVersion, Pins, Probe, VersionEnvironment

_WORDS = ("NaN", "Infinity", "-Infinity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One side.

    Attributes:
        id: The version or run itself, also where a stage or a bare model was asked for.
        commit: Where its files are read in git; None where this clone does not have it.
        data: The source data, by path. ``outs``: what a run made, by path; empty for a version.
        code: Blob ids by path, of what git has.
        metrics: Those that are numbers.
        features: What a version pins of its features; ``definitions``: at the code that was run, if that is here.
        open_ended: Whether what was run had changes that no commit holds. ``has_commit``: whether it names one.
    """

    id: str
    commit: str | None
    pipeline: str | None
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    data: Mapping[str, FileFact]
    environment: RunEnvironment | VersionEnvironment | None
    code: Mapping[str, str]
    interpreter: Interpreter | None = None
    outs: Mapping[str, FileFact] = field(default_factory=dict)
    artifact: Artifact | None = None
    probe: Probe | None = None
    features: Pins | None = None
    definitions: Definitions | None = None
    open_ended: bool = False
    has_commit: bool = True


def side(holdings: Holdings, reference: Reference) -> Side:
    """Return what is to be compared; a stage or a bare model stands for its version.

    Raises:
        NotFoundError: It is not there.
        UsageError: It is neither a version nor a run.
    """
    if reference.kind == "run":
        return of_run(holdings, reference.name)
    if reference.kind not in ("model", "version", "stage"):
        raise UsageError(f"{reference} cannot be compared", hint="actum diff MODEL@v1.0.0 MODEL@v1.1.0")
    return of_version(holdings, _version(holdings, reference))


def of_version(holdings: Holdings, version: ModelVersion) -> Side:
    return Side(
        id=str(Reference("version", version.model, version.version)),
        commit=_here(holdings, version.result_commit),
        pipeline=version.pipeline,
        params=version.params,
        metrics=version.metrics,
        data={fact.path: fact for fact in version.data},
        environment=version.environment,
        code={blob.path: blob.blob for blob in version.content},
        artifact=version.artifact,
        probe=version.probe,
        features=version.features,
        definitions=_definitions(holdings, version) if version.features else None,
    )


def of_run(holdings: Holdings, ulid: str) -> Side:
    """Return a run's side; what it read and did not make is its data, or code where git has it.

    Raises:
        NotFoundError: There is no such run.
    """
    run = holdings.run(ulid)
    if run is None:
        raise NotFoundError(f"there is no run/{ulid}", hint="actum ls runs")
    commit = _here(holdings, run.code_commit)
    tree = holdings.truth.repo.tree(commit) if commit else {}
    outs, read = run.made() | _kept(run), run.read()
    return Side(
        id=f"run/{run.id}",
        commit=commit,
        pipeline=run.pipeline,
        params=run.params,
        metrics=_numbers(run.metrics),
        data={path: fact for path, fact in read.items() if not _in_tree(path, tree)},
        environment=run.environment,
        interpreter=run.interpreter,
        code=_code(run, tree, read),
        outs=outs,
        definitions=_definitions(holdings, run) if commit else None,
        has_commit=run.code_commit is not None,
        open_ended=run.kind != "pipeline" and bool(run.dirty),
    )


def lock_of(holdings: Holdings, one: Side) -> bytes | None:
    """Return the lock that a side's environment was made from, by content or at its commit; None where it is gone."""
    if one.environment is None:
        return None
    repo, path = holdings.truth.repo, one.environment.lock
    blob = one.code.get(path)
    found = repo.blobs([blob]).get(blob) if blob else None
    return found if found is not None or one.commit is None else repo.read(one.commit, path)


def _version(holdings: Holdings, reference: Reference) -> ModelVersion:
    model = reference.owner
    versions = [line.version for line in holdings.versions(model)]
    if reference.kind == "stage":
        number = registry.resolve(holdings.truth, reference, holdings.moment).version
    elif reference.kind == "version":
        number = reference.name
    else:
        number = next(iter(versions), "")
    if number in versions and (found := holdings.version(model, number)):
        return found
    if number in versions and (taken := holdings.imported_version(model, number)):
        raise registry.taken_over(taken)
    for path, error in (holdings.truth.skipped or {}).items():
        if path.endswith(f"/{model}/versions/{number}.yaml"):
            raise error
    known = ", ".join(versions) or "none"
    wanted = f"no {reference}" if reference.name else f"no version of {model}"
    raise NotFoundError(f"there is {wanted} (versions: {known})", hint=f"actum ls versions {model}")


def _here(holdings: Holdings, commit: str | None) -> str | None:
    return holdings.truth.repo.resolve(commit) if commit else None


def _code(run: Run, tree: Mapping[str, TreeEntry], read: Iterable[str]) -> dict[str, str]:
    """Return the blobs of what a run's stages read in git, and of the pipeline itself; of a script, all but records."""
    if run.pipeline is None:
        return {path: entry.blob for path, entry in tree.items() if not _is_record(path)}
    told = [name.partition(":")[0] for stage in run.stages for name in stage.params if ":" in name]
    beside = ["dvc.yaml", *(("params.yaml",) if run.params else ())]
    wanted = [*(posixpath.normpath(posixpath.join(run.pipeline, name)) for name in beside), *told, *read]
    found = (path for root in wanted for path in tree if path == root or path.startswith(root + "/"))
    return {path: tree[path].blob for path in found}


def _is_record(path: str) -> bool:
    return layout.run_beside(path) is not None or layout.kind_of(path) in layout.IMMUTABLE


def _kept(run: Run) -> dict[str, FileFact]:
    """Return what a script kept, by the names that it gave; where they lie is different for each run."""
    return {fact.path.rpartition(f"/{run.id}/")[2]: fact for fact in run.artifacts}


def _numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that are numbers, those too that JSON has none for."""
    return {name: value for name, value in metrics.items() if is_number(value) or value in _WORDS}


def _definitions(holdings: Holdings, made: ModelVersion | Run) -> Definitions | None:
    code = _here(holdings, made.code_commit)
    return holdings.truth.beside(code).tolerant().definitions if code else None


def _in_tree(path: str, tree: Mapping[str, TreeEntry]) -> bool:
    return path in tree or any(entry.startswith(path + "/") for entry in tree)
