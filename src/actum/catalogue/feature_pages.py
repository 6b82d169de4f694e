"""What is told of a feature: in a row, and on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from actum.catalogue.freshness import Stored
from actum.records.view import Dtype, Sensitivity


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureRow:
    """One feature. ``users``: models whose set takes it, and versions elsewhere that stand and were trained with it.

    ``digest``: absent where it cannot be told, which ``actum features check`` explains.
    """

    id: str
    name: str
    view: str
    type: Dtype
    unit: str
    sensitivity: Sensitivity
    owner: str
    users: tuple[str, ...]
    digest: str | None
    merged: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """A version that was trained with a feature. ``same``: whether with the meaning that it has here."""

    version: str
    stages: tuple[str, ...]
    same: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureDetail:
    """A feature, whole.

    Attributes:
        words: Label -> words of the definition.
        reads, read_by: Ids of the features that it is computed from, and of those computed from it.
        entities, request: What it is asked for by, also indirectly: keys, and values that a request brings along.
        sets: Sets that take it, also indirectly.
        versions: That pin it, of each model the highest first.
        stored: In the online store of this checkout.
    """

    row: FeatureRow
    description: str
    words: dict[str, str]
    reads: tuple[str, ...]
    read_by: tuple[str, ...]
    entities: tuple[str, ...] = ()
    request: dict[str, Dtype] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    versions: tuple[Training, ...] = ()
    stored: Stored | None = None
