"""Features that nobody answers for, explains or uses; uses that no card permits, or that a version knows otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from actum import layout
from actum.definitions.definitions import DefinitionError, Definitions, Variable
from actum.records.card import ModelCard
from actum.records.feature_set import FeatureSet
from actum.records.version import ModelVersion
from actum.records.view import FeatureView
from actum.store import Store
from actum.vocabulary.remark import Remark, of_variable
from actum.vocabulary.sets import names_taken
from actum.vocabulary.uses import live_versions, readable_cards, uses_of

PROTECTED = frozenset({"personal", "special"})


def care_remarks(store: Store) -> Iterator[Remark]:
    """Yield what is wrong with how the features of a revision are kept and used."""
    definitions, sets = store.definitions, {taken.set: taken for taken in store.feature_sets()}
    cards, live = readable_cards(store), live_versions(store)
    uses = uses_of(definitions, sets.values(), cards, live)
    for view in store.views():
        yield from _of_view(view)
    for variable in definitions.every:
        if not uses.is_used(variable.name):
            message = f"{variable.name} is in no set and in no version that stands at a stage"
            yield of_variable(variable, "feature-dead", "warn", message)
    for card in cards:
        yield from _of_card(definitions, sets, card)
    for version in live:
        yield from _of_version(definitions, version)


def _of_view(view: FeatureView) -> Iterator[Remark]:
    path = layout.view(view.view)
    if not view.owner:
        message = "has no owner: nobody answers for its features"
        yield Remark(kind="feature-unowned", weight="block", path=path, at=("view",), message=message)
    for index, feature in enumerate(view.features):
        if not feature.description:
            at, message = ("features", index), f"{feature.name} has no description"
            yield Remark(kind="feature-undescribed", weight="warn", path=path, at=at, message=message)


def _of_card(definitions: Definitions, sets: Mapping[str, FeatureSet], card: ModelCard) -> Iterator[Remark]:
    path = layout.card(card.model)
    named = sets.get(card.features or "")
    if card.features is not None and named is None:
        message = f"{layout.feature_set(card.features)} is not there"
        yield Remark(kind="feature-lost", weight="block", path=path, at=("features",), message=message)
    for index, name in enumerate(card.sensitive):
        if name not in definitions.variables:
            message = f"{name} is defined by no view"
            yield Remark(kind="feature-lost", weight="block", path=path, at=("sensitive", index), message=message)
    taken = names_taken(definitions, named) if named else ()
    for variable in map(definitions.variable, taken):
        kind = variable.feature.sensitivity
        if kind in PROTECTED and variable.name not in card.sensitive:
            message = f"takes {_through(definitions, variable, taken)}, which is {kind}, and sensitive does not name it"
            at, hint = ("features",), f"if the model may, name {variable.name} under sensitive"
            yield Remark(kind="feature-sensitive", weight="block", path=path, at=at, message=message, hint=hint)


def _through(definitions: Definitions, variable: Variable, taken: Iterable[str]) -> str:
    """Return the feature, with those of the model that are computed from it."""
    readers = [name for name in definitions.readers(variable.name) if name in taken]
    return variable.name + (f" (for {', '.join(readers)})" if readers else "")


def _of_version(definitions: Definitions, version: ModelVersion) -> Iterator[Remark]:
    """What stands was trained with features as they were; scored with others, it would answer about something else."""
    pinned = version.features.digests if version.features else {}
    if moved := [name for name, digest in pinned.items() if _digest(definitions, name) != digest]:
        told = (f"{name} ({'other meaning' if name in definitions.variables else 'gone'})" for name in moved)
        who = f"{version.model}@v{version.version}, which stands at a stage,"
        message = f"{who} was trained with features that are not so any more: {', '.join(told)}"
        path, hint = layout.card(version.model), f"actum diff {version.code_commit[:10]} HEAD"
        yield Remark(kind="feature-skew", weight="warn", path=path, at=("features",), message=message, hint=hint)


def _digest(definitions: Definitions, name: str) -> str | None:
    """Return the digest of a feature, None where it is gone or cannot be told."""
    try:
        return definitions.digest(name) if name in definitions.variables else None
    except DefinitionError:
        return None
