"""Git tags that GTO and DVC understand, derived from the records on the trunk; never the truth themselves.

A version's tag sits on its result commit. A stage's tag names no version: both tools find it through the
commit, so it sits on the result commit of the version that the promotion put there. Order is by tagger time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from actum import layout
from actum.dvc.pipeline import read_pipeline
from actum.errors import ToolFailedError, UserError
from actum.git import writing
from actum.git.repository import Git
from actum.records.event import Event
from actum.records.version import ModelVersion
from actum.store import Store

_PREFIX = "refs/tags/"
_TAGGER = re.compile(rb"^tagger .* (\d+) [+-]\d{4}$", re.MULTILINE)
_EVENT = re.compile(r"^Event: ([0-9A-Z]{26})$", re.MULTILINE)
_COUNTER = re.compile(r"#(\d+)$")
_PUSHED_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A tag to write. ``at``: tagger time, seconds since 1970; ``event``: the promotion it stands for, or ""."""

    name: str
    commit: str
    message: str
    at: int
    event: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What stands in the way of a tag (``block``), or would mislead GTO or DVC (``warn``).

    ``subject``: a tag, a stage or a record.
    """

    weight: Literal["block", "warn"]
    subject: str
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TagPlan:
    """What is missing, what of ours is there already, and what is to be said."""

    missing: tuple[Tag, ...] = ()
    present: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A tag of the repository. ``at``: None for a lightweight one, which GTO and DVC do not see."""

    name: str
    commit: str
    at: int | None
    event: str


def plan_tags(store: Store, *, now: int, fetching: bool = True) -> TagPlan:
    """Return the tags that the records of *store* ask for and the repository lacks.

    Args:
        now: In seconds since 1970.
        fetching: Whether the ref of a version whose commit is not here may be fetched from origin.
    """
    store = store.tolerant()
    found = _existing(store.repo)
    missing: list[Tag] = []
    present: list[str] = []
    remarks: list[Remark] = []
    for model in store.models():
        book = _Book(store, model, found, now, fetching)
        book.versions()
        book.promotions()
        book.foreign()
        missing += book.missing
        present += book.present
        remarks += book.remarks
    remarks += [
        Remark(weight="block", subject=path, message=str(error).removeprefix(f"{path}: "), hint="actum check")
        for path, error in (store.skipped or {}).items()
    ]
    return TagPlan(missing=tuple(missing), present=tuple(present), remarks=tuple(remarks))


def write_tags(repo: Git, tags: Iterable[Tag]) -> None:
    """Write annotated tags.

    Raises:
        ToolFailedError: One of that name is there already.
    """
    for tag in tags:
        writing.annotated_tag(repo, tag.name, tag.commit, tag.message, at=tag.at)


def fetch_tags(repo: Git) -> None:
    """Bring origin's tags here, so that counters and times go on from them.

    Raises:
        ToolFailedError: Origin cannot be reached, or has other tags under names that are taken here.
    """
    if not writing.fetch(repo, "origin", f"{_PREFIX}*:{_PREFIX}*"):
        raise ToolFailedError(
            "origin's tags could not be fetched: it is out of reach, or a tag here has the name of another there",
            hint="git fetch origin --tags, then delete the tag here that was rejected",
        )


def push_tags(repo: Git, plan: TagPlan) -> None:
    """Push our tags. One that origin refuses was written by somebody else meanwhile: ours of today are taken back.

    Raises:
        ToolFailedError: Origin refused.
    """
    names = [*plan.present, *(tag.name for tag in plan.missing)]
    try:
        for at in range(0, len(names), _PUSHED_AT_ONCE):
            writing.push(
                repo, "origin", *(f"{_PREFIX}{name}:{_PREFIX}{name}" for name in names[at : at + _PUSHED_AT_ONCE])
            )
    except ToolFailedError as error:
        for tag in plan.missing:
            writing.delete_ref(repo, _PREFIX + tag.name)
        raise ToolFailedError(str(error), hint="actum tags --push: it begins with what origin has now") from error


