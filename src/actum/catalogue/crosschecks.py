"""Pointers say what stands, events say what happened: where the two disagree, a read says so."""

from __future__ import annotations

from collections.abc import Iterable

from actum import layout
from actum.catalogue.holdings import Holdings
from actum.errors import InvalidRecordError
from actum.records.lines import EventLine


def note_disagreements(holdings: Holdings, model: str, lines: Iterable[EventLine], stage: str | None = None) -> None:
    """Warn of promotions among a model's events, to one stage or to all, that no pointer names nor what followed them.

    That a pointer and its own event agree is seen where what stands is read.
    """
    if holdings.moment is not None:
        return  # what stood on a date is told by the events alone
    for line in _forgotten(holdings, model, lines):
        if stage in (None, line.stage):
            told = f"event {line.id} moved it to {line.version}"
            problem = f"{model}#{line.stage}: {told}, which its pointer does not know"
            path = layout.event(model, line.id, line.kind)
            holdings.note(path, InvalidRecordError(problem, hint="actum fsck"))


def _forgotten(holdings: Holdings, model: str, lines: Iterable[EventLine]) -> list[EventLine]:
    lines = list(lines)
    promotions = (line for line in lines if line.kind == "promotion")
    left = {line.id: line for line in promotions if holdings.is_merged(layout.event(model, line.id, line.kind))}
    unknown: set[str | None] = set()  # stages whose line is broken: what came before the gap, nobody can tell
    for stage, pointer in holdings.truth.pointers(model).items():
        ulid: str | None = pointer.event
        while ulid is not None and (line := left.pop(ulid, None)) is not None:
            ulid = line.supersedes
        if ulid is not None:
            unknown.add(stage)
    for ulid in (line.supersedes for line in lines if line.kind == "withdrawal"):  # what emptied a stage ends its line
        while ulid is not None and (line := left.pop(ulid, None)) is not None:
            ulid = line.supersedes
    return sorted((line for line in left.values() if line.stage not in unknown), key=lambda line: line.id)
