"""Can each version still be led back to its commit, and do pointers and events agree with it?"""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.claims import against_features, against_run
from actum.fsck.fault import Fault
from actum.planning.lenient import run_of
from actum.rebuild.source import holds
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.store import Store


def all_versions(*stores: Store) -> dict[str, tuple[ModelVersion, Store]]:
    """Return every version that any of the stores has, by ``MODEL@vX``."""
    found: dict[str, tuple[ModelVersion, Store]] = {}
    for store in stores:
        for model in store.models():
            for version in store.versions(model):
                found.setdefault(f"{model}@v{version.version}", (version, store))
    return found


def version_faults(name: str, version: ModelVersion, store: Store) -> Iterator[Fault]:
    """Yield what stands between a version and its commit."""
    run = run_of(store, version.run)
    for what in (*against_run(version, run), *_of_features(version, run, store)) if run else ():
        path = layout.version(version.model, version.version)
        mend = f"git log -- {path}   (and take back what changed it)"
        yield Fault(part="versions", weight="wrong", where=name, what=what, mend=mend)
    repo, ref = store.repo, layout.version_ref(version.model, version.version)
    held, commit = repo.resolve(ref), repo.resolve(version.result_commit)
    if held is not None and held != version.result_commit:
        what = f"{ref} points at {held[:10]}, the version says {version.result_commit[:10]}"
        mend = f"git update-ref {ref} {version.result_commit}" if commit else ""
        yield Fault(part="versions", weight="wrong", where=name, what=what, mend=mend)
    if commit is None:
        mend = "git fetch --unshallow" if repo.is_shallow() else f"git fetch origin {ref}:{ref}"
        what = f"its result commit {version.result_commit[:10]} is not here"
        yield Fault(part="versions", weight="wrong", where=name, what=what, mend=mend)
        return
    if held is None:
        what = f"{ref} is missing: after a squash or rebase its commit could be lost"
        yield Fault(part="versions", weight="wrong", where=name, what=what, mend=f"git update-ref {ref} {commit}")
    if not holds(repo, commit, version):
        what = f"commit {commit[:10]} does not hold the files that the version pins"
        yield Fault(part="versions", weight="wrong", where=name, what=what)
    if repo.resolve(version.code_commit) is None:
        what = f"the code that was run, {version.code_commit[:10]}, is not here"
        yield Fault(part="versions", weight="wrong", where=name, what=what, mend="git fetch --unshallow")


def _of_features(version: ModelVersion, run: Run, store: Store) -> Iterator[str]:
    """Yield where the pinned features are not those of the code that was run; that this is not here is said apart."""
    if version.features and store.repo.resolve(version.code_commit) is not None:
        yield from against_features(version, run, version.features.set, store.beside(version.code_commit))


def orphan_refs(store: Store, known: set[str]) -> Iterator[Fault]:
    """Yield version refs that no version file stands behind."""
    for ref in store.repo.refs("refs/actum/versions/"):
        model, _, number = ref.name.removeprefix("refs/actum/versions/").rpartition("/")
        if f"{model}@v{number}" not in known:
            what = "keeps a commit of a version that is on no branch here"
            yield Fault(part="versions", weight="note", where=ref.name, what=what)
