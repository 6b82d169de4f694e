"""The wing as the tool uses it: asked in process, and as a zip in a child process with a clean environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from actum.inside.envelope import Job, run
from actum.models import save
from tests.inside.asking import SOURCE, Ask, Worker
from tests.inside.make_models import TRUSTED, flights, linear


@pytest.fixture(scope="session")
def wing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip that travels."""
    path = tmp_path_factory.mktemp("wing") / "wing.zip"
    files = [SOURCE / "actum/__init__.py", SOURCE / "actum/models.py", *sorted(SOURCE.glob("actum/inside/**/*.py"))]
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(SOURCE).as_posix())
    return path


@pytest.fixture
def clean_environment(wing: Path, tmp_path: Path) -> dict[str, str]:
    """All that a child of ours gets to see."""
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "PYTHONPATH": str(wing),
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture
def worker(clean_environment: dict[str, str], tmp_path: Path) -> Worker:
    """Run one job from the zip, as the tool does."""

    def ask(job: str, request: dict[str, Any]) -> dict[str, Any]:
        question, answer = tmp_path / "request.json", tmp_path / "response.json"
        question.write_text(json.dumps(request))
        command = [sys.executable, "-P", "-m", f"actum.inside.{job}", str(question), str(answer)]
        done = subprocess.run(command, cwd=tmp_path, env=clean_environment, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr.decode()
        response: dict[str, Any] = json.loads(answer.read_text())
        assert response["ok"] == (done.returncode == 0)
        return response

    return ask


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run one job in this process."""

    def ask_job(job: Job, request: dict[str, Any]) -> dict[str, Any]:
        question, answer = tmp_path / "request.json", tmp_path / "response.json"
        question.write_text(json.dumps(request))
        status = run(job, [str(question), str(answer)])
        response: dict[str, Any] = json.loads(answer.read_text())
        assert response["ok"] == (status == 0)
        return response

    return ask_job


@pytest.fixture(scope="session")
def fitted() -> Any:
    """A linear model on all kinds of columns."""
    return linear(flights(400))


@pytest.fixture(scope="session")
def saved(fitted: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """That model on disk, as a request names it."""
    path = tmp_path_factory.mktemp("model") / "linear.skops"
    return {"model": str(path), "sha256": save(fitted, path), "trusted": list(TRUSTED)}


@pytest.fixture(autouse=True)
def _no_list_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's trusted types but the test's own."""
    monkeypatch.delenv("ACTUM_TRUSTED_TYPES", raising=False)
    monkeypatch.chdir(tmp_path)
