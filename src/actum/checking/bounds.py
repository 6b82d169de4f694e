"""What else changes beside a promotion? Whatever judges it must not come with it, and neither must code."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from actum import layout
from actum.checking.findings import Objection, block
from actum.planning.lenient import policy_of
from actum.planning.scope import Scope

_MAY_TRAVEL = frozenset({"promotion", "approval"})


def bound_objections(scope: Scope) -> Iterator[Objection]:
    """Yield the paths that a change which moves a pointer may not touch, by the base's own policies."""
    moved = [path for path in scope.changed if layout.kind_of(path) == "stage"]
    if not moved or scope.whole:
        return
    globs = {glob for path in moved for glob in _allowed(scope, layout.names_in(path)[0])}
    for path, letter in sorted(scope.changed.items()):
        if path in moved or _is_new_event(path, letter) or any(fnmatchcase(path, glob) for glob in globs):
            continue
        because = f"changes beside {moved[0]}: a promotion moves its pointer and nothing else"
        yield block("promotion-paths", path, because, "put it into a change of its own")


def _allowed(scope: Scope, model: str) -> tuple[str, ...]:
    policy = policy_of(scope.base, model)
    return policy.allowed_paths if policy else ()


def _is_new_event(path: str, letter: str) -> bool:
    return letter == "A" and layout.kind_of(path) == "event" and layout.names_in(path)[2] in _MAY_TRAVEL
