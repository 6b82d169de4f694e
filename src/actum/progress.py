"""What a long job says of itself while it lasts; whether anybody sees it, and how, is decided above."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Teller(Protocol):
    """Whom a long job tells: called with a line that stays, or with what it does now, which the next word replaces."""

    def __call__(self, line: str, /) -> None: ...

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Say what is being done; *done* of *total* in units, such as ``objects``. A total of None: nobody knows."""


class Silent:
    """The teller of those whom nobody asked."""

    def __call__(self, line: str, /) -> None:
        """Let a line go."""

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Let it go."""


silent = Silent()


def counter(tell: Teller, what: str, unit: str) -> Callable[[int, int], None]:
    """Return what takes the figures, done and total, of a job that knows nothing else of itself."""
    return lambda done, total: tell.now(what, done, total, unit)


def counted(tell: Teller, items: Sequence[T], what: str, unit: str) -> Iterator[T]:
    """Yield *items* and tell how many are done."""
    for done, item in enumerate(items):
        tell.now(what, done, len(items), unit)
        yield item
