"""How features differ in meaning: between the definitions of two revisions, or between what two versions pin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from actum.catalogue.meaning import in_words
from actum.definitions.definitions import DefinitionError, Definitions
from actum.errors import NotFoundError
from actum.records.version import Pins

How = Literal["added", "removed", "renamed", "changed", "words"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One thing that is said otherwise; "" where a side says nothing."""

    name: str
    a: str
    b: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureChange:
    """One feature that differs.

    Attributes:
        how: ``renamed``: the same digest under another name, ``was``; ``changed``: the same name for something else;
            ``words``: the same meaning, said otherwise.
        a, b: Digests; absent where that side has none, or it cannot be told.
        parts: What makes the difference, where the definitions are at hand.
    """

    name: str
    how: How
    was: str | None = None
    a: str | None = None
    b: str | None = None
    parts: tuple[Part, ...] = ()


def of_definitions(a: Definitions, b: Definitions) -> tuple[FeatureChange, ...]:
    """Return what differs between all features of two revisions, by name."""
    changes = _of_digests(_digests(a), _digests(b), a, b)
    told = {change.name for change in changes}
    for name in a.variables.keys() & b.variables.keys() - told:
        if parts := _parts(_said(a, name), _said(b, name)):
            changes.append(FeatureChange(name=name, how="words", parts=parts))
    return tuple(sorted(changes, key=lambda change: change.name))


def of_pins(
    a: Pins | None, b: Pins | None, before: Definitions | None, after: Definitions | None
) -> tuple[FeatureChange, ...]:
    """Return what differs between what two versions pin. *before*, *after*: what was defined then, if it is at hand."""
    found = _of_digests(dict(a.digests) if a else {}, dict(b.digests) if b else {}, before, after)
    if a and b:
        for name in sorted(a.keys.keys() | b.keys.keys()):
            part = Part(name="given by", a=a.keys.get(name, name), b=b.keys.get(name, name))
            if part.a != part.b:
                found.append(FeatureChange(name=f"key {name}", how="changed", parts=(part,)))
    return tuple(found)


def _of_digests(
    a: Mapping[str, str | None], b: Mapping[str, str | None], before: Definitions | None, after: Definitions | None
) -> list[FeatureChange]:
    gone = {name: digest for name, digest in a.items() if name not in b}
    renamed = dict(_renamed(gone, {name: digest for name, digest in b.items() if name not in a}))
    changes = [
        FeatureChange(name=name, how="removed", a=digest)
        for name, digest in gone.items()
        if name not in renamed.values()
    ]
    for name, digest in b.items():
        if name in renamed:
            changes.append(FeatureChange(name=name, how="renamed", was=renamed[name], a=digest, b=digest))
        elif name not in a:
            changes.append(FeatureChange(name=name, how="added", b=digest))
        elif digest != a[name]:
            parts = _changed_parts(before, after, name) if before and after else ()
            changes.append(FeatureChange(name=name, how="changed", a=a[name], b=digest, parts=parts))
    return changes


def _renamed(gone: Mapping[str, str | None], new: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield new name and old name of what has the same digest; of several names each is taken once."""
    left = dict(gone)
    for name, digest in new.items():
        was = next((old for old, other in left.items() if digest is not None and other == digest), None)
        if was is not None:
            del left[was]
            yield name, was


def _digests(definitions: Definitions) -> dict[str, str | None]:
    return {name: _digest(definitions, name) for name in sorted(definitions.variables)}


def _digest(definitions: Definitions, name: str) -> str | None:
    try:
        return definitions.digest(name)
    except (DefinitionError, NotFoundError):
        return None


def _changed_parts(before: Definitions, after: Definitions, name: str) -> tuple[Part, ...]:
    """Return what is said otherwise of a feature itself, or else which of those it reads has another meaning."""
    try:
        one, other = before.variable(name), after.variable(name)
    except NotFoundError:
        return ()
    if parts := _parts(in_words(one), in_words(other)):
        return parts
    moved = (each for each in after.needs(other) if _digest(before, each) != _digest(after, each))
    return tuple(Part(name="reads", a=each, b=f"another {each}") for each in moved)


def _said(definitions: Definitions, name: str) -> dict[str, str]:
    """Return all that is said of a feature, meaning or not."""
    variable = definitions.variable(name)
    feature, view = variable.feature, variable.view
    about = {"description": feature.description, "unit": feature.unit, "sensitivity": feature.sensitivity}
    return {**in_words(variable), **about, "owner": view.owner, "view": view.view}


def _parts(a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Part, ...]:
    names = [name for name in dict.fromkeys((*a, *b)) if a.get(name, "") != b.get(name, "")]
    return tuple(Part(name=name, a=a.get(name, ""), b=b.get(name, "")) for name in names)
