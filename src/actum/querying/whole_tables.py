"""Everything that is on record as plain tables, one for each kind: for other programs, and for whoever moves on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from actum.catalogue.holdings import Holdings
from actum.catalogue.listing import What, rows
from actum.querying import table_files
from actum.querying.asking import ALL, Query, ask
from actum.records.codec import encode
from actum.runlog.history import flat

FORMS = ("csv", "json")
_APART = frozenset({"runs", "features"})  # runs have columns of their own; features are files that people write


def tables(holdings: Holdings) -> Iterator[tuple[str, dict[str, list[Any]], int]]:
    """Yield each kind with its columns and how many rows it has; a kind without any is left out."""
    found = ask(holdings, Query(columns=(ALL,)))
    if found.paths:
        yield "runs", found.columns, len(found.paths)
    for what in get_args(What):
        listed = [flat(encode(row)) for row in rows(holdings, what)] if what not in _APART else []
        if listed:
            names = dict.fromkeys(name for row in listed for name in row)
            yield what, {name: [row.get(name) for row in listed] for name in names}, len(listed)


def write_tables(holdings: Holdings, folder: Path) -> dict[str, int]:
    """Write each table in each form, and return how many rows each kind has.

    Raises:
        UserError: The disk refuses.
    """
    written = {}
    for what, columns, count in tables(holdings):
        for form in FORMS:
            table_files.export(columns, folder / f"{what}.{form}")
        written[what] = count
    return written
