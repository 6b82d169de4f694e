"""What is on record, as tables that any program reads."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests.importing.conftest import Repository
from tests.real_git import write

META = "run_name: one\nstart_time: 1700000000000\nend_time: 1700000001000\nstatus: 3\nlifecycle_stage: active\n"
MODEL = "name: churn\naliases:\n  champion: '1'\n"
VERSION = "name: churn\nversion: 1\nrun_id: one\nsource: here\ncreation_timestamp: 1700000002000\n"


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    with (folder / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_runs_and_registry_come_out_as_csv_and_json(project: Repository, tmp_path: Path) -> None:
    store = tmp_path / "mlruns"
    write(store, "1/meta.yaml", "name: flights\n")
    write(store, "1/one/meta.yaml", META)
    write(store, "1/one/metrics/auc", "1700000000000 0.75 0\n")
    write(store, "1/one/params/depth", "3")
    write(store, "models/churn/meta.yaml", MODEL)
    write(store, "models/churn/aliases/champion", "1")
    write(store, "models/churn/version-1/meta.yaml", VERSION)
    project.actum("import", "mlflow", str(store))
    project.commit()
    told = json.loads(project.actum("export", "out", "--json"))["data"]
    assert told["rows"] == {"runs": 1, "models": 1, "versions": 1, "stages": 3, "events": 1}
    out = project.root / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"{name}.{form}" for name in told["rows"] for form in ("csv", "json")
    )
    (run,) = table(out, "runs")
    assert (run["name"], run["metrics.auc"], run["params.depth"], run["origin.id"]) == ("one", "0.75", "3", "one")
    (version,) = table(out, "versions")
    assert (version["id"], version["state"], version["imported"]) == ("churn@v1.0.0", "champion", "true")
    assert {row["stage"]: row["version"] for row in table(out, "stages")}["champion"] == "1.0.0"
    assert json.loads((out / "models.json").read_text())[0]["newest"] == "1.0.0"
