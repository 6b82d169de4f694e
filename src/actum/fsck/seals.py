"""Are the sealed decisions still those that were sealed: bytes, leaves, root, and no seal left out?"""

from __future__ import annotations

from collections.abc import Iterator

from actum import digests, layout
from actum.decisions import proving
from actum.decisions.seals import body, edited
from actum.dvc.cache import ObjectStore
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError
from actum.fsck.fault import Fault
from actum.quantities import plural
from actum.records.event import Event
from actum.store import Store


def seal_faults(event: Event, store: Store, known: set[str], cache: ObjectStore) -> Iterator[Fault]:
    """Yield what contradicts a seal. A segment whose bytes are not here is the objects' business."""
    seal = body(event)
    if (told := edited(store, event)) != "":
        yield _fault(event, told)
    if seal.previous is not None and seal.previous not in known:
        yield _fault(event, f"follows seal {seal.previous}, which is not on record")
    if (told := _unpointed(store, event)) != "":
        yield _fault(event, told)
    path = cache.path(seal.md5)
    if not path.is_file():
        return
    if digests.of_file(path).sha256 != seal.sha256:
        yield _fault(event, f"{seal.path}: its bytes are not those that were sealed")
        return
    try:
        found = proving.verify(path)
    except InvalidRecordError as error:
        yield _fault(event, str(error))
        return
    yield from (_fault(event, f"{seal.path}: {problem}") for problem in found.problems)
    if found.root != seal.merkle_root or found.rows != seal.rows:
        yield _fault(event, f"{seal.path}: {plural(found.rows, 'decision')} with another root than the seal's")


def _unpointed(store: Store, event: Event) -> str:
    """Say what is wrong with the file by which DVC knows the bytes; one that travels as evidence has none."""
    path = body(event).path + SUFFIX
    if not store.is_own(layout.event(event.model, event.id, event.kind)):
        return ""
    try:
        held = [out.md5 for out in read_tracked(store.read(path) or b"", path).outs]
    except InvalidRecordError as error:
        return str(error)
    if held == [body(event).md5]:
        return ""
    return f"{path} {'names other bytes' if held else 'is gone'}: DVC no longer knows what was sealed"


def _fault(event: Event, what: str) -> Fault:
    return Fault(part="seals", weight="wrong", where=f"{event.model} event/{event.id}", what=what)
