"""From a decision to its leaf and back: the form that is hashed, and the row that lies in the segment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring as quoted
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
SHARED = ("artifact", "model", "recorded_at", "schema", "stage", "stage_event", "threshold", "version")
"""The fields in which all decisions of a segment are equal; one that is absent, it is absent from all of them."""
OWN = ("batch", "decided_at", "id", "inputs", "key", "outcome", "salt", "score", "subject")
"""The fields that each decision has of its own, in the order of canonical JSON."""
Columns = Sequence[Sequence[Any]]
"""A column for each of ``OWN``, with the values that ``encode`` writes; inputs and subjects are canonical JSON."""
Form = tuple[str, ...]
_TEXTS = ("inputs", "subject")
_OPTIONAL = ("stage", "stage_event", "inputs", "subject")
_parsed = json.JSONDecoder().decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINNING = _EPOCH.replace(tzinfo=None)
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


def form_of(shared: Mapping[str, Any]) -> Form:
    """Return the canonical JSON of decisions that have *shared* in common, cut where the fields of ``OWN`` stand."""
    known = {name: canonical_json(value).decode() for name, value in shared.items() if value is not None}
    members = {name: f'"{name}":{text},' for name, text in known.items()}
    members |= {name: "\0" if name in _TEXTS else f'"{name}":\0,' for name in OWN}  # canonical JSON has no such byte
    return tuple(("{" + "".join(members[name] for name in sorted(members)).removesuffix(",") + "}").split("\0"))


def leaves_in(form: Form, own: Columns) -> list[bytes]:
    """Return the leaves of the decisions that a form and their own fields make.

    All at once: of a hundred thousand decisions the calls would be most of the work.
    """
    begin, to_time, to_id, to_inputs, to_key, to_outcome, to_salt, to_score, to_subject, end = form
    leaves = []
    for batch, at, name, inputs, key, outcome, salt, score, subject in zip(*own, strict=True):
        given = '"inputs":' + inputs + "," if inputs != "{}" else ""  # what is empty is not written
        about = '"subject":' + subject + "," if subject != "{}" else ""
        text = (
            f"{begin}{batch}{to_time}{quoted(at)}{to_id}{quoted(name)}{to_inputs}{given}{to_key}{quoted(key)}"
            f"{to_outcome}{quoted(outcome)}{to_salt}{quoted(salt)}{to_score}{score!r}{to_subject}{about}{end}"
        )
        leaves.append(merkle.leaf_hash(text.encode()))
    return leaves


def fields_of(row: Sequence[Any]) -> dict[str, Any]:
    """Return the encoded fields of a row that was read back, in the order of ``COLUMNS``, without its leaf.

    Raises:
        ValueError: A text of it is no JSON.
        TypeError: A value has another type than its column.
    """
    fields = dict(zip(COLUMNS, row, strict=True))
    del fields["leaf"]
    return encoded(fields | {name: moment_text(fields[name]) for name in TIMES})


def encoded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as ``encode`` has them: texts parsed, and without what is absent or empty.

    Raises:
        ValueError: A text of it is no JSON.
        TypeError: A value has another type than its column.
    """
    whole = {**fields, **{name: _parsed(fields[name]) for name in _TEXTS}}
    return {name: value for name, value in whole.items() if name not in _OPTIONAL or value not in (None, {})}


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
    return since_1970(moments.parse(moment))


def since_1970(moment: datetime) -> int:
    """Return the microseconds since 1970 of a moment."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_text(micros: int) -> str:
    """Return RFC 3339 for microseconds since 1970.

    Raises:
        ValueError: It lies outside the years 1 to 9999.
    """
    try:
        return (_BEGINNING + timedelta(0, 0, micros)).isoformat() + "Z"
    except OverflowError as error:
        raise ValueError(f"{micros} microseconds since 1970 is no time") from error
