"""The first question: what does it touch? Counted over everything that was reached, never over what is shown of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from actum.lineage.graph import Node, Shown
from actum.names import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """What came of a thing.

    Attributes:
        stands: Stages at which a version among them stands now; ``stood``: where one did and does not any more.
        decisions: In all segments together; ``first_moment``, ``last_moment``: between which business times.
    """

    runs: int
    versions: tuple[str, ...]
    stands: tuple[str, ...]
    stood: tuple[str, ...]
    segments: int
    decisions: int
    first_moment: datetime | None = None
    last_moment: datetime | None = None


def touched(shown: Shown) -> Touched:
    """Count what was reached; what was asked about is not counted."""
    reached = [node for key, node in shown.nodes.items() if key not in shown.roots]
    segments = [node for node in reached if node.kind == "segment"]
    tenures = [node for node in reached if node.kind == "stage"]
    stands = _ids(node for node in tenures if node.facts["until"] is None)
    return Touched(
        runs=sum(1 for node in reached if node.kind == "run"),
        versions=tuple(sorted(_ids(node for node in reached if node.kind == "version"), key=_order)),
        stands=stands,
        stood=tuple(id_ for id_ in _ids(tenures) if id_ not in stands),
        segments=len(segments),
        decisions=sum(node.facts["rows"] for node in segments),
        first_moment=min((node.facts["first_moment"] for node in segments), default=None),
        last_moment=max((node.facts["last_moment"] for node in segments), default=None),
    )


def _ids(nodes: Iterable[Node]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.id for node in nodes))


def _order(version: str) -> tuple[object, ...]:
    model, _, number = version.rpartition("@v")
    return (model, *Version.parse(number).order())
