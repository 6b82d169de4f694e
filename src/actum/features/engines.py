"""What an engine must be able to do; everything else is Ibis. One is chosen by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

from actum.errors import UserError
from actum.features.columns import Column
from actum.features.values import Relation

EngineName = Literal["duckdb", "spark"]
# A column that says which times of another are finer than a microsecond.
FINER = "_finer {}"


class EngineError(UserError):
    """What was asked for can be read, but not computed; the message is the engine's."""


class TooLargeError(EngineError):
    """A value grows larger than its type holds; the message is the engine's."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="whole numbers end at 64 bits: write cast(... as float)")


class Engine(ABC):
    """Reads files, keeps and hands out what Ibis expressions mean. All names begin new with each engine."""

    name: EngineName

    def __init__(self) -> None:
        self._made = 0
        self._held: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Stop; what was kept is gone."""

    @abstractmethod
    def files(self, paths: Sequence[Path], columns: Sequence[Column]) -> Relation:
        """Return columns of Parquet files in the types of the inside; local times in microseconds of the wall clock.

        Of a column that counts nanoseconds a second one, ``FINER``, says which rows would lose some.
        """

    @abstractmethod
    def rows(self, table: Any) -> Relation:
        """Return an Arrow table, whose types are those of the inside already, as a relation."""

    @abstractmethod
    def kept(self, relation: Relation) -> Relation:
        """Compute a relation once and return it as a table."""

    @abstractmethod
    def table(self, relation: Relation) -> Any:
        """Compute a relation and return it as an Arrow table."""

    @abstractmethod
    def reader(self, relation: Relation) -> Any:
        """Compute a relation and return a reader of Arrow record batches, in its order."""

    @abstractmethod
    def as_of(self, rows: Relation, line: Relation, keys: Sequence[str]) -> Relation:
        """Return ``_row``, *keys*, ``_at`` and ``_since`` of the last row of *line* that is not after a row's ``_at``.

        Rows for which there is none are left out. *line* may hold a ``_since`` more than once.
        """

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let go of what is kept within, as soon as it is left: a log is larger than what is looked up in it."""
        mark = len(self._held)
        try:
            yield
        finally:
            while len(self._held) > mark:
                self._drop(self._held.pop())

    @abstractmethod
    def _drop(self, name: str) -> None:
        """Let go of one table."""

    def one(self, relation: Relation) -> Mapping[str, Any]:
        """Compute a relation of one row."""
        (row,) = self.table(relation).to_pylist()
        return dict(row)

    def new_name(self, *, held: bool = False) -> str:
        """Return a name for a view, or a table that is held until it is let go."""
        self._made += 1
        name = f"actum_{self._made}"
        if held:
            self._held.append(name)
        return name
