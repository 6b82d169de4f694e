"""A view as the columns of an online store: the parts of its key, and its features by what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from actum.definitions.definitions import Definitions, variables_of
from actum.online.store import Column
from actum.records.view import Dtype, FeatureView


def entity_by_column(view: FeatureView) -> dict[str, str]:
    """Return what a view calls the parts of its key, by the columns of its source."""
    return {view.source.keys.get(name, name): name for name in view.entity} if view.source else {}


def key_columns(view: FeatureView, types: Mapping[str, Dtype]) -> tuple[Column, ...]:
    """Return the parts of a view's key, whose types are the source's to say."""
    return tuple(Column(name=name, type=types[name], source=column) for column, name in entity_by_column(view).items())


def feature_columns(view: FeatureView, definitions: Definitions) -> tuple[Column, ...]:
    """Return a view's features in its order, as logs have them.

    Raises:
        NotFoundError, DefinitionError: As :meth:`Definitions.digest`.
    """
    variables = tuple(variables_of(view))
    digests = definitions.digests_of(variable.name for variable in variables)
    return tuple(Column(name=one.name, type=one.type, digest=digests[one.name]) for one in variables)
