"""One thing that is to be said about features, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum import layout
from actum.definitions.definitions import Variable

Weight = Literal["block", "warn"]
# By the definitions alone; ``check`` asks these of a change.
DEFINED = {
    "feature-twice": "two views define one name",
    "feature-same": "one variable has two names",
    "feature-lost": "a view, a set or a card names a feature, a set or a key that is not there",
    "feature-circle": "features, or the keys of a set, go round in a circle",
    "feature-type": "a feature is computed from types that do not go together, or is of another type than it says",
    "feature-request": "a value of requests has two types, or the name of a feature",
    "feature-unowned": "nobody answers for a view",
    "feature-undescribed": "a feature has no description",
    "feature-dead": "a feature is in no set and in no version that stands at a stage",
    "feature-sensitive": "a model takes a feature about persons for which its card gives no leave",
    "feature-skew": "a version that stands at a stage was trained with another meaning of a feature",
}
KINDS = DEFINED | {
    "record-invalid": "a view, a set or a card cannot be read",
    "feature-source": "a source does not have what a view asks of it",
    "feature-alike": "two features have the same values on the data, or go together entirely",
    "feature-unsurveyed": "the sources could not be asked",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """``kind``: a key of :data:`KINDS`; ``at``: the field in the file at *path*; ``hint``: a command, or ""."""

    kind: str
    weight: Weight
    path: str
    at: tuple[str | int, ...]
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        assert self.kind in KINDS


def of_variable(variable: Variable, kind: str, weight: Weight, message: str) -> Remark:
    """Remark on a feature, where its view defines it."""
    at = ("features", variable.place)
    return Remark(kind=kind, weight=weight, path=layout.view(variable.view.view), at=at, message=message)
