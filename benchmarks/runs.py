"""What it costs to log a run of 20 params and 20 metrics from Python, and what 10,000 of them take on the disk.

    python benchmarks/runs.py [--runs N] [--mlflow PYTHON]

PYTHON: of a virtual environment of its own with ``mlflow``; its sqlite store is then filled in the same run.
CPU seconds are of the logging process and its children, its start, imports and first run left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measure import print_machine

# Both sides log the same values in the same number of calls.
SHARED = """
import json, os, random, sys, time
count = int(sys.argv[1])
params = [{f"param_{n}": random.random() for n in range(20)} for _ in range(count + 1)]
metrics = [{f"metric_{n}": random.random() for n in range(20)} for _ in range(count + 1)]
def cpu():
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system
def measured(log):
    log(params[0], metrics[0])
    before, began = cpu(), time.perf_counter()
    for one, other in zip(params[1:], metrics[1:]):
        log(one, other)
    return {"cpu_ms": 1000 * (cpu() - before) / count, "wall_ms": 1000 * (time.perf_counter() - began) / count}
"""
OURS = """
import actum
def log(params, metrics):
    with actum.run() as run:
        run.log_params(params)
        run.log_metrics(metrics)
def log_each(params, metrics):
    with actum.run() as run:
        for name, value in params.items():
            run.log_param(name, value)
        for name, value in metrics.items():
            run.log_metric(name, value)
def log_steps(params, metrics):
    with actum.run() as run:
        for step in range(steps):
            run.log_metric("loss", 0.123456789, step)
print(json.dumps(measured(log)))
print(json.dumps(measured(log_each)))
count, steps = 1, 1_000_000
params, metrics = params[:2], metrics[:2]
print(json.dumps({name: value / 1000 for name, value in measured(log_steps).items()}))
"""
MLFLOW = """
import mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
def log(params, metrics):
    with mlflow.start_run():
        mlflow.log_params(params)
        mlflow.log_metrics(metrics)
def log_each(params, metrics):
    with mlflow.start_run():
        for name, value in params.items():
            mlflow.log_param(name, value)
        for name, value in metrics.items():
            mlflow.log_metric(name, value)
log(params[0], metrics[0])
empty = os.path.getsize("mlflow.db")
print(json.dumps(measured(log)))
size = os.path.getsize("mlflow.db") - empty
count = max(count // 10, 1)
params, metrics = params[: count + 1], metrics[: count + 1]
print(json.dumps(measured(log_each)))
print(size)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--mlflow", metavar="PYTHON", type=Path)
    asked = parser.parse_args()
    print_machine()
    print(f"{asked.runs:,} runs of 20 params and 20 metrics; milliseconds a run")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "Begin")):
            subprocess.run(["git", *words], cwd=root, check=True)
        batch, each, step = output(Path(sys.executable), OURS, root, asked.runs)
        told("actum, two calls", batch)
        told("actum, a call for each value", each)
        told("actum, a step of a metric, thousandths", step)
        records = list(root.glob("runs/*/*/*.json"))
        disk = sum(path.stat().st_blocks * 512 for path in records) / len(records) * 10_000
        size = sum(path.stat().st_size for path in records) / len(records) * 10_000
        print(f"{'actum, 10,000 runs on the disk':44} {disk / 1e6:.0f} MB in blocks, {size / 1e6:.0f} MB of text")
    if asked.mlflow:
        with tempfile.TemporaryDirectory() as folder:
            batch, each, stored = output(asked.mlflow, MLFLOW, Path(folder), max(asked.runs // 10, 1))
            told("MLflow, sqlite, two calls", batch)
            told("MLflow, sqlite, a call for each value", each)
            share = float(stored) / (max(asked.runs // 10, 1) + 1)  # the first, which warms up, is not measured
            print(f"{'MLflow, 10,000 runs, as the file grew':44} {share * 10_000 / 1e6:.0f} MB")


def output(python: Path, code: str, folder: Path, runs: int) -> list[Any]:
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run([python, "-c", SHARED + code, str(runs)], cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(what: str, figures: Mapping[str, float]) -> None:
    print(f"{what:44} {figures['cpu_ms']:.2f} CPU, {figures['wall_ms']:.2f} wall")


if __name__ == "__main__":
    main()
