"""The logs of views, each computed once: what a build, the online store and a check take from one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from actum.definitions.definitions import Variable, variables_of
from actum.features import latest, running
from actum.features.engines import Engine
from actum.features.events import Events, events_of
from actum.features.files import Files, files_of
from actum.features.logs import Log, always, united
from actum.features.lookup import Moments, from_events, from_log, in_order, refuse_other_keys
from actum.features.parts import Part, parts_of
from actum.features.values import Relation, constant
from actum.records.view import FeatureView


@dataclass(kw_only=True)
class Shelf:
    """Logs in the making. ``scratch``: a folder for copies, which goes when the work is done."""

    root: Path
    engine: Engine
    scratch: Path
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
        events = events_of(self.files(view), variables, self.engine)
        refuse_other_keys(events, moments)
        rows = moments.relation(self.engine)
        for part in parts_of(variables):
            if part.kind == "latest":
                found = from_events(part, events, rows, self.engine)
            else:
                found = from_log(self.log(part, events), events.keys, rows, self.engine)
            yield part, in_order(part.variables, found, len(moments.at))

    def log(self, part: Part, events: Events) -> Relation:
        """Return the log of a part: the entity, ``_since``, the features; one row for an entity and a moment."""
        made = latest.log(events, part) if part.kind == "latest" else running.log(events, part, self.engine)
        return self.engine.kept(made)

    def log_of(self, view: FeatureView, *, known_until: int | None = None) -> Log:
        """Return the log of a whole view: what all its features are, and from when on.

        Args:
            known_until: Microseconds, UTC. What happened or became known later does not count; of the rows before
                it each entity's last one is there, and those after it are what only the passing of time brings about.

        Raises:
            DefinitionError: View and source do not fit together.
        """
        variables = tuple(variables_of(view))
        events = events_of(self.files(view), variables, self.engine)
        if known_until is not None and not events.static:
            known = events.relation.filter(events.relation["_since"] <= constant(known_until))
            events = replace(events, relation=known)
        parts = parts_of(variables)
        if events.static:
            relation = always(events, parts[0])
        else:
            relation = united([(part, self.log(part, events)) for part in parts], events.keys, self.engine, known_until)
        return Log(relation=relation, entity=events.entity, features={one.name: one.type for one in variables})
