"""What it costs to find the best of 10,000 runs of 20 params and 20 metrics, and to have all of them as a DataFrame.

    python benchmarks/runs_query.py [--runs N] [--times N] [--mlflow PYTHON]

PYTHON: of a virtual environment of its own with ``mlflow``; a sqlite store of as many runs is then asked in the same
run. Of its runs the first was logged by its client, the others are rows like that one's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import many_runs
from measure import actum, cpu_seconds, median, print_machine

WHERE = "metrics.m3 > 0.5 and params.p1 = 2"
TOP = ("ls", "runs", "--where", WHERE, "--sort", "-metrics.m3", "--limit", "10")
QUERIES = {
    "top 10 by a metric, with a filter": TOP,
    "the same, three columns": (*TOP, "--columns", "id,metrics.m3,params.p1"),
    "the newest 30": ("ls", "runs"),
}
FRAME = """
import time, pandas
from pathlib import Path
from actum.querying.frames import frame
before = time.process_time()
found = frame(Path.cwd())
print(time.process_time() - before, *found.shape)
"""
FILL = """
import sqlite3, sys, uuid
sys.path.insert(0, sys.argv[2])
import mlflow, random
from mlflow_values import values
mlflow.set_tracking_uri("sqlite:///mlflow.db")
chance, count = random.Random(1), int(sys.argv[1])
params, metrics = values(chance)
with mlflow.start_run():
    mlflow.log_params(params)
    mlflow.log_metrics(metrics)
store = sqlite3.connect("mlflow.db")
def rows(table):
    found = store.execute(f"SELECT * FROM {table}")
    return [name for name, *_ in found.description], found.fetchall()
first = {table: rows(table) for table in ("runs", "params", "metrics", "latest_metrics")}
for number in range(1, count):
    run = uuid.uuid4().hex
    params, metrics = values(chance)
    for table, (names, found) in first.items():
        told = params if table == "params" else metrics
        for row in found:
            row = dict(zip(names, row))
            row["run_uuid"] = run
            if table == "runs":
                row["start_time"] += number
            else:
                row["value"] = str(told[row["key"]]) if table == "params" else told[row["key"]]
            marks = ", ".join("?" * len(row))
            store.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])
store.commit()
"""
SEARCH = """
import json, time, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
def top():
    return mlflow.search_runs(
        filter_string="metrics.m3 > 0.5 and params.p1 = '2'", order_by=["metrics.m3 DESC"], max_results=10
    )
def cpu(ask):
    before = time.process_time()
    found = ask()
    return time.process_time() - before, len(found)
first, warm = cpu(top), [cpu(top)[0] for _ in range(3)]
print(json.dumps([warm, first[1], [float(found) for found in top()["metrics.m3"]]]))
if WHOLE:
    print(json.dumps(cpu(lambda: mlflow.search_runs(max_results=100_000))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--mlflow", metavar="PYTHON", type=Path)
    asked = parser.parse_args()
    print_machine()
    print(f"{asked.runs:,} runs; CPU seconds of whole processes, where nothing else is said")
    with tempfile.TemporaryDirectory() as folder:
        root = many_runs.make(Path(folder, "repo"), asked.runs)
        told("the first, which makes the index", f"{cpu_seconds(actum(*TOP), cwd=root):.2f}")
        for name, words in QUERIES.items():
            told(name, median([cpu_seconds(actum(*words), cwd=root) for _ in range(asked.times)]))
        told("actum --help", median([cpu_seconds(actum("--help"), cwd=root) for _ in range(asked.times)]))
        frames = [output([sys.executable, "-c", FRAME], root).split() for _ in range(3)]
        told(
            f"a DataFrame of {frames[0][1]} x {frames[0][2]}, after imports", median([float(one[0]) for one in frames])
        )
        told("the index", f"{(root / '.actum/index.sqlite').stat().st_size / 1e6:.1f} MB")
        best = json.loads(output(actum(*TOP, "--columns", "metrics.m3", "--json"), root))["data"]
    if asked.mlflow:
        with tempfile.TemporaryDirectory() as folder:
            mlflow(asked.mlflow, Path(folder), asked.runs, [row["metrics.m3"] for row in best])


def mlflow(python: Path, folder: Path, runs: int, best: list[float]) -> None:
    lines = Path(many_runs.__file__).read_text().partition("def values(")[2].partition("\n\n\n")[0]
    (folder / "mlflow_values.py").write_text(
        f"from __future__ import annotations\nimport random\n\ndef values({lines}\n"
    )
    output([str(python), "-c", FILL, str(runs), str(folder)], folder)
    search = [str(python), "-c", SEARCH.replace("WHOLE", "False")]
    told(
        "MLflow, sqlite, the same, whole process",
        median([cpu_seconds(search, cwd=folder, env=quiet()) for _ in range(2)]),
    )
    printed = output([str(python), "-c", SEARCH.replace("WHOLE", str(runs <= 10_000))], folder).splitlines()
    warm, _, found = json.loads(printed[0])
    told("MLflow, sqlite, the same, in a warm process", median(warm))
    told("both find the same ten", str(found == best))
    for line in printed[1:]:
        seconds, rows = json.loads(line)
        told(f"MLflow, sqlite, a DataFrame of {rows}", f"{seconds:.1f}")
    told("MLflow, sqlite, the store", f"{(folder / 'mlflow.db').stat().st_size / 1e6:.0f} MB")


def quiet() -> dict[str, str]:
    return {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}


def output(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=quiet(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def told(what: str, figure: str) -> None:
    print(f"{what:52} {figure}", flush=True)


if __name__ == "__main__":
    main()
