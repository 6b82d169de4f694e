"""How a walk through the lineage reads: a tree with what matters of each thing, and one line that sums up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import click

from actum import digests
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import shown_length
from actum.cli import output
from actum.cli.diagram import Shape, print_diagram
from actum.cli.wording import moment, size, wrap
from actum.lineage.graph import Node
from actum.lineage.touched import Touched
from actum.lineage.trace import Walk
from actum.names import is_ulid
from actum.quantities import plural
from actum.records.codec import encode

_IDLE_RUNS_SHOWN = 3
_TEXT = 76
_SHAPES: Mapping[str, Shape] = {"file": "data", "segment": "data", "run": "work"}
_ORDER = ("view", "feature", "version", "stage", "segment", "file", "run")
_TITLES = {"up": "what it came of", "down": "what came of it"}


def walk_json(walk: Walk) -> dict[str, Any]:
    """Return a walk as programs read it."""
    shown = walk.shown
    nodes = []
    for node in shown.nodes.values():
        stages = {"stages": list(shown.parts[node.key])} if node.key in shown.parts else {}
        nodes.append({"key": node.key, "kind": node.kind, "id": node.id, **stages, "facts": _facts(node)})
    arrows = [{"source": one.source, "target": one.target, "how": one.how} for one in shown.arrows]
    summed = encode(walk.touched) if walk.touched else None
    return {"way": shown.way, "roots": list(shown.roots), "nodes": nodes, "arrows": arrows, "touched": summed}


def print_walks_diagram(walks: Iterable[Walk], holdings: Holdings) -> None:
    """Print all walks as one diagram."""
    nodes: dict[str, tuple[str, Shape]] = {}
    arrows: list[tuple[str, str]] = []
    for walk in walks:
        tree = Tree(walk, holdings)
        nodes |= {key: (tree.name(node), _SHAPES.get(node.kind, "thing")) for key, node in walk.shown.nodes.items()}
        arrows += [(one.source, one.target) for one in walk.shown.arrows]
    print_diagram(nodes, arrows)


class Tree:
    """One walk as an indented tree. What was told once is not told again."""

    def __init__(self, walk: Walk, holdings: Holdings) -> None:
        self._walk, self._shown = walk, walk.shown
        segments = [node.id.partition("/")[2] for node in walk.shown.nodes.values() if node.kind == "segment"]
        self._lengths = {"run": shown_length(holdings.ulids("run")), "segment": shown_length(segments)}
        self._steps = walk.shown.steps()
        self._told: set[str] = set()

    def print(self) -> None:
        click.echo(click.style(f"{self._walk.asked}: {_TITLES[self._shown.way]}", bold=True))
        for root in self._shown.roots:
            click.echo(f"  {self._line(self._shown.nodes[root])}")
            self._told.add(root)
            self._below(root, "  ")
        if not self._shown.arrows:
            click.echo("  nothing on record")
        if self._walk.touched and self._shown.arrows:
            click.echo("touches")
            output.facts(summary(self._walk.touched, of_a_version=self._is_of_a_version()))

    def _is_of_a_version(self) -> bool:
        return all(self._shown.nodes[root].kind in ("version", "stage", "segment") for root in self._shown.roots)

    def name(self, node: Node) -> str:
        """Return what a thing is called, a ULID no longer than it is unique."""
        owner, slash, ulid = node.id.partition("/")
        if node.kind in self._lengths and slash and is_ulid(ulid):
            return f"{owner}/{ulid[: self._lengths[node.kind]]}"
        if node.kind == "file":
            return f"{node.id}{_content(node)}"
        return node.id

    def _below(self, key: str, indent: str) -> None:
        """Print what comes after a thing; of what was told already only the names, on one line."""
        after = sorted((self._shown.nodes[one] for one in self._steps.get(key, ())), key=_order)
        known = [self.name(node) for node in after if node.key in self._told]
        fresh = [node for node in after if node.key not in self._told]
        idle = [node.key for node in fresh if node.kind == "run" and node.key not in self._steps]
        hidden = frozenset(idle[:-_IDLE_RUNS_SHOWN] if len(idle) > _IDLE_RUNS_SHOWN + 1 else ())
        last = [f"{plural(len(hidden), 'earlier run')} of which no version came"] if hidden else []
        last += [f"see {', '.join(known)}"] if known else []
        told = [node for node in fresh if node.key not in hidden]
        self._told |= {node.key for node in told}
        for number, node in enumerate(told):
            is_last = number == len(told) - 1 and not last
            click.echo(f"{indent}{'└─' if is_last else '├─'} {self._line(node)}")
            self._below(node.key, indent + ("   " if is_last else "│  "))
        for number, line in enumerate(last):
            click.echo(f"{indent}{'└─' if number == len(last) - 1 else '├─'} {line}")

    def _line(self, node: Node) -> str:
        about = ", ".join(fact for fact in _ABOUT[node.kind](node.facts) if fact)
        stages = ", ".join(self._shown.parts.get(node.key, ()))
        return "  ".join(part for part in (self.name(node), stages, about) if part)


def summary(touched: Touched, *, of_a_version: bool) -> Iterator[tuple[str, object]]:
    """Say what is touched. ``of_a_version``: no other version can be, and that none is goes without saying."""
    none = "" if of_a_version else "none"
    yield "runs", f"{touched.runs:,}" if touched.runs else ""
    yield "versions", wrap(", ".join(touched.versions), _TEXT) or none
    yield "stand now", wrap(", ".join(touched.stands), _TEXT) or none
    yield "stood", wrap(", ".join(touched.stood), _TEXT)
    days = f"{moment(touched.first_moment)} to {moment(touched.last_moment)}"
    segments = f"{touched.decisions:,} in {plural(touched.segments, 'sealed segment')}, {days}"
    yield "decisions", segments if touched.segments else "none sealed"


def _order(node: Node) -> tuple[int, str, str]:
    since = node.facts.get("since")
    return _ORDER.index(node.kind), moment(since) if since else node.id, node.key


def _facts(node: Node) -> dict[str, Any]:
    return {name: value for name, value in encode(node).get("facts", {}).items() if value is not None}


def _content(node: Node) -> str:
    digest = node.facts.get("md5") or node.facts.get("sha256")
    return f"@{digests.short(digest)}" if digest else ""


def _about_file(facts: Mapping[str, Any]) -> Iterator[str]:
    yield size(facts.get("size"))


def _about_run(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts.get("on_record") is False:
        yield "not on record"
        return
    by = f" by {facts['by']}" if facts["by"] else ""
    yield f"{moment(facts['at'])}{by}"
    yield facts["kind"] if facts["kind"] != "pipeline" else ""
    yield facts["name"] or ""
    yield facts["status"] if facts["status"] != "finished" else ""
    yield "dirty" if facts["dirty"] else f"code {facts['code_commit'][:10]}" if facts["code_commit"] else ""
    yield "" if facts["committed"] else "not committed"


def _about_version(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts.get("on_record") is False:
        yield "not on record"
        return
    when = f" {moment(facts['at'])}" if facts["at"] else ""
    yield f"registered{when}" + (f" by {facts['by']}" if facts["by"] else "")
    yield f"taken over from {facts['system']}" if facts.get("system") else ""


def _about_stage(facts: Mapping[str, Any]) -> Iterator[str]:
    since = moment(facts["since"])
    yield f"stands since {since}" if facts["until"] is None else f"stood {since} to {moment(facts['until'])}"


def _about_segment(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{facts['rows']:,} decisions"
    yield f"{moment(facts['first_moment'])} to {moment(facts['last_moment'])}"
    yield " and ".join(f"{count:,} {outcome}" for outcome, count in facts["outcomes"].items())


def _about_view(facts: Mapping[str, Any]) -> Iterator[str]:
    yield str(facts.get("owner") or "")


_ABOUT: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "file": _about_file,
    "run": _about_run,
    "version": _about_version,
    "stage": _about_stage,
    "segment": _about_segment,
    "view": _about_view,
    "feature": lambda _facts: iter(()),
}
