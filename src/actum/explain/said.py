"""What an explanation says: each line is a check with its outcome. Pure: words from values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from actum.records.card import ModelCard
from actum.records.decision import Decision

_COLUMN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line. ``absent``: it could not be told, which is no contradiction; ``hint``: how it could."""

    state: Literal["ok", "failed", "absent"]
    said: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What one input contributed, on the scale of the model's link. ``words``: its name for people."""

    input: str
    words: str
    value: Any
    unit: str
    contribution: float

    @property
    def shown(self) -> str:
        """The value for people, with its unit."""
        return f"{shown(self.value)} {self.unit}".rstrip() if self.value is not None else "missing"


def reasons(card: ModelCard, decision: Decision, told: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Return the contributions in the card's words, the one that pushed the score up most first."""
    described = {item.name: item for item in card.inputs}
    columns = {**decision.inputs, **decision.subject}
    found = []
    for item in told:
        name = item["input"]
        known = described.get(name)
        found.append(
            Reason(
                input=name,
                words=fill(known.words, columns) if known and known.words else name,
                value=item["value"],
                unit=known.unit if known else "",
                contribution=item["contribution"],
            )
        )
    return tuple(sorted(found, key=lambda reason: -reason.contribution))


def for_and_against(
    card: ModelCard, decision: Decision, found: Sequence[Reason], *, most: int = 3
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Return what spoke most for this outcome, and the one thing that spoke most against it."""
    above = card.decision is not None and decision.outcome == card.decision.at_or_above
    ordered = list(found) if above else list(reversed(found))
    sign = 1 if above else -1
    pro = [reason for reason in ordered if reason.contribution * sign > 0]
    contra = [reason for reason in reversed(ordered) if reason.contribution * sign < 0]
    return tuple(pro[:most]), tuple(contra[:1])


def subject(card: ModelCard, decision: Decision) -> str:
    """Return the line by which people know the decision: the card's template, or its key and time."""
    if card.subject:
        return fill(card.subject, {**decision.inputs, **decision.subject})
    return f"{decision.key}, {decision.decided_at:%Y-%m-%d %H:%MZ}"


def fill(template: str, columns: Mapping[str, Any]) -> str:
    """Put the values of columns into a template; what is not known is a question mark."""
    return _COLUMN.sub(lambda found: shown(columns.get(found[1]), missing="?"), template)


def shown(value: Any, *, missing: str = "missing") -> str:
    """Write a value for people."""
    if value is None:
        return missing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return str(value)
