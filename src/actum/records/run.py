"""``runs/<yyyy>/<mm>/<ulid>.json``: one run of a pipeline. Facts come only from an execution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from actum.records.forms import Commit, FileFact, Person, RepoPath, Sha256, Ulid
from actum.records.settings import Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEnvironment:
    """What the stages of this run were given.

    ``pin``: the variables that decide a result; ``facts``: what the locked interpreter itself reported
    under that pin (numpy, BLAS, SIMD, CPU, libc); both absent where nobody asked.
    """

    python: str
    platform: str
    lock: RepoPath
    lock_sha256: Sha256
    wing: FileFact
    exactness: Literal["strict", "relaxed"] = "strict"
    pin: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStage:
    """One stage. ``run``: the run that executed it, this one or an earlier one whose result stood.

    ``deps`` and ``outs`` are paths whose facts stand once under ``files`` of the run, ``params`` names whose
    values stand under ``params`` of the run. ``seconds`` is wall time, ``cpu_seconds`` user and system time
    of all its processes, ``peak_mb`` the largest resident set; the three are of the execution, wherever it was.
    """

    name: str
    run: Ulid
    cmd: str
    seconds: float
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    deps: tuple[RepoPath, ...] = ()
    params: tuple[str, ...] = ()
    outs: tuple[RepoPath, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run.

    Attributes:
        code_commit: What was run: HEAD, or for a dirty tree the snapshot under ``refs/actum/runs/<id>``.
        pipeline: Folder of the dvc.yaml; paths of stages are from the repository's root.
        params, metrics: Flattened with dots, by value; ``metrics`` only of stages named here.
        files: What the stages read and made, each file once.
    """

    schema: Literal["run/1"]
    id: Ulid
    kind: Literal["pipeline"]
    started_at: datetime
    finished_at: datetime
    clock: Clock
    by: Person
    command: tuple[str, ...]
    code_commit: Commit
    dirty: bool
    pipeline: RepoPath
    environment: RunEnvironment
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    stages: tuple[RunStage, ...] = ()
    files: tuple[FileFact, ...] = ()

    def executed(self) -> tuple[str, ...]:
        """Return the names of the stages that this run itself executed."""
        return tuple(stage.name for stage in self.stages if stage.run == self.id)

    def facts(self, paths: Iterable[str]) -> dict[str, FileFact]:
        """Return the facts of *paths*, by path; of a path that the run does not know, none."""
        known = {fact.path: fact for fact in self.files}
        return {path: known[path] for path in paths if path in known}

    def made(self) -> dict[str, FileFact]:
        """Return the outputs of all stages, by path."""
        return self.facts(path for stage in self.stages for path in stage.outs)

    def read(self) -> dict[str, FileFact]:
        """Return what stages read and no stage made, by path."""
        made = {path for stage in self.stages for path in stage.outs}
        return self.facts(path for stage in self.stages for path in stage.deps if path not in made)
