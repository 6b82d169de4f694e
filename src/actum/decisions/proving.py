"""Read a segment: find a decision, repeat its batch, check every leaf, prove that one belongs to the root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from actum import digests, merkle, names
from actum.decisions import parquet
from actum.decisions.leaves import decision_of, fields_of, leaf, leaf_of
from actum.errors import InvalidRecordError
from actum.merkle import Step
from actum.records.decision import Decision

SHOWN_PROBLEMS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """An inclusion proof: from ``leaf``, recomputed from the record itself, by ``steps`` to ``root``."""

    index: int
    rows: int
    leaf: bytes
    steps: tuple[Step, ...]
    root: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What every record of a segment says together. ``problems``: the first twenty, then how many more."""

    rows: int
    root: str
    problems: tuple[str, ...]


def matching(path: Path, prefix: str, limit: int = 3) -> tuple[str, ...]:
    """Return the first ids of decisions that begin with *prefix*."""
    bounds = {"low": prefix.ljust(26, "0"), "high": prefix.ljust(26, "Z"), "most": limit}
    found = parquet.column(path, "id", "id BETWEEN $low AND $high LIMIT $most", bounds)
    return tuple(str(one) for one in found)


def of_key(path: Path, key: str) -> tuple[str, ...]:
    """Return the ids of the decisions about one row, by the business's own name for it."""
    return tuple(str(one) for one in parquet.column(path, "id", "key = $key", {"key": key}))


def decided(path: Path, outcome: str, limit: int) -> tuple[str, ...]:
    """Return the first ids of decisions with an outcome."""
    found = parquet.column(path, "id", "outcome = $outcome LIMIT $most", {"outcome": outcome, "most": limit})
    return tuple(str(one) for one in found)


def find(path: Path, decision_id: str) -> Decision | None:
    """Return one decision, or None when the segment has none of that id.

    Raises:
        InvalidRecordError: The segment cannot be read, or holds the id twice.
    """
    found = [decision_of(row, path.name) for row in parquet.rows(path, "id = $id", {"id": decision_id})]
    if len(found) > 1:
        raise InvalidRecordError(f"{path.name}: holds decision {decision_id} {len(found)} times", hint="actum fsck")
    return found[0] if found else None


def batch(path: Path, number: int) -> tuple[Decision, ...]:
    """Return the decisions of one batch, in the order in which they were scored."""
    return tuple(decision_of(row, path.name) for row in parquet.rows(path, "batch = $number", {"number": number}))


def verify(path: Path) -> Verified:
    """Recompute every leaf, and the root over them.

    Raises:
        InvalidRecordError: The file cannot be read as a segment.
    """
    leaves: list[bytes] = []
    problems: list[str] = []
    count, before, last_batch = 0, "", 0
    for row in parquet.rows(path):
        told, number = str(row[1]), row[11]
        problem, digest = _recomputed(row)
        leaves.append(digest)
        if not problem and not (names.is_ulid(told) and told > before):
            problem = "its id does not follow the one before it"
        if not problem and not (isinstance(number, int) and number >= last_batch):
            problem = "its batch does not follow the one before it"
        before, last_batch = told, number if isinstance(number, int) else last_batch
        if problem:
            count += 1
            problems += [f"decision {told}: {problem}"] if count <= SHOWN_PROBLEMS else []
    if count > SHOWN_PROBLEMS:
        problems.append(f"and {count - SHOWN_PROBLEMS} more")
    return Verified(rows=len(leaves), root=digests.SHA256 + merkle.root(leaves).hex(), problems=tuple(problems))


def _recomputed(row: parquet.Row) -> tuple[str, bytes]:
    try:
        digest = leaf_of(fields_of(row))
    except (ValueError, TypeError) as error:
        return f"is damaged: {error}", b""
    return ("" if digest.hex() == row[-1] else "its leaf is not that of its record"), digest


def prove(path: Path, decision_id: str) -> Proof:
    """Return the way from a decision's record to a root; the siblings are taken from the leaf column.

    Whether it is the sealed root is for the caller to compare.

    Raises:
        InvalidRecordError: The segment has no such decision, or a leaf that is no digest.
    """
    decision = find(path, decision_id)
    if decision is None:
        raise InvalidRecordError(f"{path.name}: has no decision {decision_id}", hint="actum fsck")
    listed = parquet.column(path, "id")
    index = listed.index(decision_id)
    own = leaf(decision)
    try:
        leaves = [bytes.fromhex(text) for text in parquet.column(path, "leaf")]
    except (ValueError, TypeError) as error:
        raise InvalidRecordError(f"{path.name}: a leaf is no digest: {error}", hint="actum fsck") from error
    steps = merkle.proof(leaves, index)
    reached = merkle.root_from_proof(own, steps)
    return Proof(index=index, rows=len(leaves), leaf=own, steps=steps, root=digests.SHA256 + reached.hex())
