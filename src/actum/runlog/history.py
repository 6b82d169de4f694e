"""Which earlier execution made what dvc.lock says? Without one, a stage's result is nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from actum import digests
from actum.dvc.lockfile import LockedStage
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


def state_of(run: Run, stage: RunStage) -> StageState:
    """Return what a run recorded of a stage, in comparable form."""
    return StageState(
        stage.cmd,
        frozenset((fact.path, fact.md5) for fact in run.facts(stage.deps).values()),
        repr(sorted((name, run.params.get(name)) for name in stage.params)),
        frozenset((fact.path, fact.md5) for fact in run.facts(stage.outs).values()),
    )


class Cited(NamedTuple):
    """A stage as an earlier run has it on record."""

    run: Run
    stage: RunStage


def standing(wanted: Mapping[str, StageState], key: EnvironmentKey, runs: Iterable[Run]) -> dict[str, Cited]:
    """Return, for each stage, the recorded execution that made exactly its state in this very environment.

    A run of a dirty tree is no evidence for a clean one. *runs* newest first; reading stops when all are found.
    """
    found: dict[str, Cited] = {}
    for run in runs if wanted else ():
        if run.kind != "pipeline" or run.dirty or run.environment is None or key_of(run.environment) != key:
            continue
        for stage in run.stages:
            if stage.name not in found and wanted.get(stage.name) == state_of(run, stage):
                found[stage.name] = Cited(run, stage)
        if len(found) == len(wanted):
            break
    return found


def locked_state(stage: LockedStage) -> StageState:
    """Return what dvc.lock says of a stage, in the form that :func:`standing` compares."""
    return StageState(
        cmd="\n".join(stage.cmd),
        deps=frozenset((entry.path, entry.md5 or "") for entry in stage.deps),
        params=repr(sorted(stage_params(stage).items())),
        outs=frozenset((entry.path, entry.md5 or "") for entry in stage.outs),
    )


def digest_of(state: StageState) -> str:
    """Return one digest for all that dvc.lock says of a stage."""
    return digests.of_value([state.cmd, sorted(map(list, state.deps)), state.params, sorted(map(list, state.outs))])


def stage_params(stage: LockedStage) -> dict[str, Any]:
    """Return a stage's parameters, flattened; a file other than params.yaml prefixes its own."""
    found: dict[str, Any] = {}
    for file, values in stage.params.items():
        found |= flat(values, "" if PurePosixPath(file).name == "params.yaml" else f"{file}:")
    return found


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings with dots: ``{"model": {"kind": "linear"}}`` -> ``{"model.kind": "linear"}``."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        found |= flat(item, f"{name}.") if isinstance(item, Mapping) else {name: item}
    return found


def flat_metrics(files_: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Flatten metrics by dots; where there are several files, a file's name goes before its own.

    Files of one name in several folders are told apart by their paths.
    """
    stems = Counter(PurePosixPath(path).stem for path in files_)
    found: dict[str, Any] = {}
    for path, metrics in files_.items():
        stem = PurePosixPath(path).stem
        name = stem if stems[stem] == 1 else str(PurePosixPath(path).with_suffix(""))
        found |= flat(metrics, f"{name}." if len(files_) > 1 else "")
    return found
