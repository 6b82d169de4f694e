"""The logs of views, each computed once: what a build, the online store and a check take from one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from actum.definitions.definitions import Variable, variables_of
from actum.features import latest, running
from actum.features.cache import place_of
from actum.features.engines import Engine, EngineError
from actum.features.events import Events, events_of
from actum.features.files import Files, files_of
from actum.features.logs import Log, always, united
from actum.features.lookup import Moments, from_events, from_log, in_order, refuse_other_keys
from actum.features.parts import Part, parts_of
from actum.features.values import Relation, constant
from actum.records.view import FeatureView


@dataclass(kw_only=True)
class Shelf:
    """Logs in the making.

    Attributes:
        scratch: A folder for copies, which goes when the work is done.
        cache: A folder in which logs stay, for all sets that use a view.
        computed: How many logs were; ``reused``: how many lay in the cache.
    """

    root: Path
    engine: Engine
    scratch: Path
    cache: Path | None = None
    computed: int = 0
    reused: int = 0
    _files: dict[str, Files] = field(default_factory=dict)

    def files(self, view: FeatureView) -> Files:
        """Return what a view reads, looked at once.

        Raises:
            DefinitionError: It cannot be read.
        """
        if view.view not in self._files:
            self._files[view.view] = files_of(view, self.root, self.scratch)
        return self._files[view.view]

    def looked_up(
        self, view: FeatureView, variables: Sequence[Variable], moments: Moments
    ) -> Iterator[tuple[Part, dict[str, Any]]]:
        """Yield the values of one view's variables at moments, part by part.

        Raises:
            DefinitionError: View, source and moments do not fit together.
        """
        # What is kept for others is kept whole.
        parts = parts_of(variables_of(view) if self.cache else variables)
        parts = tuple(part for part in parts if any(one in part.variables for one in variables))
        try:
            with self.engine.passing():
                yield from self._each(view, parts, variables, moments)
        except EngineError as error:
            raise EngineError(f"features/{view.view}.yaml: {error}", hint=error.hint) from error

    def _each(
        self, view: FeatureView, parts: Sequence[Part], variables: Sequence[Variable], moments: Moments
    ) -> Iterator[tuple[Part, dict[str, Any]]]:
        events = events_of(self.files(view), [one for part in parts for one in part.variables], self.engine)
        refuse_other_keys(events, moments)
        rows = moments.relation(self.engine)
        for part in parts:
            with self.engine.passing():
                yield self._found(part, events, variables, rows, len(moments.at))

    def _found(
        self, part: Part, events: Events, variables: Sequence[Variable], rows: Relation, count: int
    ) -> tuple[Part, dict[str, Any]]:
        # A latest value whose events become known in order is found in them as fast as in any log.
        if part.kind == "latest" and not (self.cache and events.late):
            part = replace(part, variables=tuple(one for one in part.variables if one in variables))
            found = from_events(part, events, rows, self.engine)
        else:
            found = from_log(self.log(part, events), events.keys, rows, self.engine)
        return part, in_order(part.variables, found, count)

    def log(self, part: Part, events: Events) -> Relation:
        """Return the log of a part: the entity, ``_since``, the features; one row for an entity and a moment."""
        place = place_of(part, self.files(part.view), self.engine, self.cache) if self.cache else None
        if place and (found := place.found(self.engine)) is not None:
            self.reused += 1
            return found
        self.computed += 1
        made = self._made(part, events)
        return place.put(made, self.engine) if place else self.engine.kept(made)

    def _made(self, part: Part, events: Events) -> Relation:
        return latest.log(events, part) if part.kind == "latest" else running.log(events, part, self.engine)

    def log_of(self, view: FeatureView, *, known_until: int | None = None) -> Log:
        """Return the log of a whole view: what all its features are, and from when on.

        Args:
            known_until: Microseconds, UTC. What happened or became known later does not count; of the rows before
                it each entity's last one is there, and those after it are what only the passing of time brings about.
                An entity of which nothing counts any more is left out, as if it had never been seen.

        Raises:
            DefinitionError: View and source do not fit together.
        """
        variables = tuple(variables_of(view))
        events = events_of(self.files(view), variables, self.engine)
        features = {one.name: one.type for one in variables}
        parts = parts_of(variables)
        if events.static:
            return Log(relation=always(events, parts[0]), entity=events.entity, features=features)
        counting = [(part, _counting(events, part, known_until)) for part in parts]
        logs = [(part, self.engine.kept(self._made(part, left))) for part, left in counting]
        relation = united(logs, events.keys, self.engine, known_until)
        return Log(relation=relation, entity=events.entity, features=features)


def _counting(events: Events, part: Part, known_until: int | None) -> Events:
    """Return the events that are known at a moment and still count then, or will."""
    if known_until is None:
        return events
    left = events.relation.filter(events.relation["_since"] <= constant(known_until))
    if part.span is not None:
        left = left.filter(left["_event_at"] > constant(known_until - part.span))
    return replace(events, relation=left)
