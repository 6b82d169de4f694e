"""``registry/<model>/events/<ulid>-<kind>.yaml``: what happened to a model, append-only.

Two times on every event: ``recorded_at`` is the real clock, ``effective_at`` when it holds in the business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from actum.records.card import RebuildLevel
from actum.records.codec import FieldError
from actum.records.forms import Commit, FileFact, Md5, Name, Person, RepoPath, Semver, Sha256, Ulid
from actum.records.run import Origin
from actum.records.settings import Clock

EventKind = Literal["promotion", "attestation", "seal", "approval", "withdrawal"]
Verdict = RebuildLevel | Literal["different"]
LADDER: tuple[Verdict, ...] = ("bytes", "state", "predictions", "tolerance", "different")


def reaches(level: Verdict, wanted: Verdict) -> bool:
    """Whether a rebuild's *level* is as high as *wanted* or higher."""
    return LADDER.index(level) <= LADDER.index(wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one gate or check says. ``missing``: nobody measured it, so the gate is closed."""

    gate: str
    outcome: Literal["passed", "warned", "failed", "missing"]
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One metric of champion and challenger; ``low`` and ``high`` bound the difference, challenger less champion."""

    metric: str
    challenger: float
    champion: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What both versions answered on the holdout. ``flips``: decisions that changed, by ``from->to``."""

    holdout: Md5
    rows: int
    figures: tuple[Figure, ...] = ()
    flips: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """A version takes a stage. ``replaces``: the version that stood there; ``supersedes``: its event.

    ``back``: it is a return to the version before; ``break_glass``: why closed gates were passed over.
    ``origin``: the registry that it was taken over from; such a one was planned and judged by nobody here, so it
    has no plan, and no digest of an artifact whose bytes nobody read.
    """

    stage: Name
    version: Semver
    artifact: Sha256 | None = None
    plan: Sha256 | None = None
    origin: Origin | None = None
    replaces: Semver | None = None
    supersedes: Ulid | None = None
    policy: Name | None = None
    findings: tuple[Finding, ...] = ()
    comparison: Comparison | None = None
    back: bool = False
    break_glass: str | None = None

    def __post_init__(self) -> None:
        if self.origin is None:
            for name in ("artifact", "plan"):
                if getattr(self, name) is None:
                    raise FieldError("is required", (name,))
        elif self.plan is not None:
            raise FieldError("does not belong to a promotion that was taken over", ("plan",))

    @property
    def planned(self) -> str:
        """The digest of its plan; "" for one that was taken over, which is that of no plan."""
        return self.plan or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """Something stands no longer, says the registry that it was taken over from.

    With a stage, that stage is empty; with a version alone, that version is withdrawn; with neither, the model is.
    ``supersedes``: the promotion to that stage that it ends; ``version`` is then what it had put there.
    ``lifted``: it is taken back, and what was withdrawn counts again; the latest word holds.
    """

    origin: Origin
    stage: Name | None = None
    version: Semver | None = None
    supersedes: Ulid | None = None
    lifted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A review at a forge, as its interface told it. ``commit``: what the reviewer had before them."""

    login: str
    commit: Commit
    submitted_at: datetime
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """Somebody agrees to one plan and to no other.

    ``signature``: an armoured SSH signature over the canonical JSON of the whole event without it;
    ``review``: where it was given at a forge instead. Exactly one of them is there.
    ``withdrawn``: they take back what they agreed to before; the latest word of each counts.
    """

    stage: Name
    version: Semver
    artifact: Sha256
    plan: Sha256
    principal: str
    signature: str | None = None
    review: Review | None = None
    comment: str = ""
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if (self.signature is None) == (self.review is None):
            raise FieldError("needs one of signature and review")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attestation:
    """A version was rebuilt, and how near it came.

    ``statement`` is an in-toto Statement v1 with SLSA's provenance predicate.
    ``overrides``: variables that the caller changed; such an attestation proves nothing to a gate.
    """

    version: Semver
    level: Verdict
    expires_at: datetime
    stages_run: int
    stages: int
    first_difference: str | None = None
    cause: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    statement: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplied:
    """Inputs that the table did not bring: features, built point-in-time or looked up in an online store.

    Attributes:
        set: The one that the version pins, whose digests the definitions at ``commit`` have.
        engine: What computed them, with versions.
        sha256: Of the table of these inputs, a row for each row that was read.
        sources: The files that they were built from.
        until: Nothing that happened or became known later was in the store.
    """

    set: Name
    how: Literal["built", "looked up"]
    inputs: tuple[str, ...]
    commit: Commit
    engine: str
    sha256: Sha256
    sources: tuple[FileFact, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """A segment of decisions, closed: its bytes are under DVC, its Merkle root (RFC 6962) is here.

    Attributes:
        segment: The segment's id; its decisions lie in ``path``.
        rows: How many decisions; scored in batches of ``batch_rows``, which replay repeats.
        stage_event: The promotion under which they were made; absent when a version was named outright.
        first_moment, last_moment: Business times of the earliest and the latest decision.
        outcomes: How many decisions came out how.
        card: Blob id of the card whose rule decided.
        previous: The seal before this one, so that none can be left out unseen.
        supplied: Where inputs came from that the table did not bring.
    """

    segment: Ulid
    path: RepoPath
    md5: Md5
    sha256: Sha256
    size: int
    rows: int
    batch_rows: int
    merkle_root: Sha256
    version: Semver
    artifact: Sha256
    first_moment: datetime
    last_moment: datetime
    as_of: datetime
    card: Commit
    outcomes: dict[str, int] = field(default_factory=dict)
    trusted_types: Commit | None = None
    stage: Name | None = None
    stage_event: Ulid | None = None
    input: RepoPath | None = None
    input_sha256: Sha256 | None = None
    previous: Ulid | None = None
    supplied: Supplied | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event; exactly the body that ``kind`` names is present."""

    schema: Literal["event/1"]
    id: Ulid
    kind: EventKind
    model: Name
    recorded_at: datetime
    effective_at: datetime
    clock: Clock
    by: Person
    promotion: Promotion | None = None
    attestation: Attestation | None = None
    seal: Seal | None = None
    approval: Approval | None = None
    withdrawal: Withdrawal | None = None

    def __post_init__(self) -> None:
        for kind in get_args(EventKind):
            if (getattr(self, kind) is not None) != (kind == self.kind):
                owner = f"an {self.kind}" if self.kind.startswith("a") else f"a {self.kind}"
                raise FieldError("is required" if kind == self.kind else f"does not belong to {owner}", (kind,))
