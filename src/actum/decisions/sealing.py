"""Write a segment from what the score worker said, and read it back before anything relies on it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from actum import digests, merkle, moments
from actum.decisions import parquet
from actum.decisions.leaves import OWN, Columns, Form, encoded, form_of, leaf_of, leaves_in, moment_text
from actum.decisions.lines import Reader
from actum.errors import InvalidRecordError
from actum.names import Ids
from actum.records.card import DecisionRule

SALT_BYTES = 16
_PORTION = 64
"""Rows that are written together: enough to go by columns, few enough to stay in the CPU's cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What all decisions of a segment have in common."""

    model: str
    version: str
    artifact: str
    recorded_at: datetime
    rule: DecisionRule
    stage: str | None = None
    stage_event: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A segment on disk. ``root``: ``sha256:`` + hex, computed from what was read back."""

    rows: int
    root: str
    first: datetime
    last: datetime


def seal_rows(
    lines: Iterable[str | bytes],
    target: Path,
    terms: Terms,
    ids: Ids,
    *,
    scratch: Path,
    salt: Callable[[int], str] = secrets.token_hex,
) -> Written:
    """Write *lines*, the score worker's NDJSON in its order, as the segment *target*.

    The segment's own id must have been made of *ids* before: that of each decision is then greater, and
    smaller than that of the next segment.

    Raises:
        InvalidRecordError: A line is not the worker's, or the file read back is not what was written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shared = _shared(terms)
    with tempfile.TemporaryDirectory(prefix="segment-", dir=scratch) as folder:
        draft = Path(folder, "rows")
        with draft.open("wb") as stream:
            leaves = _write(_decided(lines, terms.rule, ids, salt), form_of(shared), stream)
        parquet.write(draft, target, shared)
    return _read_back(target, merkle.root(leaves))


def _shared(terms: Terms) -> dict[str, Any]:
    """Return what all decisions have in common, as ``encode`` would write it."""
    names = ("model", "version", "artifact", "stage", "stage_event")
    given = {name: getattr(terms, name) for name in names}
    times = {"recorded_at": moments.write(terms.recorded_at)}
    return {"schema": "decision/1", **given, **times, "threshold": terms.rule.threshold}


def _decided(
    lines: Iterable[str | bytes], rule: DecisionRule, ids: Ids, salt: Callable[[int], str]
) -> Iterator[tuple[Sequence[int], Columns]]:
    """Yield decisions, so many at a time: their times since 1970, and a column for each of ``OWN``."""
    reader, left = Reader(), iter(lines)
    while portion := [line if isinstance(line, str) else line.decode() for line in islice(left, _PORTION)]:
        said = reader.read(portion)
        yield (
            said.micros,
            (
                said.batches,
                said.times,
                [ids.new() for _ in portion],
                said.inputs,
                said.keys,
                list(map(rule.outcome, said.scores)),
                [salt(SALT_BYTES) for _ in portion],
                said.scores,
                said.subjects,
            ),
        )


def _write(decided: Iterator[tuple[Sequence[int], Columns]], form: Form, stream: BinaryIO) -> list[bytes]:
    """Write decisions as ``parquet.write`` takes them, and return their leaves."""
    leaves: list[bytes] = []
    for micros, own in decided:
        found = leaves_in(form, own)
        stream.write("".join(parquet.lines(own, micros, found)).encode())
        leaves += found
    return leaves


def _read_back(target: Path, expected: bytes) -> Written:
    """Recompute the root from the records in the file, not from its leaf column.

    Raises:
        InvalidRecordError: It is another than expected.
    """
    shared = parquet.shared(target)
    leaves: list[bytes] = []
    bounds: list[int] = []
    try:
        for batches, micros, *others in parquet.owns(target):
            leaves += _leaves(shared, (batches, list(map(moment_text, micros)), *others))
            bounds += min(micros), max(micros)
        root = merkle.root(leaves)
        if root != expected:
            raise ValueError(f"its root is {root.hex()}, {expected.hex()} was wanted")
    except (ValueError, TypeError) as error:
        problem = f"{target}: what was read back is not what was written: {error}"
        raise InvalidRecordError(problem, hint="actum doctor") from error
    first, last = (moments.parse(moment_text(micros)) for micros in (min(bounds), max(bounds)))
    return Written(rows=len(leaves), root=digests.SHA256 + root.hex(), first=first, last=last)


def _leaves(shared: Mapping[str, Any], own: Columns) -> list[bytes]:
    """Return the leaves of rows that were read back; that of the first by its fields too, as ``verify`` makes it."""
    leaves = leaves_in(form_of(shared), own)
    first = {**shared, **{name: column[0] for name, column in zip(OWN, own, strict=True)}}
    if leaf_of(encoded(first)) != leaves[0]:
        raise ValueError(f"the leaf of decision {first['id']} is not that of its record")
    return leaves
