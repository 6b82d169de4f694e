"""All runs that a read is about, as one table of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from actum import layout
from actum.columns import months
from actum.columns.months import Month, Outcomes, Source
from actum.columns.parts import Part, TornError
from actum.errors import InvalidRecordError
from actum.git.repository import REGULAR_FILE_MODES, TreeEntry
from actum.index.index import Index
from actum.store import LostObjectError, Store
from actum.uncommitted import WorkTree

COMMITTED = "committed"
"""The column that says whether a commit that is read has the run, or the work tree alone."""


@dataclass(frozen=True, slots=True)
class Table:
    """``parts``: with the month that each lies in, and whether it is committed. ``problems``: by path."""

    parts: tuple[tuple[Part, str, bool], ...]
    problems: Mapping[str, InvalidRecordError]
    index: Index | None = field(repr=False)

    def __len__(self) -> int:
        return sum(part.alive for part, _, _ in self.parts)

    def names(self) -> tuple[str, ...]:
        """Return the columns that at least one run has, in the order in which they were first met."""
        return tuple(dict.fromkeys([*(name for part, _, _ in self.parts for name in part.names), COMMITTED]))

    def load(self, names: Iterable[str]) -> None:
        """Hold columns, asking for all of a part at once.

        Raises:
            TornError: The index lacks one.
        """
        wanted = tuple(names)
        for part, _, _ in self.parts:
            part.load(self.index, wanted)

    def column(self, name: str) -> list[Any]:
        """Return one value a run, None where a run has none."""
        self.load((name,))
        if name == COMMITTED:
            return [value for part, _, committed in self.parts for value in [committed] * part.alive]
        return [value for part, _, _ in self.parts for value in part.living(name)]

    def paths(self) -> list[str]:
        """Return where each run lies."""
        return [f"{month}/{ulid}.json" for part, month, _ in self.parts for ulid in part.living("id")]


def open_table(stores: Sequence[Store], work_tree: WorkTree | None, needed: Iterable[str]) -> Table:
    """Open the runs of several commits of one repository, and those that lie in the work tree beside them.

    Args:
        stores: What the first has, the others do not say again.
        needed: Columns that will be asked for; others may be asked for too.
    """
    names, index = tuple(needed), stores[0].index
    parts: list[tuple[Part, str, bool]] = []
    problems: dict[str, InvalidRecordError] = {}
    for folder in sorted({folder for store in stores for folder in store.months()}, reverse=True):
        found = months.month(_Committed(stores, folder).source(), index, names)
        parts += [(part, folder, True) for part in found.parts]
        problems |= _problems(folder, found)
    known = {f"{ulid}.json" for part, _, _ in parts for ulid in part.living("id")} if work_tree else set()
    known |= {path.rpartition("/")[2] for path in problems}
    for folder in reversed(work_tree.months()) if work_tree else ():
        if work_tree and (source := _beside(work_tree, folder, known)):
            found = months.month(source, index, names)
            parts += [(part, folder, False) for part in found.parts]
            problems |= _problems(folder, found)
    return Table(tuple(parts), problems, index)


def whole(stores: Sequence[Store], work_tree: WorkTree | None, choose: Callable[[Table], Iterable[str]]) -> Table:
    """Open a table with the columns that are chosen by what there is; a column that is torn is made anew."""
    table = open_table(stores, work_tree, ())
    names = tuple(choose(table))
    try:
        table.load(names)
    except TornError:
        table = open_table(stores, work_tree, names)
    return table


class _Committed:
    """What several commits have in one folder, those before speaking first."""

    def __init__(self, stores: Sequence[Store], folder: str) -> None:
        self._stores, self._folder = stores, folder

    def source(self) -> Source:
        trees = dict.fromkeys(store.files.tree(store.files.layers[0], self._folder) for store in self._stores)
        return Source(
            folder=self._folder, state=months.state_of(*filter(None, trees)), files=self._files, read=self._read
        )

    @cached_property
    def _entries(self) -> dict[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for store in reversed(self._stores):
            listed = store.files.files_of(store.files.layers[0], self._folder)
            found |= {path.rpartition("/")[2]: entry for path, entry in listed.items() if layout.kind_of(path) == "run"}
        return found

    def _files(self) -> dict[str, str]:
        return {name: _object(entry) for name, entry in self._entries.items()}

    def _read(self, names: Iterable[str]) -> Outcomes:
        wanted = {f"{self._folder}/{name}": self._entries[name] for name in names}
        regular = {path: entry.blob for path, entry in wanted.items() if entry.mode in REGULAR_FILE_MODES}
        for path, outcome in self._stores[0].each(regular):
            yield path.rpartition("/")[2], outcome
        others = {path: entry for path, entry in wanted.items() if path not in regular}
        for path, outcome in self._stores[0].outcomes(others).items():
            yield path.rpartition("/")[2], outcome


def _object(entry: TreeEntry) -> str:
    """A link is not the file that has the same bytes."""
    return entry.blob if entry.mode in REGULAR_FILE_MODES else f"{entry.mode} {entry.blob}"


def _beside(work_tree: WorkTree, folder: str, known: AbstractSet[str]) -> Source | None:
    """Return what the work tree has in a folder and no commit does."""
    names = work_tree.names(folder, known)
    if not names:
        return None
    told = {
        path.rpartition("/")[2]: (digest, read)
        for path, digest, read in work_tree.files(f"{folder}/{name}" for name in names)
    }
    return Source(
        folder=f"work tree {folder}",
        state=months.state_of(*(f"{name} {digest}" for name, (digest, _) in told.items())),
        files=lambda: {name: digest for name, (digest, _) in told.items()},
        read=lambda asked: ((name, told[name][1]()) for name in asked),
    )


def _problems(folder: str, found: Month) -> dict[str, InvalidRecordError]:
    told = {f"{folder}/{one.name}": InvalidRecordError(one.problem, hint=one.hint) for one in found.unread}
    lost = (f"{folder}/{name}" for name in found.lost)
    return told | {path: LostObjectError(f"{path}: git has lost it", hint="git fsck") for path in lost}
