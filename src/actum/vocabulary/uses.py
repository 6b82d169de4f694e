"""Who uses which feature: sets, models by their cards, and versions that stand at a stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from actum.definitions.definitions import Definitions
from actum.errors import InvalidRecordError
from actum.names import Reference
from actum.records.card import ModelCard
from actum.records.feature_set import FeatureSet
from actum.records.version import ModelVersion
from actum.store import Store
from actum.vocabulary.sets import names_taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Uses:
    """By name of a feature, sorted; what is computed from a feature counts as its use.

    Attributes:
        sets: Sets that take it.
        models: Models whose card names such a set.
        live: Versions that pin it and stand at a stage.
    """

    sets: Mapping[str, tuple[str, ...]]
    models: Mapping[str, tuple[str, ...]]
    live: Mapping[str, tuple[str, ...]]

    def is_used(self, name: str) -> bool:
        return name in self.sets or name in self.live

    def users(self, name: str) -> tuple[str, ...]:
        """Return models whose card takes a feature, and versions elsewhere that were trained with it and stand."""
        models = self.models.get(name, ())
        return (*models, *(one for one in self.live.get(name, ()) if one.partition("@")[0] not in models))


def uses_of(
    definitions: Definitions,
    sets: Iterable[FeatureSet],
    cards: Iterable[ModelCard],
    live: Iterable[ModelVersion],
) -> Uses:
    """Return who uses features. ``live``: the versions that stand at a stage."""
    taken = {one.set: names_taken(definitions, one) for one in sets}
    models = {card.model: taken[card.features] for card in cards if card.features in taken}
    pinned = {str(Reference("version", one.model, one.version)): _names(one) for one in live}
    return Uses(sets=_turned(taken), models=_turned(models), live=_turned(pinned))


def readable_cards(store: Store) -> tuple[ModelCard, ...]:
    """Return the cards that can be read; of the others somebody else tells."""
    outcomes = store.outcomes(store.listed("model"))
    return tuple(one for one in outcomes.values() if isinstance(one, ModelCard))


def live_versions(store: Store) -> tuple[ModelVersion, ...]:
    """Return the versions that stand at a stage, of those that can be read."""
    found = []
    for model in store.models():
        for number in sorted({pointer.version for pointer in store.pointers(model).values()}):
            with suppress(InvalidRecordError):
                found.append(store.version(model, number))
    return tuple(version for version in found if version is not None)


def _names(version: ModelVersion) -> Iterable[str]:
    return version.features.digests if version.features else ()


def _turned(taken: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for who, names in sorted(taken.items()):
        for name in names:
            found.setdefault(name, []).append(who)
    return {name: tuple(users) for name, users in found.items()}
