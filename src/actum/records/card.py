"""``registry/<model>/model.yaml``: the card. What a model is for, what it reads and answers, how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum.names import RESERVED
from actum.records.codec import FieldError
from actum.records.forms import Name, RepoPath
from actum.records.view import Variable

Level = Literal["low", "medium", "high"]
RebuildLevel = Literal["bytes", "state", "predictions", "tolerance"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """Materiality: how much is exposed, and how much the purpose weighs."""

    exposure: Level
    purpose: Level

    @property
    def tier(self) -> Level:
        """High where one is high and the other at least medium; low where one is low and the other not high."""
        ranks: tuple[Level, ...] = ("low", "medium", "high")
        weight = (ranks.index(self.exposure) + 1) * (ranks.index(self.purpose) + 1)
        return "high" if weight >= 6 else "medium" if weight >= 3 else "low"


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One input of the model. ``words``: its name for people; ``{column}`` is filled from the decision."""

    name: str
    type: Literal["float", "int", "string", "bool"]
    words: str = ""
    unit: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    name: str
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionRule:
    """What follows from a score: one outcome at or above the threshold, another below it."""

    threshold: float
    at_or_above: str
    below: str

    def outcome(self, score: float) -> str:
        return self.at_or_above if score >= self.threshold else self.below


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeSource:
    """Where it is found how things went: a table under DVC with one row a key."""

    table: RepoPath
    key: str
    column: str
    known_at: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdout:
    """Rows on which champion and challenger are judged alike: the card's key and moment, and a label.

    Attributes:
        path: File beside the card, under DVC.
        label: Column of what became of it: 0 or 1, or a number for a regression.
        features: Output of the pipeline with one row a key: each version answers from its own.
    """

    path: RepoPath
    label: str
    features: RepoPath
    task: Literal["binary", "regression"] = "binary"


@dataclass(frozen=True, kw_only=True, slots=True)
class RebuildRule:
    """The level that a rebuild must reach, for how long an attestation holds, and what ``tolerance`` means."""

    level: RebuildLevel = "bytes"
    valid_days: int = 90
    tolerance: float = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """One model.

    Attributes:
        pipeline: The folder of the dvc.yaml that trains it.
        artifact: The trained file, from the pipeline's folder.
        key: Column that names a row; ``moment``: column that says when it was decided.
        subject: Template over columns, the first line that people read of a decision.
        probe: File beside the card: a few rows on which predictions are compared.
        slices: Columns of the features by whose values a model is looked at apart.
        features: The set that it is trained with.
        sensitive: Features about persons that it may use, also where others are computed from them.
    """

    schema: Literal["model/1"]
    model: Name
    owner: str
    artifact: RepoPath
    title: str = ""
    purpose: str = ""
    risk: Risk | None = None
    applications: tuple[Name, ...] = ()
    pipeline: RepoPath = "."
    inputs: tuple[Input, ...] = ()
    output: Output | None = None
    key: str = ""
    moment: str = ""
    subject: str = ""
    decision: DecisionRule | None = None
    outcome: OutcomeSource | None = None
    probe: RepoPath | None = None
    holdout: Holdout | None = None
    slices: tuple[str, ...] = ()
    features: Name | None = None
    sensitive: tuple[Variable, ...] = ()
    policy: Name | None = None
    rebuild: RebuildRule = RebuildRule()

    def __post_init__(self) -> None:
        if self.model in RESERVED:
            raise FieldError(f"is {self.model!r}, which ids use for something else", ("model",))
