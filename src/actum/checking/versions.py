"""Is a new version what its run, its result commit and its card make of it, field by field?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from actum import digests, layout
from actum.checking.findings import Objection, block
from actum.claims import against_commit, against_features, against_run, bytes_format
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError, UserError
from actum.moments import CLOCKS_MAY_DIFFER_BY
from actum.planning.lenient import run_of, version_of
from actum.planning.scope import Scope
from actum.planning.unchanged import against_ref, other_ref
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.store import Store


def version_objections(scope: Scope, now: datetime) -> Iterator[Objection]:
    """Yield what a new version says other than its run, its commit or its card; of a whole registry, than its run."""
    if scope.whole:
        yield from _all(scope.head)
    for path in sorted(scope.changed):
        version = version_of(scope.head, *layout.names_in(path)) if layout.kind_of(path) == "model-version" else None
        if version is not None and scope.changed[path] == "A":
            yield from _new(scope.head, path, version, now)


def _all(head: Store) -> Iterator[Objection]:
    versions = [version for model in head.models() for version in head.versions(model)]
    runs = {run.id: run for run in head.runs()} if versions else {}
    refs = {ref.name: ref.commit for ref in head.repo.refs("refs/actum/versions/")}
    for version in versions:
        path, run = layout.version(version.model, version.version), runs.get(version.run)
        for message in (*(against_run(version, run) if run else ()), *other_ref(version, refs)):
            yield block("version-run", path, message, "actum fsck")


def _new(head: Store, path: str, version: ModelVersion, now: datetime) -> Iterator[Objection]:
    run = run_of(head, version.run)
    if run is None:
        yield block("version-run", path, f"run: run/{version.run} is not on record", "actum run")
        return
    for message in (*against_run(version, run), *_of_time(version, run, now)):
        yield block("version-run", path, message, f"actum show run/{run.id}")
    registered = head.beside(head.repo.introduced(head.commit, path) or head.commit)
    for message in _against_card(registered, version):
        yield block("version-card", path, message, f"actum register {version.model}")
    yield from _of_features(registered, path, version, run)
    yield from _of_commit(head, path, version, run)


def _of_features(registered: Store, path: str, version: ModelVersion, run: Run) -> Iterator[Objection]:
    """Hold the features against the code that was run; that this is not here, another finding says."""
    if registered.repo.resolve(version.code_commit) is None:
        return
    try:
        named = registered.card(version.model).features
    except UserError:
        return  # which the card's own finding says
    for message in against_features(version, run, named, registered.beside(version.code_commit)):
        yield block("version-features", path, message, f"actum register {version.model}")


def _of_commit(head: Store, path: str, version: ModelVersion, run: Run) -> Iterator[Objection]:
    repo, ref = head.repo, layout.version_ref(version.model, version.version)
    for message in against_ref(head, version):
        yield block("version-commit", path, message, f"git log -1 {ref}")
    if repo.resolve(version.result_commit) is None:
        hint = "git fetch --unshallow" if repo.is_shallow() else f"git fetch origin {ref}:{ref}"
        because = f"result_commit: {version.result_commit[:10]} is not here, and nothing was compared with it"
        yield block("version-commit", path, because, hint)
        return
    for message in against_commit(version, run, Store(repo, version.result_commit)):
        yield block("version-commit", path, message, f"git show {version.result_commit[:10]}")


def _of_time(version: ModelVersion, run: Run, now: datetime) -> Iterator[str]:
    at = version.registered_at
    if run.finished_at and run.finished_at - at > CLOCKS_MAY_DIFFER_BY:
        yield f"registered_at: is {at:%Y-%m-%d %H:%M}, run/{run.id} ended {run.finished_at:%Y-%m-%d %H:%M}"
    if at - now > CLOCKS_MAY_DIFFER_BY:
        yield f"registered_at: is {at:%Y-%m-%d %H:%M}, which is yet to come"


def _against_card(store: Store, version: ModelVersion) -> Iterator[str]:
    """Compare with card, probe and wheels as they were when the version came."""
    artifact, where = version.artifact, layout.card(version.model)
    try:
        card = store.card(version.model)
    except UserError as error:
        yield f"model: its card cannot be read: {error}"
        return
    wanted = layout.in_pipeline(card.pipeline, card.artifact)
    if artifact.path != wanted:
        yield f"artifact.path: is {artifact.path}, {where} says {wanted}"
    yield from _described(version)
    if version.probe is not None:
        path = layout.beside_card(version.model, card.probe) if card.probe else None
        if version.probe.path != path:
            yield f"probe.path: is {version.probe.path}, {where} says {path or 'nothing'}"
        yield from _against_tracked(store, "probe.md5", version.probe.path, version.probe.md5)
    if version.environment.wheels is not None:
        path = f"{layout.WHEELS}/{digests.short(version.environment.lock_sha256)}"
        yield from _against_tracked(store, "environment.wheels", path, version.environment.wheels)


def _described(version: ModelVersion) -> Iterator[str]:
    """What only the locked environment can tell of a model is told of every model file that it can open, and no other.

    Whether it is true, no check can say that does not open the model: that is for a rebuild.
    """
    artifact, plain = version.artifact, bytes_format(version.artifact.path)
    if plain is None:
        if artifact.format.startswith("bytes/"):
            yield f"artifact.format: is {artifact.format}, {artifact.path} has one of its own"
        if artifact.state is None:
            yield f"artifact.state: is nothing, {artifact.path} has one"
        return
    if artifact.format in ("joblib", "pickle"):  # it was loaded, by somebody who gave leave
        if artifact.state is None:
            yield f"artifact.state: is nothing, {artifact.path} was loaded"
        return
    if artifact.format != plain:
        yield f"artifact.format: is {artifact.format}, {artifact.path} has {plain}"
    for name, said in (("artifact.state", artifact.state), ("probe.predictions", version.probe)):
        if said is not None:
            yield f"{name}: is given, nothing of ours can open {artifact.path}"


def _against_tracked(store: Store, field: str, path: str, md5: str) -> Iterator[str]:
    where = path + SUFFIX
    try:
        data = store.read(where)
        told = next((out.md5 for out in read_tracked(data, where).outs), None) if data is not None else None
    except InvalidRecordError:
        told = None
    if told != md5:
        yield f"{field}: is {md5}, {where} says {told or 'nothing'}"
