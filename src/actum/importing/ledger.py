"""What an import took over, what was there already, and what found no home here, by name and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from actum.runlog.values import cleaned

_NAMES_KEPT = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Things of one kind that were left where they are. ``names``: the first of them."""

    what: str
    why: str
    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """The whole of an import.

    Attributes:
        taken: How many of each kind were taken over now. ``known``: were there already, as they are now.
        left: What was not, and why.
        paths: What to add to git.
    """

    system: str
    taken: Mapping[str, int]
    known: Mapping[str, int]
    left: tuple[Left, ...]
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Ledger:
    """Counts while an import is under way."""

    taken: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    _left: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def leave(self, what: str, why: str, name: str = "", *, count: int = 1) -> None:
        """Say of *count* things of a kind why they are not taken over. ``name``: of the one, if it has any."""
        if not count:
            return
        why = cleaned(why)
        self._counts[what, why] += count
        names = self._left.setdefault((what, why), [])
        if name and len(names) < _NAMES_KEPT:
            names.append(cleaned(name))

    def close(self, system: str, paths: tuple[str, ...], notes: tuple[str, ...] = ()) -> Imported:
        left = (
            Left(what=what, why=why, count=self._counts[what, why], names=tuple(names))
            for (what, why), names in sorted(self._left.items())
        )
        return Imported(system=system, taken=+self.taken, known=+self.known, left=tuple(left), paths=paths, notes=notes)
