"""Job: features for the rows of a table that is to be scored, in its order: built point-in-time, or looked up."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from actum import moments
from actum.definitions.definitions import Definitions
from actum.errors import UserError
from actum.features.answering import definitions_in, run
from actum.features.building import build
from actum.features.labels import LabelRows, ZonelessError, read_labels
from actum.features.materialize import engine_name
from actum.features.opening import opened
from actum.features.reading import Wanted
from actum.features.writing import write_table
from actum.online.given import GivenError
from actum.online.lookup import Lookup
from actum.online.sqlite import SqliteStore
from actum.online.store import moment_of
from actum.records.feature_set import FeatureSet, Labels

_IN_UTC = "make it UTC in the table, whatever zone the set has for its labels"


def supply(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write one row of features for each row of the table to ``out``; say what computed them, and until when known."""
    labels = Labels(path=request["table"], moment=request["moment"], keep=())
    taken = FeatureSet(
        schema="feature-set/1",
        set=request["set"],
        labels=labels,
        features=tuple(request["features"]),
        keys=dict(request["keys"]),
    )
    definitions, root = definitions_in(request), Path(request["root"])
    try:
        if request["store"] is None:
            with opened("duckdb") as engine:
                table = build(Wanted(root=root, set=taken, definitions=definitions), engine)
            told: dict[str, Any] = {"engine": engine_name()}
        else:
            table, told = _looked_up(request, taken, definitions, read_labels(taken, root))
    except UserError as error:
        # The set is the version's; what does not fit it is the table.
        where, told_as = f"features/sets/{taken.set}.yaml: ", f"{request['table']}, for the set {taken.set}: "
        if isinstance(error, ZonelessError):  # the zone of a set is that of its labels; scoring takes UTC only
            raise UserError(told_as + error.because, hint=_IN_UTC) from error
        raise UserError(str(error).replace(where, told_as), hint=error.hint) from error
    table = table.select(list(taken.features))
    write_table(table.to_reader(), Path(request["out"]))
    return told


def _looked_up(
    request: Mapping[str, Any], taken: FeatureSet, definitions: Definitions, rows: LabelRows
) -> tuple[Any, dict[str, Any]]:
    store = SqliteStore(Path(request["store"]))
    most = request["max_age_s"]
    lookup = Lookup(
        store,
        definitions,
        taken,
        expected=request["expected"],
        max_age=None if most is None else timedelta(seconds=most),
    )
    columns = {name: _values(rows, name) for name in lookup.given if name in rows.table.column_names}
    keys = [{name: values[row] for name, values in columns.items()} for row in range(len(rows))]
    try:
        found = lookup.many(keys, at=[moment_of(int(at)) for at in rows.moments])
    except GivenError as error:
        rows.refuse(str(error), hint=error.hint)
    engines = sorted({store.meta()[view].engine for view in lookup.views})
    until = {"until": moments.write(lookup.until)} if lookup.until else {}
    return _table(definitions, taken, [one.values for one in found]), {"engine": "; ".join(engines), **until}


def _values(rows: LabelRows, name: str) -> list[Any]:
    values, kind = rows.values(name, f"column {name}")
    found: list[Any] = values.to_pylist()
    return [None if one is None else moment_of(one) for one in found] if kind == "timestamp" else found


def _table(definitions: Definitions, taken: FeatureSet, rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    types = {"float": pa.float64(), "int": pa.int64(), "string": pa.string(), "bool": pa.bool_()}
    types["timestamp"] = pa.timestamp("us", tz="UTC")
    arrays = [pa.array([row[name] for row in rows], types[definitions.variable(name).type]) for name in taken.features]
    return pa.table(arrays, names=list(taken.features))


if __name__ == "__main__":
    sys.exit(run(supply))
