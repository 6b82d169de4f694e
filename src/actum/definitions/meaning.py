"""What of a definition decides its values: the text that a digest is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actum.definitions.canonical import canonical, joined
from actum.definitions.variables import Variable, conditions_of, seconds_of
from actum.records.view import FeatureView, Source

_MEANING = "feature/1"


def meaning_of(variable: Variable, known: Mapping[str, str]) -> Any:
    """Return what a digest is taken over. ``known``: the digests of the features that a computed one reads."""
    view = variable.view
    if view.source is None:
        request = {one.name: one.type for one in view.request}
        assert variable.of is not None
        of = canonical(variable.of, lambda name: ["request", name, request[name]] if name in request else known[name])
        return {"schema": _MEANING, "of": of, "type": variable.type}
    windowed = variable.over_s is not None
    return {
        "schema": _MEANING,
        "source": _source(view, view.source),
        "of": canonical(variable.of, str) if variable.of is not None else None,
        "aggregate": variable.aggregate or "last",
        "over_s": variable.over_s,
        "ttl_s": seconds_of(view.ttl) if not windowed else None,
        "order_by": list(view.source.order_by) if variable.aggregate in (None, "last") else [],
        "type": variable.type,
    }


def _source(view: FeatureView, source: Source) -> Any:
    """Say which events. Of the entity its columns, not what a view calls them, but in the order of their names:
    two that change places give other values for the same keys.
    """
    absent = {"missing": sorted(set(source.missing))} if source.missing else {}
    return absent | {
        "from": source.path or [source.connect, source.table],
        "entity": [source.keys.get(name, name) for name in sorted(view.entity)],
        "event_at": source.event_at,
        "known_at": source.known_at or source.event_at,
        "known_after_s": seconds_of(source.known_after),
        "zone": [source.time_zone, source.ambiguous, source.skipped] if source.time_zone else None,
        "where": joined("and", conditions_of(view), str),
    }
