"""Do the features still have one meaning each, an owner, and leave where they are about persons? No data is read."""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.checking.findings import Objection, block, warn
from actum.planning.scope import Scope
from actum.vocabulary.remarks import remarks, with_lines

_BEARING = frozenset({"feature-view", "feature-set", "model", "stage"})


def feature_objections(scope: Scope) -> Iterator[Objection]:
    """Yield what is wrong with features: in a file that changed all, elsewhere what was not wrong before."""
    if not scope.whole and not any(layout.kind_of(path) in _BEARING for path in scope.changed):
        return
    found = list(remarks(scope.head))
    if not scope.whole:
        known = {(one.path, one.kind, one.message) for one in remarks(scope.before)}
        found = [one for one in found if one.path in scope.changed or (one.path, one.kind, one.message) not in known]
    for one, line in with_lines(scope.head, found):
        object_ = block if one.weight == "block" else warn
        yield object_(one.kind, one.path, f"line {line}: {one.message}" if line else one.message, one.hint)
