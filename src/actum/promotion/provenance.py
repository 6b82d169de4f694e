"""Does somebody vouch for what is claimed: a run for a version, and for what dvc.lock says?"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from actum import layout
from actum.dvc.definitions import LOCK
from actum.dvc.lockfile import Lock, read_lock
from actum.errors import InvalidRecordError
from actum.promotion.findings import Objection, block
from actum.promotion.plan import version_of
from actum.promotion.scope import Scope
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.runlog.history import locked_state, state_of
from actum.store import Store


def provenance_objections(scope: Scope) -> Iterator[Objection]:
    """Yield versions that say other than their run, and locks that changed without one."""
    for path in sorted(scope.changed):
        if layout.kind_of(path) == "model-version" and scope.changed[path] == "A":
            yield from _version(scope.head, path)
        if posixpath.basename(path) == LOCK and path in scope.head.tree:
            yield from _lock(scope, path)


def _version(head: Store, path: str) -> Iterator[Objection]:
    version = version_of(head, *layout.names_in(path))
    if version is None:
        return  # malformed: said already
    run = _run(head, version.run)
    if run is None:
        yield block("version-run", path, f"run/{version.run} is not on record", "actum run")
        return
    for message in _differences(version, run):
        yield block("version-run", path, message, f"actum show run/{run.id}")


def _run(head: Store, ulid: str) -> Run | None:
    try:
        return head.run(ulid)
    except InvalidRecordError:
        return None


def _differences(version: ModelVersion, run: Run) -> Iterator[str]:
    artifact = version.artifact
    made = {(out.path, out.md5, out.sha256) for out in run.made().values()}
    if (artifact.path, artifact.md5, artifact.sha256) not in made:
        yield f"artifact: {artifact.path} with these digests is no output of run/{run.id}"
    for name in ("code_commit", "pipeline", "params"):
        if getattr(version, name) != getattr(run, name):
            yield f"{name}: is not what run/{run.id} has on record"
    for name in ("python", "platform", "lock", "lock_sha256", "wing", "exactness"):
        if getattr(version.environment, name) != getattr(run.environment, name):
            yield f"environment.{name}: is not what run/{run.id} has on record"
    if run.dirty:
        yield f"run: run/{run.id} ran a dirty work tree"
    for name, value in version.metrics.items():
        if run.metrics.get(name) != value:
            yield f"metrics.{name}: is {value:g}, run/{run.id} measured {run.metrics.get(name, 'nothing')}"


def _lock(scope: Scope, path: str) -> Iterator[Objection]:
    try:
        after = read_lock(scope.head.read, path)
        before = read_lock(scope.before.read, path) if path in scope.before.tree else Lock(stages={})
    except InvalidRecordError as error:
        yield block("record-invalid", path, str(error).removeprefix(f"{path}: "), error.hint)
        return
    wanted = {
        name: locked_state(stage)
        for name, stage in after.stages.items()
        if name not in before.stages or locked_state(stage) != locked_state(before.stages[name])
    }
    for run in scope.head.runs():
        if not wanted:
            return
        for stage in run.stages:
            if wanted.get(stage.name) == state_of(run, stage):
                del wanted[stage.name]
    if wanted:
        yield block(
            "lock-without-run", path, f"no run on record made what it says of {', '.join(sorted(wanted))}", "actum run"
        )
