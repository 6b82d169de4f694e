"""DuckDB, embedded: bounded in memory and threads, spills into a folder of its own, never reaches for the network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actum.features.columns import Column
from actum.features.engines import FINER, Engine, EngineError, EngineName, TooLargeError
from actum.features.sql import quoted, relation, sql_of
from actum.features.values import INSIDE, Relation, schema_of

_BATCH_ROWS = 65_536
# The statistics of a Parquet file know nothing of NaN, and DuckDB believes them: isnan() is then false for every row.
# What comes out of this function, which is the number itself, it takes as it is.
_UNSEEN = "nextafter({0}, {0})"
_PLAIN = {
    "int": "CAST({0} AS BIGINT)",
    "float": _UNSEEN.format("CAST({0} AS DOUBLE)"),
    "decimal": "CAST(CAST({0} AS VARCHAR) AS DOUBLE)",  # by its text, which is rounded correctly
    "string": "CAST({0} AS VARCHAR)",
    "bool": "{0}",
    "utc": "epoch_us({0})",
    "local": "epoch_us({0})",
    "date": "epoch_us({0})",
    "nothing": "CAST(NULL AS BIGINT)",
}


class Duck(Engine):
    name: EngineName = "duckdb"

    def __init__(self, folder: Path, memory: str, threads: int | None) -> None:
        import duckdb

        super().__init__()
        self._error = duckdb.Error
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads or len(os.sched_getaffinity(0)),
            "memory_limit": memory,
            "temp_directory": str(folder),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        with self._told():
            self._connection = duckdb.connect(":memory:", config=settings)
            self._connection.execute("CREATE MACRO timestamp_micros(x) AS make_timestamp(x)")

    def close(self) -> None:
        self._connection.close()

    def files(self, paths: Sequence[Path], columns: Sequence[Column]) -> Relation:
        chosen = {name: text for one in columns for name, text in _texts(one).items()}
        schema = {one.name: INSIDE[one.type or "int"] for one in columns}
        schema |= {FINER.format(one.name): "boolean" for one in columns if one.nano}
        selected = ", ".join(f"{text} AS {quoted(name)}" for name, text in chosen.items())
        listed = ", ".join(quoted(str(path), "'") for path in paths)
        name = self.new_name()
        # Files may count in 32 bits here and in 64 there: by name they take the wider one.
        union = ", union_by_name = true" if len(paths) > 1 else ""
        self._do(f"CREATE TEMP VIEW {name} AS SELECT {selected} FROM read_parquet([{listed}]{union})")
        return relation(name, schema)

    def rows(self, table: Any) -> Relation:
        name, arrow = self.new_name(held=True), self.new_name()
        self._connection.register(arrow, table)
        self._do(f"CREATE TEMP TABLE {name} AS SELECT * FROM {arrow}")
        self._connection.unregister(arrow)
        return relation(name, schema_of(table))

    def kept(self, relation_: Relation) -> Relation:
        name = self.new_name(held=True)
        self._do(f"CREATE TEMP TABLE {name} AS {sql_of(relation_, 'duckdb')}")
        return relation(name, {column: str(kind) for column, kind in relation_.schema().items()})

    def table(self, relation_: Relation) -> Any:
        with self._told():
            return self._connection.sql(sql_of(relation_, "duckdb")).to_arrow_table()

    def reader(self, relation_: Relation) -> Any:
        import pyarrow as pa

        with self._told():
            found = self._connection.sql(sql_of(relation_, "duckdb")).to_arrow_reader(_BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(found.schema, self._read(found))

    def _read(self, batches: Iterable[Any]) -> Iterator[Any]:
        with self._told():
            yield from batches

    def as_of(self, rows: Relation, line: Relation, keys: Sequence[str]) -> Relation:
        # With columns of two names Ibis' join finds nothing, in silence, as soon as it has a tolerance: one name.
        left = rows.select("_row", *keys, _since=rows["_at"])
        found = left.asof_join(line.select(*keys, "_since"), on="_since", predicates=list(keys))
        found = found.select("_row", *keys, _at=found["_since"], _since=found["_since_right"])
        return found.filter(found["_since"].notnull())

    def _drop(self, name: str) -> None:
        self._do(f"DROP TABLE {name}")

    def _do(self, sql: str) -> None:
        with self._told():
            self._connection.execute(sql)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what the engine cannot do; what it finds wrong with our own query is our bug."""
        import duckdb

        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise EngineError(f"does not fit into memory: {_first_line(error)}", hint="give it --memory 4GB") from error
        except duckdb.OutOfRangeException as error:
            raise TooLargeError(_first_line(error)) from error
        except (duckdb.ConversionException, duckdb.IOException) as error:
            raise EngineError(_first_line(error)) from error


def _texts(column: Column) -> dict[str, str]:
    """Return what is selected for a column, by name."""
    name = quoted(column.name)
    if column.nano:
        count = f"epoch_ns({name})"
        return {column.name: f"{count} // 1000", FINER.format(column.name): f"{count} % 1000 <> 0"}
    return {column.name: _PLAIN[str(column.kind)].format(name)}


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
