"""The wing as it travels: from a zip, in a child with a clean environment."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actum.inside.envelope import Request, run
from tests.inside.asking import INPUTS, SOURCE, Worker
from tests.inside.make_models import flights

ALLOWED = {"actum", "numpy", "pandas", "pyarrow", "sklearn", "scipy", "skops", "threadpoolctl", "joblib"}
OF_OURS = ("actum.inside", "actum.models")


def test_the_zip_scores_and_replays_to_the_bit_and_fast_enough(
    worker: Worker, saved: dict[str, Any], tmp_path: Path
) -> None:
    import pandas as pd

    rows = 90_000
    table = flights(rows).astype({"is_holiday": bool})
    table = table.assign(id=range(rows), at=pd.date_range("2013-01-01", periods=rows, freq="min", tz="UTC"))
    table.to_parquet(tmp_path / "t.parquet")
    named = {**saved, "inputs": INPUTS}
    out = tmp_path / "out.ndjson"
    request = {**named, "table": str(tmp_path / "t.parquet"), "key": "id", "moment": "at", "out": str(out)}
    answer = worker("score", request)
    assert (answer["rows"], answer["batches"]) == (rows, 22)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    last = [line for line in lines if line["batch"] == 21]
    replayed = worker("replay", {**named, "rows": [line["inputs"] for line in last], "index": 100})
    assert replayed["score"] == last[100]["score"]
    assert replayed["contribution_problem"] is None


def test_facts_are_this_environments(worker: Worker, clean_environment: dict[str, str]) -> None:
    import numpy as np

    answer = worker("facts", {})
    kernel = {"PYTHONHASHSEED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TZ", "LC_ALL"}
    assert answer["environment"] == {name: clean_environment[name] for name in sorted(kernel)} | answer["environment"]
    assert answer["python"]["version"] == platform.python_version()
    assert answer["platform"] == f"{sys.platform}-{platform.machine()}"
    assert answer["numpy"]["version"] == np.__version__
    assert set(answer["numpy"]["enabled"]) <= set(answer["numpy"]["dispatch"])
    assert answer["packages"]["scikit-learn"] == importlib.metadata.version("scikit-learn")
    assert list(answer["packages"]) == sorted(answer["packages"])
    blas = [library for library in answer["blas"] if library["user_api"] == "blas"]
    assert [(library["internal_api"], library["num_threads"]) for library in blas] == [("openblas", 1)]
    assert not any("path" in key for library in answer["blas"] for key in library)


def test_facts_of_chosen_packages(worker: Worker) -> None:
    found = worker("facts", {"packages": ["Scikit_Learn", "not-there"]})["packages"]
    assert found == {"scikit-learn": importlib.metadata.version("scikit-learn")}


def test_facts_without_numpy_say_nothing_of_it(wing: Path, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text("{}")
    command = [sys.executable, "-S", "-P", "-m", "actum.inside.facts", "request.json", "response.json"]
    subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(wing)}, check=True)
    answer = json.loads((tmp_path / "response.json").read_text())
    assert answer["ok"] is True
    assert {"numpy", "blas"} & answer.keys() == set()
    assert (answer["packages"], answer["environment"]) == ({}, {})


def test_a_refusal_is_a_response_with_exit_1(worker: Worker, saved: dict[str, Any]) -> None:
    wanted = "sha256:" + "0" * 64
    answer = worker("describe", {**saved, "sha256": wanted, "inputs": []})
    said = f"{saved['model']}: {saved['sha256']} found, {wanted} wanted"
    assert answer == {"ok": False, "error": said, "hint": "fetch the file again: dvc pull"}


def test_a_call_without_files_is_a_usage_error(clean_environment: dict[str, str]) -> None:
    command = [sys.executable, "-P", "-m", "actum.inside.score", "request.json"]
    done = subprocess.run(command, env=clean_environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: python -P -m actum.inside.<job> REQUEST.json RESPONSE.json")


def files_of_the_wing() -> list[Path]:
    return [SOURCE / "actum/models.py", *sorted(SOURCE.glob("actum/inside/**/*.py"))]


@pytest.mark.parametrize("file", files_of_the_wing(), ids=lambda file: file.name)
def test_the_wing_imports_only_itself_and_what_the_lock_holds(file: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    foreign = {name for name in imported if name.partition(".")[0] not in ALLOWED | set(sys.stdlib_module_names)}
    ours = {name for name in imported if name.partition(".")[0] == "actum" and not name.startswith(OF_OURS)}
    assert (foreign, ours) == (set(), set())


def test_a_package_that_the_lock_lacks_is_a_refusal_with_its_name(tmp_path: Path) -> None:
    def job(_request: Request) -> dict[str, Any]:
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

    asked, answered = tmp_path / "request.json", tmp_path / "response.json"
    asked.write_text("{}")
    assert run(job, [str(asked), str(answered)]) == 1
    assert json.loads(answered.read_text()) == {
        "ok": False,
        "error": "the locked environment has no module pyarrow",
        "hint": "write its package into requirements.in, actum lock, git commit, actum run: a version keeps the"
        " environment that it was trained in",
    }
