"""The columns of runs by the names that people give them, and in which order values stand."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import Any

from actum.columns.flattening import BLOB, FIXED, GROUPS
from actum.columns.table import COMMITTED
from actum.definitions.expression import Name
from actum.definitions.parsing import ExpressionError, parse
from actum.errors import UsageError
from actum.quantities import is_number

TIMES = frozenset({"started_at", "finished_at"})
"""Columns of times, as RFC 3339 in UTC: ``2026-11-28T17:09:03Z``, or with six digits of a second."""
_SHOWN = 8
_BETWEEN_COMMAS = re.compile(r'(?:[^,"]|"[^"]*"?)+')


def known_columns(found: Sequence[str]) -> list[str]:
    """Return what can be asked of runs: what each run may say, and what these say."""
    return [*dict.fromkeys((*FIXED, COMMITTED, *(name for name in found if name != BLOB)))]


def listed_columns(text: str) -> tuple[str, ...]:
    """Return the columns of a list, ``id,metrics.auc``; a comma in double quotes is part of a name."""
    return tuple(name.strip() for name in _BETWEEN_COMMAS.findall(text) if name.strip())


def require_column(name: str, known: Sequence[str], option: str) -> str:
    """Return a column; what stands under ``metrics``, ``params`` or ``tags`` may be named without it.

    Raises:
        UsageError: No run has it, and the message names what is near; or it may be one of several.
    """
    name = name if name in known else _unquoted(name)
    if name in known:
        return name
    found = [f"{group}.{name}" for group in GROUPS if f"{group}.{name}" in known]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{option} {name}: is {' or '.join(found)}", hint=f"write {found[-1]}")
    raise UsageError(f"{option} {name}: no run has {name}{_near(name, known)}", hint="actum ls runs --columns all")


def _unquoted(name: str) -> str:
    """Return a name that is written as in a filter, ``metrics."f1-score"``, without its quotes."""
    try:
        meant = parse(name, dotted=True) if '"' in name else None
    except ExpressionError:
        return name
    return meant.name if isinstance(meant, Name) else name


def _near(name: str, known: Sequence[str]) -> str:
    """Return ``, did you mean ...?`` or, where nothing is near, what there is."""
    bare = {column.partition(".")[2]: column for column in known if column.partition(".")[0] in GROUPS}
    ahead = [column for column in known if column.startswith((f"{name}-", f"{name}/"))]
    if ahead:
        return f", did you mean {quoted(ahead[0])}?"
    near = difflib.get_close_matches(name, known, n=1)
    near = near or [bare[one] for one in difflib.get_close_matches(name, bare, n=1)]
    if near:
        return f", did you mean {quoted(near[0])}?"
    own = [column for group in GROUPS for column in known if column.startswith(f"{group}.")]
    listed = ", ".join(own[:_SHOWN]) + (", ..." if len(own) > _SHOWN else "")
    return f" (there is {listed})" if listed else ""


def quoted(column: str) -> str:
    """Write a column as a filter names it: ``metrics."f1-score"``."""
    parts = column.split(".")
    if "" in parts:
        return _in_quotes(column)
    return ".".join(part if part.replace("_", "a").isalnum() and part.isascii() else _in_quotes(part) for part in parts)


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def comparable(time: str | None) -> str | None:
    """Return a time of :data:`TIMES` such that texts stand in the order of the times."""
    return time if time is None or "." in time else f"{time[:-1]}.000000Z"


def ordered(values: Sequence[Any], *, descending: bool) -> list[int]:
    """Return the rows by their value: numbers, then text, then all else; what is missing or no number comes last."""
    present = [row for row, value in enumerate(values) if value is not None and value == value]
    if all(is_number(values[row]) for row in present) or all(isinstance(values[row], str) for row in present):
        present.sort(key=values.__getitem__, reverse=descending)
    else:
        present.sort(key=lambda row: _rank(values[row]), reverse=descending)
    known = set(present)
    return [*present, *(row for row in range(len(values)) if row not in known)]


def _rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, (bool, int, float)):
        return (0, value)
    return (1, value) if isinstance(value, str) else (2, json.dumps(value, sort_keys=True))
