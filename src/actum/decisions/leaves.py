"""From a decision to its leaf and back: the form that is hashed, and the row that lies in the segment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from actum import merkle, moments
from actum.digests import canonical_json
from actum.errors import InvalidRecordError
from actum.records.codec import FieldError, decode, encode
from actum.records.decision import Decision

COLUMNS: Mapping[str, str] = {
    "schema": "VARCHAR",
    "id": "VARCHAR",
    "model": "VARCHAR",
    "version": "VARCHAR",
    "artifact": "VARCHAR",
    "key": "VARCHAR",
    "decided_at": "TIMESTAMP",
    "recorded_at": "TIMESTAMP",
    "score": "DOUBLE",
    "outcome": "VARCHAR",
    "threshold": "DOUBLE",
    "batch": "INTEGER",
    "salt": "VARCHAR",
    "inputs": "VARCHAR",
    "subject": "VARCHAR",
    "stage": "VARCHAR",
    "stage_event": "VARCHAR",
    "leaf": "VARCHAR",
}
"""The columns of a segment: the fields of a decision, times in UTC without zone, then the leaf in hex."""
TIMES = ("decided_at", "recorded_at")
_TEXTS = ("inputs", "subject")
_SORTED = (
    (("artifact", "batch", "decided_at", "id"), "inputs"),
    (("key", "model", "outcome", "recorded_at", "salt", "schema", "score", "stage", "stage_event"), "subject"),
    (("threshold", "version"), ""),
)
"""All fields in the order of canonical JSON; each group holds some that are never absent."""
_OPTIONAL = ("stage", "stage_event", "inputs", "subject")
_parsed = json.JSONDecoder().decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def leaf(decision: Decision) -> bytes:
    """Return the RFC 6962 leaf hash of a decision, over its canonical JSON."""
    return leaf_of(encode(decision))


def leaf_of(fields: Mapping[str, Any]) -> bytes:
    """Return the leaf hash of a decision as ``encode`` writes it.

    Raises:
        ValueError: It holds NaN or an infinity.
    """
    return merkle.leaf_hash(canonical_json(fields))


def row_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the segment's row for encoded fields: JSON as text, times as microseconds since 1970, the leaf in hex.

    The leaf is that of ``leaf_of``, made without writing the inputs a second time: they are most of the work.
    """
    texts = {name: canonical_json(fields.get(name, {})) for name in _TEXTS}
    row = {name: fields.get(name) for name in COLUMNS}
    row |= {name: text.decode() for name, text in texts.items()}
    row |= {name: microseconds(fields[name]) for name in TIMES}
    row["leaf"] = merkle.leaf_hash(_spliced(fields, texts)).hex()
    return row


def _spliced(fields: Mapping[str, Any], texts: Mapping[str, bytes]) -> bytes:
    """Return the canonical JSON of *fields*, of which the *texts* are given: a text goes whole where its key sorts."""
    parts = []
    for names, text in _SORTED:
        parts.append(canonical_json({name: fields[name] for name in names if name in fields})[1:-1])
        if text in fields:
            parts.append(b'"%s":%s' % (text.encode(), texts[text]))
    return b"{%s}" % b",".join(parts)


def fields_of(row: Sequence[Any]) -> dict[str, Any]:
    """Return the encoded fields of a row that was read back, in the order of ``COLUMNS``, without its leaf.

    Raises:
        ValueError: A text of it is no JSON.
        TypeError: A value has another type than its column.
    """
    fields = dict(zip(COLUMNS, row, strict=True))
    del fields["leaf"]
    for name in _TEXTS:
        fields[name] = _parsed(fields[name])
    for name in TIMES:
        fields[name] = moment_text(fields[name])
    for name in _OPTIONAL:  # as ``encode`` has it: what is absent or empty is not written
        if fields[name] is None or fields[name] == {}:
            del fields[name]
    return fields


def decision_of(row: Sequence[Any], where: str) -> Decision:
    """Return the decision that a row holds.

    Raises:
        InvalidRecordError: It is none.
    """
    try:
        return decode(Decision, fields_of(row))
    except FieldError as error:
        raise InvalidRecordError(f"{where}: decision {row[1]}: {error}", hint="actum fsck") from error
    except (ValueError, TypeError) as error:
        raise InvalidRecordError(f"{where}: decision {row[1]} is damaged: {error}", hint="actum fsck") from error


@lru_cache(maxsize=64)  # most rows of a segment share theirs with the row before
def microseconds(moment: str) -> int:
    """Return the microseconds since 1970 of an RFC 3339 time."""
    return (moments.parse(moment) - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def moment_text(micros: int) -> str:
    """Return RFC 3339 for microseconds since 1970."""
    return moments.write(_EPOCH + timedelta(microseconds=micros))
