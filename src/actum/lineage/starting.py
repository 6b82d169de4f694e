"""Where a walk through the graph begins: what an id, or the path of a file, names there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from actum import layout
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify, near, segments_of
from actum.catalogue.listing import segment_rows
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError, NotFoundError, UsageError, UserError
from actum.lineage.graph import Graph, Node
from actum.names import Reference

_CONTENT = re.compile(r"(?P<path>.+)@(?:sha256:)?(?P<digest>[0-9a-f]{6,64})")


def starts(holdings: Holdings, graph: Graph, text: str) -> tuple[str, ...]:
    """Return the keys of what *text* names; of a path all contents on record, of a model all versions.

    Raises:
        NotFoundError: No record knows it; the message names what is near.
        UserError: It fits several things.
    """
    if found := _files(holdings, graph, text):
        return found
    if _is_path(text):
        known = sorted({node.id for node in graph.nodes.values() if node.kind in ("file", "view")})
        guess = near(text, known)
        raise NotFoundError(f"no run, version or seal on record names {text}{guess}", hint="actum ls runs")
    try:
        reference = identify(holdings, text)
    except UserError:
        if found := _in_folder(graph, text):
            return found
        raise
    found = tuple(_things(holdings, graph, reference))
    if not found:
        raise NotFoundError(f"nothing on record came of {reference}, and it came of nothing", hint="actum log")
    return found


def _is_path(text: str) -> bool:
    path = text.partition("@")[0]
    return path.startswith("./") or "." in posixpath.basename(path) or path.count("/") > 1


def _files(holdings: Holdings, graph: Graph, text: str) -> tuple[str, ...]:
    """Return the files at a path: those of that very path, else what lies in it, or what it lies in."""
    written = _CONTENT.fullmatch(text)
    path = posixpath.normpath(written["path"] if written else text)
    nodes = [node for node in graph.nodes.values() if node.kind in ("file", "view")]
    there = [node for node in nodes if node.id == path]
    there = there or [node for node in nodes if _is_path(text) and layout.meet(node.id, path)]
    if written:
        return tuple(node.key for node in there if _has(node, written["digest"]))
    if there and all(node.id == path for node in there) and (now := _now(holdings, graph, path)):
        there = [*there, now]
    return tuple(dict.fromkeys(node.key for node in there))


def _in_folder(graph: Graph, text: str) -> tuple[str, ...]:
    """Return what lies in a folder whose name alone, ``data/raw``, could be an id."""
    start = posixpath.normpath(text) + "/"
    return tuple(node.key for node in graph.nodes.values() if node.kind == "file" and node.id.startswith(start))


def _has(node: Node, digest: str) -> bool:
    return any(str(node.facts.get(kind) or "").removeprefix("sha256:").startswith(digest) for kind in ("md5", "sha256"))


def _now(holdings: Holdings, graph: Graph, path: str) -> Node | None:
    """Return the content that DVC tracks at a path today, where no run on record read it."""
    store = holdings.head or holdings.truth
    data = store.read(path + SUFFIX)
    if data is None or holdings.moment is not None:
        return None
    try:
        outs = [out for out in read_tracked(data, path + SUFFIX).outs if out.path == path and out.md5]
    except InvalidRecordError as error:
        holdings.note(path + SUFFIX, error)
        return None
    known = {node.facts.get("md5") for node in graph.nodes.values() if node.id == path}
    for out in outs:
        if out.md5 not in known:
            told = {"path": path, "md5": out.md5, "sha256": None, "size": out.size}
            return graph.nodes[graph.add(Node(key=f"{path}@{out.md5}", kind="file", id=path, facts=told))]
    return None


def _things(holdings: Holdings, graph: Graph, reference: Reference) -> Iterable[str]:
    owner, name = reference.owner, reference.name
    match reference.kind:
        case "model":
            keys = {key for key, node in graph.nodes.items() if node.kind == "version"}
            return [key for key in graph.nodes if key in keys and key.startswith(f"{owner}@v")]
        case "run":
            key = f"run/{name}"
            return [
                other for other, node in graph.nodes.items() if key in (other, node.part_of) and node.kind != "file"
            ]
        case "stage":
            return [key for key, node in graph.nodes.items() if node.kind == "stage" and node.id == str(reference)]
        case "event":
            return _of_event(holdings, graph, name)
        case "decision":
            return _segments(holdings, owner, name)
        case _:
            return [str(reference)] if str(reference) in graph.nodes else []


def _of_event(holdings: Holdings, graph: Graph, ulid: str) -> Iterable[str]:
    event = holdings.event(ulid)
    if event is not None and event.seal:
        return [f"{event.model}/{event.seal.segment}"]
    if event is not None and not event.promotion:
        raise UsageError(f"nothing comes of an {event.kind}", hint=f"actum show event/{ulid}")
    return [key for key in (f"event/{ulid}",) if key in graph.nodes]


def _segments(holdings: Holdings, model: str, ulid: str) -> Iterable[str]:
    """Return a segment by its id, or those in which a decision can lie."""
    if ulid in segments_of(holdings, model):
        return [f"{model}/{ulid}"]
    return [f"{model}/{row.segment}" for row in segment_rows(holdings, model) if row.segment < ulid < row.event]
