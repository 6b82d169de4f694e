"""The graph itself: things, and an arrow from each to what came of it. Pure; it knows nothing of records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Way = Literal["up", "down"]
Kind = Literal["file", "run", "execution", "version", "stage", "segment", "view", "feature"]
How = Literal["read", "made", "registered", "measured", "promoted", "judged", "decided", "defines", "pinned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One thing.

    Attributes:
        key: Its name in the graph. ``id``: what people call it; several things may have one id.
        part_of: The key of what stands for it where the graph is shown: the execution of a stage, and what it made,
            are parts of their run.
    """

    key: str
    kind: Kind
    id: str
    part_of: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrow:
    """``target`` came of ``source``."""

    source: str
    target: str
    how: How


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What of a graph is told: every thing once, in the order in which it was reached. ``roots``: where it began."""

    way: Way
    roots: tuple[str, ...]
    nodes: Mapping[str, Node]
    arrows: tuple[Arrow, ...]
    parts: Mapping[str, tuple[str, ...]]

    def steps(self) -> dict[str, list[str]]:
        """Return what comes after each thing on the way that is walked."""
        found: dict[str, list[str]] = {}
        for one in self.arrows:
            before, after = (one.source, one.target) if self.way == "down" else (one.target, one.source)
            found.setdefault(before, []).append(after)
        return found


class Graph:
    """Things and arrows, added one by one; a thing or an arrow that is added again changes nothing."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._after: dict[str, dict[str, How]] = {}
        self._before: dict[str, dict[str, How]] = {}

    def add(self, node: Node) -> str:
        self.nodes.setdefault(node.key, node)
        return node.key

    def know(self, node: Node) -> str:
        """Add a thing of which all is known, also where it was added by its name alone."""
        self.nodes[node.key] = node
        return node.key

    def link(self, source: str, target: str, how: How) -> None:
        assert source in self.nodes, source
        assert target in self.nodes, target
        self._after.setdefault(source, {}).setdefault(target, how)
        self._before.setdefault(target, {}).setdefault(source, how)

    def after(self, key: str) -> Mapping[str, How]:
        return self._after.get(key, {})

    def shown(self, starts: Iterable[str], way: Way, depth: int | None = None) -> Shown:
        """Return what can be reached from *starts*, runs as one thing each, at most *depth* steps away.

        What is walked are executions and single files: that two stages belong to one run connects nothing.
        """
        begun = tuple(starts)
        roots = {self._stands_for(key, begun): None for key in begun}
        reached = self._reached(begun, way)
        steps: dict[str, dict[str, How]] = {}
        for key in reached:
            own = self._stands_for(key, begun)
            for other, how in self._ahead(key, way).items():
                if (ahead := self._stands_for(other, begun)) != own:
                    steps.setdefault(own, {}).setdefault(ahead, how)
        return self._near(tuple(roots), steps, way, depth, self._parts(reached))

    def _reached(self, starts: Iterable[str], way: Way) -> list[str]:
        found = dict.fromkeys(starts)
        waiting = deque(found)
        while waiting:
            for key in self._ahead(waiting.popleft(), way):
                if key not in found:
                    found[key] = None
                    waiting.append(key)
        return list(found)

    def _ahead(self, key: str, way: Way) -> Mapping[str, How]:
        return (self._after if way == "down" else self._before).get(key, {})

    def _stands_for(self, key: str, starts: tuple[str, ...]) -> str:
        node = self.nodes[key]
        asked_for = node.kind == "file" and key in starts
        return key if asked_for or not node.part_of else node.part_of

    def _parts(self, reached: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return which executions of each run were reached, in the order in which they were added."""
        seen = frozenset(reached)
        found: dict[str, tuple[str, ...]] = {}
        for key, node in self.nodes.items():
            if node.kind == "execution" and key in seen:
                found[node.part_of] = (*found.get(node.part_of, ()), node.id)
        return found

    def _near(
        self,
        roots: tuple[str, ...],
        steps: Mapping[str, Mapping[str, How]],
        way: Way,
        depth: int | None,
        parts: Mapping[str, tuple[str, ...]],
    ) -> Shown:
        distance = dict.fromkeys(roots, 0)
        waiting = deque(roots)
        arrows: list[Arrow] = []
        while waiting:
            key = waiting.popleft()
            if depth is not None and distance[key] >= depth:
                continue
            for other, how in steps.get(key, {}).items():
                arrows.append(Arrow(key, other, how) if way == "down" else Arrow(other, key, how))
                if other not in distance:
                    distance[other] = distance[key] + 1
                    waiting.append(other)
        nodes = {key: self.nodes[key] for key in distance}
        told = {key: names for key, names in parts.items() if key in nodes}
        return Shown(way=way, roots=roots, nodes=nodes, arrows=tuple(arrows), parts=told)
