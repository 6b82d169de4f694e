"""One thing that is to be said about features, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum import layout
from actum.definitions.definitions import Variable

Kind = Literal[
    "record-invalid",
    "feature-twice",
    "feature-same",
    "feature-lost",
    "feature-circle",
    "feature-type",
    "feature-request",
    "feature-unowned",
    "feature-undescribed",
    "feature-dead",
    "feature-sensitive",
    "feature-skew",
    "feature-source",
    "feature-alike",
    "feature-unsurveyed",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """``at``: the field in the file at *path*, so that a line can be named; ``hint``: a command, or ""."""

    kind: Kind
    weight: Literal["block", "warn"]
    path: str
    at: tuple[str | int, ...]
    message: str
    hint: str = ""


def of_variable(variable: Variable, kind: Kind, weight: Literal["block", "warn"], message: str) -> Remark:
    """Remark on a feature, where its view defines it."""
    at = ("features", variable.place)
    return Remark(kind=kind, weight=weight, path=layout.view(variable.view.view), at=at, message=message)
