"""The records of a repository as one revision has them, joined with the evidence branch.

The only place that knows both where a record lies and how it is read. Reading is from git objects, never
from the work tree, so that a read in the past and a read of today are the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from actum import files, layout
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git.repository import REGULAR_FILE_MODES, Git, TreeEntry
from actum.names import Version, is_name
from actum.records.card import ModelCard
from actum.records.codec import FieldError, decode, encode
from actum.records.event import Event
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion

R = TypeVar("R")
RECORDS: Mapping[str, type[Any]] = {
    "settings": Settings,
    "model": ModelCard,
    "model-version": ModelVersion,
    "stage": StagePointer,
    "event": Event,
    "run": Run,
    "policy": Policy,
}


@dataclass(frozen=True)
class Store:
    """What one commit says. ``evidence``: the tip of the evidence branch, whose files are joined in.

    ``skipped``: absent, a malformed record is an error; present, reads of several leave it out and name it here.
    """

    repo: Git
    commit: str
    evidence: tuple[str, ...] = ()
    skipped: dict[str, UserError] | None = field(default=None, repr=False, compare=False)
    # By path and blob: the same bytes under another name are not the same record.
    _cache: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _bytes: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def tolerant(self) -> Store:
        """Return the same records for reads that list: see ``skipped``."""
        return replace(self, skipped={})

    def beside(self, commit: str) -> Store:
        """Return another commit's records, read in the same manner; what both have is read once."""
        return replace(self, commit=commit)

    @cached_property
    def tree(self) -> Mapping[str, TreeEntry]:
        """Every file of the revision, by path; of evidence only what the revision itself does not have."""
        own = self.repo.tree(self.commit)
        joined: dict[str, TreeEntry] = {}
        for tip in self.evidence:
            joined |= self.repo.tree(tip, "registry", "decisions", "monitoring")
        return {path: entry for path, entry in joined.items() if layout.is_evidence(path)} | own

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None when the revision has no such regular file."""
        entry = self.tree.get(path)
        if entry is None or entry.mode not in REGULAR_FILE_MODES:
            return None
        return self.repo.blobs([entry.blob]).get(entry.blob)

    def settings(self) -> Settings:
        """Raises: NotFoundError when the revision has no actum.yaml."""
        found = self._one(layout.SETTINGS, Settings)
        if found is None:
            raise NotFoundError(
                f"{self.commit[:12]} has no {layout.SETTINGS}", hint="actum init && git add . && git commit"
            )
        return found

    def models(self) -> tuple[str, ...]:
        """Return the names of all models that have a card, sorted."""
        return tuple(sorted({layout.names_in(path)[0] for path in self.paths("model")}))

    def card(self, model: str) -> ModelCard:
        """Raises: NotFoundError when there is no such model."""
        found = self._one(layout.card(model), ModelCard) if is_name(model) else None
        if found is None:
            known = ", ".join(self.models()) or "none"
            raise NotFoundError(f"there is no model {model} (models: {known})", hint=self._card_hint(model))
        return found

    def _card_hint(self, model: str) -> str:
        """Say how a card comes about, where there is none at all or one that nobody committed; it never decides."""
        path = layout.card(model)
        if is_name(model) and (not self.models() or (self.repo.root / path).is_file()):
            return f"actum init --model {model} && git add {path} && git commit"
        return "actum ls models"

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """Return a model's versions, lowest first."""
        found = self._all("model-version", ModelVersion, model)
        return tuple(sorted(found, key=lambda version: Version.parse(version.version)))

    def version(self, model: str, number: str) -> ModelVersion | None:
        return self._one(layout.version(model, number), ModelVersion)

    def pointers(self, model: str) -> dict[str, StagePointer]:
        """Return a model's stage pointers by stage."""
        return {pointer.stage: pointer for pointer in self._all("stage", StagePointer, model)}

    def events(self, model: str) -> tuple[Event, ...]:
        """Return a model's events in the order of their ids, which is that of recording."""
        return tuple(sorted(self._all("event", Event, model), key=lambda event: event.id))

    def event(self, ulid: str) -> Event | None:
        """Return an event by its id alone, whichever model it belongs to."""
        for path in self.paths("event"):
            if layout.names_in(path)[1] == ulid:
                return self._one(path, Event)
        return None

    def run(self, ulid: str) -> Run | None:
        path = next((path for path in self.paths("run") if layout.names_in(path)[0] == ulid), None)
        return self._one(path, Run) if path else None

    def runs(self) -> Iterator[Run]:
        """Yield the runs, newest first; reads in portions, so that stopping early is cheap."""
        paths = sorted(self.paths("run"), key=lambda path: layout.names_in(path)[0], reverse=True)
        for at in range(0, len(paths), 64):
            yield from self._many(paths[at : at + 64], Run, self.skipped)

    def policy(self, name: str) -> Policy | None:
        return self._one(layout.policy(name), Policy)

    def trusted_types(self) -> tuple[str, ...]:
        """Return the reviewed list of types that a model file may hold."""
        return listed_types(self.read(layout.TRUSTED_TYPES) or b"")

    def paths(self, kind: str) -> list[str]:
        """Return the paths of all records of a kind, sorted."""
        return [path for found, path in self._kinds if found == kind]

    @cached_property
    def _kinds(self) -> list[tuple[str | None, str]]:
        return [(layout.kind_of(path), path) for path in sorted(self.tree)]

    def prefetch(self, *kinds: str) -> None:
        """Take the bytes of all records of these kinds from git with one child process."""
        blobs = (self.tree[path].blob for kind in kinds for path in self.paths(kind))
        self._bytes.update(self.repo.blobs(blobs))

    def _all(self, kind: str, record: type[R], model: str) -> list[R]:
        paths = [path for path in self.paths(kind) if layout.names_in(path)[0] == model]
        return self._many(paths, record, self.skipped)

    def _one(self, path: str, record: type[R]) -> R | None:
        return next(iter(self._many([path], record)), None) if path in self.tree else None

    def _many(self, paths: list[str], record: type[R], skipped: dict[str, UserError] | None = None) -> list[R]:
        entries = {path: self.tree[path] for path in paths}
        unread = [entry.blob for path, entry in entries.items() if (path, entry.blob) not in self._cache]
        self._bytes.update(self.repo.blobs(blob for blob in unread if blob not in self._bytes))
        found = []
        for path, entry in entries.items():
            try:
                one = self._record(path, entry)
                assert isinstance(one, record)
                found.append(one)
            except InvalidRecordError as error:
                if skipped is None:
                    raise
                skipped[path] = error
        return found

    def _record(self, path: str, entry: TreeEntry) -> Any:
        key = (path, entry.blob)
        if key not in self._cache:
            if entry.mode not in REGULAR_FILE_MODES:
                raise InvalidRecordError(f"{path}: is a link or a submodule, must be a regular file")
            if entry.blob not in self._bytes:
                raise InvalidRecordError(f"{path}: git has lost object {entry.blob[:10]}", hint="git fsck")
            self._cache[key] = read_record(path, self._bytes[entry.blob])
        return self._cache[key]


