"""What an online store holds and answers, whatever lies behind it.

A row says what the features of an entity are from ``since`` until its next row (docs/adr/0014). Kept are the last
row at or before ``until``, and those after it that only the passing of time brings about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from actum.errors import UserError
from actum.records.view import Dtype

ALWAYS = -(2**62)
"""``since`` of rows that hold always, as logs write it: their source has no times."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Plain: TypeAlias = float | int | str | bool | None
"""A value as it is stored and computed with: a moment is whole microseconds since 1970, UTC."""
Key: TypeAlias = tuple[Plain, ...]
Values: TypeAlias = tuple[Plain, ...]


class StoreError(UserError):
    """The store cannot be used as it is: foreign, damaged, of a newer form, busy, or later than asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A part of the key, or a feature.

    Attributes:
        digest: Of what a feature means; "" for a part of the key.
        source: Of a part of the key the column of the source: a view may call it something else the next time, and
            its features mean the same all the while.
    """

    name: str
    type: Dtype
    digest: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One view as it stands in a store.

    Attributes:
        until: Nothing that happened or became known later is in it.
        commit: Of the repository that definitions and sources came from; ``at``: when it was published.
        engine: What computed it, with versions.
        changed: Sources that were not what the commit says of them.
        rows: How many there are.
    """

    view: str
    entity: tuple[Column, ...]
    features: tuple[Column, ...]
    until: datetime
    commit: str
    at: datetime
    engine: str
    changed: tuple[str, ...] = ()
    rows: int = 0

    @property
    def digests(self) -> dict[str, str]:
        return {feature.name: feature.digest for feature in self.features}


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """A view to be written. ``rows``: key, ``since``, features; unique in key and ``since``, sorted or not."""

    published: Published
    rows: Iterable[Sequence[Plain]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What writing a view did. ``rewritten``: it was new, or its features meant something else before."""

    view: str
    rows: int
    written: int
    removed: int
    rewritten: bool


class OnlineStore(Protocol):
    """The small interface behind which SQLite lies, and another store can."""

    @property
    def name(self) -> str:
        """What errors call it."""

    def __enter__(self) -> int:
        """Hold what is published now for the reads that follow; return a number that each publication changes."""

    def __exit__(self, *raised: object) -> None: ...

    def meta(self) -> Mapping[str, Published]:
        """Return the views that are published, by name."""

    def read(self, view: str, features: tuple[str, ...], key: Key, at: int) -> Values | None:
        """Return an entity's last values at or before *at*, or None where it was not seen until then."""

    def read_many(self, view: str, features: tuple[str, ...], keys: Sequence[Key], at: int) -> list[Values | None]:
        """Return the same for several entities, in their order."""

    def write(self, publications: Sequence[Publication]) -> tuple[Change, ...]:
        """Publish views together: readers see all of them or none."""


def microseconds_of(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
