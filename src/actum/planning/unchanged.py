"""Is a version on the trunk still the one that was registered? Asked whenever it is to be promoted.

What is compared here has meant the same since the first version. What a version says of its commit may be read
otherwise by a later actum; that was judged when the version came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actum import layout
from actum.claims import against_run
from actum.planning.lenient import run_of
from actum.records.version import ModelVersion
from actum.store import Store


def not_as_registered(store: Store, version: ModelVersion) -> Iterator[str]:
    """Yield what speaks against a version that is on record: its run, its ref, its own first state."""
    run = run_of(store, version.run)
    if run is None:
        yield f"run: run/{version.run} is not on record, nobody vouches for the version"
    else:
        yield from against_run(version, run)
    yield from against_ref(store, version)
    path = layout.version(version.model, version.version)
    first = store.repo.introduced(store.commit, path)
    if first and store.repo.tree(first, path).get(path) != store.tree.get(path):
        yield f"was edited after it was registered ({first[:10]})"


def against_ref(store: Store, version: ModelVersion) -> Iterator[str]:
    """Yield that the ref of a version, where it is here, keeps another commit."""
    ref = layout.version_ref(version.model, version.version)
    held = store.repo.resolve(ref)
    return other_ref(version, {ref: held} if held else {})


def other_ref(version: ModelVersion, refs: Mapping[str, str]) -> Iterator[str]:
    """The same of many versions. ``refs``: commits by the name of the ref."""
    ref = layout.version_ref(version.model, version.version)
    if (held := refs.get(ref, version.result_commit)) != version.result_commit:
        yield f"result_commit: is {version.result_commit[:10]}, {ref} keeps {held[:10]}"
