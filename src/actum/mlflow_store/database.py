"""An MLflow database in one SQLite file, opened for reading alone; other servers' databases are not read."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from actum.errors import UserError
from actum.mlflow_store.folder import local_path
from actum.mlflow_store.values import Point, StoredModel, StoredRun, StoredVersion, Trouble

_NO_WORD = {
    "experiment_tags": "tag of an experiment",
    "datasets": "data set",
    "trace_info": "trace",
    "logged_models": "logged model",
}
_BATCH = 500


class Database:
    """The store in one file. Columns that an older MLflow did not have are absent, never made up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.troubles: list[Trouble] = []
        try:
            self._tables = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            self._tables.text_factory = lambda data: data.decode(errors="replace")
            self._tables.row_factory = sqlite3.Row
            names = {str(row[0]) for row in self._tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error as error:
            raise UserError(f"{path}: cannot be read as a SQLite file: {error}") from error
        if not {"runs", "experiments"} <= names:
            self.close()
            raise UserError(f"{path}: is no database of MLflow's: it has no tables runs and experiments")
        self._names = names

    def starts(self) -> Mapping[str, int | None]:
        return {row["run_uuid"]: row["start_time"] for row in self._rows("runs", "run_uuid")}

    def runs(self) -> Iterator[tuple[StoredRun, Iterator[Point]]]:
        experiments = {row["experiment_id"]: row["name"] for row in self._rows("experiments", "experiment_id")}
        params, tags = self._by_run("params"), self._by_run("tags")
        points = self._by_run("metrics", "key, step, timestamp")
        for row in self._rows("runs", "run_uuid"):
            uuid = row["run_uuid"]
            own = {str(one["key"]): _text(one["value"]) for one in params.of(uuid)}
            labels = {str(one["key"]): _text(one["value"]) for one in tags.of(uuid)}
            run = self._run(row, experiments.get(row["experiment_id"]), own, labels)
            yield run, (_point(one) for one in points.of(uuid))

    def models(self) -> Iterator[StoredModel]:
        versions = self._grouped("model_versions", "name, version")
        tags = self._grouped("registered_model_tags", "name, key")
        labels = self._grouped("model_version_tags", "name, version, key")
        aliases = self._grouped("registered_model_aliases", "name, alias")
        for row in self._rows("registered_models", "name"):
            name = row["name"]
            told: dict[int, dict[str, str]] = {}
            for one in labels.get(name, ()):
                told.setdefault(one["version"], {})[one["key"]] = _text(one["value"])
            yield StoredModel(
                name=name,
                description=_text(_get(row, "description")),
                versions=tuple(_version(one, told.get(one["version"], {})) for one in versions.get(name, ())),
                aliases={one["alias"]: int(one["version"]) for one in aliases.get(name, ())},
                tags={one["key"]: _text(one["value"]) for one in tags.get(name, ())},
            )

    def strangers(self) -> Mapping[str, int]:
        there = {table: word for table, word in _NO_WORD.items() if table in self._names}
        return {word: self._count(table) for table, word in there.items()}

    def close(self) -> None:
        self._tables.close()

    def _run(self, row: sqlite3.Row, experiment: str | None, params: dict[str, str], tags: dict[str, str]) -> StoredRun:
        address = _text(_get(row, "artifact_uri"))
        beside = (self._path.parent / address,) if address and "://" not in address else ()
        return StoredRun(
            uuid=row["run_uuid"],
            experiment=experiment,
            name=_text(_get(row, "name")) or tags.get("mlflow.runName", ""),
            user=_text(_get(row, "user_id")),
            status=_text(row["status"]),
            started_ms=row["start_time"],
            ended_ms=row["end_time"],
            deleted=_get(row, "lifecycle_stage") == "deleted",
            params=params,
            tags=tags,
            artifacts=local_path(address) or beside,
            address=address,
        )

    def _rows(self, table: str, order: str) -> Iterator[sqlite3.Row]:
        """Yield the rows of a table of ours to name; of one that this store lacks, none."""
        if table in self._names:
            cursor = self._tables.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608  names of our own
            while rows := self._fetched(table, cursor):
                yield from rows

    def _fetched(self, table: str, cursor: sqlite3.Cursor) -> list[sqlite3.Row]:
        try:
            return cursor.fetchmany(_BATCH)
        except sqlite3.DatabaseError as error:
            self.troubles.append(Trouble(f"{self._path.name}: table {table}", str(error)))
            return []

    def _by_run(self, table: str, order: str = "key") -> _InStep:
        return _InStep(self._rows(table, f"run_uuid, {order}"))

    def _grouped(self, table: str, order: str) -> dict[str, list[sqlite3.Row]]:
        rows = self._rows(table, order)
        return {str(name): list(found) for name, found in groupby(rows, key=lambda row: row["name"])}

    def _count(self, table: str) -> int:
        return int(self._tables.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  names of our own


class _InStep:
    """Rows sorted by run, taken while the runs pass in the same order: a store of any size is read once."""

    def __init__(self, rows: Iterator[sqlite3.Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, uuid: str) -> Iterator[sqlite3.Row]:
        """Yield the rows of a run; those of runs before it, which nobody asked for, are passed over."""
        while self._next is not None and self._next["run_uuid"] < uuid:
            self._next = next(self._rows, None)
        while self._next is not None and self._next["run_uuid"] == uuid:
            yield self._next
            self._next = next(self._rows, None)


def _point(row: sqlite3.Row) -> Point:
    value = math.nan if row["is_nan"] else float(row["value"])
    return Point(str(row["key"]), int(row["step"]), int(row["timestamp"]), value)


def _version(row: sqlite3.Row, tags: Mapping[str, str]) -> StoredVersion:
    return StoredVersion(
        number=int(row["version"]),
        created_ms=row["creation_time"],
        user=_text(_get(row, "user_id")),
        description=_text(_get(row, "description")),
        stage=_text(_get(row, "current_stage")) or "None",
        source=_text(_get(row, "source")),
        run=_text(_get(row, "run_id")) or None,
        tags=tags,
    )


def _get(row: sqlite3.Row, name: str) -> Any:
    return row[name] if name in row.keys() else None  # noqa: SIM118  a Row yields values


def _text(value: object) -> str:
    return "" if value is None else str(value)
