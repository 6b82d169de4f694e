"""Run by a Python that has the real MLflow: write a store of each kind, ask its search, and tell what it answers.

``mlflow_writer.py FOLDER``: FOLDER/database/store.db and FOLDER/files/mlruns, the same a little later in FOLDER/grown,
and FOLDER/answers.json: by store, what each query found.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

QUERIES = (
    ("metrics.auc > 0.8", ""),
    ("metrics.auc > 0.8 and params.depth = '4'", ""),
    ("metrics.auc >= 0.72 and metrics.auc < 0.9", ""),
    ("params.kind = 'linear' and metrics.loss < 0.5", ""),
    ("tags.team = 'x'", ""),
    ("tags.team != 'x'", ""),
    ("attributes.status = 'FAILED'", ""),
    ("attributes.run_name = 'run 3'", ""),
    ("metrics.`val/loss` <= 1.5", ""),
    ("metrics.auc > 0", "metrics.auc DESC"),
)


def fill(client: Any) -> None:
    """Two experiments, nested runs, steps, artifacts, a failed and a deleted run, and one that never ended."""
    flights = client.create_experiment("flights")
    parent = started(client, flights, "search", {"team": "x"})
    for number in range(6):
        tags = {
            "mlflow.parentRunId": parent,
            "team": "x" if number % 2 else "y z",
            "mlflow.note.content": f"run {number}",
        }
        run = started(client, flights, f"run {number}", tags)
        client.log_param(run, "depth", number)
        client.log_param(run, "kind", "linear" if number < 3 else "tree")
        client.log_param(run, "rate", 10.0**-number)
        client.log_param(run, "shuffle", bool(number % 2))
        client.log_metric(run, "auc", 0.7 + number / 20)
        for step in range(4):
            client.log_metric(run, "loss", 1 / (step + number + 1), step=step)
            client.log_metric(run, "val/loss", 2 / (step + number + 1), step=step)
        if number == 4:
            client.log_text(run, "a model", "model/model.txt")
            client.log_text(run, "a picture", "picture.svg")
            best = run
        client.set_terminated(run, "FAILED" if number == 5 else "FINISHED")
    client.set_terminated(parent)
    started(client, client.create_experiment("other"), "never ended", {})
    client.delete_run(started(client, flights, "deleted", {}))
    client.create_registered_model("delays", description="How late.", tags={"of": "flights"})
    client.create_registered_model("not a name")
    source = client.get_run(best).info.artifact_uri + "/model"
    first = client.create_model_version("delays", source, run_id=best, tags={"good": "yes"}, description="the first")
    second = client.create_model_version("delays", "s3://bucket/model")
    client.set_registered_model_alias("delays", "champion", first.version)
    client.set_registered_model_alias("delays", "challenger", second.version)
    client.transition_model_version_stage("delays", first.version, "Production")


def started(client: Any, experiment: str, name: str, tags: dict[str, str]) -> str:
    told = {"mlflow.user": "ana", "mlflow.source.name": "train.py", "mlflow.source.git.commit": "a" * 40}
    run_id: str = client.create_run(experiment, tags=told | tags, run_name=name).info.run_id
    return run_id


def grow(client: Any) -> None:
    """One run more, and the alias moves."""
    run = started(client, client.get_experiment_by_name("flights").experiment_id, "later", {})
    client.set_terminated(run)
    client.set_registered_model_alias("delays", "champion", "2")


def ask(client: Any) -> list[list[str]]:
    experiments = [one.experiment_id for one in client.search_experiments()]
    found = []
    for where, order in QUERIES:
        runs = client.search_runs(experiments, where, order_by=[order] if order else None)
        found.append([run.info.run_name for run in runs])
    return found


def main(folder: Path) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient

    answers = {}
    for kind, store in (("database", "sqlite:///{}/store.db"), ("files", "file://{}/mlruns")):
        (folder / kind).mkdir()
        os.chdir(folder / kind)  # where a database puts artifacts
        address = store.format(folder / kind)
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        fill(client)
        answers[kind] = ask(client)
        later = shutil.copytree(folder / kind, folder / "grown" / kind)
        address = store.format(later)
        grow(MlflowClient(tracking_uri=address, registry_uri=address))
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
