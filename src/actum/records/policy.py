"""``policies/<name>.yaml``: what a version must show, and who must agree, before it may take a stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from actum.records.card import Level, RebuildLevel
from actum.records.codec import FieldError
from actum.records.forms import Name

Weight = Literal["block", "warn"]


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
class Margin:
    """How far a version may be from the champion on the holdout, in the metric's own unit.

    The whole interval of the difference must lie within: ``worse_by_at_most`` bounds the worse side of a metric
    that has one, ``moves_by_at_most`` both sides of one that has none, such as the share of an outcome.
    """

    metric: str
    worse_by_at_most: float | None = None
    moves_by_at_most: float | None = None
    weight: Weight = "block"
    stages: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        if (self.worse_by_at_most is None) == (self.moves_by_at_most is None):
            raise FieldError("needs one of worse_by_at_most and moves_by_at_most")
        if (bound := self.worse_by_at_most or self.moves_by_at_most or 0.0) < 0:
            raise FieldError(f"is {bound:g}, a margin is not negative")


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceRule:
    """How much worse a slice may be; corrected over all slices (Holm). Below ``min_rows`` there is no verdict."""

    metric: str
    worse_by_at_most: float
    min_rows: int = 500
    weight: Weight = "warn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What else must be on record.

    Attributes:
        rebuild: The least level of a fresh attestation, or none.
        rebuild_max_age_days: How old that attestation may be; absent, until it expires.
        recorded_within: How far a recorded metric may be from the one computed again on the holdout.
        holdout_uses: From how many promotions judged by one holdout on a warning is given.
    """

    rebuild: RebuildLevel | Literal["none"] = "none"
    rebuild_max_age_days: int | None = None
    recorded_within: float = 1e-6
    holdout_uses: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRule:
    """How many members of a group, as ``actum.yaml`` names it, must agree."""

    group: Name
    at_least: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    """Who must agree. ``at_least``: people in all; nobody counts twice, and the author not at all.

    ``signed``: whether only SSH signatures count; otherwise a review imported from a forge does too.
    """

    at_least: int = 0
    groups: tuple[GroupRule, ...] = ()
    signed: bool = True
    valid_days: int = 30
    stages: tuple[Name, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """What is asked of models of one risk tier instead of what the policy asks of all."""

    evidence: Evidence | None = None
    approvals: Approvals | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One policy. ``tiers``: by risk tier.

    ``allowed_paths``: what else a promotion may change, as globs; never what judges it.
    ``break_glass``: whether closed gates may be passed over with a reason, loudly.
    """

    schema: Literal["policy/1"]
    policy: Name
    thresholds: tuple[Threshold, ...] = ()
    margins: tuple[Margin, ...] = ()
    slices: tuple[SliceRule, ...] = ()
    evidence: Evidence = Evidence()
    approvals: Approvals = Approvals()
    tiers: dict[str, Tier] = field(default_factory=dict)
    allowed_paths: tuple[str, ...] = ()
    break_glass: bool = True

    def __post_init__(self) -> None:
        levels: tuple[str, ...] = ("low", "medium", "high")
        for name in self.tiers:
            if name not in levels:
                raise FieldError(f"is no tier, must be one of {', '.join(levels)}", ("tiers", name))

    def asks_of(self, tier: Level | None) -> tuple[Evidence, Approvals]:
        """Return evidence and approvals as this policy asks for them of models of a risk tier."""
        own = self.tiers.get(tier or "", Tier())
        return own.evidence or self.evidence, own.approvals or self.approvals

    def asks_for_holdout(self, stage: str) -> bool:
        """Whether anything that counts at a stage can only be judged on the holdout."""
        return bool(self.slices) or any(not one.stages or stage in one.stages for one in self.margins)
