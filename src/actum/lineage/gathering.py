"""From records to the graph, in one read: what each run read and made, what was registered, promoted and decided.

Where two records tell of one execution, what either says is drawn: who asks what is touched is told too much, not too
little. Files are told apart by their bytes; what a run itself made stays apart from equal bytes that another made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actum import layout
from actum.catalogue.details import tenures
from actum.catalogue.holdings import Holdings
from actum.errors import InvalidRecordError, UserError
from actum.lineage.graph import Graph, Kind, Node
from actum.names import Reference
from actum.records.event import Event, Seal
from actum.records.forms import FileFact
from actum.records.imported import ImportedVersion
from actum.records.run import Run, RunStage
from actum.records.version import ModelVersion


def graph_of(holdings: Holdings) -> Graph:
    """Return all that records connect. What cannot be read is left out, and noted."""
    graph = Graph()
    gathered = _Gathered(graph)
    uncommitted = holdings.uncommitted()
    for run in holdings.runs():
        gathered.run(run, committed=run.id not in uncommitted)
    holdings.truth.prefetch("model-version")
    for model in holdings.models():
        for version in _versions(holdings, model):
            if isinstance(version, ImportedVersion):
                gathered.imported(version)
            else:
                gathered.version(version)
    for model in holdings.models():
        gathered.decisions(holdings, model)
    gathered.join_equal_bytes()
    if holdings.moment is None:
        _define(graph, holdings)
    return graph


def _versions(holdings: Holdings, model: str) -> Iterator[ModelVersion | ImportedVersion]:
    for line in reversed(holdings.versions(model)):
        read, place = (
            (holdings.imported_version, layout.imported) if line.imported else (holdings.version, layout.version)
        )
        try:
            version = read(model, line.version)
        except InvalidRecordError as error:
            holdings.note(place(model, line.version), error)
            continue
        if version is not None:
            yield version


class _Gathered:
    """What was added so far, and by what it is found again."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._made: dict[tuple[str, str], list[str]] = {}  # (path, md5) -> what executions made
        self._sources: dict[tuple[str, str], str] = {}  # (path, md5) -> what was read, and not made by the reader's run
        self._by_sha256: dict[tuple[str, str], list[str]] = {}
        self._of_run: dict[str, dict[str, str]] = {}  # run -> md5 -> what it, or a run that it cites, made

    def run(self, run: Run, *, committed: bool) -> None:
        told = {
            "at": run.started_at,
            "by": run.by,
            "kind": run.kind,
            "name": run.name,
            "status": run.status or "finished",
            "code_commit": run.code_commit,
            "dirty": bool(run.dirty),
            "committed": committed,
        }
        id_ = f"run/{run.id}"
        own = self._graph.know(Node(key=id_, kind="run", id=id_, facts=told))
        facts = {fact.path: fact for fact in run.files}
        made: dict[str, str] = {}
        for stage in run.stages:
            self._add_run(stage.run)
            execution = self._graph.add(
                Node(key=_execution(stage), kind="execution", id=stage.name, part_of=f"run/{stage.run}")
            )
            for path in stage.outs:
                if path in facts:
                    made[path] = self._make(facts[path], execution)
        for stage in run.stages:
            for path in stage.deps:
                if path in facts:
                    self._graph.link(self._dependency(facts[path], made), _execution(stage), "read")
        for fact in run.artifacts:
            made[fact.path] = self._make(fact, own)
        self._of_run[run.id] = {self._graph.nodes[key].facts["md5"]: key for key in made.values()}

    def join_equal_bytes(self) -> None:
        """Connect what was read with whatever made it, where path and bytes are the same."""
        for content, source in self._sources.items():
            for made in self._made.get(content, ()):
                self._graph.link(made, source, "made")

    def version(self, version: ModelVersion) -> None:
        reference = str(Reference("version", version.model, version.version))
        told = {"at": version.registered_at, "by": version.registered_by, "artifact": version.artifact.sha256}
        key = self._graph.add(Node(key=reference, kind="version", id=reference, facts=told))
        self._graph.link(self._add_run(version.run), key, "registered")
        if artifact := self._of_run.get(version.run, {}).get(version.artifact.md5):
            self._graph.link(artifact, key, "registered")
            for judged in self._made_from(artifact, version.run):
                self._graph.link(judged, key, "measured")
        else:  # the run's record is not here: what the version itself says of its data is all there is
            for fact in version.data:
                self._graph.link(self._source(fact), key, "read")

    def imported(self, version: ImportedVersion) -> None:
        """Add a version that was taken over: its run and its artifact, as far as the other registry knew them."""
        reference = str(Reference("version", version.model, version.version))
        told = {
            "at": version.registered_at,
            "by": version.registered_by,
            "artifact": version.artifact.sha256 if version.artifact else None,
            "system": version.origin.system,
        }
        key = self._graph.add(Node(key=reference, kind="version", id=reference, facts=told))
        if version.run:
            self._graph.link(self._add_run(version.run), key, "registered")
        if fact := version.artifact:
            own = self._of_run.get(version.run or "", {}).get(fact.md5)
            made = [own] if own else self._made.get((fact.path, fact.md5)) or [self._source(fact)]
            for artifact in made:
                self._graph.link(artifact, key, "registered")

    def decisions(self, holdings: Holdings, model: str) -> None:
        """Add what stood at each stage, and the segments of decisions that were made meanwhile."""
        events = holdings.events(model)
        for stage in holdings.stages(model):
            for held in tenures(holdings, Reference("stage", model, stage)):
                version = str(Reference("version", model, held.version))
                told = {"version": held.version, "since": held.since, "until": held.until, "by": held.by}
                id_ = str(Reference("stage", model, stage))
                key = self._graph.add(Node(key=f"event/{held.event}", kind="stage", id=id_, facts=told))
                self._graph.link(self._known(version, "version"), key, "promoted")
        for event in reversed(events):
            if event.promotion and event.promotion.comparison:
                self._judge(holdings, event, event.promotion.comparison.holdout)
            if event.seal:
                self._seal(model, event, event.seal)

    def _judge(self, holdings: Holdings, event: Event, md5: str) -> None:
        card = holdings.readable_card(event.model)
        held = f"event/{event.id}"
        if card is None or card.holdout is None or held not in self._graph.nodes:
            return
        path = layout.beside_card(event.model, card.holdout.path)
        self._graph.link(self._source(FileFact(path=path, md5=md5)), held, "judged")

    def _seal(self, model: str, event: Event, seal: Seal) -> None:
        told = {
            "rows": seal.rows,
            "version": seal.version,
            "first_moment": seal.first_moment,
            "last_moment": seal.last_moment,
            "outcomes": seal.outcomes,
            "event": event.id,
        }
        id_ = f"{model}/{seal.segment}"
        key = self._graph.add(Node(key=id_, kind="segment", id=id_, facts=told))
        held = f"event/{seal.stage_event}"
        version = self._known(str(Reference("version", model, seal.version)), "version")
        self._graph.link(held if held in self._graph.nodes else version, key, "decided")
        if seal.input and seal.input_sha256:
            for source in self._table(seal.input, seal.input_sha256):
                self._graph.link(source, key, "read")
        for fact in seal.supplied.sources if seal.supplied else ():
            self._graph.link(self._source(fact), key, "read")

    def _add_run(self, ulid: str) -> str:
        """Add a run that a record names; of one that is not on record nothing else is told."""
        return self._graph.add(Node(key=f"run/{ulid}", kind="run", id=f"run/{ulid}", facts={"on_record": False}))

    def _known(self, key: str, kind: Kind) -> str:
        return self._graph.add(Node(key=key, kind=kind, id=key, facts={"on_record": False}))

    def _make(self, fact: FileFact, maker: str) -> str:
        part_of = self._graph.nodes[maker].part_of or maker
        key = self._graph.add(_file(f"{fact.path}@{fact.md5} of {maker}", fact, part_of))
        self._graph.link(maker, key, "made")
        self._made.setdefault((fact.path, fact.md5), []).append(key)
        self._remember(fact, key)
        return key

    def _dependency(self, fact: FileFact, made: dict[str, str]) -> str:
        """Return what a stage of a run read: what another one of its stages made, or a source."""
        if fact.path in made:
            return made[fact.path]
        source = self._source(fact)
        for path, key in made.items():
            if layout.meet(path, fact.path):
                self._graph.link(key, source, "made")
        return source

    def _source(self, fact: FileFact) -> str:
        key = self._graph.add(_file(f"{fact.path}@{fact.md5}", fact))
        self._sources[fact.path, fact.md5] = key
        self._remember(fact, key)
        return key

    def _remember(self, fact: FileFact, key: str) -> None:
        if fact.sha256:
            self._by_sha256.setdefault((fact.path, fact.sha256), []).append(key)

    def _table(self, path: str, sha256: str) -> Iterable[str]:
        """Return a table that decisions were made about: as runs know it, else by its digest alone."""
        if known := self._by_sha256.get((path, sha256)):
            return dict.fromkeys(known)
        key = f"{path}@{sha256}"
        told = {"path": path, "md5": None, "sha256": sha256, "size": None}
        return (self._graph.add(Node(key=key, kind="file", id=path, facts=told)),)

    def _made_from(self, artifact: str, run: str) -> list[str]:
        """Return what stages of a run made, directly or not, by reading its model: what it was measured by."""
        own = frozenset(self._of_run[run].values())
        found: dict[str, None] = {}
        waiting = [artifact]
        while waiting:
            for execution in self._graph.after(waiting.pop()):
                fresh = [key for key in self._graph.after(execution) if key in own and key not in found]
                found |= dict.fromkeys(fresh)
                waiting += fresh
        return list(found)


