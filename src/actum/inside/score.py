"""Worker: decide a table's rows in fixed batches, and record each decision so that it can be replayed to the bit.

Each batch is scored from its inputs as they were written (JSON read back), never from the table's own arrays.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from actum.inside.digests import digest_of, write_atomically
from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError, counted
from actum.inside.frames import Input, Value, frame_of, typed_inputs_of
from actum.inside.scoring import requested_model, scores
from actum.inside.tables import Table, input_values, moments, parse_moment, plain_values, read_table, rfc3339

BATCH_ROWS = 4096

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The rows to decide, in the table's order: parallel tuples."""

    keys: tuple[Value, ...]
    moments: tuple[str, ...]
    inputs: tuple[dict[str, Value], ...]
    kept: tuple[dict[str, Value], ...]

    def __len__(self) -> int:
        return len(self.keys)


def score(request: Request) -> dict[str, Any]:
    """Write one line a selected row to ``out``; return how many, in how many batches, and from when to when."""
    inputs = typed_inputs_of(request)
    chosen = select(request, inputs)  # before the model, which takes seconds to load: the table may be unfit
    loaded = requested_model(request, trusted=request.texts("trusted"), allow_pickle=request.flag("allow_pickle"))
    batch_rows = request.whole("batch_rows", default=BATCH_ROWS, least=1)
    lines = "".join(_lines(loaded.model, chosen, inputs, batch_rows)).encode()
    write_atomically(Path(request.text("out")), lines)
    return {
        "rows": len(chosen),
        "batches": -(-len(chosen) // batch_rows),
        "first": min(chosen.moments, key=_when),
        "last": max(chosen.moments, key=_when),
        "sha256": digest_of(lines),
    }


def select(request: Request, inputs: Sequence[Input]) -> Selection:
    """Read the table and keep the rows with ``since <= moment < until``.

    Raises:
        ModelError: missing columns, null or repeated keys, moments that are null or without zone, or nothing left.
    """
    key, moment, keep = request.text("key"), request.text("moment"), request.texts("keep")
    names = [item.name for item in inputs]
    others = request.texts("supplied_inputs")
    own = [name for name in names if name not in others]
    table = read_table(Path(request.text("table")), [key, moment, *keep, *own])
    if len(table) == 0:
        raise ModelError(f"{table.place}: has columns and no row, at least one to decide about was wanted")
    times = _complete(moments(table, moment), table, moment)
    rows = _within(times, table, moment, request)
    whole, table = len(table), table.take(rows)
    holding = dict.fromkeys(others, _supplied(request, others, whole).take(rows)) if others else {}
    keys = _unique(_complete(plain_values(table, key), table, key), table, key)
    return Selection(
        keys=tuple(keys),
        moments=tuple(rfc3339(times[row]) for row in rows),
        inputs=_rows(names, [input_values(holding.get(item.name, table), item) for item in inputs], len(rows)),
        kept=_rows(keep, [plain_values(table, name) for name in keep], len(rows)),
    )


def _supplied(request: Request, names: Sequence[str], rows: int) -> Table:
    """Return the inputs that were found for the table's rows, in their order."""
    supplied = read_table(Path(request.text("supplied")), names)
    if len(supplied) != rows:
        raise ModelError(f"{supplied.place}: has {counted(len(supplied), 'row')}, the table has {rows:,}")
    return supplied


def _rows(names: Sequence[str], columns: Sequence[list[Value]], count: int) -> tuple[dict[str, Value], ...]:
    if not names:
        return tuple({} for _ in range(count))
    return tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def _within(times: Sequence[dt.datetime], table: Table, name: str, request: Request) -> list[int]:
    since, until = (_bound(request, key) for key in ("since", "until"))
    rows = [
        row for row, time in enumerate(times) if (since is None or time >= since) and (until is None or time < until)
    ]
    if not rows:
        wanted = [f"from {rfc3339(since)} on"] if since else []
        wanted += [f"before {rfc3339(until)}"] if until else []
        found = f"column {name} goes from {rfc3339(min(times))} to {rfc3339(max(times))}"
        raise ModelError(f"{table.place}: {counted(len(times), 'row')}, but none {' and '.join(wanted)}: {found}")
    return rows


def _bound(request: Request, key: str) -> dt.datetime | None:
    text = request.optional_text(key)
    return None if text is None else parse_moment(text, f"{request.place}.{key}")


def _complete(values: Sequence[T | None], table: Table, name: str) -> list[T]:
    found = [value for value in values if value is not None]
    if len(found) != len(values):
        raise ModelError(f"{table.place}: column {name} is null in {counted(len(values) - len(found), 'row')}")
    return found


def _unique(keys: list[Value], table: Table, name: str) -> list[Value]:
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise ModelError(
            f"{table.place}: column {name} holds {counted(len(twice), 'key')} more than once, first {twice[0]!r}"
        )
    return keys


def _lines(model: Any, chosen: Selection, inputs: Sequence[Input], batch_rows: int) -> Iterator[str]:
    """Score batch by batch; yield the lines."""
    for batch, start in enumerate(range(0, len(chosen), batch_rows)):
        rows = range(start, min(start + batch_rows, len(chosen)))
        written = [_json(chosen.inputs[row]) for row in rows]
        values = scores(model, frame_of(json.loads(f"[{','.join(written)}]"), inputs)).tolist()
        for row, text, value in zip(rows, written, values, strict=True):
            yield (
                f'{{"key":{_json(chosen.keys[row])},"moment":"{chosen.moments[row]}","batch":{batch},'
                f'"inputs":{text},"kept":{_json(chosen.kept[row])},"score":{value!r}}}\n'
            )


def _when(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment)


if __name__ == "__main__":
    sys.exit(run(score))
