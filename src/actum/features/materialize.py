"""Job: views as they stand at a moment, as Parquet that the tool brings to an online store.

Whole numbers stand for moments: what is written here is copied and nothing more.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from actum import moments
from actum.features.answering import definitions_in, run
from actum.features.opening import opened
from actum.features.shelf import Shelf
from actum.online.store import microseconds_of


def materialize(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``OUT/<view>.parquet`` for each view; return the types of its key, and how many rows."""
    until = microseconds_of(moments.parse(request["until"]))
    told = []
    with tempfile.TemporaryDirectory(prefix="actum-features-") as scratch, opened("duckdb") as engine:
        shelf = Shelf(root=Path(request["root"]), engine=engine, scratch=Path(scratch))
        for view in definitions_in(request).views.values():
            path = Path(request["out"], f"{view.view}.parquet")
            with shelf.told(view):
                log = shelf.log_of(view, known_until=until)
                rows = log.write(engine, path)
            told.append({"view": view.view, "key": dict(log.entity), "rows": rows, "file": str(path)})
    return {"engine": engine_name(), "views": told}


def engine_name() -> str:
    """Return what computes, with versions, for records."""
    return f"duckdb {version('duckdb')}, ibis-framework {version('ibis-framework')}"


if __name__ == "__main__":
    sys.exit(run(materialize))