def _define(graph: Graph, holdings: Holdings) -> None:
    """Add what features mean today: from the files that their views read to the versions that pin them.

    They are connected with paths, not with bytes: which bytes a version was trained with, its run tells.
    """
    try:
        definitions = holdings.definitions()
        for variable in definitions.every:
            view = variable.view
            place = layout.view(view.view)
            graph.add(Node(key=place, kind="view", id=place, facts={"owner": view.owner}))
            graph.add(Node(key=variable.id, kind="feature", id=variable.id, facts={"name": variable.name}))
            graph.link(place, variable.id, "defines")
            if view.source and view.source.path:
                told = {"path": view.source.path, "md5": None, "sha256": None, "size": None}
                source = graph.add(Node(key=view.source.path, kind="file", id=view.source.path, facts=told))
                graph.link(source, place, "read")
        for variable in definitions.every:
            for name in definitions.needs(variable):
                if name in definitions.variables:
                    graph.link(definitions.variables[name].id, variable.id, "read")
        known = {name: variable.id for name, variable in definitions.variables.items()}
    except UserError as error:
        holdings.note(layout.FEATURES, error)
        return
    for model in holdings.models():
        for version in _versions(holdings, model):
            pins = None if isinstance(version, ImportedVersion) else version.features
            for name in pins.digests if pins else ():
                key = known.get(name) or graph.add(Node(key=f"feature/{name}", kind="feature", id=f"feature/{name}"))
                graph.link(key, str(Reference("version", model, version.version)), "pinned")


def _execution(stage: RunStage) -> str:
    return f"run/{stage.run}:{stage.name}"


def _file(key: str, fact: FileFact, part_of: str = "") -> Node:
    told = {"path": fact.path, "md5": fact.md5, "sha256": fact.sha256, "size": fact.size}
    return Node(key=key, kind="file", id=fact.path, part_of=part_of, facts=told)
