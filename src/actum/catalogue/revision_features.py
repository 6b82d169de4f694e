"""What became of features, and of the sets that models take, from one revision to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from actum.catalogue.feature_changes import FeatureChange, Part, of_definitions
from actum.catalogue.holdings import Holdings
from actum.records.feature_set import FeatureSet


@dataclass(frozen=True, kw_only=True, slots=True)
class SetChange:
    """A set that differs. ``added`` and ``removed``: features; ``parts``: its labels and keys."""

    name: str
    how: Literal["added", "removed", "changed"]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureDifferences:
    """All that differs between the features of two commits."""

    a: str
    b: str
    features: tuple[FeatureChange, ...]
    sets: tuple[SetChange, ...]

    def is_none(self) -> bool:
        return not (self.features or self.sets)


def compare_features(holdings: Holdings, a: str, b: str) -> FeatureDifferences:
    """Compare the features of two commits; what cannot be read is left out, and noted among the warnings."""
    before, after = holdings.truth.beside(a), holdings.truth.beside(b)
    sets = ({taken.set: taken for taken in store.feature_sets()} for store in (before, after))
    return FeatureDifferences(
        a=a,
        b=b,
        features=of_definitions(before.definitions, after.definitions),
        sets=tuple(_sets(*sets)),
    )


def _sets(a: dict[str, FeatureSet], b: dict[str, FeatureSet]) -> Iterator[SetChange]:
    for name in sorted(a.keys() | b.keys()):
        one, other = a.get(name), b.get(name)
        if one is None or other is None:
            yield SetChange(name=name, how="removed" if one else "added")
        elif change := _set(one, other):
            yield change


def _set(a: FeatureSet, b: FeatureSet) -> SetChange | None:
    added = tuple(name for name in b.features if name not in a.features)
    removed = tuple(name for name in a.features if name not in b.features)
    parts = tuple(Part(name=name, a=one, b=other) for name, (one, other) in _fields(a, b) if one != other)
    if not (added or removed or parts):
        return None
    return SetChange(name=a.set, how="changed", added=added, removed=removed, parts=parts)


def _fields(a: FeatureSet, b: FeatureSet) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what a set says besides its features: order counts, for it is that of the model's columns."""
    kept = tuple(
        ", ".join(name for name in one.features if name in set(a.features) & set(b.features)) for one in (a, b)
    )
    yield "order", (kept[0], kept[1])
    yield "labels", (a.labels.path, b.labels.path)
    yield "moment", (a.labels.moment, b.labels.moment)
    for key in sorted(a.keys.keys() | b.keys.keys()):
        yield f"key {key}", (a.keys.get(key, key), b.keys.get(key, key))
