"""How it went: the outcome that the card says where to look up, if it was known at the time asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from actum import moments
from actum.decisions import parquet
from actum.dvc.objects import Needed, objects_of
from actum.errors import UserError
from actum.explain.locating import Places
from actum.explain.said import Check, shown
from actum.needs import bring
from actum.records.card import ModelCard, OutcomeSource
from actum.records.decision import Decision
from actum.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Afterwards:
    """The outcome as a line, its value, and since when it is known."""

    check: Check
    value: Any = None
    known_at: datetime | None = None


def afterwards(decision: Decision, card: ModelCard, asked: datetime, places: Places) -> Afterwards:
    """Return how it went; where the table cannot be had, the line says so."""
    source = card.outcome
    if source is None:
        return _unknown("not known: the card names no table of outcomes")
    needed = _needed(source, card, places.stores[0])
    if needed is None:
        return _unknown(f"not known: {source.table} is not under DVC at the trunk", f"dvc add {source.table}")
    columns = [name for name in (source.column, source.known_at, source.words) if name]
    try:
        path = bring(needed, places.config, places.environ)
        rows = parquet.look_up(path, source.key, decision.key, columns)
    except UserError as error:  # lost, unreachable or of another form: no word on the decision itself
        return _unknown(f"not known: {error}", error.hint)
    return _told(source, [dict(zip(columns, row, strict=True)) for row in rows], asked)


def _told(source: OutcomeSource, rows: Sequence[dict[str, Any]], asked: datetime) -> Afterwards:
    if len(rows) != 1:
        return _unknown(f"not known: {len(rows) or 'no'} rows in {source.table}" if rows else "not known yet")
    row = rows[0]
    known_at = _moment(row[source.known_at]) if source.known_at else None
    if source.known_at and (known_at is None or known_at > asked):
        return _unknown("not known yet" if known_at is None else f"not known on {asked:%Y-%m-%d}")
    value = row[source.column]
    if value is None or value != value:
        return _unknown("not known yet")
    value = value if isinstance(value, (bool, int, float, str)) else str(value)
    words = row[source.words] if source.words else None
    said = str(words) if words is not None else f"{source.column}: {shown(value)}"
    return Afterwards(check=Check(state="ok", said=said), value=value, known_at=known_at)


def _moment(value: Any) -> datetime | None:
    """Read a moment as a table has it: microseconds since 1970, or text."""
    if isinstance(value, int):
        return _EPOCH + timedelta(microseconds=value)
    return moments.from_option(value) if isinstance(value, str) else None


def _needed(source: OutcomeSource, card: ModelCard, store: Store) -> Needed | None:
    """Find the table as an output of the card's pipeline, or as a file that was added to DVC."""
    folder = "" if card.pipeline == "." else f"{card.pipeline}/"
    names = {source.table, folder + source.table}
    sources = [path for path in (f"{folder}dvc.lock", *(f"{name}.dvc" for name in sorted(names))) if path in store.tree]
    return next((one for one in objects_of(store.read, sources) if one.path in names), None)


def _unknown(said: str, hint: str = "") -> Afterwards:
    return Afterwards(check=Check(state="absent", said=said, hint=hint))
