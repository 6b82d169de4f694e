"""Write a segment from what the score worker said, and read it back before anything relies on it."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from actum import digests, merkle, moments
from actum.decisions import parquet
from actum.decisions.leaves import fields_of, leaf_of, row_of
from actum.errors import InvalidRecordError
from actum.names import Ids
from actum.records.card import DecisionRule

SALT_BYTES = 16


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
    leaves: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="segment-", dir=scratch) as folder:
        draft = Path(folder, "rows.ndjson")
        with draft.open("w", encoding="utf-8") as stream:
            for fields in _decided(lines, terms, ids, salt):
                row = row_of(fields)
                leaves.append(bytes.fromhex(row["leaf"]))
                stream.write(parquet.line(row))
        parquet.write(draft, target)
    return _read_back(target, merkle.root(leaves))


def _decided(
    lines: Iterable[str | bytes], terms: Terms, ids: Ids, salt: Callable[[int], str]
) -> Iterator[dict[str, Any]]:
    """Yield each decision as ``encode`` would write it."""
    given: dict[str, Any] = {"schema": "decision/1"}
    given |= {name: getattr(terms, name) for name in ("model", "version", "artifact")}
    given |= {"recorded_at": moments.write(terms.recorded_at), "threshold": terms.rule.threshold}
    given |= {name: value for name in ("stage", "stage_event") if (value := getattr(terms, name)) is not None}
    for number, text in enumerate(lines, start=1):
        try:
            row = json.loads(text)
            kept = {name: row[source] for name, source in (("inputs", "inputs"), ("subject", "kept")) if row[source]}
            yield {
                **given,
                **kept,
                "id": ids.new(),
                "key": _key(row["key"]),
                "decided_at": row["moment"],
                "score": row["score"],
                "outcome": terms.rule.outcome(row["score"]),
                "batch": row["batch"],
                "salt": salt(SALT_BYTES),
            }
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRecordError(f"line {number} of the worker is no scored row: {error}") from error


def _key(value: Any) -> str:
    return value if isinstance(value, str) else digests.canonical_json(value).decode()


def _read_back(target: Path, expected: bytes) -> Written:
    """Recompute the root from the records in the file, not from its leaf column."""
    leaves: list[bytes] = []
    first = last = ""
    for row in parquet.rows(target):
        fields = fields_of(row)
        leaves.append(leaf_of(fields))
        at = fields["decided_at"]
        first, last = (min(first, at, key=_in_order) if first else at), max(last, at, key=_in_order)
    if not leaves:
        raise InvalidRecordError(f"{target}: holds no decision")
    root = merkle.root(leaves)
    if root != expected:
        raise InvalidRecordError(f"{target}: what was read back is not what was written", hint="actum doctor")
    return Written(
        rows=len(leaves), root=digests.SHA256 + root.hex(), first=moments.parse(first), last=moments.parse(last)
    )


def _in_order(moment: str) -> str:
    """Compare RFC 3339 texts in UTC: a fraction is later than none, though ``.`` sorts before ``Z``."""
    return moment.removesuffix("Z")
