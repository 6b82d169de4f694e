"""Which earlier execution made what dvc.lock says? Without one, a stage's result is nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from actum.records.run import Run, RunEnvironment, RunStage


class StageState(NamedTuple):
    """What dvc.lock says of a stage, in comparable form: command, files by md5, params by value."""

    cmd: str
    deps: frozenset[tuple[str, str]]
    params: str
    outs: frozenset[tuple[str, str]]


class EnvironmentKey(NamedTuple):
    """What must be equal for a result to stand: lock, interpreter, platform, our code inside, the pin."""

    lock_sha256: str
    python: str
    platform: str
    wing_sha256: str
    pin: tuple[tuple[str, str], ...]


def key_of(environment: RunEnvironment) -> EnvironmentKey:
    return EnvironmentKey(
        environment.lock_sha256,
        environment.python,
        environment.platform,
        environment.wing.sha256 or "",
        tuple(sorted(environment.pin.items())),
    )


def state_of(stage: RunStage) -> StageState:
    return StageState(
        stage.cmd,
        frozenset((fact.path, fact.md5) for fact in stage.deps),
        repr(sorted(stage.params.items())),
        frozenset((fact.path, fact.md5) for fact in stage.outs),
    )


def standing(wanted: Mapping[str, StageState], key: EnvironmentKey, runs: Iterable[Run]) -> dict[str, RunStage]:
    """Return, for each stage, the recorded execution that made exactly its state in this very environment.

    A run of a dirty tree is no evidence for a clean one. *runs* newest first; reading stops when all are found.
    """
    found: dict[str, RunStage] = {}
    for run in runs:
        if len(found) == len(wanted):
            break
        if run.dirty or key_of(run.environment) != key:
            continue
        for stage in run.stages:
            if stage.name not in found and wanted.get(stage.name) == state_of(stage):
                found[stage.name] = stage
    return found
