"""What a look-up of ten features costs in process, for one entity and for a hundred; beside it SQLite alone, and Feast.

    python benchmarks/online.py [--feast PYTHON]

PYTHON: of a virtual environment of its own with ``feast==0.67.*`` and ``pandas<3``; without it Feast is left out.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measure import print_machine

from actum.definitions.definitions import Definitions
from actum.online.columns import feature_columns, key_columns
from actum.online.lookup import Lookup
from actum.online.sqlite import SqliteStore
from actum.online.store import Publication, Published, microseconds_of
from actum.records.codec import decode
from actum.records.view import FeatureView

ENTITIES, READS, MANY = 100_000, 20_000, 100
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = tuple(f"f{number}" for number in range(10))
VIEW = {
    "schema": "feature-view/1",
    "view": "stats",
    "entity": ["driver"],
    "source": {"path": "data/stats.parquet", "event_at": "at"},
    "features": [{"name": name, "type": "float"} for name in NAMES],
}
RATIO = {
    "schema": "feature-view/1",
    "view": "ratio",
    "request": [{"name": "amount", "type": "float"}],
    "features": [{"name": "ratio", "type": "float", "of": "amount / (f0 + f1)"}],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feast", metavar="PYTHON", type=Path)
    feast = parser.parse_args().feast
    print_machine()
    print(f"SQLite {sqlite3.sqlite_version}, {ENTITIES:,} entities, {len(NAMES)} floats; microseconds, p50 and p99")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "online.sqlite")
        began = time.process_time()
        filled(path)
        print(f"{'materialize':44} {time.process_time() - began:.1f} CPU s, {path.stat().st_size / 1e6:.1f} MB")
        told("one entity", ours(path, 1))
        told("one entity, one feature computed", ours(path, 1, computed=True))
        told("one entity, SQLite alone", alone(path))
        told(f"{MANY} entities", ours(path, MANY))
        if feast:
            beside(feast, Path(folder, "feast"))


def filled(path: Path) -> None:
    definitions = Definitions.of([decode(FeatureView, VIEW)])
    view = definitions.views["stats"]
    published = Published(
        view="stats",
        entity=key_columns(view, {"driver": "int"}),
        features=feature_columns(view, definitions),
        until=UNTIL,
        commit="0" * 40,
        at=UNTIL,
        engine="none",
    )
    SqliteStore(path).write([Publication(published=published, rows=rows())])


def rows() -> Iterator[Sequence[Any]]:
    since = microseconds_of(UNTIL) - 1
    for driver in range(ENTITIES):
        yield (driver, since, *((driver + place) / 7 for place in range(len(NAMES))))


def scattered(number: int) -> int:
    """Return one of the entities, each time from another page of the file."""
    return number * 2_654_435_761 % ENTITIES


def ours(path: Path, many: int, *, computed: bool = False) -> list[float]:
    definitions = Definitions.of(decode(FeatureView, view) for view in (VIEW, RATIO))
    lookup = Lookup(path, definitions, [*NAMES, "ratio"] if computed else NAMES)
    request = {"amount": 5.0} if computed else {}
    asked = [[{"driver": scattered(start + at)} for at in range(many)] for start in range(0, READS, many)]
    if many == 1:
        return timed(lambda keys: lookup.one(keys[0], request), asked)
    return timed(lambda keys: lookup.many(keys), asked)


def alone(path: Path) -> list[float]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    query = f"SELECT {', '.join(NAMES)} FROM stats WHERE driver = ? AND since <= ? ORDER BY since DESC LIMIT 1"  # noqa: S608
    at = microseconds_of(UNTIL)
    asked = [scattered(number) for number in range(READS)]
    return timed(lambda driver: connection.execute(query, (driver, at)).fetchone(), asked)


def timed(read: Callable[[Any], object], asked: Sequence[Any]) -> list[float]:
    """Return the microseconds of each read, after a few that warm up."""
    for one in asked[:20]:
        read(one)
    found = []
    for one in asked:
        began = time.perf_counter()
        read(one)
        found.append((time.perf_counter() - began) * 1e6)
    return found


def told(what: str, micros: Sequence[float]) -> None:
    ordered = sorted(micros)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    print(f"{what:44} {p50:10,.1f} {p99:10,.1f}   n={len(ordered)}")


_FEAST = """
import json, random, sys, time
from datetime import datetime, timedelta, timezone
from pathlib import Path
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64
folder, entities, names, reads, many = Path(sys.argv[1]), *json.loads(sys.argv[2])
folder.mkdir()
chance, now = random.Random(1), datetime.now(timezone.utc)
values = {n: [chance.random() for _ in range(entities)] for n in names}
table = pd.DataFrame({"driver": range(entities), "at": now, **values})
table.to_parquet(folder / "stats.parquet")
config = RepoConfig(project="bench", registry=str(folder / "registry.db"), provider="local",
    online_store={"type": "sqlite", "path": str(folder / "online.db")}, entity_key_serialization_version=3)
store = FeatureStore(config=config)
driver = Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)
source = FileSource(path=str(folder / "stats.parquet"), timestamp_field="at")
view = FeatureView(name="stats", entities=[driver], ttl=timedelta(days=9), source=source,
    schema=[Field(name=n, dtype=Float64) for n in names])
store.apply([driver, view])
began = time.process_time()
store.write_to_online_store("stats", table)
wanted = [f"stats:{n}" for n in names]
def read(rows):
    return store.get_online_features(features=wanted, entity_rows=rows).to_dict()
found = {"materialize": time.process_time() - began}
chance = random.Random(2)
for count, times in ((1, reads), (many, reads // 5)):
    asked = [[{"driver": chance.randrange(entities)} for _ in range(count)] for _ in range(times)]
    for rows in asked[:10]:
        read(rows)
    micros = []
    for rows in asked:
        began = time.perf_counter()
        read(rows)
        micros.append((time.perf_counter() - began) * 1e6)
    found[str(count)] = micros
import feast
print(json.dumps({"version": feast.__version__, **found}))
"""


def beside(python: Path, folder: Path) -> None:
    """Measure Feast with its SQLite store on the same rows, in its own environment."""
    asked = json.dumps([ENTITIES, NAMES, 300, MANY])
    command = [str(python), "-W", "ignore", "-c", _FEAST, str(folder), asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Feast is left out: {done.stderr.strip().splitlines()[-1]}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    what = f"materialize, Feast {found['version']} with SQLite"
    print(f"{what:44} {found['materialize']:.1f} CPU s")
    told("one entity, Feast", found["1"])
    told(f"{MANY} entities, Feast", found[str(MANY)])


if __name__ == "__main__":
    main()
