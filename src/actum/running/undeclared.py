"""What a stage opened without declaring it: DVC notices no change of it, and the record has no digest of it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

from actum import layout
from actum.dvc.lockfile import LockedStage
from actum.records.forms import path_problem

CODE = frozenset({".jl", ".py", ".r", ".sh", ".sql"})


def undeclared(opened: Iterable[str], stage: LockedStage, tracked: Collection[str]) -> tuple[str, ...]:
    """Return what a stage opened and neither reads nor makes by its own word, sorted.

    Code in git beside code that it declares is left out: a commit has it, and few write down every module. So is the
    list of trusted types, which our own loader opens: it lets a model be loaded, and changes nothing in it.
    """
    declared = [layout.TRUSTED_TYPES, *(entry.path for entry in (*stage.deps, *stage.outs)), *stage.params]
    beside = {posixpath.dirname(path) for path in declared if _is_code(path)}
    found = (path for path in set(opened) if not any(layout.meet(path, one) for one in declared))
    return tuple(sorted(path for path in found if not path_problem(path) and not _is_beside(path, beside, tracked)))


def _is_beside(path: str, folders: Collection[str], tracked: Collection[str]) -> bool:
    return _is_code(path) and posixpath.dirname(path) in folders and path in tracked


def _is_code(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() in CODE
