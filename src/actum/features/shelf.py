"""The logs of views, each computed once: what a build, the online store and a check take from one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from actum import digests
from actum.definitions.definitions import Variable, variables_of
from actum.features import latest, running
from actum.features.engines import Engine, EngineError
from actum.features.events import Events, events_of, source_of
from actum.features.files import Files, files_of, is_text, originals_of
from actum.features.logs import Log, always, united
from actum.features.lookup import Moments, from_events, from_log, in_order, refuse_other_keys
from actum.features.measures import blamed
from actum.features.parts import Part, parts_of
from actum.features.processed import Kept, Place, name_of, place_of
from actum.features.values import Relation, constant
from actum.records.view import FeatureView


@dataclass(kw_only=True)
class Shelf:
    """Logs in the making.

    Attributes:
        scratch: A folder for copies, which goes when the work is done.
        views: A folder of processed views, from which logs are read.
        computed: How many logs were; ``read``: how many from the folder.
        lacking: What was not read from the folder, and why.
    """

    root: Path
    engine: Engine
    scratch: Path
    views: Path | None = None
    computed: int = 0
    read: int = 0
    lacking: list[str] = field(default_factory=list)
    _files: dict[str, Files] = field(default_factory=dict)
    _digests: dict[Path, str] = field(default_factory=dict)

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
        with self.told(view), self.engine.passing():
            yield from self._each(view, variables, moments)

    def _each(
        self, view: FeatureView, variables: Sequence[Variable], moments: Moments
    ) -> Iterator[tuple[Part, dict[str, Any]]]:
        rows, left = moments.relation(self.engine), []
        for part in parts_of(variables_of(view)):
            mine = tuple(one for one in part.variables if one in variables)
            log = self.kept(part) if mine else None
            if log is not None:
                refuse_other_keys(view, log.entity, moments)
                with self.engine.passing():
                    found = from_log(log.relation, view.entity, rows, self.engine)
                    yield part, in_order(part.variables, found, len(moments.at))
            elif mine:
                left.append(replace(part, variables=mine))
        if not left:
            return
        events = events_of(self.files(view), [one for part in left for one in part.variables], self.engine)
        refuse_other_keys(view, events.entity, moments)
        for part in left:
            with self.engine.passing():
                yield part, in_order(part.variables, self._found(part, events, rows), len(moments.at))

    def _found(self, part: Part, events: Events, rows: Relation) -> Any:
        return blamed(part.variables, lambda some: self._values(replace(part, variables=some), events, rows))

    def _values(self, part: Part, events: Events, rows: Relation) -> Any:
        # Latest values of a few moments are found in the events for less than a log of all moments costs.
        if part.kind == "latest":
            return from_events(part, events, rows, self.engine)
        self.computed += 1
        return from_log(self.engine.kept(self.made(part, events)), events.keys, rows, self.engine)

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
        parts = parts_of(variables)
        kept = [self.kept(part) if known_until is None else None for part in parts]
        logs = [(part, log.relation) for part, log in zip(parts, kept, strict=True) if log]
        entity = next((log.entity for log in kept if log), {})
        left = [part for part, log in zip(parts, kept, strict=True) if not log]
        if left:
            events = events_of(self.files(view), [one for part in left for one in part.variables], self.engine)
            counting = [(part, _counting(events, part, known_until)) for part in left]
            logs += [(part, self.engine.kept(self.made(part, counted))) for part, counted in counting]
            entity, self.computed = events.entity, self.computed + len(left)
        relation = united(logs, list(view.entity), self.engine, known_until)
        return Log(relation=relation, entity=entity, variables=variables)

    def kept(self, part: Part) -> Kept | None:
        """Return the log of a whole part from the folder of processed views; why there is none is noted."""
        if self.views is None or not self.keeps(part):
            return None
        place = self.place(part, self.views)
        if told := place.wrong():
            self.lacking.append(f"{part.view.view}/{name_of(part)} {told}")
            return None
        self.read += 1
        return place.read(self.engine)

    def keeps(self, part: Part) -> bool:
        """Whether a part has a log that is worth a file.

        Events of a Parquet file or a database are themselves the log of their latest values, where they become known
        in order; a CSV file must be understood first.
        """
        source = source_of(part.view)
        return part.kind == "window" or bool(source.known_at) or is_text(originals_of(part.view, self.root))

    def place(self, part: Part, folder: Path) -> Place:
        """Return where the log of a whole part lies in a folder of processed views."""
        paths = originals_of(part.view, self.root) or self.files(part.view).originals
        for path in paths:
            if path not in self._digests:
                self._digests[path] = digests.of_file(path).sha256
        return place_of(part, [self._digests[path] for path in paths], self.engine, folder)

    def made(self, part: Part, events: Events) -> Relation:
        """Return the log of a part, computed: the entity, ``_since``, the features; one row for entity and moment."""
        if events.static:
            return always(events, part)
        return latest.log(events, part) if part.kind == "latest" else running.log(events, part, self.engine)

    @contextmanager
    def told(self, view: FeatureView) -> Iterator[None]:
        """Say of which view it is that the engine cannot compute something."""
        try:
            yield
        except EngineError as error:
            raise EngineError(f"features/{view.view}.yaml: {error}", hint=error.hint) from error


def _counting(events: Events, part: Part, known_until: int | None) -> Events:
    """Return the events that are known at a moment and still count then, or will."""
    if known_until is None or events.static:
        return events
    left = events.relation.filter(events.relation["_since"] <= constant(known_until))
    if part.span is not None:
        left = left.filter(left["_event_at"] > constant(known_until - part.span))
    return replace(events, relation=left)
