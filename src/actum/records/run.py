"""``runs/<yyyy>/<mm>/<ulid>.json``: one run, of a pipeline or a script, or one that another log-book kept.

Facts come only from an execution. What nobody knows is absent, never filled in from today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from actum.errors import UserError
from actum.records.codec import FieldError
from actum.records.forms import Commit, FileFact, Person, RepoPath, Sha256, Ulid
from actum.records.settings import Clock

RunKind = Literal["pipeline", "script", "observed", "imported"]
RunStatus = Literal["finished", "failed", "interrupted"]
ASKED = {
    "pipeline": ("finished_at", "by", "code_commit", "dirty", "pipeline", "environment"),
    "imported": ("origin",),
}
"""What a run of a kind must say besides what every run says."""
_KINDS = {"pipeline": "a pipeline's", "script": "a script's", "observed": "observed", "imported": "imported"}


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
    values stand under ``params`` of the run. ``undeclared``: other files of the repository that were opened while it
    ran, as far as anybody watched; that there are none proves nothing. ``seconds`` is wall time, ``cpu_seconds`` user
    and system time of all its processes, ``peak_mb`` the largest resident set; the three are of the execution,
    wherever it was, and absent where nobody saw it.
    """

    name: str
    run: Ulid
    cmd: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    deps: tuple[RepoPath, ...] = ()
    params: tuple[str, ...] = ()
    outs: tuple[RepoPath, ...] = ()
    undeclared: tuple[RepoPath, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """What a script ran in. Nobody locked it; ``packages``: versions by name, where they were asked for."""

    python: str
    platform: str
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a run was first on record. ``system``: mlflow, dvc, ...; ``id``: what it is called there."""

    system: str
    id: str
    address: str | None = None


class Recipe(NamedTuple):
    """What a run of a pipeline can be repeated by."""

    code_commit: str
    pipeline: str
    environment: RunEnvironment


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run.

    Attributes:
        kind: ``pipeline`` is of ``actum run``, ``script`` of ``actum.run()``; ``observed``: told by a commit that
            changed dvc.lock; ``imported``: taken over from another log-book.
        status: Absent is finished. ``interrupted``: it was killed, and what it had logged until then is here.
        started_at, by: Of an observed run those of its commit: nobody saw it start, or who started it.
        finished_at: Absent where nobody saw its end.
        parent: The run that this one is part of.
        code_commit: What was run: HEAD, or for a dirty tree of ``actum run`` the snapshot under
            ``refs/actum/runs/<id>``.
        pipeline: Folder of the dvc.yaml; paths of stages are from the repository's root.
        params, metrics: Flattened with dots, by value; of a pipeline ``metrics`` only of stages named here, of a
            metric with steps the last value. What JSON has no number for stands as NaN, Infinity or -Infinity.
        files: What the stages read and made, each file once.
        artifacts: What a script kept; DVC holds the bytes.
        series: The metrics by step, as lines of ``step,seconds,metric,value``.
    """

    schema: Literal["run/1"]
    id: Ulid
    kind: RunKind
    status: RunStatus | None = None
    name: str | None = None
    parent: Ulid | None = None
    origin: Origin | None = None
    started_at: datetime
    finished_at: datetime | None = None
    clock: Clock
    by: Person | None = None
    command: tuple[str, ...] = ()
    code_commit: Commit | None = None
    dirty: bool | None = None
    pipeline: RepoPath | None = None
    environment: RunEnvironment | None = None
    interpreter: Interpreter | None = None
    tags: dict[str, str] = field(default_factory=dict)
    notes: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    stages: tuple[RunStage, ...] = ()
    files: tuple[FileFact, ...] = ()
    artifacts: tuple[FileFact, ...] = ()
    series: FileFact | None = None

    def __post_init__(self) -> None:
        for name in ASKED.get(self.kind, ()):
            if getattr(self, name) is None:
                raise FieldError("is required", (name,))

    def recipe(self) -> Recipe:
        """Return what it can be repeated by.

        Raises:
            UserError: It is not of ``actum run``; what it does not say is named.
        """
        code, pipeline, environment = self.code_commit, self.pipeline, self.environment
        if self.kind != "pipeline" or code is None or pipeline is None or environment is None:
            said = {"commit": code, "pipeline": pipeline, "lock": environment}
            lacks = ", ".join(name for name, value in said.items() if value is None)
            problem = f"run/{self.id} is {_KINDS[self.kind]}, not of actum run" + (
                f": it names no {lacks}" if lacks else ""
            )
            raise UserError(problem, hint="make its script a stage of dvc.yaml, then actum run")
        return Recipe(code, pipeline, environment)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where nobody saw its end."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

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
