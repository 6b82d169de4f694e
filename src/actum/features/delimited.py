"""CSV files as one Parquet file: types are what all rows of a column can be read as, times only those of ISO 8601.

DuckDB would take any order of day and month for a date, and read what has no zone in the zone of the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actum.features.sql import quoted

_DATE, _CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_ZONE = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_FINER = f"{_DATE}{_CLOCK}[0-9]+{_ZONE}?"
# Form -> what is told of it. A column is of times where all its values have one form.
_TYPES = {"date": "DATE", "local": "TIMESTAMP", "zoned": "TIMESTAMPTZ"}
_TOLD = {"date": "a date", "local": "a time without a zone", "zoned": "a time with a zone"}
_FILE = "_actum_file"
_MEND_FORM = "write 2013-04-18, 2013-04-18 22:00:00 or 2013-04-18T22:00:00Z in a stage, or name it in source.missing"
_MEND_MIXED = "write all of them in one form in a stage"


def write_typed(found: Sequence[Path], missing: Sequence[str], copy: Path) -> None:
    """Write what CSV files hold as Parquet; the header names the columns.

    Raises:
        duckdb.Error: They cannot be read.
    """
    import duckdb

    text = copy.with_suffix(".text.parquet")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY (SELECT * FROM {_read(found, missing)}) TO {_literal(text)} (FORMAT parquet)")
        raw = connection.read_parquet(str(text))
        texts = [name for name, kind in zip(raw.columns, raw.types, strict=True) if str(kind) == "VARCHAR"]
        casts = []
        for name, form in _forms(connection, text, texts).items():
            casts.append(f"CAST({quoted(name)} AS {_TYPES[form]}) AS {quoted(name)}")
        if not casts:
            text.replace(copy)
            return
        typed = f"SELECT * REPLACE ({', '.join(casts)}) FROM {_literal(text)}"
        connection.execute(f"COPY ({typed}) TO {_literal(copy)} (FORMAT parquet)")
    text.unlink()


def why_no_times(found: Sequence[Path], missing: Sequence[str], column: str) -> tuple[str, str]:
    """Say of a column of text which value is the first that keeps it from being one of times, and what to do."""
    import duckdb

    form, value = _form(quoted(column)), quoted(column)
    source = f"{_read(found, missing, ', filename = ' + chr(39) + _FILE + chr(39))} WHERE {value} IS NOT NULL"
    with duckdb.connect(":memory:") as connection:
        asked = f"SELECT {quoted(_FILE)}, {value}, {form} AS form FROM {source}"
        first = connection.execute(f"{asked} LIMIT 1").fetchone()
        if first is None:
            return f"{column} has no value", ""
        odd = connection.execute(f"{asked} AND {form} IN ('none', 'finer') LIMIT 1").fetchone()
        other = odd or connection.execute(f"{asked} AND {form} <> '{first[2]}' LIMIT 1").fetchone()
    assert other is not None
    path, shown, found_form = other
    told = f"{column} of {Path(path).name} holds {shown}"
    if found_form == "finer":
        return f"{told}, which is finer than a microsecond", "round them in a stage"
    if found_form == "none":
        return f"{told}, which is no time as ISO 8601 writes one", _MEND_FORM
    return f"{told}, which is {_TOLD[found_form]}, where {first[1]} is {_TOLD[first[2]]}", _MEND_MIXED


def _read(found: Sequence[Path], missing: Sequence[str], more: str = "") -> str:
    files, nothing = (", ".join(quoted(str(each), "'") for each in several) for several in (found, ("", *missing)))
    kinds = "auto_type_candidates = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'VARCHAR']"
    return f"read_csv([{files}], header = true, sample_size = -1, {kinds}, nullstr = [{nothing}]{more})"


def _forms(connection: Any, text: Path, columns: Sequence[str]) -> dict[str, str]:
    """Return the form that all values of a column have, for those columns whose values have one."""
    if not columns:
        return {}
    ends = (f"{end}({_form(quoted(name))})" for name in columns for end in ("min", "max"))
    found = connection.execute(f"SELECT {', '.join(ends)} FROM {_literal(text)}").fetchone()
    pairs = zip(columns, found[::2], found[1::2], strict=True)
    return {name: least for name, least, most in pairs if least == most and least in _TYPES}


def _form(value: str) -> str:
    """Return SQL that says in which form a text is a time; 'none' also where no clock shows it, as on 30 February."""
    cases = {"date": _DATE, "local": _DATE + _CLOCK, "zoned": _DATE + _CLOCK + _ZONE}
    whens = " ".join(
        f"WHEN regexp_full_match({value}, '{pattern}') AND TRY_CAST({value} AS {_TYPES[form]}) IS NOT NULL "
        f"THEN '{form}'"
        for form, pattern in cases.items()
    )
    finer = f"WHEN regexp_full_match({value}, '{_FINER}') THEN 'finer'"
    return f"(CASE WHEN {value} IS NULL THEN NULL {whens} {finer} ELSE 'none' END)"


def _literal(path: Path) -> str:
    return quoted(str(path), "'")
