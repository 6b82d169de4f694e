"""Features as rows, and one of them whole: what it means, who answers for it, who uses it."""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.catalogue.feature_pages import FeatureDetail, FeatureRow, Training
from actum.catalogue.freshness import stored
from actum.catalogue.holdings import Holdings
from actum.catalogue.meaning import in_words
from actum.definitions.definitions import DefinitionError, Definitions, Variable
from actum.errors import InvalidRecordError
from actum.names import Reference
from actum.records.version import ModelVersion
from actum.vocabulary.sets import names_taken
from actum.vocabulary.uses import Uses, uses_of


def feature_rows(holdings: Holdings, model: str | None = None) -> Iterator[FeatureRow]:
    """Yield the features by view, in its order; of one model those that its set takes, also indirectly.

    Raises:
        UsageError: They are asked for at a date.
    """
    definitions, uses = holdings.definitions(), _uses(holdings)
    taken = _taken(holdings, definitions, model) if model else None
    for variable in definitions.every:
        if taken is None or variable.name in taken:
            yield _row(holdings, definitions, uses, variable)


def feature_detail(holdings: Holdings, reference: Reference) -> FeatureDetail:
    """Return all that is on record about one feature, which is there.

    Raises:
        DefinitionError: What it is computed from is not there, or goes round in a circle.
    """
    definitions, uses = holdings.definitions(), _uses(holdings)
    named = (reference.owner, reference.name)
    variable = next(one for one in definitions.every if (one.view.view, one.name) == named)
    needed = (variable, *definitions.in_order(definitions.needs(variable)))
    digest = definitions.digest_of(variable)
    return FeatureDetail(
        row=_row(holdings, definitions, uses, variable),
        description=variable.feature.description,
        words=in_words(variable),
        reads=tuple(definitions.variable(name).id for name in definitions.needs(variable)),
        read_by=tuple(definitions.variable(name).id for name in definitions.readers(variable.name)),
        entities=tuple(sorted({entity for one in needed for entity in one.view.entity})),
        request={name: kind for one in needed for name, kind in definitions.requests_of(one).items()},
        sets=uses.sets.get(variable.name, ()),
        versions=tuple(_trainings(holdings, variable.name, digest)),
        stored=stored(holdings, variable, digest) if variable.view.source else None,
    )


def _row(holdings: Holdings, definitions: Definitions, uses: Uses, variable: Variable) -> FeatureRow:
    view, feature = variable.view, variable.feature
    try:
        digest = definitions.digest_of(variable)
    except DefinitionError:
        digest = None
    return FeatureRow(
        id=variable.id,
        name=variable.name,
        view=view.view,
        type=variable.type,
        unit=feature.unit,
        sensitivity=feature.sensitivity,
        owner=view.owner,
        users=uses.users(variable.name),
        digest=digest,
        merged=holdings.is_merged(layout.view(view.view)),
    )


def _uses(holdings: Holdings) -> Uses:
    models = holdings.models()
    cards = [card for model in models if (card := holdings.readable_card(model))]
    standing = ((model, holdings.standing(model, stage)) for model in models for stage in holdings.stages(model))
    numbers = dict.fromkeys((model, held.version) for model, held in standing if held)
    live = [version for model, number in numbers if (version := _version(holdings, model, number))]
    return uses_of(holdings.definitions(), holdings.feature_sets(), cards, live)


def _version(holdings: Holdings, model: str, number: str) -> ModelVersion | None:
    try:
        return holdings.version(model, number)
    except InvalidRecordError as error:
        holdings.note(layout.version(model, number), error)
        return None


def _taken(holdings: Holdings, definitions: Definitions, model: str) -> frozenset[str]:
    card = holdings.card(model)
    found = [names_taken(definitions, taken) for taken in holdings.feature_sets() if taken.set == card.features]
    return frozenset(name for names in found for name in names)


def _trainings(holdings: Holdings, name: str, digest: str) -> Iterator[Training]:
    holdings.truth.prefetch("model-version")
    for model in holdings.models():
        standing = {stage: holdings.standing(model, stage) for stage in holdings.stages(model)}
        for line in holdings.versions(model):
            version = _version(holdings, model, line.version)
            if version is not None and version.features and name in version.features.digests:
                stages = tuple(stage for stage, held in standing.items() if held and held.version == line.version)
                yield _training(version, stages, same=version.features.digests[name] == digest)


def _training(version: ModelVersion, stages: tuple[str, ...], *, same: bool) -> Training:
    return Training(version=str(Reference("version", version.model, version.version)), stages=stages, same=same)
