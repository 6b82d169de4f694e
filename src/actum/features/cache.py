"""Logs that were computed before, in a folder: found by what they were made of, and read only if the bytes are those.

A log depends on what its features mean, on the bytes of the source, on the engine and on our own code, and on no label.
All of this is in its name, so nothing in the folder is ever out of date; the folder may be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files as packaged
from pathlib import Path
from typing import Any

from actum import digests, files
from actum.definitions.definitions import Definitions
from actum.features.columns import column_of
from actum.features.engines import Engine
from actum.features.files import Files
from actum.features.parts import Part
from actum.features.values import Relation
from actum.features.writing import write_table

_FORM = "feature-log/1"
_LIBRARIES = ("ibis-framework", "sqlglot", "duckdb", "pyspark", "pyarrow", "tzdata")
_PACKAGES = ("actum.features", "actum.definitions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The place of one log. ``made_of``: all that it depends on, for whoever looks into the folder."""

    path: Path
    made_of: Mapping[str, Any]

    def found(self, engine: Engine) -> Relation | None:
        """Return the log if it is there, with the bytes that were written."""
        note = self.path.with_suffix(".json")
        if not (self.path.is_file() and note.is_file()):
            return None
        try:
            said = json.loads(note.read_bytes())["sha256"]
        except (ValueError, KeyError, TypeError):
            return None
        return self._read(engine) if digests.of_file(self.path).sha256 == said else None

    def put(self, log: Relation, engine: Engine) -> Relation:
        """Write a log, sorted, and return it as it is read from there."""
        keys = self.made_of["entity"]
        write_table(engine.reader(log.order_by([*keys, "_since"])), self.path)
        said = {"sha256": digests.of_file(self.path).sha256, **self.made_of}
        files.replace(self.path.with_suffix(".json"), (json.dumps(said, indent=1) + "\n").encode())
        return self._read(engine)

    def _read(self, engine: Engine) -> Relation:
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.path)
        return engine.files([self.path], [column_of(field.name, field.type) for field in schema])


def place_of(part: Part, source: Files, engine: Engine, folder: Path) -> Kept:
    """Return where the log of a part lies, whether or not it does."""
    names = [one.name for one in part.variables]
    made_of = {
        "schema": _FORM,
        "view": part.view.view,
        "entity": list(part.view.entity),
        "features": Definitions.of([part.view]).digests_of(names),
        "source": [digests.of_file(path).sha256 for path in source.originals],
        "engine": engine.name,
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "code": _own_code(),
    }
    key = digests.of_value(made_of).removeprefix(digests.SHA256)
    return Kept(path=folder / f"{key}.parquet", made_of=made_of)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@cache
def _own_code() -> str:
    """Return a digest of the code that computes logs: it may be wrong today, and mended tomorrow."""
    found = {}
    for package in _PACKAGES:
        for entry in packaged(package).iterdir():
            if entry.name.endswith(".py"):
                found[f"{package}/{entry.name}"] = digests.of_bytes(entry.read_bytes())
    return digests.of_value(found)
