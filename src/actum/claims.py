"""What a version says of where it comes from, read off its run and its result commit.

``register`` writes it and ``check`` compares it: one reading, so that the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from actum import digests, layout
from actum.dvc.lockfile import Lock, read_lock
from actum.dvc.pipeline import read_pipeline
from actum.errors import UserError
from actum.git.repository import TreeEntry
from actum.pipeline import metrics_in
from actum.quantities import is_number
from actum.records.forms import FileFact
from actum.records.run import Recipe, Run
from actum.records.version import Blob, ModelVersion, Pins, VersionEnvironment
from actum.runlog.history import flat_metrics, locked_state, state_of
from actum.store import Store
from actum.vocabulary.pins import defining_files, pins_of

_ENVIRONMENT = ("python", "platform", "lock", "lock_sha256", "exactness")
_FACTS = ("md5", "sha256", "size")


class Said(NamedTuple):
    """A field, what the version says of it, and what the run or the commit says; None for nothing."""

    field: str
    version: Any
    other: Any


class Made(NamedTuple):
    """What a result commit holds of a run. ``metrics``: of the files that lie in git; ``lock_file``: of packages."""

    lock: Lock
    lock_file: bytes | None
    metrics: Mapping[str, Any]
    plots: tuple[str, ...]


def measured(run: Run) -> dict[str, float]:
    """Return the metrics that are figures; what is true or false, or no number at all, passes no gate."""
    return {name: float(value) for name, value in run.metrics.items() if is_number(value)}


def environment_of(run: Run, wheels: str | None = None) -> VersionEnvironment:
    """Return what a version says of the environment. ``wheels``: the md5 of the wheelhouse, if it was kept."""
    given = run.recipe().environment
    facts = {name: getattr(given, name) for name in _ENVIRONMENT}
    return VersionEnvironment(**facts, wing=given.wing, wheels=wheels)


def sources(run: Run, tree: Mapping[str, TreeEntry]) -> tuple[FileFact, ...]:
    """Return the data under DVC that no stage made. ``tree``: the files of the result commit."""
    return tuple(
        fact
        for path, fact in sorted(run.read().items())
        if path not in tree and not any(name.startswith(path + "/") for name in tree)
    )


def content(run: Run, lock: Lock, tree: Mapping[str, TreeEntry]) -> tuple[Blob, ...]:
    """Return the blobs by which a version is found again when its commits are gone."""
    _, folder, environment = run.recipe()
    wanted = {layout.in_pipeline(folder, name) for name in ("dvc.yaml", "dvc.lock")} | {environment.lock}
    wanted |= {file for stage in lock.stages.values() for file in stage.params}
    deps = {path for stage in run.stages for path in stage.deps}
    wanted |= {path for path in tree if path in deps or any(path.startswith(dep + "/") for dep in deps)}
    return tuple(Blob(path=path, blob=tree[path].blob) for path in sorted(wanted) if path in tree)


def trained_with(name: str, run: Run, code: Store) -> Pins:
    """Return what the features of a set meant when a run was given them. ``code``: the commit that it ran.

    Raises:
        UserError: The commit does not define them, or the run did not read what does: DVC would not have noticed a
            change, and nobody could tell which meaning its data have.
    """
    read = run.read()
    unread = [path for path in defining_files(code, name) if not any(_holds(one, path) for one in read)]
    if unread:
        problem = f"run/{run.id} did not read {_few(unread)}, which the card's features come from"
        where = layout.in_pipeline(run.recipe().pipeline, "dvc.yaml")
        raise UserError(problem, hint=f"name them among the deps of their stage in {where}, then actum run")
    return pins_of(code, name)


def bytes_format(path: str) -> str | None:
    """Return the format of a model that is known by its bytes alone, None for one that a loader describes."""
    return None if path.endswith(".skops") else f"bytes/{PurePosixPath(path).suffix.lstrip('.') or 'unknown'}"


def differing_stage(run: Run, lock: Lock) -> str | None:
    """Return the first stage of which dvc.lock says something else than the run recorded."""
    for stage in run.stages:
        locked = lock.stages.get(stage.name)
        if locked is None or locked_state(locked) != state_of(run, stage):
            return stage.name
    return None


def more_than_results(run: Run, result: Store) -> tuple[str, ...]:
    """Return what changed between the code that was run and the result commit and is no result: it was not run."""
    made, recipe = set(run.made()), run.recipe()
    lock = layout.in_pipeline(recipe.pipeline, "dvc.lock")
    ours = (f"{layout.RUNS}/", f"{layout.WINGS}/")
    return tuple(
        path
        for path in result.repo.changed(recipe.code_commit, result.commit)
        if path not in made | {lock}
        and not path.startswith(ours)
        and not path.endswith(".gitignore")
        and not any(path.startswith(out + "/") for out in made)
    )


def against_run(version: ModelVersion, run: Run) -> Iterator[str]:
    """Yield each field in which a version says other than its run, and what both say."""
    try:
        recipe = run.recipe()
    except UserError as error:
        yield f"run: {error}"
        return
    yield from _differing(_of_run(version, run, recipe), f"run/{run.id}")
    if run.dirty:
        yield f"run: run/{run.id} ran a dirty work tree"


def against_commit(version: ModelVersion, run: Run, result: Store) -> Iterator[str]:
    """Yield each field in which a version says other than its result commit, which is here, and what both say."""
    commit, path = result.commit, layout.run(run.id, run.started_at)
    who = f"commit {commit[:10]}"
    brought = result.repo.introduced(commit, path)
    if brought != commit:
        told = f"{brought[:10]} brought run/{run.id}" if brought else f"it does not hold run/{run.id}"
        yield f"result_commit: is {commit[:10]}, but {told}"
        return
    try:
        if result.run(run.id) != run:
            yield f"run: run/{run.id} is another one in {who}"
        recipe = run.recipe()
        lock = read_lock(result.read, layout.in_pipeline(recipe.pipeline, "dvc.lock"))
        described = read_pipeline(result.read, layout.in_pipeline(recipe.pipeline, "dvc.yaml"))
        made = Made(
            lock=lock,
            lock_file=result.read(recipe.environment.lock),
            metrics=flat_metrics(metrics_in(result.read, described, [stage.name for stage in run.stages])),
            plots=described.plots,
        )
    except UserError as error:
        yield f"result_commit: {who} cannot be compared: {error}"
        return
    yield from _of_history(run, result)
    if (stage := differing_stage(run, lock)) is not None:
        yield f"result_commit: dvc.lock of {who} does not say of stage {stage} what run/{run.id} recorded"
    yield from _differing(_of_commit(version, run, result, made), who)


def against_features(version: ModelVersion, run: Run, named: str | None, code: Store) -> Iterator[str]:
    """Yield each field in which a version says of its features other than the commit that was run.

    Args:
        named: The set that the card named when the version came.
    """
    says = version.features
    if says is None or named is None or says.set != named:
        yield from _differing([Said("features.set", says and says.set, named)], layout.card(version.model))
        return
    try:
        told = trained_with(named, run, code)
    except UserError as error:
        yield f"features: {error}"
        return
    said = (*_mapped("features.digests", says.digests, told.digests), *_mapped("features.keys", says.keys, told.keys))
    yield from _differing(said, f"commit {code.commit[:10]}")


def _of_history(run: Run, result: Store) -> Iterator[str]:
    repo, code, commit = result.repo, run.recipe().code_commit, result.commit
    if repo.resolve(code) is None:
        yield f"code_commit: is {code[:10]}, which is not here"
    elif not repo.is_ancestor(code, commit):
        yield f"code_commit: is {code[:10]}, which commit {commit[:10]} does not descend from"
    elif foreign := more_than_results(run, result):
        yield f"result_commit: commit {commit[:10]} holds more than the results of run/{run.id}: {_few(foreign)}"


def _of_run(version: ModelVersion, run: Run, recipe: Recipe) -> Iterator[Said]:
    made, artifact = run.made(), version.artifact
    if artifact.path in made:
        fact = made[artifact.path]
        yield from _facts("artifact", artifact, replace(fact, size=fact.size or 0))
    else:
        yield Said("artifact.path", artifact.path, f"it made {_few(made)}")
    for name in ("code_commit", "pipeline"):
        yield Said(name, getattr(version, name), getattr(recipe, name))
    yield from _mapped("params", version.params, run.params)
    yield from _mapped("metrics", version.metrics, measured(run))
    for name in _ENVIRONMENT:
        yield Said(f"environment.{name}", getattr(version.environment, name), getattr(recipe.environment, name))
    yield Said("environment.wing.path", version.environment.wing.path, recipe.environment.wing.path)
    yield from _facts("environment.wing", version.environment.wing, recipe.environment.wing)


def _of_commit(version: ModelVersion, run: Run, result: Store, made: Made) -> Iterator[Said]:
    locked = digests.of_bytes(made.lock_file) if made.lock_file else None
    yield Said("environment.lock_sha256", version.environment.lock_sha256, locked)
    for name in sorted(name for name, value in made.metrics.items() if is_number(value)):
        yield Said(f"metrics.{name}", version.metrics.get(name), float(made.metrics[name]))
    yield Said("plots", _listed(version.plots), _listed(made.plots))
    yield from _by_path("data", version.data, sources(run, result.tree))
    yield from _by_path("content", version.content, content(run, made.lock, result.tree))


def _facts(field: str, says: Any, told: FileFact) -> Iterator[Said]:
    for name in _FACTS:
        yield Said(f"{field}.{name}", getattr(says, name), getattr(told, name))


def _mapped(field: str, says: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Said]:
    for name in sorted(says.keys() | told.keys()):
        yield Said(f"{field}.{name}", says.get(name), told.get(name))


def _by_path(field: str, says: tuple[Any, ...], told: tuple[Any, ...]) -> Iterator[Said]:
    """Compare files by path; a path that is named twice is in no list of ours."""
    own, other = {one.path: one for one in says}, {one.path: one for one in told}
    for path in sorted(own.keys() | other.keys()):
        one, two = own.get(path), other.get(path)
        names = _FACTS if isinstance(one or two, FileFact) else ("blob",)
        if one is None or two is None:
            yield Said(f"{field}[{path}]", *(each and getattr(each, names[0]) for each in (one, two)))
        else:
            yield from (Said(f"{field}[{path}].{name}", getattr(one, name), getattr(two, name)) for name in names)
    if len(own) != len(says):
        yield Said(field, _listed(one.path for one in says), _listed(other))


def _differing(said: Iterable[Said], who: str) -> Iterator[str]:
    for field, version, other in said:
        if version != other:
            own, told = _apart(_written(version), _written(other))
            yield f"{field}: is {own}, {who} says {told}"


def _written(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _apart(one: str, other: str) -> tuple[str, str]:
    """Write two texts shortly, but never two different ones alike."""
    short = tuple(text[:15] if text.startswith(digests.SHA256) else text[:80] for text in (one, other))
    return (one, other) if short[0] == short[1] else (short[0], short[1])


def _holds(read: str, path: str) -> bool:
    return path == read or path.startswith(read + "/")


def _listed(paths: Iterable[str]) -> str | None:
    return ", ".join(paths) or None


def _few(paths: Iterable[str]) -> str:
    named = list(paths)
    return ", ".join(named[:3]) + (" ..." if len(named) > 3 else "") if named else "nothing"
