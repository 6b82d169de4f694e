"""The use case above the others: look at everything, collect everything, repair nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from actum import layout
from actum.checking.check import check
from actum.decisions.seals import body, seals
from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.config import read_config
from actum.dvc.objects import Needed, objects_of
from actum.dvc.tracked import is_tracked_file
from actum.errors import UserError
from actum.fsck.fault import Fault, Part, Report
from actum.fsck.leftovers import leftover_faults
from actum.fsck.objects import object_faults
from actum.fsck.seals import seal_faults
from actum.fsck.versions import all_versions, orphan_refs, version_faults
from actum.git.repository import Git
from actum.needs import objects_needed
from actum.progress import Teller, counted
from actum.records.event import Event
from actum.records.version import ModelVersion
from actum.revisions import open_head, open_trunk
from actum.store import Store
from actum.tags import plan_tags


def fsck(repo: Git, *, environ: Mapping[str, str], now: datetime, tell: Teller) -> Report:
    """Cross-check records, references, tags, objects and seals of the trunk and of what is checked out.

    Raises:
        UserError: There is nothing to look at: no commit, no actum.yaml.
    """
    trunk, head = open_trunk(repo).tolerant(), open_head(repo).tolerant()
    head.settings()
    faults: list[Fault] = []
    looked_at: dict[Part, int] = {}
    tell.now("checking the records")
    looked_at["records"] = _records(repo, faults, environ, now)
    versions = all_versions(trunk, head)
    for name, (version, store) in counted(tell, list(versions.items()), "checking the versions", "versions"):
        faults += version_faults(name, version, store)
    faults += orphan_refs(head, set(versions))
    looked_at["versions"] = len(versions)
    tell.now("checking the tags")
    faults += _tags(trunk, now)
    sealed = _seals(trunk, head)
    config = read_config(repo.root, environ)
    tell.now("collecting the objects")
    cache = cache_of(config)
    needed = [*_needed(versions, sealed, cache, faults), *_kept_by_runs(cache, faults, trunk, head)]
    faults += object_faults(needed, config, environ, tell)
    looked_at["objects"] = len({item.md5 for item in needed})
    known = {event.id for event, _ in sealed}
    for event, store in counted(tell, sealed, "checking the sealed decisions", "seals"):
        faults += seal_faults(event, store, known, cache)
    looked_at["seals"] = len(sealed)
    faults += leftover_faults(repo, (body(event).path for event, _ in sealed), now)
    return Report(looked_at=looked_at, faults=tuple(dict.fromkeys(faults)))


def _records(repo: Git, faults: list[Fault], environ: Mapping[str, str], now: datetime) -> int:
    checked = check(repo, head=None, base="HEAD", environ=environ, now=now)
    for one in checked.objections:
        if one.kind == "version-run":
            continue  # said among the versions, with what mends it
        faults.append(
            Fault(
                part="records",
                weight="wrong" if one.weight == "block" else "note",
                where=one.path,
                what=one.text,
                mend=one.hint,
            )
        )
    return checked.records


def _tags(trunk: Store, now: datetime) -> Iterator[Fault]:
    plan = plan_tags(trunk, now=int(now.timestamp()), fetching=False)
    for tag in plan.missing:
        yield Fault(part="tags", weight="note", where=tag.name, what="this tag is not written yet", mend="actum tags")
    for remark in plan.remarks:
        yield Fault(part="tags", weight="note", where=remark.subject, what=remark.message, mend=remark.hint)


def _seals(*stores: Store) -> list[tuple[Event, Store]]:
    found: dict[str, tuple[Event, Store]] = {}
    for store in stores:
        for model in store.models():
            for event in seals(model, store):
                found.setdefault(event.id, (event, store))
    return list(found.values())


def _needed(
    versions: Mapping[str, tuple[ModelVersion, Store]],
    sealed: Iterable[tuple[Event, Store]],
    cache: ObjectStore,
    faults: list[Fault],
) -> list[Needed]:
    needed: list[Needed] = []
    for name, (version, store) in versions.items():
        commit = store.repo.resolve(version.result_commit)
        if commit is None:
            continue  # said among the versions
        try:
            needed += objects_needed(Store(store.repo, commit), version, [cache])
        except UserError as error:
            faults.append(Fault(part="objects", weight="wrong", where=name, what=str(error), mend=error.hint))
    needed += [
        Needed(path=layout.segment(event.model, body(event).segment), md5=body(event).md5, size=body(event).size)
        for event, _ in sealed
    ]
    return needed


def _kept_by_runs(cache: ObjectStore, faults: list[Fault], *stores: Store) -> list[Needed]:
    """Return the artifacts of runs, and their metrics by step where those are under DVC."""
    needed: list[Needed] = []
    seen: set[tuple[str, str]] = set()  # trunk and head have most of them in common
    for store in stores:
        for path, entry in store.tree.items():
            if not (is_tracked_file(path) and layout.run_beside(path)) or (path, entry.blob) in seen:
                continue
            seen.add((path, entry.blob))
            try:
                needed += objects_of(store.read, [path], stores=[cache])
            except UserError as error:
                faults.append(Fault(part="objects", weight="wrong", where=path, what=str(error), mend=error.hint))
    return needed
