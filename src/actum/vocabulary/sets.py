"""What sets ask for that no view can give them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from actum import layout
from actum.definitions.definitions import DefinitionError, Definitions
from actum.errors import NotFoundError
from actum.records.feature_set import FeatureSet
from actum.vocabulary.remark import Remark


def set_remarks(definitions: Definitions, sets: Iterable[FeatureSet]) -> Iterator[Remark]:
    """Yield what is wrong between sets and views."""
    for taken in sets:
        path = layout.feature_set(taken.set)
        for index, name in enumerate(taken.features):
            if name not in definitions.variables:
                near = difflib.get_close_matches(name, definitions.variables, n=1)
                guess = f", did you mean {near[0]}?" if near else ""
                yield _lost(path, ("features", index), f"{name} is defined by no view{guess}", "actum ls features")
        asked = asked_by(definitions, names_taken(definitions, taken))
        for key in taken.keys:
            if key not in asked:
                wanted = ", ".join(sorted(asked)) or "nothing"
                yield _lost(path, ("keys", key), f"{key} is asked for by none of its features (they ask for {wanted})")
        for key in sorted(asked & taken.keys.keys()):
            if circle := _circle(definitions, taken, key, ()):
                message = f"goes round in a circle: {' -> '.join(circle)}"
                yield Remark(kind="feature-circle", weight="block", path=path, at=("keys", key), message=message)
                break


def names_taken(definitions: Definitions, taken: FeatureSet) -> tuple[str, ...]:
    """Return all features that a set makes use of, also indirectly; those that cannot be told are left out."""
    found: dict[str, None] = {}
    for name in (*taken.features, *definitions.keys_of(taken)):
        try:
            found |= dict.fromkeys(variable.name for variable in definitions.in_order([name]))
        except (NotFoundError, DefinitionError):
            continue
    return tuple(found)


def asked_by(definitions: Definitions, names: Iterable[str]) -> frozenset[str]:
    """Return the entities and request values by which features are asked for."""
    variables = [definitions.variable(name) for name in names]
    entities = {entity for variable in variables for entity in variable.view.entity}
    return frozenset(entities | {value for variable in variables for value in definitions.requests_of(variable)})


def _circle(definitions: Definitions, taken: FeatureSet, key: str, above: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys that lead from a key to itself, each given by a feature that asks for the next."""
    if key in above:
        return (*above[above.index(key) :], key)
    giver = taken.keys.get(key, key)
    if giver not in definitions.variables:
        return ()
    try:
        names = [variable.name for variable in definitions.in_order([giver])]
    except DefinitionError:
        return ()
    circles = (_circle(definitions, taken, each, (*above, key)) for each in sorted(asked_by(definitions, names)))
    return next((found for found in circles if found), ())


def _lost(path: str, at: tuple[str | int, ...], message: str, hint: str = "") -> Remark:
    return Remark(kind="feature-lost", weight="block", path=path, at=at, message=message, hint=hint)
