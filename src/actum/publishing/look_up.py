"""The use case: what features of an entity are, by the online store, for people who ask at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from actum import layout, moments
from actum.definitions.definitions import Definitions, variables_of
from actum.errors import NotFoundError, UsageError
from actum.online.lookup import Found, Lookup
from actum.quantities import plural
from actum.records.feature_set import FeatureSet
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What was asked. ``keys``: of a view, in the order of its entity; ``named``: keys and values by name."""

    view: str = ""
    set: str = ""
    keys: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What the store says. ``given``: what it was asked with, with types; ``digests``: of what the features mean."""

    found: Found
    given: Mapping[str, Any]
    digests: Mapping[str, str]
    units: Mapping[str, str]


def look_up(question: Question, head: Store, path: Path) -> Answered:
    """Answer a question from the store at *path*, by the definitions that are checked out.

    Raises:
        NotFoundError: There is no such view, set or store.
        UsageError: Keys are too many, too few, unknown, or of another type.
        UserError: The store cannot answer; it says why.
    """
    definitions = head.definitions
    wanted = _set(head, question.set) if question.set else _features_of(definitions, question.view)
    lookup = Lookup(path, definitions, wanted)
    named = {**_by_place(definitions, question), **question.named}
    given = _typed(lookup.given, named)
    found = lookup.one(given, at=question.at)
    variables = (definitions.variable(name) for name in lookup.features)
    return Answered(
        found=found,
        given=given,
        digests=definitions.digests_of(lookup.features),
        units={one.name: one.feature.unit for one in variables},
    )


def _features_of(definitions: Definitions, view: str) -> tuple[str, ...]:
    if view not in definitions.views:
        known = ", ".join(sorted(definitions.views)) or "none"
        raise NotFoundError(f"{layout.view(view)} is not committed; there are: {known}", hint="actum ls features")
    return tuple(variable.name for variable in variables_of(definitions.views[view]))


def _set(head: Store, name: str) -> FeatureSet:
    found = head.feature_set(name)
    if found is None:
        raise NotFoundError(f"{layout.feature_set(name)} is not committed", hint=f"ls {layout.SETS}")
    return found


def _by_place(definitions: Definitions, question: Question) -> dict[str, str]:
    """Name the keys that were given without one."""
    entity = definitions.views[question.view].entity if question.view else ()
    if len(question.keys) > len(entity):
        wanted = f"wants {len(entity)}: {', '.join(entity)}" if entity else "has none: write NAME=VALUE"
        raise UsageError(f"{plural(len(question.keys), 'key')} given, {question.view or question.set} {wanted}")
    return dict(zip(entity, question.keys, strict=False))


def _typed(wanted: Mapping[str, str], named: Mapping[str, str]) -> dict[str, Any]:
    """Read texts as the types that are wanted.

    Raises:
        UsageError: One is lacking, not wanted, or no such value.
    """
    if unknown := [name for name in named if name not in wanted]:
        raise UsageError(f"{unknown[0]} is not asked for; wanted: {_listed(wanted)}")
    if lacking := [name for name in wanted if name not in named]:
        raise UsageError(f"{', '.join(lacking)} not given; wanted: {_listed(wanted)}", hint="NAME= where it is missing")
    return {name: _value(name, named[name], kind) for name, kind in wanted.items()}


def _listed(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in wanted.items()) or "nothing"


def _value(name: str, text: str, kind: str) -> Any:
    if not text:
        return None
    if kind == "timestamp":
        return moments.from_option(text)
    if kind == "bool" and text not in ("true", "false"):
        raise UsageError(f"{name}: {text!r} must be true or false")
    if kind in ("bool", "string"):
        return text == "true" if kind == "bool" else text
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is no {'whole ' * (kind == 'int')}number") from error


def pairs(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Part words into those without a name and those of the form NAME=VALUE.

    Raises:
        UsageError: A name is given twice.
    """
    plain, named = [], dict[str, str]()
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            plain.append(word)
        elif name in named:
            raise UsageError(f"{name} is given twice")
        else:
            named[name] = value
    return tuple(plain), named
