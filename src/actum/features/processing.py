"""Views processed ahead of every set: a folder of their logs, which a stage of a pipeline keeps up to date.

What the folder holds follows from definitions, sources and environment alone: what is there and fits stays, what is
not asked for goes.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from actum.definitions.definitions import DefinitionError, Definitions, variables_of
from actum.errors import NotFoundError, UserError
from actum.features.building import Say
from actum.features.engines import EngineName
from actum.features.events import events_of
from actum.features.opening import opened
from actum.features.parts import parts_of
from actum.features.processed import FILE, Place, name_of
from actum.features.reading import SETS, VIEWS, located, read_sets, read_views
from actum.features.shelf import Shelf
from actum.records.view import FeatureView

_LEFT_BEHIND = (".actum-*.tmp",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Processed:
    """What a folder of processed views holds now.

    Attributes:
        computed: Logs that were written, such as ``departures/3h``; ``kept``: that were there; ``removed``: files.
    """

    views: int
    computed: tuple[str, ...]
    kept: tuple[str, ...]
    removed: int


def process(
    out: Path,
    names: Sequence[str] = (),
    *,
    start: Path = Path(),
    engine: EngineName = "duckdb",
    memory: str = "1500MB",
    threads: int | None = None,
    say: Say = lambda _: None,
) -> Processed:
    """Bring the logs of views into a folder, and remove those that are not asked for.

    Args:
        names: The views; those that any set makes use of, without.
        start: The folder of the repository, or one below.
        memory: What DuckDB may hold before it spills to disk.

    Raises:
        UserError: Views, sets and sources do not fit together, or the folder holds something else.
    """
    root = _root(start.absolute())
    views = _views(root, names)
    strange = [path for path in _files_in(out) if not _is_ours(path, out)]
    if strange:
        hint = "give processed views a folder of their own"
        raise UserError(f"{strange[0]} is no log of a view, and would be in the way", hint=hint)
    with (
        opened(engine, memory=memory, threads=threads) as running,
        tempfile.TemporaryDirectory(prefix="actum-features-") as scratch,
    ):
        shelf = Shelf(root=root, engine=running, scratch=Path(scratch))
        try:
            found = [one for view in views for one in _each(shelf, view, out, say)]
        except DefinitionError as error:
            raise located(root, error) from error
    removed = _remove_all_but(out, [place for _, place, _ in found])
    out.mkdir(parents=True, exist_ok=True)
    return Processed(
        views=len(views),
        computed=tuple(name for name, _, new in found if new),
        kept=tuple(name for name, _, new in found if not new),
        removed=removed,
    )


def _each(shelf: Shelf, view: FeatureView, out: Path, say: Say) -> Iterator[tuple[str, Place, bool]]:
    """Yield the logs of a view, each with its place and whether it had to be computed."""
    places = [(part, shelf.place(part, out)) for part in parts_of(variables_of(view)) if shelf.keeps(part)]
    stale = [part for part, place in places if place.wrong()]
    with shelf.told(view), shelf.engine.passing():
        if stale:
            events = events_of(shelf.files(view), [one for part in stale for one in part.variables], shelf.engine)
        for part, place in places:
            name = f"{view.view}/{name_of(part)}"
            if part in stale:
                say(name)
                with shelf.engine.passing():
                    place.put(shelf.made(part, events), events.entity, shelf.engine)
            yield name, place, part in stale


def _root(start: Path) -> Path:
    """Return the nearest folder from here upward that has views."""
    found = next((one for one in (start, *start.parents) if any((one / VIEWS).glob("*.yaml"))), None)
    if found is None:
        raise NotFoundError(f"no folder {VIEWS} with views is here or above", hint=f"write {VIEWS}/NAME.yaml")
    return found


def _views(root: Path, names: Sequence[str]) -> list[FeatureView]:
    definitions = read_views(root)
    if not names:
        found = _used(root, definitions)
        if not found:
            raise UserError(f"no set in {SETS} takes a feature that comes from a source", hint="name the views")
        return found
    for name in names:
        if name not in definitions.views:
            near = difflib.get_close_matches(name, definitions.views, n=1)
            guess = f", did you mean {near[0]}?" if near else ""
            raise NotFoundError(f"no view is called {name}{guess}", hint=f"ls {VIEWS}")
        if definitions.views[name].source is None:
            raise UserError(f"{VIEWS}/{name}.yaml has no source: what it computes is of each request, and is not kept")
    return [definitions.views[name] for name in dict.fromkeys(names)]


def _used(root: Path, definitions: Definitions) -> list[FeatureView]:
    """Return the views with a source that a set makes use of, in whatever way."""
    names = set()
    for one in read_sets(root):
        try:
            names |= {variable.view.view for variable in definitions.of_set(one)}
        except DefinitionError as error:
            raise located(root, error) from error
        except NotFoundError as error:
            raise NotFoundError(f"{SETS}/{one.set}.yaml: {error}", hint=error.hint) from error
    return [definitions.views[name] for name in sorted(names) if definitions.views[name].source]


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _is_ours(path: Path, out: Path) -> bool:
    """Whether a file is a log, a note, or what is left of one that was being written."""
    ours = bool(FILE.fullmatch(path.name)) or any(path.match(pattern) for pattern in _LEFT_BEHIND)
    return ours and path.parent.parent == out


def _remove_all_but(out: Path, places: Iterable[Place]) -> int:
    wanted = {path for place in places for path in (place.path, place.note)}
    over = [path for path in _files_in(out) if path not in wanted]
    for path in over:
        path.unlink()
    for folder in sorted((path for path in out.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(over)