class _Book:
    """The tags of one model, as they are and as they are to become."""

    def __init__(self, store: Store, model: str, found: Mapping[str, _Found], now: int, fetching: bool) -> None:
        self._store, self._model, self._now, self._fetching = store, model, now, fetching
        self._versions = store.versions(model)
        self._taken = _taken_over(store, model)
        artifacts = {model, *map(_artifact, self._versions), *map(_artifact_in, self._taken)}
        self._found = {name: tag for name, tag in found.items() if _artifact_in(name) in artifacts}
        self.missing: list[Tag] = []
        self.present: list[str] = []
        self.remarks: list[Remark] = []
        # Versions whose tag is there or will be, by number: only these can be at a stage in the eyes of GTO.
        self._tagged: dict[str, ModelVersion] = {}
        # Of each artifact the latest tagger time and the highest counter; of each commit the version on it.
        self._latest: dict[str, int] = {}
        self._highest: dict[str, int] = {}
        self._on: dict[tuple[str, str], str] = {}
        for tag in self._found.values():
            self._note(tag.name, tag.commit, tag.at)

    def versions(self) -> None:
        """Plan a tag for each version that has none, oldest first."""
        for version in sorted(self._versions, key=lambda one: (one.registered_at, one.version)):
            name = f"{_artifact(version)}@v{version.version}"
            there = self._found.get(name)
            if there is None:
                if self._may_sit(name, version):
                    self._add(name, version, f"{self._model} {version.version}\n\nRun: run/{version.run}")
                    self._tagged[version.version] = version
            elif there.at is None:
                self._say(
                    "warn", name, "is lightweight: GTO and DVC do not see it", f"git tag -d '{name}' && actum tags"
                )
            elif there.commit != version.result_commit:
                because = f"is on {there.commit[:10]}, the version's result commit is {version.result_commit[:10]}"
                self._say("block", name, because, f"git tag -d '{name}' && actum tags")
            else:
                self.present.append(name)
                self._tagged[version.version] = version

    def promotions(self) -> None:
        """Plan a tag for each promotion that has none, in the order in which they replaced each other."""
        done = {tag.event: tag for tag in self._found.values() if tag.event and tag.at is not None}
        lines = [line for line in self._lines() if line]
        waiting = [event for line in lines for event in self._after_last(line, done)]
        for line in lines:
            for event in line:
                if event.id in done:
                    self._check_stage_tag(done[event.id], event)
        # Across stages in the order of recording; within one the line itself is that order.
        for event in _merged(waiting):
            self._add_promotion(event)

    def foreign(self) -> None:
        """Warn about tags that look like ours and are not: both tools go by the newest, whoever wrote it."""
        ours = {*self.present, *(tag.name for tag in self.missing)} | {remark.subject for remark in self.remarks}
        ours |= self._taken
        for name, tag in self._found.items():
            if name in ours:
                continue
            if tag.at is None:
                self._say("warn", name, "is lightweight: GTO and DVC do not see it")
            else:
                self._say("warn", name, "is not from the records; where it is the newest, GTO and DVC go by it")

    def _lines(self) -> Iterator[list[Event]]:
        """Yield for each stage the promotions that led to what stands there, oldest first."""
        events = {event.id: event for event in self._store.events(self._model) if event.promotion}
        for stage, pointer in self._store.pointers(self._model).items():
            line: list[Event] = []
            ulid: str | None = pointer.event
            while ulid is not None:
                event = events.pop(ulid, None)  # so that a circle ends, and is said
                if event is None or event.promotion is None or event.promotion.stage != stage:
                    self._say("block", f"{self._model}#{stage}", f"its promotion {ulid} is not on record", "actum fsck")
                    break
                line.append(event)
                ulid = event.promotion.supersedes
            yield line[::-1]

    def _after_last(self, line: list[Event], done: Mapping[str, _Found]) -> list[Event]:
        """Return what follows the last tagged one: a tag written late for an earlier one would put it back."""
        last = max((at for at, event in enumerate(line) if event.id in done or _is_taken_over(event)), default=-1)
        for event in line[: max(last, 0)]:
            if event.id not in done and not _is_taken_over(event):
                assert event.promotion is not None
                because = (
                    f"has no tag for event {event.id}; one written now would put {event.promotion.version} back there"
                )
                self._say("warn", f"{self._model}#{event.promotion.stage}", because)
        return line[last + 1 :]

    def _check_stage_tag(self, tag: _Found, event: Event) -> None:
        assert event.promotion is not None
        version = self._tagged.get(event.promotion.version)
        name = f"{_artifact(version)}#{event.promotion.stage}#" if version else ""
        if not tag.name.startswith(name):
            because = f"names event {event.id}, which is a promotion to {event.promotion.stage}"
            self._say("block", tag.name, because, f"git tag -d '{tag.name}' && actum tags")
        elif version is not None and tag.commit != version.result_commit:
            because = f"names event {event.id}, but is on {tag.commit[:10]} and not on {version.result_commit[:10]}"
            self._say("block", tag.name, because, f"git tag -d '{tag.name}' && actum tags")
        else:
            self.present.append(tag.name)

    def _add_promotion(self, event: Event) -> None:
        promotion = event.promotion
        assert promotion is not None
        version = self._tagged.get(promotion.version)
        if version is None:
            because = f"cannot be tagged for event {event.id}: version {promotion.version} has no tag of ours"
            told = any(one.subject.endswith(f"{self._model}@v{promotion.version}") for one in self.remarks)
            self._say("warn" if told else "block", f"{self._model}#{promotion.stage}", because)
            return
        artifact = _artifact(version)
        name = f"{artifact}#{promotion.stage}#{self._highest.get(artifact, 0) + 1}"
        replaced = f", replaces {promotion.replaces}" if promotion.replaces else ""
        message = f"{self._model} {promotion.version} at {promotion.stage}{replaced}\n\nEvent: {event.id}"
        self._add(name, version, message, event=event.id)

    def _add(self, name: str, version: ModelVersion, message: str, *, event: str = "") -> None:
        # Source: GTO and DVC order by tagger time in seconds, and take ties by name, where #10 is before #9.
        at = max(self._now, self._latest.get(_artifact(version), 0) + 1)
        self.missing.append(Tag(name=name, commit=version.result_commit, message=message, at=at, event=event))
        self._note(name, version.result_commit, at)

    def _note(self, name: str, commit: str, at: int | None) -> None:
        """Keep what the next tag must come after."""
        artifact, number = _artifact_in(name), _COUNTER.search(name)
        if number:  # a lightweight tag takes its number too: the name is gone
            self._highest[artifact] = max(int(number[1]), self._highest.get(artifact, 0))
        if at is not None:
            self._latest[artifact] = max(at, self._latest.get(artifact, 0))
            if name.startswith(f"{artifact}@v"):
                self._on.setdefault((artifact, commit), name)

    def _may_sit(self, name: str, version: ModelVersion) -> bool:
        """Whether the version's commit can take its tag; if not, it is said why."""
        commit, repo = version.result_commit, self._store.repo
        if not _is_here(repo, version, self._fetching):
            hint = "git fetch --unshallow" if repo.is_shallow() else "git fetch origin 'refs/actum/*:refs/actum/*'"
            self._say("block", name, f"its result commit {commit[:10]} is not here", hint)
            return False
        if other := self._on.get((_artifact(version), commit)):
            self._say("block", name, f"its commit {commit[:10]} has {other} already; GTO takes one version a commit")
            return False
        result = Store(repo, commit)
        if any(blob.path not in result.tree or result.tree[blob.path].blob != blob.blob for blob in version.content):
            self._say("block", name, f"commit {commit[:10]} does not hold what the version pins", "actum fsck")
            return False
        self._look_for_artifact(name, version, result)
        return True

    def _look_for_artifact(self, name: str, version: ModelVersion, result: Store) -> None:
        path = "dvc.yaml" if version.pipeline == "." else f"{version.pipeline}/dvc.yaml"
        try:
            artifacts = read_pipeline(result.read, path).artifacts
        except UserError as error:
            self._say("warn", name, f"dvc artifacts get will fail: {error}")
            return
        entry = artifacts.get(self._model)
        if entry is None:
            because = f"dvc artifacts get will not find it: {path} has no artifacts.{self._model} at its commit"
            self._say("warn", name, because, f"add it to {path} for the next version")
        elif entry.path != version.artifact.path:
            because = f"dvc artifacts get will give {entry.path}, the version's file is {version.artifact.path}"
            self._say("warn", name, because, f"mend artifacts.{self._model} in {path} for the next version")

    def _say(self, weight: Literal["block", "warn"], subject: str, message: str, hint: str = "") -> None:
        self.remarks.append(Remark(weight=weight, subject=subject, message=message, hint=hint))


