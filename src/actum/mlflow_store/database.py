"""An MLflow database in one SQLite file, opened for reading alone; other servers' databases are not read."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path

from actum.errors import InvalidRecordError, UserError
from actum.mlflow_store import fields
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
            self._tables.text_factory = lambda data: data.decode(errors="surrogateescape")
            self._tables.row_factory = sqlite3.Row
            names = {str(row[0]) for row in self._tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error as error:
            raise UserError(f"{path}: cannot be read as a SQLite file: {error}") from error
        if not {"runs", "experiments"} <= names:
            self.close()
            raise UserError(f"{path}: is no database of MLflow's: it has no tables runs and experiments")
        self._names = names

    def starts(self) -> Mapping[str, int | None]:
        found: dict[str, int | None] = {}
        for row in self._rows("runs", "run_uuid", quiet=True):
            with suppress(InvalidRecordError):  # told of the run itself
                found[fields.name(row, "run_uuid")] = fields.moment(row, "start_time")
        return found

    def runs(self) -> Iterator[tuple[StoredRun, Iterator[Point]]]:
        experiments = self._experiments()
        params, tags = self._by_run("params"), self._by_run("tags")
        points = self._by_run("metrics", "key, step, timestamp")
        for row in self._rows("runs", "run_uuid"):
            with self._told("run", row, "run_uuid"):
                uuid = fields.name(row, "run_uuid")
                own = self._texts(params.of(uuid), "param", "run_uuid", "key")
                labels = self._texts(tags.of(uuid), "tag", "run_uuid", "key")
                run = self._run(row, experiments, own, labels)
                yield run, self._points(points.of(uuid))

    def models(self) -> Iterator[StoredModel]:
        versions = self._grouped("model_versions", "name, version")
        tags = self._grouped("registered_model_tags", "name, key")
        labels = self._grouped("model_version_tags", "name, version, key")
        aliases = self._grouped("registered_model_aliases", "name, alias")
        for row in self._rows("registered_models", "name"):
            with self._told("registered model", row, "name"):
                name = fields.name(row, "name")
                yield StoredModel(
                    name=name,
                    description=fields.text(row, "description"),
                    versions=tuple(self._versions(versions.get(name, ()), labels.get(name, ()))),
                    aliases=dict(self._aliases(aliases.get(name, ()))),
                    tags=self._texts(tags.get(name, ()), "tag of a registered model", "name", "key"),
                )

    def strangers(self) -> Mapping[str, int]:
        there = {table: word for table, word in _NO_WORD.items() if table in self._names}
        return {word: self._count(table) for table, word in there.items()}

    def close(self) -> None:
        self._tables.close()

    def _experiments(self) -> dict[object, str]:
        found: dict[object, str] = {}
        for row in self._rows("experiments", "experiment_id"):
            with self._told("experiment", row, "experiment_id"):
                found[row.get("experiment_id")] = fields.text(row, "name")
        return found

    def _run(
        self, row: fields.Raw, experiments: Mapping[object, str], params: dict[str, str], tags: dict[str, str]
    ) -> StoredRun:
        address = fields.text(row, "artifact_uri")
        beside = (self._path.parent / address,) if address and "://" not in address else ()
        return StoredRun(
            uuid=fields.name(row, "run_uuid"),
            experiment=experiments.get(row.get("experiment_id")),
            name=fields.text(row, "name") or tags.get("mlflow.runName", ""),
            user=fields.text(row, "user_id"),
            status=fields.status(row, "status"),
            started_ms=fields.moment(row, "start_time"),
            ended_ms=fields.moment(row, "end_time"),
            deleted=row.get("lifecycle_stage") == "deleted",
            params=params,
            tags=tags,
            artifacts=local_path(address) or beside,
            address=address,
        )

    def _points(self, rows: Iterator[fields.Raw]) -> Iterator[Point]:
        for row in rows:
            with self._told("value of a metric", row, "run_uuid", "key"):
                value = math.nan if row.get("is_nan") else row.get("value")
                yield fields.point(fields.label(row, "key"), row.get("step"), row.get("timestamp"), value)

    def _versions(self, rows: Iterable[fields.Raw], labels: Iterable[fields.Raw]) -> Iterator[StoredVersion]:
        tags: dict[object, list[fields.Raw]] = {}
        for row in labels:
            tags.setdefault(row.get("version"), []).append(row)
        for row in rows:
            with self._told("version", row, "name", "version"):
                own = tags.get(row.get("version"), ())
                told = self._texts(own, "tag of a version", "name", "version", "key")
                yield fields.version(row, fields.number_of_version(row, "version"), "creation_time", told)

    def _aliases(self, rows: Iterable[fields.Raw]) -> Iterator[tuple[str, int]]:
        for row in rows:
            with self._told("alias", row, "name", "alias"):
                yield fields.label(row, "alias"), fields.number_of_version(row, "version")

    def _texts(self, rows: Iterable[fields.Raw], what: str, *named: str) -> dict[str, str]:
        found = {}
        for row in rows:
            with self._told(what, row, *named):
                found[fields.label(row, "key")] = fields.text(row, "value")
        return found

    @contextmanager
    def _told(self, what: str, row: fields.Raw, *named: str) -> Iterator[None]:
        """Tell of a row that has not the form that it should have, by what it is called; the others are taken."""
        try:
            yield
        except InvalidRecordError as error:
            shown = " ".join(str(row.get(key))[:80] for key in named)
            self.troubles.append(Trouble(shown, str(error), what))

    def _rows(self, table: str, order: str, *, quiet: bool = False) -> Iterator[fields.Raw]:
        """Yield the rows of a table of ours to name; of one that this store lacks, none. *quiet*: it is read again."""
        if table not in self._names:
            return
        try:
            cursor = self._tables.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608  names of our own
            while rows := cursor.fetchmany(_BATCH):
                yield from map(dict, rows)
        except sqlite3.Error as error:
            if not quiet:
                self.troubles.append(Trouble(f"{self._path.name}: table {table}", str(error)))

    def _by_run(self, table: str, order: str = "key") -> _InStep:
        return _InStep(row for row in self._rows(table, f"run_uuid, {order}") if self._is_of(table, row, "run_uuid"))

    def _grouped(self, table: str, order: str) -> dict[str, list[fields.Raw]]:
        rows = (row for row in self._rows(table, order) if self._is_of(table, row, "name"))
        return {str(name): list(found) for name, found in groupby(rows, key=lambda row: row["name"])}

    def _is_of(self, table: str, row: fields.Raw, key: str) -> bool:
        """Whether a row is of something; what it is of may not be there."""
        try:
            fields.name(row, key)
        except InvalidRecordError as error:
            self.troubles.append(Trouble(f"{self._path.name}: table {table}", str(error), "row"))
            return False
        return True

    def _count(self, table: str) -> int:
        try:
            return int(self._tables.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  our own names
        except sqlite3.Error as error:
            self.troubles.append(Trouble(f"{self._path.name}: table {table}", str(error)))
            return 0


class _InStep:
    """Rows sorted by run, taken while the runs pass in the same order: a store of any size is read once."""

    def __init__(self, rows: Iterator[fields.Raw]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, uuid: str) -> Iterator[fields.Raw]:
        """Yield the rows of a run; those of runs before it, which nobody asked for, are passed over."""
        while self._next is not None and self._next["run_uuid"] < uuid:
            self._next = next(self._rows, None)
        while self._next is not None and self._next["run_uuid"] == uuid:
            yield self._next
            self._next = next(self._rows, None)
