"""What judges a change and one pointer that moved: the values that the rules about promotions are asked with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actum import layout
from actum.checking.places import line_of
from actum.planning.means import Means
from actum.planning.scope import Scope
from actum.records.card import ModelCard
from actum.records.event import Event, Promotion
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.store import Store


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What judges: the base's card and settings, evidence, the clock, and who reads remotes and compares.

    ``refused``: the change brings more than a promotion, so that champion and challenger are not compared.
    """

    scope: Scope
    evidence: Store | None
    now: datetime
    means: Means
    refused: bool = False

    def line(self, path: str, *at: str | int) -> int | None:
        """Return where the head says something in a record of its own, None where it does not."""
        return line_of(self.scope.head, path, *at)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One pointer that moved, with its event. ``card`` and ``settings`` are those of the base."""

    path: str
    pointer: StagePointer
    event: Event
    promotion: Promotion
    card: ModelCard
    settings: Settings
    before: StagePointer | None

    @property
    def event_path(self) -> str:
        return layout.event(self.event.model, self.event.id, self.event.kind)
