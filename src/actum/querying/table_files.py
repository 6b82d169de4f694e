"""Runs as a file: a table for other programs, or a picture. The only place that starts Vega; nothing is fetched."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actum import files
from actum.errors import UsageError, UserError

Columns = Mapping[str, Sequence[Any]]
_TYPES = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}
_LARGEST = 2**63
_CONFIG: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
script-src 'unsafe-inline' 'unsafe-eval'">
<title>Runs</title>
<script>{library}</script>
</head>
<body>
<div id="chart"></div>
<script type="application/json" id="specification">{specification}</script>
<script>
const specification = JSON.parse(document.getElementById("specification").textContent);
vegaEmbed("#chart", specification, {{renderer: "svg", actions: false}});
</script>
</body>
</html>
"""
_LIBRARY = "window.vegaEmbed = vegaEmbed;"


def export(columns: Columns, target: Path) -> None:
    """Write a table of columns, whole or not at all, in the form that the name of the file asks for.

    Raises:
        UsageError: It asks for none that we write.
        UserError: The disk refuses.
    """
    write = _form(target, _TABLES, "--export")
    if write is None:
        _write_parquet(columns, target)
    else:
        files.replace(target, write(columns))


def draw(specification: Mapping[str, Any], target: Path) -> None:
    """Write a picture of a Vega-Lite specification, in the form that the name of the file asks for.

    Raises:
        UsageError: It asks for none that we write.
        UserError: What draws is not installed, or the disk refuses.
    """
    write = _form(target, _PICTURES, "--plot")
    try:
        import vl_convert
    except ImportError as error:
        raise UserError("what draws charts is not installed", hint="pip install 'actum[plot]'") from error
    files.replace(target, write(vl_convert, dict(specification)))


def require_form(target: Path, option: str) -> None:
    """Raises: UsageError when no file of that name can be written."""
    _form(target, _TABLES if option == "--export" else _PICTURES, option)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: of numbers that it lacks, their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _form(target: Path, forms: Mapping[str, Any], option: str) -> Any:
    suffix = target.suffix.lower()
    if suffix not in forms:
        wanted = ", ".join(forms)
        raise UsageError(f"{option} {target}: the name must end in {wanted}", hint=f"{option} runs{next(iter(forms))}")
    return forms[suffix]


def _csv(columns: Columns) -> bytes:
    import csv
    import io

    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(columns)
    table.writerows(map(_cell, row) for row in zip(*columns.values(), strict=True))
    return stream.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else plain(value)


def _json(columns: Columns) -> bytes:
    return ("[\n" + ",\n".join(_lines(columns)) + "\n]\n").encode()


def _lines(columns: Columns) -> list[str]:
    rows = zip(*columns.values(), strict=True)
    said = ({name: plain(value) for name, value in zip(columns, row, strict=True) if value is not None} for row in rows)
    return [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in said]


def _write_parquet(columns: Columns, target: Path) -> None:
    """Have DuckDB write it, from lines of JSON; a column has the type that all of its values have, else text.

    Of two names that differ by case alone DuckDB gives the second a number.
    """
    import tempfile

    import duckdb

    types = {f"c{at}": _type_of(values) for at, values in enumerate(columns.values())}
    fitting = {name: _as_type(values, types[name]) for name, values in zip(types, columns.values(), strict=True)}
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".actum-") as scratch:
        lines, draft = Path(scratch, "lines.json"), Path(scratch, "draft.parquet")
        lines.write_text("".join(line + "\n" for line in _lines(fitting)) or "{}\n")
        with duckdb.connect(":memory:", config=_CONFIG) as engine:
            given = {name: "VARCHAR" if kind == "DOUBLE" else kind for name, kind in types.items()}
            rows = engine.read_json(str(lines), columns=given, format="newline_delimited")
            named = zip(types.items(), columns, strict=True)
            rows = rows.select(*(duckdb.ColumnExpression(at).cast(kind).alias(name) for (at, kind), name in named))
            empty = not next(iter(columns.values()), ())
            (rows.limit(0) if empty else rows).write_parquet(str(draft), compression="zstd")
        draft.replace(target)


def _type_of(values: Sequence[Any]) -> str:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float}:
        return "DOUBLE"
    if kinds == {int} and any(value is not None and abs(value) >= _LARGEST for value in values):
        return "VARCHAR"
    return _TYPES.get(kinds.pop(), "VARCHAR") if len(kinds) == 1 else "VARCHAR"


def _as_type(values: Sequence[Any], kind: str) -> Sequence[Any]:
    if kind == "DOUBLE":  # as text, which names what JSON has no number for
        return [None if value is None else str(float(value)) for value in values]
    if kind != "VARCHAR":
        return values
    return [value if value is None or isinstance(value, str) else str(_cell(value)) for value in values]


def _html(vega: Any, specification: dict[str, Any]) -> bytes:
    """A page that needs nothing else; no text in it can end the script that it stands in."""
    told = json.dumps(specification, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    library = vega.javascript_bundle(_LIBRARY).replace("</script", "<\\/script")
    return _PAGE.format(library=library, specification=told).encode()


def _svg(vega: Any, specification: dict[str, Any]) -> bytes:
    return bytes(vega.vegalite_to_svg(specification, allowed_base_urls=[]).encode())


def _png(vega: Any, specification: dict[str, Any]) -> bytes:
    return bytes(vega.vegalite_to_png(specification, scale=2, allowed_base_urls=[]))


_TABLES: Mapping[str, Callable[[Columns], bytes] | None] = {".parquet": None, ".csv": _csv, ".json": _json}
_PICTURES: Mapping[str, Callable[[Any, dict[str, Any]], bytes]] = {".html": _html, ".svg": _svg, ".png": _png}
