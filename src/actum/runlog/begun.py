"""A script's run under way: its folder in ``.actum/scripts``, held by a lock for as long as the script lives.

``begun.json`` is its record as it would stand if nothing followed: interrupted. ``said.jsonl`` is what it said since,
one line a call, ``series.csv`` its metrics by step. Whoever finds the lock free can finish the record from them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actum import files, state
from actum.errors import InvalidRecordError, UserError, of_the_disk
from actum.records.codec import FieldError, decode, encode
from actum.records.forms import FileFact
from actum.records.run import Run
from actum.runlog import series

RECORD, SAID = "begun.json", "said.jsonl"
MOST_BYTES = 900_000
"""What a run may say of itself, metrics by step not counted: no record of more than 1 MiB is read."""
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_PARTS: Mapping[str, type] = {"params": dict, "metrics": dict, "tags": dict, "note": str, "artifact": dict}


@dataclass(slots=True)
class Said:
    """What a run said: of one name the last word counts."""

    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    artifacts: dict[str, FileFact] = field(default_factory=dict)


def begin(root: Path, record: Run) -> files.Held:
    """Put the start of a run on record, and hold it.

    It is there when this process is killed; what a loss of power leaves is not waited for.

    Raises:
        UserError: It says more than a record holds, or the disk does not take it.
    """
    data = files.write_json(encode(record))
    if len(data) > MOST_BYTES:
        raise too_much(record.id)
    held = state.hold_script(root, record.id)
    try:
        (held.path / RECORD).write_bytes(data)
    except OSError as error:
        held.release()
        said = of_the_disk(error)
        raise UserError(str(said or error), hint=said.hint if said else "") from error
    return held


def too_much(run: str) -> UserError:
    """Return the refusal of what a record does not hold."""
    problem = f"run/{run} says more than {MOST_BYTES:,} bytes, which a record does not hold"
    return UserError(problem, hint="write it to a file, then log_artifact(FILE)")


def word(value: Any) -> str:
    """Return a value, or a name, as a line and a record have it."""
    return _JSON.encode(value)


def line(part: str, told: str) -> bytes:
    """Return one line of what a run says. *told*: in the words of :func:`word`."""
    return f'{{"{part}":{told}}}\n'.encode()


def record_of(folder: Path) -> Run | None:
    """Return the record that a run began with; None where it was killed before that.

    Raises:
        InvalidRecordError: It is malformed.
    """
    path = folder / RECORD
    data = path.read_bytes() if path.is_file() else b""
    if not data.endswith(b"\n}\n"):
        return None
    try:
        record = decode(Run, files.read_json(data, where=str(path)))
        if record.kind != "script":
            raise FieldError(f"is {record.kind}, must be script", ("kind",))
        return record
    except FieldError as error:
        raise InvalidRecordError(f"{path}: {error}") from error


def said_in(folder: Path) -> Said:
    """Return what a run said; a last line that was cut off by a kill does not count.

    Raises:
        InvalidRecordError: A line is none of ours.
    """
    path, found = folder / SAID, Said()
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    for number, told in enumerate(lines[:-1], 1):
        try:
            ((part, value),) = json.loads(told).items()
            if not isinstance(value, _PARTS[part]):
                raise ValueError(part)
            _hear(found, part, value)
        except (ValueError, KeyError, AttributeError, FieldError, RecursionError) as error:
            raise InvalidRecordError(f"{path}:{number}: is nothing that a run says") from error
    return found


def series_in(folder: Path) -> Path:
    return folder / series.NAME


def _hear(found: Said, part: str, value: Any) -> None:
    if part == "note":
        found.notes.append(value)
    elif part == "artifact":
        fact = decode(FileFact, value)
        if fact.size is None:
            raise ValueError("size")
        found.artifacts[fact.path] = fact
    elif part == "tags" and not all(isinstance(text, str) for text in value.values()):
        raise ValueError(part)
    else:
        getattr(found, part).update(value)
