"""What a model was trained with: its set, and what each feature of it meant, at the commit that was run."""

from __future__ import annotations

from actum import layout
from actum.errors import NotFoundError
from actum.records.feature_set import FeatureSet
from actum.records.version import Pins
from actum.store import Store


def pins_of(code: Store, name: str) -> Pins:
    """Return a set and the digests of its features as a commit has them.

    Raises:
        NotFoundError: The commit has no such set, or no view defines one of its features.
        InvalidRecordError: The set or a view is malformed, or features go round in a circle.
    """
    taken = _set(code, name)
    names = (*taken.features, *code.definitions.keys_of(taken))
    return Pins(set=name, digests=code.definitions.digests_of(names), keys=dict(taken.keys))


def defining_files(code: Store, name: str) -> tuple[str, ...]:
    """Return the files that say what the features of a set mean, sorted: the set itself, and each view it draws on.

    Raises:
        NotFoundError, InvalidRecordError: As :func:`pins_of`.
    """
    taken = _set(code, name)
    views = {layout.view(variable.view.view) for variable in code.definitions.of_set(taken)}
    return tuple(sorted(views | {layout.feature_set(name)}))


def _set(code: Store, name: str) -> FeatureSet:
    found = code.feature_set(name)
    if found is None:
        problem = f"{layout.feature_set(name)} is not in commit {code.commit[:10]}, which was run"
        raise NotFoundError(problem, hint="git add features && git commit, then actum run")
    return found
