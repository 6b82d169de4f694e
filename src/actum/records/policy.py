"""``policies/<name>.yaml``: what a version must show before it may take a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum.records.card import RebuildLevel
from actum.records.codec import FieldError
from actum.records.forms import Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A metric must reach a bound, in the metric's own unit. ``stages``: where it counts; empty means everywhere."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    stages: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise FieldError("needs one of at_least and at_most")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What else must be on record. ``rebuild``: the least level of a fresh attestation, or none."""

    rebuild: RebuildLevel | Literal["none"] = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    schema: Literal["policy/1"]
    policy: Name
    thresholds: tuple[Threshold, ...] = ()
    evidence: Evidence = Evidence()