def cards_in_work_tree(root: Path) -> tuple[ModelCard, ...]:
    """Return the cards that lie in a work tree, committed or not; what cannot be read is for ``doctor`` to say."""
    found = []
    for place in sorted(root.glob(layout.card("*"))):
        with suppress(InvalidRecordError, OSError):
            found.append(read_record(place.relative_to(root).as_posix(), place.read_bytes()))
    return tuple(found)


def listed_types(data: bytes) -> tuple[str, ...]:
    """Return the types that the text of a reviewed list names."""
    lines = (line.partition("#")[0].strip() for line in data.decode(errors="replace").splitlines())
    return tuple(line for line in lines if line)


def read_record(path: str, data: bytes) -> Any:
    """Decode a record by its path.

    Raises:
        InvalidRecordError: It is malformed, or its path says something other than it does itself.
    """
    kind = layout.kind_of(path)
    if kind is None:
        raise InvalidRecordError(f"{path}: is no record that actum knows")
    raw = files.read_json(data, where=path) if kind == "run" else files.read_yaml(data, where=path)
    try:
        record = decode(RECORDS[kind], raw, strict=kind in layout.WRITTEN_BY_PEOPLE)
        _agree(path, record)
    except FieldError as error:
        line = files.line_of(data, error.at) if kind != "run" else None
        place = f"{path}:{line}" if line else path
        raise InvalidRecordError(f"{place}: {error}", hint=error.hint) from error
    return record


def write_record(record: Any, *, path: str) -> bytes:
    """Return the canonical bytes of a record: JSON for runs, YAML for the rest."""
    kind = layout.kind_of(path)
    return files.write_json(encode(record)) if kind == "run" else files.write_yaml(encode(record), nulls="written")


def _agree(path: str, record: Any) -> None:
    """A record that was copied or renamed must not pass for another."""
    names = layout.names_in(path)
    match record:
        case ModelCard():
            told: tuple[str, ...] = (record.model,)
        case ModelVersion():
            told = (record.model, record.version)
        case StagePointer():
            told = (record.model, record.stage)
        case Event():
            told = (record.model, record.id, record.kind)
        case Run():
            told = (record.id,)
        case Policy():
            told = (record.policy,)
        case _:
            told = ()
    if told != names:
        raise FieldError(f"says it is {' '.join(told)}, but lies where {' '.join(names)} belongs")


def trunk_commit(repo: Git, trunk: str) -> str | None:
    """Return the tip of the trunk: ``origin``'s when there is one, else the local branch's."""
    remote, local = _tips(repo, trunk)
    return remote or local


def evidence_tips(repo: Git) -> tuple[str, ...]:
    """Return the tip of the evidence branch, here or at origin; both where they have diverged, origin's first."""
    remote, local = _tips(repo, layout.EVIDENCE_BRANCH)
    if local is None or remote is None or remote == local:
        return tuple(tip for tip in (remote or local,) if tip)
    if repo.is_ancestor(remote, local):
        return (local,)
    return (remote,) if repo.is_ancestor(local, remote) else (remote, local)


def _tips(repo: Git, branch: str) -> tuple[str | None, str | None]:
    names = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    tips = {ref.name: ref.commit for ref in repo.refs(*names)}
    return tips.get(names[0]), tips.get(names[1])


def open_head(repo: Git) -> Store:
    """Open what is checked out, with today's evidence."""
    return Store(repo, repo.head(), evidence_tips(repo))


def open_trunk(repo: Git, head: Store | None = None) -> Store:
    """Open the trunk, the truth about stages; HEAD where there is no trunk (a detached clone of one commit)."""
    head = head or open_head(repo)
    tip = trunk_commit(repo, head.settings().trunk)
    return head.beside(tip) if tip and tip != head.commit else head
