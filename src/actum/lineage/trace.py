"""The use case: what a thing came of, what came of it, and what that touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actum.catalogue.holdings import Holdings
from actum.lineage.gathering import graph_of
from actum.lineage.graph import Shown, Way
from actum.lineage.starting import starts
from actum.lineage.touched import Touched, touched


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """One way from one thing. ``touched``: of everything that is down that way, however little is shown of it."""

    asked: str
    shown: Shown
    touched: Touched | None


def trace(holdings: Holdings, text: str, ways: Sequence[Way], depth: int | None = None) -> tuple[Walk, ...]:
    """Walk from what *text* names, at most *depth* steps for what is shown.

    Raises:
        NotFoundError: No record knows it.
        UserError: It fits several things.
    """
    graph = graph_of(holdings)
    begun = starts(holdings, graph, text)
    found = []
    for way in ways:
        whole = graph.shown(begun, way)
        shown = whole if depth is None else graph.shown(begun, way, depth)
        found.append(Walk(asked=text, shown=shown, touched=touched(whole) if way == "down" else None))
    return tuple(found)
