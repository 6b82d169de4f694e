"""The files that feature views read, as they lie in the work tree, held against what a commit says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from actum import digests, files
from actum.dvc.cache import cache_of
from actum.dvc.config import Config
from actum.dvc.objects import Needed, objects_of
from actum.dvc.tracked import is_tracked_file
from actum.errors import NotFoundError, UserError
from actum.records.forms import FileFact
from actum.records.view import FeatureView
from actum.store import Store

State = Literal["committed", "changed", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A source file. ``changed``: it is not what the commit says of it; ``unknown``: the commit says nothing of it."""

    fact: FileFact
    state: State

    @property
    def said(self) -> str:
        problem = "is not what is on record" if self.state == "changed" else "is neither under DVC nor in git"
        return f"{self.fact.path} {problem}"


def origins(store: Store, views: Iterable[FeatureView], config: Config) -> tuple[Origin, ...]:
    """Return the files that *views* read, sorted; views of a database have none.

    Raises:
        NotFoundError: A file that the commit knows is not here, or there is none at all.
    """
    patterns = sorted({view.source.path for view in views if view.source and view.source.path})
    if not patterns:
        return ()
    known, root = _on_record(store, config), store.repo.root
    found: dict[str, Path] = {}
    for pattern in patterns:
        here = {place.relative_to(root).as_posix(): place for place in root.glob(pattern) if place.is_file()}
        there = [path for path in (*known, *store.tree) if _matches(path, pattern)]
        if lacking := sorted(path for path in there if path not in here):
            raise NotFoundError(f"{lacking[0]} is not here", hint=f"dvc pull {lacking[0]}")
        if not here:
            raise NotFoundError(f"{pattern}: there is no such file", hint="dvc pull")
        found |= here
    dirty = store.repo.dirty()
    return tuple(_looked_at(store, path, known, dirty) for path in sorted(found))


def refuse_changed(found: Iterable[Origin], *, allowed: bool) -> tuple[str, ...]:
    """Return the paths of sources that are not as committed, if that is allowed.

    Raises:
        UserError: It is not.
    """
    others = [one for one in found if one.state != "committed"]
    if others and not allowed:
        problem = "; ".join(one.said for one in others)
        name = others[0].fact.path
        raise UserError(problem, hint=f"dvc add {name} and commit, dvc checkout {name}, or --allow-changed")
    return tuple(one.fact.path for one in others)


def _on_record(store: Store, config: Config) -> Mapping[str, Needed]:
    lists = [path for path in store.tree if PurePosixPath(path).name == "dvc.lock" or is_tracked_file(path)]
    return {one.path: one for one in objects_of(store.read, lists, stores=[cache_of(config)]) if not one.is_dir}


def _looked_at(store: Store, path: str, known: Mapping[str, Needed], dirty: Mapping[str, str]) -> Origin:
    told = digests.of_file(files.inside(store.repo.root, path))
    fact = FileFact(path=path, md5=told.md5, sha256=told.sha256, size=told.size)
    if path in known:
        return Origin(fact=fact, state="committed" if known[path].md5 == told.md5 else "changed")
    if path in store.tree:
        return Origin(fact=fact, state="changed" if path in dirty else "committed")
    return Origin(fact=fact, state="unknown")


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is among those that ``Path.glob`` finds of it."""
    same_depth = "**" in pattern or path.count("/") == pattern.count("/")
    return same_depth and PurePosixPath(path).match(pattern)
