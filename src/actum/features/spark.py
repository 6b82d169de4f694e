"""Spark, where one machine is not enough: the same Ibis expressions, whole numbers and rules, so the same bits.

The master is that of ``SPARK_MASTER``, or two threads of this machine.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actum.features.asof import running_maximum
from actum.features.columns import Column
from actum.features.engines import FINER, Engine, EngineError, EngineName, TooLargeError
from actum.features.sql import quoted, relation, sql_of
from actum.features.values import INSIDE, Relation, schema_of

_PLAIN = {
    "int": "CAST({0} AS BIGINT)",
    "float": "CAST({0} AS DOUBLE)",
    "decimal": "CAST(CAST({0} AS STRING) AS DOUBLE)",
    "string": "CAST({0} AS STRING)",
    "bool": "{0}",
    "utc": "unix_micros({0})",
    "local": "unix_micros(CAST({0} AS TIMESTAMP))",  # the session's zone is UTC
    "date": "unix_micros(CAST({0} AS TIMESTAMP))",
    "nothing": "CAST(NULL AS BIGINT)",
}
_STORED = {"float": "DOUBLE", "string": "STRING", "bool": "BOOLEAN", "utc": "TIMESTAMP", "local": "TIMESTAMP_NTZ"}
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a whole number that grows too large is an error, as in DuckDB
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.maxPlanStringLength": "10000",  # what a plan would say of itself has filled a whole heap
    # A JVM that has run out of memory answers nobody any more: better that it ends, which is seen.
    "spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError",
}


class Spark(Engine):
    name: EngineName = "spark"

    def __init__(self, folder: Path, threads: int | None) -> None:
        super().__init__()
        self._session = _session(folder, threads or len(os.sched_getaffinity(0)))
        self._frames: dict[str, Any] = {}

    def close(self) -> None:
        self._session.stop()

    def files(self, paths: Sequence[Path], columns: Sequence[Column]) -> Relation:
        present = [one for one in columns if one.kind != "nothing"]
        stored = ", ".join(f"{quoted(one.name, '`')} {_stored(one)}" for one in present)
        texts = {name: text for one in columns for name, text in _texts(one).items()}
        with self._told():
            # Some files count in 32 bits, others in 64: read in 64.
            frame = self._session.read.schema(stored).parquet(*map(str, paths))
            frame = frame.selectExpr(*(f"{text} AS {quoted(name, '`')}" for name, text in texts.items()))
        schema = {one.name: INSIDE[one.type or "int"] for one in columns}
        schema |= {FINER.format(one.name): "boolean" for one in columns if one.nano}
        return self._named(self.new_name(), frame, schema)

    def rows(self, table: Any) -> Relation:
        return self._named(self.new_name(held=True), self._session.createDataFrame(table), schema_of(table))

    def kept(self, relation_: Relation) -> Relation:
        name = self.new_name(held=True)
        with self._told():
            # Cut off from what it was made of: plans that grow from table to table are what Spark dies of.
            self._frames[name] = self._frame(relation_).localCheckpoint()
        return self._named(name, self._frames[name], {column: str(kind) for column, kind in relation_.schema().items()})

    def table(self, relation_: Relation) -> Any:
        with self._told():
            return self._frame(relation_).toArrow()

    def reader(self, relation_: Relation) -> Any:
        return self.table(relation_).to_reader()

    def as_of(self, rows: Relation, line: Relation, keys: Sequence[str]) -> Relation:
        return running_maximum(rows, line, keys)

    def _frame(self, relation_: Relation) -> Any:
        with self._told():
            return self._session.sql(sql_of(relation_, "pyspark"))

    def _drop(self, name: str) -> None:
        if name in self._frames:
            self._frames.pop(name).unpersist()
        self._session.catalog.dropTempView(name)

    def _named(self, name: str, frame: Any, schema: dict[str, str]) -> Relation:
        frame.createOrReplaceTempView(name)
        return relation(name, schema)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from pyspark.errors import ArithmeticException, NumberFormatException, SparkRuntimeException

        try:
            yield
        except ArithmeticException as error:
            raise TooLargeError(_first_line(error)) from error
        except (NumberFormatException, SparkRuntimeException) as error:
            raise EngineError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _session(folder: Path, threads: int) -> Any:
    from pyspark.sql import SparkSession

    master = os.environ.get("SPARK_MASTER", f"local[{threads}]")
    settings = {**_SETTINGS, "spark.sql.warehouse.dir": str(folder / "warehouse"), "spark.local.dir": str(folder)}
    if master.startswith("local"):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        settings["spark.sql.shuffle.partitions"] = str(2 * threads)
    if master.startswith("local-cluster"):
        _tell_where_spark_is()
    builder = SparkSession.builder.master(master).appName("actum features")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _tell_where_spark_is() -> None:
    """Executors of their own look for Spark themselves, and do not find one that pip installed."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.submodule_search_locations
    os.environ.setdefault("SPARK_HOME", found.submodule_search_locations[0])
    os.environ.setdefault("SPARK_SCALA_VERSION", "2.13")


def _stored(column: Column) -> str:
    """Return the type by which a column is read from the file."""
    import pyarrow as pa

    if column.nano or column.kind == "int":
        return "DECIMAL(20, 0)" if pa.types.is_uint64(column.arrow) else "BIGINT"
    if column.kind == "decimal":
        return f"DECIMAL({column.arrow.precision}, {column.arrow.scale})"
    return "DATE" if column.kind == "date" else _STORED[str(column.kind)]


def _texts(column: Column) -> dict[str, str]:
    """Return what is selected for a column, by name."""
    name = quoted(column.name, "`")
    if column.nano:
        return {column.name: f"{name} DIV 1000", FINER.format(column.name): f"{name} % 1000 <> 0"}
    return {column.name: _PLAIN[str(column.kind)].format(name)}
