"""The folder of processed views: logs that were computed before, each beside a note of all that it was made of.

``<view>/latest.parquet`` and ``<view>/3h.parquet``, a file for each part. A log depends on what its features mean, on
the bytes of the source, on the engine and on our own code, and on no label. It is read only if its note says what
would be written today, and if its bytes are those that were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files as packaged
from pathlib import Path
from typing import Any

from actum import digests, files
from actum.definitions.definitions import Definitions
from actum.definitions.expression import Dtype
from actum.durations import write_duration
from actum.features.columns import column_of
from actum.features.engines import Engine
from actum.features.parts import Part
from actum.features.values import Relation
from actum.features.writing import write_table
from actum.features.zones import SECOND

_FORM = "feature-log/1"
_LIBRARIES = ("ibis-framework", "sqlglot", "duckdb", "pyspark", "pyarrow", "tzdata")
_PACKAGES = ("actum.features", "actum.definitions")
# What differs first is what is told.
_OTHER = {
    "schema": "is in another form",
    "entity": "has another entity",
    "features": "has other features, or another meaning of them",
    "source": "was made of another source",
    "engine": "was made by another engine",
    "libraries": "was made by other libraries",
    "code": "was made by another version of actum",
}
FILE = re.compile(r"(latest|(latest-)?[1-9][0-9]*[smhd])\.(parquet|json)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A log that was found. ``entity``: name -> type."""

    relation: Relation
    entity: Mapping[str, Dtype]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the log of a part lies, whether or not it does. ``made_of``: all that it depends on."""

    path: Path
    made_of: Mapping[str, Any]

    @property
    def note(self) -> Path:
        return self.path.with_suffix(".json")

    def wrong(self) -> str:
        """Say why no log is read from here; "" when one is."""
        if not (self.path.is_file() and self.note.is_file()):
            return "is not there"
        said = self._said()
        for field, told in _OTHER.items():
            if said.get(field) != self.made_of[field]:
                return told
        return "" if digests.of_file(self.path).sha256 == said.get("sha256") else "has other bytes than were written"

    def read(self, engine: Engine) -> Kept:
        """Return the log, of which nothing is wrong."""
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.path)
        relation = engine.files([self.path], [column_of(field.name, field.type) for field in schema])
        return Kept(relation=relation, entity=self._said()["types"])

    def put(self, log: Relation, entity: Mapping[str, Dtype], engine: Engine) -> None:
        """Write a log, sorted, and what it was made of."""
        write_table(engine.reader(log.order_by([*entity, "_since"])), self.path)
        said = {**self.made_of, "types": entity, "sha256": digests.of_file(self.path).sha256}
        files.replace(self.note, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())

    def _said(self) -> dict[str, Any]:
        try:
            said = json.loads(self.note.read_bytes())
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


def place_of(part: Part, source: Sequence[str], engine: Engine, folder: Path) -> Place:
    """Return the place of the log of a part, which must be whole. *source*: digests of its files."""
    made_of = {
        "schema": _FORM,
        "entity": list(part.view.entity),
        "features": Definitions.of([part.view]).digests_of(one.name for one in part.variables),
        "source": list(source),
        "engine": engine.name,
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "code": _own_code(),
    }
    return Place(path=folder / part.view.view / f"{name_of(part)}.parquet", made_of=made_of)


def name_of(part: Part) -> str:
    """Return what the log of a part is called among those of its view."""
    told = [] if part.kind == "window" else ["latest"]
    return "-".join([*told, *([] if part.span is None else [write_duration(part.span // SECOND)])])


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
