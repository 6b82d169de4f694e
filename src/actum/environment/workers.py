"""Run a worker of the wing in the locked interpreter: a request file in, a response file out."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import digests, process
from actum.environment.venv import Environment
from actum.errors import ToolFailedError, UserError

_SIGNS = {
    "SIGILL": "the CPU lacks an instruction that a library or OPENBLAS_CORETYPE takes for granted: `actum doctor`",
    "SIGKILL": "the system ended it, most often for want of memory: free some, or take less data at a time",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """An environment ready to compute.

    Attributes:
        env: The whole environment of every child.
        pin: The part of it that decides a result; goes into the run record.
        facts: What the interpreter reported under this pin; goes into the run record.
        limits: What the pin cannot promise on this machine; empty where it is exact.
    """

    environment: Environment
    wing: Path
    env: Mapping[str, str]
    pin: Mapping[str, str]
    facts: Mapping[str, Any]
    limits: tuple[str, ...]


def run_worker(prepared: Prepared, job: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Run ``actum.inside.<job>`` on *request* and return its answer; ``features.<job>``: of that package.

    Raises:
        UserError: The worker refused; message and hint are its own.
        ToolFailedError: It ended without an answer.
    """
    return call(prepared.environment.executable, job, request, prepared.env)


def call(executable: Path, job: str, request: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """Like :func:`run_worker`, for an interpreter and an environment that are not prepared yet."""
    with tempfile.TemporaryDirectory(prefix=f"{job}-", dir=env["TMPDIR"]) as folder:
        asked, answered = Path(folder, "request.json"), Path(folder, "response.json")
        asked.write_bytes(digests.canonical_json(request))
        module = f"actum.{job}" if "." in job else f"actum.inside.{job}"
        command: list[str | Path] = [executable, "-m", module, asked, answered]
        # PYTHONSAFEPATH is -P for those Pythons that know neither: there the folder on the path holds two JSON files.
        finished = process.run(command, cwd=Path(folder), env={**env, "PYTHONSAFEPATH": "1"})
        answer = json.loads(answered.read_bytes()) if answered.exists() else None
    if answer is None or (answer["ok"] and finished.code != 0):
        raise _died(job, finished)
    if not answer["ok"]:
        raise UserError(answer["error"], hint=answer.get("hint", ""))
    return {key: value for key, value in answer.items() if key != "ok"}


def _died(job: str, finished: process.Finished) -> ToolFailedError:
    if finished.code >= 0:
        return ToolFailedError(
            f"the worker {job} ended with status {finished.code} and gave no answer\n{finished.last_words}",
            hint="actum doctor",
        )
    name = signal.Signals(-finished.code).name
    said = f"\n{finished.last_words}" if finished.last_words else ""
    return ToolFailedError(f"the worker {job} died of {name}{said}", hint=_SIGNS.get(name, "actum doctor"))
