"""Do pipelines declare what their stages read, are their results used, and is training seeded? Warnings all."""

from __future__ import annotations

from collections.abc import Iterator

from actum import layout
from actum.checking.findings import Objection, warn
from actum.dvc.definitions import LOCK, PIPELINE
from actum.errors import InvalidRecordError
from actum.flow.page import folders_of, page_of
from actum.flow.remarks import FlowRemark, described_remarks, page_remarks
from actum.planning.scope import Scope
from actum.store import Store

_GUESSED = "stage-unseeded"
"""A name says it, and some models need no seed: who brings the stage hears of it, the trunk not for ever."""


def flow_objections(scope: Scope) -> Iterator[Objection]:
    """Yield what is to be said of the pipelines that a change touches, and was not to be said before; else of all."""
    for folder in folders_of(scope.head):
        where = {layout.in_pipeline(folder, name) for name in (PIPELINE, LOCK)}
        if not scope.whole and where.isdisjoint(scope.changed):
            continue
        known = set() if scope.whole else {(one.kind, one.stage, one.message) for one in _said(scope.before, folder)}
        for one in _said(scope.head, folder):
            is_told = scope.whole and one.kind == _GUESSED
            if not is_told and (one.kind, one.stage, one.message) not in known:
                yield warn(one.kind, one.path, one.message, one.hint)


def _said(store: Store, folder: str) -> list[FlowRemark]:
    """Return all remarks on a pipeline; none on one that cannot be read, which is said elsewhere."""
    if not store.has(layout.in_pipeline(folder, PIPELINE)):
        return []
    try:
        return [*page_remarks(page_of(store, folder, store.runs())), *described_remarks(store, folder)]
    except InvalidRecordError:
        return []
