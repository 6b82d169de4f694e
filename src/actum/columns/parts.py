"""Runs in parts that are never changed: one more run is a small part more, and small parts are joined now and then.

A part is as the index keeps it: a column of values for each name, and a name of its own from what its files hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actum.columns.flattening import BLOB
from actum.index.index import Index

Columns = Mapping[str, Sequence[Any]]


class TornError(Exception):
    """The index lacks a column of a part, or has one of another length: what it knew of it counts for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Some runs of one folder.

    Attributes:
        group: What names these files by their content. ``rows``: how many they are.
        names: The columns that at least one of them has.
        dead: Rows of files that are gone, or others by now.
        held: Columns that are in memory.
    """

    group: str
    rows: int
    names: tuple[str, ...]
    dead: frozenset[int] = frozenset()
    held: dict[str, Sequence[Any]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any]]) -> Part:
        names = dict.fromkeys(name for row in rows for name in row)
        return cls._of({name: [row.get(name) for row in rows] for name in names}, len(rows))

    @classmethod
    def joined(cls, parts: Sequence[Part]) -> Part:
        """Return one part with the living rows of several, all of whose columns are held."""
        names = dict.fromkeys(name for part in parts for name in part.names)
        columns = {name: [value for part in parts for value in part.living(name)] for name in names}
        kept = {name: values for name, values in columns.items() if any(value is not None for value in values)}
        return cls._of(kept, sum(part.alive for part in parts))

    @classmethod
    def _of(cls, columns: Columns, rows: int) -> Part:
        hashed = hashlib.blake2b(digest_size=20)
        for ulid, blob in zip(columns["id"], columns[BLOB], strict=True):
            hashed.update(f"{ulid} {blob}\n".encode())
        return cls(group=hashed.hexdigest(), rows=rows, names=tuple(columns), held=dict(columns))

    @classmethod
    def told(cls, told: Sequence[Any]) -> Part:
        group, rows, names, dead = told
        return cls(group=group, rows=rows, names=tuple(names), dead=frozenset(dead))

    def tell(self) -> list[Any]:
        """Return what the index keeps of a part beside its columns."""
        return [self.group, self.rows, list(self.names), sorted(self.dead)]

    @property
    def alive(self) -> int:
        return self.rows - len(self.dead)

    def living(self, name: str) -> Sequence[Any]:
        """Return a column that is held, or that no run here has, without what is dead."""
        values = self.held[name] if name in self.names else [None] * self.rows
        if not self.dead:
            return values
        return [value for row, value in enumerate(values) if row not in self.dead]

    def without(self, dead: Iterable[int]) -> Part:
        return Part(group=self.group, rows=self.rows, names=self.names, dead=frozenset(dead), held=self.held)

    def load(self, index: Index | None, names: Iterable[str]) -> None:
        """Hold columns; those that no run of the part has are passed over.

        Raises:
            TornError
        """
        wanted = [name for name in dict.fromkeys(names) if name in self.names and name not in self.held]
        found = index.columns(self.group, wanted) if index and wanted else {}
        if any(len(found.get(name, ())) != self.rows for name in wanted):
            raise TornError(self.group)
        self.held.update(found)
