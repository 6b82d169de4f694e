"""Promotions, withdrawals and pointers of a registry that is taken over, each following the one before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from actum import layout, names
from actum.importing.desk import Desk
from actum.records.event import Event, Promotion, Withdrawal
from actum.records.forms import Person
from actum.records.run import Origin
from actum.records.stage import StagePointer


@dataclass
class Moves:
    """The moves of one model on their way to the work tree.

    Attributes:
        now: When they are recorded. Ids follow from what is taken over, so a second import finds them.
        digests: sha256 of a version's artifact, where its bytes were read.
    """

    desk: Desk
    model: str
    now: datetime
    digests: dict[str, str | None]
    _last: dict[str, Event] = field(default_factory=dict)
    _stands: dict[str, str | None] = field(default_factory=dict)

    def follow(self, stage: str, event: Event | None, *, empty: bool = False) -> None:
        """Begin at a stage's last promotion here; *empty*: what it put there stands there no more."""
        if event is not None and event.promotion is not None:
            self._last[stage], self._stands[stage] = event, None if empty else event.promotion.version

    def stands(self, origin: Origin, stage: str, version: str, at: datetime, by: Person, *, back: bool = False) -> None:
        """A version took a stage."""
        before = self._last.get(stage)
        body = Promotion(
            stage=stage,
            version=version,
            artifact=self.digests.get(version),
            origin=origin,
            replaces=self._stands.get(stage),
            supersedes=before.id if before else None,
            back=back,
        )
        event = self._event(origin, at, by, f"{stage} {version}", promotion=body)
        self._last[stage], self._stands[stage] = event, version

    def empties(self, origin: Origin, stage: str, version: str | None, at: datetime, by: Person) -> None:
        """A stage is empty from then on."""
        before = self._last.get(stage)
        body = Withdrawal(origin=origin, stage=stage, version=version, supersedes=before.id if before else None)
        self._event(origin, at, by, f"{stage} empty", withdrawal=body)
        self._stands[stage] = None

    def withdraws(self, origin: Origin, version: str | None, at: datetime, by: Person, *, lifted: bool) -> None:
        """A version, or with None the model, counts no more, or again."""
        body = Withdrawal(origin=origin, version=version, lifted=lifted)
        self._event(origin, at, by, f"{version} {lifted}", withdrawal=body)

    def point(self) -> None:
        """Bring the pointers to where the last moves lead, save those that somebody moved here since."""
        ours = {event.id for event in self._last.values() if event.promotion and event.promotion.origin}
        for stage, event in self._last.items():
            path = layout.stage(self.model, stage)
            held = self.desk.read(path)
            mine = held is None or (isinstance(held, StagePointer) and self._is_of_import(held.event, ours))
            if not mine:
                self.desk.ledger.leave("stage", "was moved here since: its pointer stays", f"{self.model}#{stage}")
            elif self._stands[stage] is None:
                if held is not None:
                    self.desk.remove(path)
            else:
                self._point_at(path, stage, event, held)

    def _point_at(self, path: str, stage: str, event: Event, held: object) -> None:
        body = event.promotion
        assert body is not None
        pointer = StagePointer(
            schema="stage/1",
            model=self.model,
            stage=stage,
            version=body.version,
            artifact=body.artifact,
            event=event.id,
            supersedes=body.supersedes,
        )
        if pointer == held:
            self.desk.ledger.known["stage"] += 1
        else:
            self.desk.write_record(path, pointer)
            self.desk.ledger.taken["stage"] += 1

    def _is_of_import(self, ulid: str, ours: set[str]) -> bool:
        told = self.desk.read(layout.event(self.model, ulid, "promotion"))
        return ulid in ours or (
            isinstance(told, Event) and told.promotion is not None and told.promotion.origin is not None
        )

    def _event(
        self,
        origin: Origin,
        at: datetime,
        by: Person,
        what: str,
        *,
        promotion: Promotion | None = None,
        withdrawal: Withdrawal | None = None,
    ) -> Event:
        said = f"{origin.system} {origin.id} {self.model} {what}".encode()
        event = Event(
            schema="event/1",
            id=names.ulid_of(int(at.timestamp() * 1000), hashlib.sha256(said).digest()[:10]),
            kind="promotion" if promotion else "withdrawal",
            model=self.model,
            recorded_at=self.now,
            effective_at=at,
            clock=self.desk.settings.clock,
            by=by,
            promotion=promotion,
            withdrawal=withdrawal,
        )
        self.desk.add_once(event.kind, layout.event(self.model, event.id, event.kind), event)
        return event
