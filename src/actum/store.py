"""The records of a repository as one revision has them, joined with the evidence branch.

Reading is from git objects, never from the work tree, so that a read in the past and a read
of today are the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from actum import layout
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.files import Limits
from actum.filing import RECORDS, listed_types, read_record
from actum.git.joined import Joined, Layer
from actum.git.repository import REGULAR_FILE_MODES, Git, TreeEntry
from actum.index.index import Index
from actum.names import Version, is_name
from actum.records.card import ModelCard
from actum.records.codec import decode, encode
from actum.records.event import Event
from actum.records.feature_set import FeatureSet
from actum.records.imported import ImportedVersion
from actum.records.lines import EventLine
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.records.view import FeatureView

if TYPE_CHECKING:
    from actum.definitions.definitions import Definitions

R = TypeVar("R")
_ONE_PLACE = {
    "settings": "",
    "policy": layout.POLICIES,
    "feature-view": layout.FEATURES,
    "feature-set": layout.SETS,
}
MOST_BYTES = 64 << 20
"""What has more than this nobody here reads, and git is not asked for it."""
MOST_RECORD_BYTES = Limits().size


class LostObjectError(InvalidRecordError):
    """What git should have, and has not. It says something about this clone, nothing about the record."""


@dataclass(frozen=True)
class Store:
    """What one commit says. ``evidence``: the tip of the evidence branch, whose files are joined in.

    ``skipped``: absent, a malformed record is an error; present, reads of several leave it out and name it here.
    ``approvals``: tips of refs on which approvals wait for their promotion; nothing else there is joined in.
    ``index``: only for reads that list and show; whatever judges or proves reads git itself, and has none.
    """

    repo: Git
    commit: str
    evidence: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    skipped: dict[str, UserError] | None = field(default=None, repr=False, compare=False)
    index: Index | None = field(default=None, repr=False, compare=False)
    # By path and blob, for the same bytes under another name are not the same record: the record, or what is wrong.
    _cache: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _folders: dict[str, dict[str, TreeEntry]] = field(default_factory=dict, repr=False, compare=False)
    _listings: dict[Any, dict[str, TreeEntry]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def tolerant(self) -> Store:
        """Return the same records for reads that list: see ``skipped``."""
        return replace(self, skipped={})

    def indexed(self, index: Index) -> Store:
        """Return the same records for reads that list and show: see ``index``."""
        return replace(self, index=index)

    def beside(self, commit: str) -> Store:
        """Return another commit's records, read in the same manner; what both have is read once."""
        return replace(self, commit=commit)

    @cached_property
    def tree(self) -> Mapping[str, TreeEntry]:
        """Every file of the revision, by path; of evidence and approvals only what it does not have itself."""
        return {**self._waiting, **self._settled}

    @cached_property
    def files(self) -> Joined:
        """The same files as in ``tree``, without listing folders that nobody asks about."""
        evidence = (Layer(tip, layout.is_evidence) for tip in reversed(self.evidence))
        approvals = (Layer(tip, layout.is_approval) for tip in reversed(self.approvals))
        return Joined(self.repo, (Layer(self.commit), *evidence, *approvals), self._folders)

    def is_waiting(self, path: str) -> bool:
        """Whether a path is among ``waiting``."""
        layer = self.files.layer_of(path) if self.approvals else None
        return layer is not None and layer.admits is layout.is_approval

    def is_own(self, path: str) -> bool:
        """Whether the revision itself has a file: it is neither evidence nor waiting."""
        layer = self.files.layer_of(path)
        return layer is not None and layer.commit == self.commit

    @property
    def waiting(self) -> frozenset[str]:
        """The paths of approvals that wait for their promotion: neither here nor evidence yet."""
        return frozenset(self._waiting.keys() - self._settled.keys())

    @cached_property
    def _waiting(self) -> Mapping[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for tip in self.approvals:
            found |= self.repo.tree(tip, "registry")
        return {path: entry for path, entry in found.items() if layout.is_approval(path)}

    @cached_property
    def _settled(self) -> Mapping[str, TreeEntry]:
        own = self.repo.tree(self.commit)
        joined: dict[str, TreeEntry] = {}
        for tip in self.evidence:
            joined |= self.repo.tree(tip, "registry", "decisions", "monitoring")
        return {path: entry for path, entry in joined.items() if layout.is_evidence(path)} | own

    def has(self, path: str) -> bool:
        return self.files.file(path) is not None

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None when the revision has no such regular file.

        Raises:
            InvalidRecordError: It is larger than any file that is read.
        """
        entry = self.files.file(path)
        if entry is None or entry.mode not in REGULAR_FILE_MODES:
            return None
        (found,) = self.repo.contents({path: entry.blob}, most=MOST_BYTES)
        if found.data is None and found.size is not None:
            raise _too_large(path, found.size, MOST_BYTES)
        return found.data

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
        return tuple(sorted(layout.names_in(path)[0] for path in self.listed("model")))

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
        return tuple(sorted(found, key=lambda version: Version.parse(version.version).order()))

    def version(self, model: str, number: str) -> ModelVersion | None:
        return self._one(layout.version(model, number), ModelVersion)

    def imported(self, model: str) -> tuple[ImportedVersion, ...]:
        """Return the versions that another registry gave, lowest first."""
        found = self._all("imported-version", ImportedVersion, model)
        return tuple(sorted(found, key=lambda version: Version.parse(version.version).order()))

    def imported_version(self, model: str, number: str) -> ImportedVersion | None:
        return self._one(layout.imported(model, number), ImportedVersion)

    def pointers(self, model: str) -> dict[str, StagePointer]:
        """Return a model's stage pointers by stage."""
        return {pointer.stage: pointer for pointer in self._all("stage", StagePointer, model)}

    def events(self, model: str, kind: str | None = None) -> tuple[Event, ...]:
        """Return a model's events, or those of one kind, in the order of their ids, which is that of recording."""
        entries = self.listed("event", model)
        wanted = {path: entry for path, entry in entries.items() if kind in (None, layout.names_in(path)[2])}
        return tuple(sorted(self._many(wanted, Event, self.skipped), key=lambda event: event.id))

    def event(self, ulid: str) -> Event | None:
        """Return an event by its id alone, whichever model it belongs to."""
        path = self._events_by_id.get(ulid)
        return self._one(path, Event) if path else None

    def whole(self, line: EventLine) -> Event | None:
        """Return the event of a line, or None when it is not there."""
        return self._one(layout.event(line.model, line.id, line.kind), Event)

    @cached_property
    def _events_by_id(self) -> Mapping[str, str]:
        return {path.rpartition("/")[2].partition("-")[0]: path for path in reversed(self.paths("event"))}

    def run(self, ulid: str) -> Run | None:
        path = next((path for path in self.paths("run") if layout.run_at(path) == ulid), None)
        return self._one(path, Run) if path else None

    def runs(self) -> Iterator[Run]:
        """Yield the runs, newest first; reads in portions, so that stopping early is cheap."""
        entries = self.listed("run")
        paths = sorted(entries, key=layout.run_at, reverse=True)
        for at in range(0, len(paths), 64):
            yield from self._many({path: entries[path] for path in paths[at : at + 64]}, Run, self.skipped)

    def policy(self, name: str) -> Policy | None:
        return self._one(layout.policy(name), Policy)

    def views(self) -> tuple[FeatureView, ...]:
        """Return the feature views, by name."""
        return tuple(self._many(self.listed("feature-view"), FeatureView, self.skipped))

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """Return the feature sets, by name."""
        return tuple(self._many(self.listed("feature-set"), FeatureSet, self.skipped))

    def feature_set(self, name: str) -> FeatureSet | None:
        return self._one(layout.feature_set(name), FeatureSet)

    @cached_property
    def definitions(self) -> Definitions:
        """What the features of this revision mean, all of them together."""
        from actum.definitions.definitions import Definitions

        return Definitions.of(self.views())

    def trusted_types(self) -> tuple[str, ...]:
        """Return the reviewed list of types that a model file may hold."""
        return listed_types(self.read(layout.TRUSTED_TYPES) or b"")

    def paths(self, kind: str) -> list[str]:
        """Return the paths of all records of a kind, sorted."""
        return list(self.listed(kind))

    def listed(self, kind: str, model: str | None = None) -> Mapping[str, TreeEntry]:
        """Return the files of all records of a kind, or of those of one model, by path, sorted."""
        if (kind, model) not in self._listings:
            folders = self._places(kind, model)
            self.files.load(folders)
            found = (item for folder in folders for item in self.files.files(folder).items())
            self._listings[kind, model] = dict(sorted(item for item in found if layout.kind_of(item[0]) == kind))
        return self._listings[kind, model]

    def _places(self, kind: str, model: str | None) -> list[str]:
        """Return the folders in which records of a kind can lie."""
        if kind in _ONE_PLACE:
            return [_ONE_PLACE[kind]]
        if kind == "run":
            years = [f"{layout.RUNS}/{year}" for year in self.files.folders(layout.RUNS)]
            self.files.load(years)
            return [f"{year}/{month}" for year in years for month in self.files.folders(year)]
        models = self.files.folders(layout.REGISTRY) if model is None else (model,)
        return [layout.folder(kind, name) for name in models]

    def months(self) -> list[str]:
        """Return the folders in which runs can lie, such as ``runs/2026/11``."""
        return self._places("run", None)

    def prefetch(self, *kinds: str) -> None:
        """Read all records of these kinds with as few child processes as those of one model take."""
        self.outcomes({path: entry for kind in kinds for path, entry in self.listed(kind).items()})

    def outcomes(self, entries: Mapping[str, TreeEntry]) -> dict[str, Any]:
        """Return records by path; in the place of one that cannot be read, the error that says why."""
        unread = {path: entry for path, entry in entries.items() if self._is_unread(path, entry)}
        if self.index:
            unread = self._recall(self.index, unread)
        self._decode(unread)
        return {path: self._outcome(path, entry) for path, entry in entries.items()}

    def _is_unread(self, path: str, entry: TreeEntry) -> bool:
        return entry.mode in REGULAR_FILE_MODES and (path, entry.blob) not in self._cache

    def _recall(self, index: Index, entries: Mapping[str, TreeEntry]) -> dict[str, TreeEntry]:
        """Take what the index knows, and return what is left to read."""
        known = index.records((path, entry.blob) for path, entry in entries.items() if _is_indexed(path))
        self._cache.update({key: _restored(key[0], told) for key, told in known.items()})
        return {path: entry for path, entry in entries.items() if (path, entry.blob) not in known}

    def _decode(self, entries: Mapping[str, TreeEntry]) -> None:
        for path, outcome in self.each({path: entry.blob for path, entry in entries.items()}):
            key = (path, entries[path].blob)
            self._cache[key] = outcome
            if self.index and _is_indexed(path):
                self.index.learn_record(*key, _told(outcome))

    def each(self, blobs: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield records by path, or why one cannot be read, and keep none of them; of what git has lost, nothing.

        What is too large to be a record is not even read.
        """
        for one in self.repo.contents(blobs, most=MOST_RECORD_BYTES):
            if one.data is not None:
                yield one.path, _attempted(one.path, one.data)
            elif one.size is not None:
                yield one.path, _too_large(one.path, one.size, MOST_RECORD_BYTES)

    def _outcome(self, path: str, entry: TreeEntry) -> Any:
        if entry.mode not in REGULAR_FILE_MODES:
            return InvalidRecordError(f"{path}: is a link or a submodule, must be a regular file")
        lost = LostObjectError(f"{path}: git has lost object {entry.blob[:10]}", hint="git fsck")
        return self._cache.get((path, entry.blob), lost)

    def note(self, path: str, error: InvalidRecordError) -> None:
        """Take note of a record that cannot be read, where it is left out; raise the error where it is not."""
        if self.skipped is None:
            raise error
        self.skipped[path] = error

    def _all(self, kind: str, record: type[R], model: str) -> list[R]:
        return self._many(self.listed(kind, model), record, self.skipped)

    def _one(self, path: str, record: type[R]) -> R | None:
        entry = self.files.file(path)
        return next(iter(self._many({path: entry}, record)), None) if entry else None

    def _many(
        self, entries: Mapping[str, TreeEntry], record: type[R], skipped: dict[str, UserError] | None = None
    ) -> list[R]:
        found = []
        for path, one in self.outcomes(entries).items():
            if isinstance(one, record):
                found.append(one)
            elif skipped is None:
                raise one
            else:
                skipped[path] = one
        return found


def _too_large(path: str, size: int, most: int) -> InvalidRecordError:
    return InvalidRecordError(f"{path}: has {size:,} bytes, must have at most {most:,}")


def _attempted(path: str, data: bytes) -> Any:
    try:
        return read_record(path, data)
    except InvalidRecordError as error:
        return error.with_traceback(None)  # it may be kept for long


def _is_indexed(path: str) -> bool:
    """Runs and policies are read from git: a read needs few of them, and runs are JSON already."""
    return path.startswith(f"{layout.REGISTRY}/")


def _told(outcome: Any) -> Any:
    """Return what the index keeps of a record, or of why it cannot be read."""
    if isinstance(outcome, InvalidRecordError):
        return {"problem": str(outcome), "hint": outcome.hint}
    return {"record": encode(outcome)}


def _restored(path: str, told: Any) -> Any:
    if "problem" in told:
        return InvalidRecordError(told["problem"], hint=told["hint"])
    return decode(RECORDS[layout.kind_of(path) or ""], told["record"])
