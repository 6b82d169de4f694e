"""A work tree with tables, views and sets, as short as a test can say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from actum.features.building import build
from actum.features.engines import Engine
from actum.features.reading import read_wanted

UTC_TIMES = pa.timestamp("us", tz="UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Return a time by hours since the start of 2013."""
    return START + timedelta(hours=hours)


def times(*hours: float | None) -> pa.Array:
    return pa.array([None if each is None else at(each) for each in hours], UTC_TIMES)


@dataclass(frozen=True)
class WorkTree:
    root: Path
    engine: Engine

    def table(self, name: str, columns: Mapping[str, Any]) -> Path:
        """Write data/NAME.parquet; a list becomes what Arrow makes of it."""
        path = self.root / "data" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table(dict(columns)), path)
        return path

    def view(self, name: str, features: Sequence[Mapping[str, Any]], **fields: Any) -> None:
        """Write features/NAME.yaml."""
        self._write(f"features/{name}.yaml", {"schema": "feature-view/1", "view": name, **fields, "features": features})

    def set(
        self, features: Sequence[str], name: str = "asked", labels: Mapping[str, Any] | None = None, **fields: Any
    ) -> Path:
        """Write features/sets/NAME.yaml; labels lie in data/labels.parquet with their moments in ``at``."""
        where = {"path": "data/labels.parquet", "moment": "at", **(labels or {})}
        raw = {"schema": "feature-set/1", "set": name, "labels": where, "features": list(features), **fields}
        return self._write(f"features/sets/{name}.yaml", raw)

    def build(self, name: str = "asked") -> dict[str, list[Any]]:
        """Return the columns of a training set."""
        wanted = read_wanted(self.root / "features" / "sets" / f"{name}.yaml")
        return dict(build(wanted, self.engine).to_pydict())

    def _write(self, name: str, raw: Mapping[str, Any]) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(dict(raw), sort_keys=False))
        return path
