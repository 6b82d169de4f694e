"""What sets ask for that no view can give them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from actum import layout
from actum.definitions.definitions import DefinitionError, Definitions, Variable
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
        asked = _asked_by(definitions, names_taken(definitions, taken))
        for key in taken.keys:
            if key not in asked:
                wanted = ", ".join(sorted(asked)) or "nothing"
                yield _lost(path, ("keys", key), f"{key} is asked for by none of its features (they ask for {wanted})")
        for key in sorted(asked):
            if circle := _circle(definitions, taken, key, ()):
                message = f"goes round in a circle: {' -> '.join(circle)}"
                yield Remark(kind="feature-circle", weight="block", path=path, at=("keys", key), message=message)
                break


def names_taken(definitions: Definitions, taken: FeatureSet) -> tuple[str, ...]:
    """Return all features that a set makes use of, also indirectly; those that cannot be told are left out."""
    sound = tuple(name for name in taken.features if _in_order(definitions, [name]))
    if not sound:
        return ()
    try:
        return tuple(variable.name for variable in definitions.of_set(replace(taken, features=sound)))
    except DefinitionError:  # of a feature that gives a key
        return tuple(variable.name for variable in _in_order(definitions, sound))


def _in_order(definitions: Definitions, names: Iterable[str]) -> tuple[Variable, ...]:
    try:
        return definitions.in_order(names)
    except (NotFoundError, DefinitionError):
        return ()


def _asked_by(definitions: Definitions, names: Iterable[str]) -> frozenset[str]:
    return definitions.asked_by(map(definitions.variable, names))


def _circle(definitions: Definitions, taken: FeatureSet, key: str, above: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys that lead from a key to itself, each given by a feature that asks for the next."""
    if key in above:
        return (*above[above.index(key) :], key)
    giver = definitions.giver(key, taken.keys)
    if giver is None:
        return ()
    asked = definitions.asked_by(_in_order(definitions, [giver]))
    circles = (_circle(definitions, taken, each, (*above, key)) for each in sorted(asked))
    return next((found for found in circles if found), ())


def _lost(path: str, at: tuple[str | int, ...], message: str, hint: str = "") -> Remark:
    return Remark(kind="feature-lost", weight="block", path=path, at=at, message=message, hint=hint)
