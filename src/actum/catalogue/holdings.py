"""What a read looks at: the truth, what the checkout has beyond it, and the moment that is asked about."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from actum import layout, lines, registry
from actum.errors import InvalidRecordError, NotFoundError, UsageError, UserError
from actum.names import Version
from actum.records.card import ModelCard
from actum.records.event import Event
from actum.records.feature_set import FeatureSet
from actum.records.lines import EventLine, VersionLine
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.registry import Standing
from actum.store import Store

if TYPE_CHECKING:
    from actum.definitions.definitions import Definitions


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """All that a read may tell about.

    Attributes:
        truth: The trunk, or the revision asked for; it alone says what stands where.
        head: What is checked out, where that is not part of the truth: its own versions, runs and events
            are shown as not merged.
        moment: The business time asked about, None for now. ``now``: by what expiry is judged.
    """

    truth: Store
    now: datetime
    head: Store | None = None
    moment: datetime | None = None

    def warnings(self) -> list[str]:
        """Say which records could not be read, once each; complete only after the reading."""
        return list(dict.fromkeys(str(error) for error in (self.truth.skipped or {}).values()))

    def models(self) -> tuple[str, ...]:
        return tuple(sorted({model for store in self._stores() for model in store.models()}))

    def card(self, model: str) -> ModelCard:
        """Raises: NotFoundError, InvalidRecordError."""
        only_head = self.head is not None and not self.is_merged(layout.card(model))
        return self.head.card(model) if self.head and only_head else self.truth.card(model)

    def readable_card(self, model: str) -> ModelCard | None:
        """Return the card for a listing: None, and a warning, where it cannot be read."""
        try:
            return self.card(model)
        except (NotFoundError, InvalidRecordError) as error:
            self.note(layout.card(model), error)
            return None

    def readable_policy(self, name: str) -> Policy | None:
        """Return a policy for a listing: None, and a warning, where it cannot be read."""
        try:
            return self.truth.policy(name)
        except InvalidRecordError as error:
            self.note(layout.policy(name), error)
            return None

    def definitions(self) -> Definitions:
        """Return the feature views, those among them that only the checkout has.

        Raises:
            UsageError: They are asked for at a date: what they meant then, only a commit says.
        """
        if self.moment is not None:
            day = f"{self.moment:%Y-%m-%d}"
            hint = f"--at $(git rev-list -1 --first-parent --before={day} {self.truth.settings().trunk})"
            raise UsageError("definitions of features have no dates: name a commit", hint=hint)
        from actum.definitions.definitions import Definitions

        own = self.head.views() if self.head else ()
        return Definitions.of((*own, *self.truth.views()))

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """Return the feature sets, those among them that only the checkout has."""
        found = {taken.set: taken for store in reversed(self._stores()) for taken in store.feature_sets()}
        return tuple(found[name] for name in sorted(found))

    def policy_metrics(self, model: str) -> tuple[str, ...]:
        """Return the metrics that a model's policy asks for, in its order."""
        card = self.readable_card(model)
        policy = self.readable_policy(card.policy) if card and card.policy else None
        return tuple(dict.fromkeys(threshold.metric for threshold in policy.thresholds)) if policy else ()

    def stages(self, model: str) -> tuple[str, ...]:
        """Return the stages of the settings, the highest first, then those that only this model has."""
        return tuple(dict.fromkeys((*reversed(self.truth.settings().stages), *self.truth.pointers(model))))

    def standing(self, model: str, stage: str) -> Standing | None:
        """Return what stands at a stage; None where nothing does, or, with a warning, where it cannot be told."""
        try:
            return registry.standing(self.truth, model, stage, self.moment)
        except (NotFoundError, InvalidRecordError) as error:
            self.note(layout.stage(model, stage), error)
            return None

    def is_unreadable(self, path: str) -> bool:
        return path in (self.truth.skipped or {})

    def versions(self, model: str) -> tuple[VersionLine, ...]:
        """Return a model's versions, highest first; at a moment those that were registered or promoted by then."""
        found = list(lines.version_lines(self.truth, model))
        if self.head:
            own = lines.version_lines(self.head, model)
            found += [line for line in own if not self.is_merged(layout.version(model, line.version))]
            found.sort(key=lambda line: Version.parse(line.version).order())
        if self.moment is not None:
            moved = {line.version for line in self.event_lines(model) if line.kind == "promotion"}
            found = [line for line in found if line.registered_at <= self.moment or line.version in moved]
        return tuple(reversed(found))

    def version(self, model: str, number: str) -> ModelVersion | None:
        """Raises: InvalidRecordError."""
        merged = self.is_merged(layout.version(model, number))
        return self.head.version(model, number) if self.head and not merged else self.truth.version(model, number)

    def events(self, model: str) -> tuple[Event, ...]:
        """Return a model's events, the latest to take effect first; at a moment those in effect by then."""
        found = list(self.truth.events(model))
        if self.head:
            found += [event for event in self.head.events(model) if not self.truth.has(event_path(event))]
        if self.moment is not None:
            found = [event for event in found if event.effective_at <= self.moment]
        return tuple(sorted(found, key=lambda event: (event.effective_at, event.id), reverse=True))

    def event_lines(self, model: str) -> tuple[EventLine, ...]:
        """Return the lines of a model's events, as :meth:`events` has them, without reading those whole."""
        found = list(lines.event_lines(self.truth, model))
        if self.head:
            own = lines.event_lines(self.head, model)
            found += [line for line in own if not self.truth.has(event_path(line))]
        if self.moment is not None:
            found = [line for line in found if line.effective_at <= self.moment]
        return tuple(sorted(found, key=lambda line: (line.effective_at, line.id), reverse=True))

    def whole(self, line: EventLine) -> Event:
        """Return the event of a line."""
        store = self.head if self.head and not self.truth.has(event_path(line)) else self.truth
        found = store.whole(line)
        assert found is not None
        return found

    def all_events(self) -> tuple[Event, ...]:
        found = [event for model in self.models() for event in self.events(model)]
        return tuple(sorted(found, key=lambda event: (event.effective_at, event.id), reverse=True))

    def runs(self) -> Iterator[Run]:
        """Yield the runs, newest first; stopping early is cheap."""
        runs = self.truth.runs()
        if self.head:
            merged = self.merged_runs()
            own = (run for run in self.head.runs() if run.id not in merged)
            runs = heapq.merge(runs, own, key=lambda run: run.id, reverse=True)
        return (run for run in runs if self.moment is None or run.started_at <= self.moment)

    def merged_runs(self) -> frozenset[str]:
        return frozenset(layout.names_in(path)[0] for path in self.truth.paths("run"))

    def run(self, ulid: str) -> Run | None:
        found = (store.run(ulid) for store in self._stores())
        return next((run for run in found if run is not None), None)

    def event(self, ulid: str) -> Event | None:
        found = (store.event(ulid) for store in self._stores())
        return next((event for event in found if event is not None), None)

    def ulids(self, kind: str) -> list[str]:
        """Return the ids of all runs or of all events, sorted, without reading them."""
        place = {"run": 0, "event": 1}[kind]
        paths = {path for store in self._stores() for path in store.paths(kind)}
        return sorted(layout.names_in(path)[place] for path in paths)

    def is_merged(self, path: str) -> bool:
        """Whether the truth has what is told; what only the checkout has, or waits for its promotion, is not merged."""
        return (self.head is None or self.truth.has(path)) and not self.truth.is_waiting(path)

    def _stores(self) -> tuple[Store, ...]:
        return (self.truth, self.head) if self.head else (self.truth,)

    def note(self, path: str, error: UserError) -> None:
        """Take note of what is to be warned of; raise it where the reading is strict."""
        if self.truth.skipped is None:
            raise error
        self.truth.skipped.setdefault(path, error)


def open_holdings(
    truth: Store, *, now: datetime, moment: datetime | None = None, checkout: str | None = None
) -> Holdings:
    """Open what a read looks at. ``checkout``: the commit whose own records are told too, as not merged."""
    truth = truth if truth.skipped is not None else truth.tolerant()
    known = checkout in (None, truth.commit) or truth.repo.is_ancestor(checkout or "", truth.commit)
    head = None if known or checkout is None else replace(truth.beside(checkout), approvals=())
    return Holdings(truth=truth, head=head, moment=moment, now=moment or now)


def event_path(event: Event | EventLine) -> str:
    return layout.event(event.model, event.id, event.kind)
