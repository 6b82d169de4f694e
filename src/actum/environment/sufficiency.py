"""Does a lock hold what its source asks for, and what our own code needs inside? Nothing is resolved for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from actum.environment.lock import Pinned, canonical_name
from actum.records.card import ModelCard

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_KEEPING = ("skops",)
"""What ``actum.models`` saves and loads models by."""
_SCORING = ("pyarrow", "pandas")
"""What ``actum score`` reads tables by, and gives them to a model in."""


def lacking(names: Collection[str], cards: Iterable[ModelCard]) -> tuple[str, ...]:
    """Say what a lock of *names* lacks of what the models on *cards* will need."""
    cards = tuple(cards)
    told = []
    for needed, models, what in (
        (_KEEPING, [card.model for card in cards if card.artifact.endswith(".skops")], "saved and loaded"),
        (_SCORING, [card.model for card in cards if card.decision is not None], "scored"),
    ):
        absent = [name for name in needed if name not in names]
        if absent and models:
            told.append(f"has no {' and no '.join(absent)}, without which {', '.join(models)} cannot be {what}")
    return tuple(told)


def disagreements(source: str, text: str, pinned: Iterable[Pinned], python: str) -> tuple[str, ...]:
    """Say where a lock is not what its source asks for. ``text``: that of requirements.in or pyproject.toml.

    What the source no longer asks for is not seen: something else may need it. ``actum lock --check`` resolves.
    """
    versions: dict[str, list[str]] = {}
    for item in pinned:
        versions.setdefault(item.name, []).append(item.version)
    told = []
    for asked in _requirements(text, is_project=source.endswith(".toml")):
        locked = versions.get(canonical_name(asked.name), [])
        if asked.marker is not None and not asked.marker.evaluate(_environment(python)):
            continue
        if not locked:
            told.append(f"has no {asked.name}, which {source} asks for")
        elif not any(asked.specifier.contains(version, prereleases=True) for version in locked):
            told.append(f"has {asked.name} {', '.join(locked)}, {source} asks for {asked.specifier}")
    return tuple(told)


def _requirements(text: str, *, is_project: bool) -> Iterator[Requirement]:
    """Yield what can be understood; what cannot is for `actum lock` to refuse."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line in _listed(text) if is_project else _lines(text):
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _lines(text: str) -> list[str]:
    bare = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in bare if line and not line.startswith("-")]


def _listed(text: str) -> list[str]:
    try:
        found = tomllib.loads(text).get("project", {}).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return []
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _environment(python: str) -> dict[str, str]:
    parts = python.split(".")
    return {"python_version": ".".join(parts[:2]), "python_full_version": ".".join([*parts, "0"][:3])}