def _artifact(version: ModelVersion) -> str:
    """Return the name under which GTO and DVC know the model: with its folder when the pipeline has one."""
    return version.model if version.pipeline == "." else f"{version.pipeline}={version.model}"


def _is_taken_over(event: Event) -> bool:
    """Whether a promotion came from another registry: GTO's own tag tells of it, and of others no tag can."""
    return event.promotion is not None and event.promotion.origin is not None


def _taken_over(store: Store, model: str) -> frozenset[str]:
    """Return the tags of GTO's that records were made of."""
    bodies = (event.promotion or event.withdrawal for event in store.events(model))
    origins = [body.origin for body in bodies if body] + [version.origin for version in store.imported(model)]
    return frozenset(origin.id for origin in origins if origin and origin.system == "gto")


def _artifact_in(tag: str) -> str:
    """Return which artifact a tag is about, "" when it is about none."""
    parts = re.split("[@#]", tag, maxsplit=1)
    return parts[0] if len(parts) == 2 else ""


def _is_here(repo: Git, version: ModelVersion, fetching: bool) -> bool:
    if repo.resolve(version.result_commit) is not None:
        return True
    ref = layout.version_ref(version.model, version.version)
    if fetching and repo.config("remote.origin.url"):
        writing.fetch(repo, "origin", f"{ref}:{ref}")
    return repo.resolve(version.result_commit) is not None


def _merged(events: list[Event]) -> list[Event]:
    """Sort by id, but never an event before the one that it replaces: clocks of two machines may differ."""
    rest, ordered = sorted(events, key=lambda event: event.id), []
    while rest:
        waiting = {event.id for event in rest}
        ready = next(event for event in rest if event.promotion and event.promotion.supersedes not in waiting)
        rest.remove(ready)
        ordered.append(ready)
    return ordered


def _existing(repo: Git) -> dict[str, _Found]:
    refs = repo.refs(_PREFIX)
    objects = repo.blobs(ref.target for ref in refs if ref.target != ref.commit)
    found = {}
    for ref in refs:
        name, data = ref.name.removeprefix(_PREFIX), objects.get(ref.target)
        if data is None:
            found[name] = _Found(name=name, commit=ref.commit, at=None, event="")
            continue
        head, _, message = data.partition(b"\n\n")
        tagger, event = _TAGGER.search(head), _EVENT.search(message.decode(errors="replace"))
        at = int(tagger[1]) if tagger else 0
        found[name] = _Found(name=name, commit=ref.commit, at=at, event=event[1] if event else "")
    return found
