"""The digest of a plan: the only place that knows what it is over.

``promote`` writes it into its event, ``check`` computes it again from the base: who approved one thing and merges
another is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product

from actum import digests, layout, moments
from actum.records.card import ModelCard
from actum.records.event import Event, Promotion
from actum.records.stage import StagePointer
from actum.store import Store

SCHEMA = "plan/2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """How a promotion is meant. ``back``: as a return, so not measured against the champion;
    ``break_glass``: past gates that are closed, whatever the reason.
    """

    back: bool = False
    break_glass: bool = False

    @classmethod
    def of(cls, promotion: Promotion) -> Intent:
        """Return how the event of a promotion says that it is meant."""
        return cls(back=promotion.back, break_glass=promotion.break_glass is not None)

    def __str__(self) -> str:
        if self.break_glass:
            return "a roll-back behind broken glass" if self.back else "a promotion behind broken glass"
        return "a roll-back" if self.back else "an ordinary promotion"


ORDINARY = Intent()


def named_moment(event: Event) -> datetime | None:
    """Return from when a promotion holds, where somebody chose that; None where it holds from its recording on."""
    return None if event.effective_at == event.recorded_at else event.effective_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What a plan rests on: what is to go where, in place of what, as the base has it.

    ``named``: from when, as ``named_moment`` tells.
    """

    base: Store
    card: ModelCard
    stage: str
    version: str
    pointer: StagePointer | None
    named: datetime | None

    def digest(self, intent: Intent) -> str:
        """Return the plan's digest: over blob ids and the intent, so that an unrelated merge voids no approval.

        In it: base pointer, policy, card, the version files of candidate and champion, the holdout's pointer;
        null for what is not there; the moment, where one was named. Never commits, events, clocks or figures that
        are computed again.
        """
        model, card, pointer = self.card.model, self.card, self.pointer
        paths = {
            "pointer": layout.stage(model, self.stage),
            "policy": layout.policy(card.policy) if card.policy else "",
            "card": layout.card(model),
            "candidate": layout.version(model, self.version),
            "champion": layout.version(model, pointer.version) if pointer else "",
            "holdout": layout.beside_card(model, f"{card.holdout.path}.dvc") if card.holdout else "",
        }
        tree = self.base.tree
        said = {role: [path, tree[path].blob if path in tree else None] for role, path in paths.items()}
        meant: dict[str, object] = {"back": intent.back, "break_glass": intent.break_glass}
        if self.named is not None:
            meant["effective_at"] = moments.write(self.named)
        return digests.of_value({"schema": SCHEMA, "model": model, "stage": self.stage, **meant, "files": said})

    def meant_by(self, digest: str) -> Intent | None:
        """Return the intent with which a digest was made; None where anything else is different too."""
        intents = (Intent(back=back, break_glass=broken) for back, broken in product((False, True), repeat=2))
        return next((intent for intent in intents if self.digest(intent) == digest), None)
