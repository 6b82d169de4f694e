"""Drive ``dvc repro`` so that each execution leaves evidence, and read what came of it.

DVC decides which stages are out of date; stages whose result nobody in this environment is on record for
are cut from dvc.lock first, so that DVC executes exactly those. Its run cache stays off: it would hand out
results that no execution of ours made.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actum import files, layout
from actum.dvc import commands, leftovers
from actum.dvc.dialect import Reader
from actum.dvc.lockfile import Lock, read_lock, without_stages
from actum.dvc.pipeline import Pipeline, Stage, read_pipeline
from actum.errors import InvalidRecordError, UserError
from actum.progress import Teller

SHELL = "stage-shell"


def read(root: Path, folder: str) -> tuple[Pipeline, Lock]:
    """Return the pipeline of a work tree and what its dvc.lock says; an absent lock is an empty one."""
    reader = reader_of(root)
    lock = read_lock(reader, lock_path(folder)) if reader(lock_path(folder)) else Lock(stages={})
    return read_pipeline(reader, layout.in_pipeline(folder, "dvc.yaml")), lock


def reader_of(root: Path) -> Callable[[str], bytes | None]:
    """Return what reads files of a work tree; nothing outside it."""

    def read_bytes(path: str) -> bytes | None:
        place = files.inside(root, path)
        return place.read_bytes() if place.is_file() else None

    return read_bytes


def lock_path(folder: str) -> str:
    """Return where the dvc.lock of a pipeline lies."""
    return layout.in_pipeline(folder, "dvc.lock")


def is_between_stages(line: str) -> bool:
    """Whether DVC says with *line* that it turns to a stage: it has written dvc.lock for those before."""
    return commands.stage_event(line) is not None


def stage_counter(tell: Teller, total: int | None) -> Callable[[str], None]:
    """Return what hears DVC's lines and tells to which stage it has turned, of how many."""
    tell.now("asking DVC what is out of date", 0, total, "stages")
    turned_to: list[str] = []

    def hear(line: str) -> None:
        if event := commands.stage_event(line):
            tell.now(f"stage {event[1]}", len(turned_to), total, "stages")
            turned_to.append(event[1])

    return hear


def closure(pipeline: Pipeline, targets: Sequence[str]) -> tuple[Stage, ...]:
    """Return the stages that *targets* need, themselves included, in order; all of them for no targets.

    Raises:
        NotFoundError: A target is no stage.
    """
    if not targets:
        return pipeline.stages
    wanted = {stage.name for name in targets for stage in _called(pipeline, name)}
    for stage in reversed(pipeline.stages):
        if stage.name in wanted:
            wanted |= {other.name for other in pipeline.stages if _feeds(other, stage)}
    return tuple(stage for stage in pipeline.stages if stage.name in wanted)


def refuse_frozen(stages: Iterable[Stage], folder: str) -> None:
    """Refuse what DVC never executes, and whose result may stand for inputs that it was not made of.

    Raises:
        UserError: The first such stage.
    """
    where = layout.in_pipeline(folder, "dvc.yaml")
    for stage in stages:
        if stage.frozen:
            name = stage.name if where == "dvc.yaml" else f"{where}:{stage.name}"
            problem = f"{where}: stage {stage.name} is frozen: DVC never executes it, so it could never be rebuilt"
            hint = f"take frozen: true out of {where}" if stage.templated else f"dvc unfreeze {name}"
            raise UserError(problem, hint=hint)


def _called(pipeline: Pipeline, target: str) -> list[Stage]:
    """Return what a target means: a stage, or all that a foreach or a matrix of that name makes."""
    group = target.partition("@")[0]
    found = [stage for stage in pipeline.stages if stage.name == target]
    found = found or [stage for stage in pipeline.stages if stage.name.startswith(f"{target}@")]
    # Before its first run dvc.lock names none of its stages: it stands there as one.
    found = found or [stage for stage in pipeline.stages if stage.templated and stage.name == group]
    return found or [pipeline.stage(target)]


def _feeds(one: Stage, other: Stage) -> bool:
    return any(layout.meet(out.path, dep) for out in one.outs for dep in other.deps)


def write_shell(book: Path, environment: Mapping[str, str], python: Path, wing: Path) -> Path:
    """Write what DVC is to use as its shell: the wing's book-keeper under the locked interpreter.

    ``environment`` is all that a stage will see.
    """
    files.replace(book / "environment.json", json.dumps(dict(environment), indent=1).encode())
    start = f"import sys; sys.path.insert(0, {str(wing)!r}); from actum.inside.stage_shell import main; "
    line = [str(python), "-I", "-S", "-c", start + "sys.exit(main(sys.argv[1:]))", str(book)]
    shell = book / SHELL
    files.replace(shell, f'#!/bin/sh\nexec {shlex.join(line)} "$@"\n'.encode())
    shell.chmod(0o700)
    return shell


def write_watched(book: Path, root: Path, stages: Iterable[Stage]) -> None:
    """Have the shell note which files under *root* are opened, but for those that their stage declares."""
    known = {stage.name: [*stage.deps, *stage.params, *(out.path for out in stage.outs)] for stage in stages}
    files.replace(book / "watched.json", json.dumps({"root": str(root), "known": known}, indent=1).encode())


def cut(root: Path, folder: str, stages: Iterable[str]) -> None:
    """Take stages out of dvc.lock, so that DVC must execute them."""
    path = root / lock_path(folder)
    names = tuple(stages)
    if names and path.exists():
        files.replace(path, without_stages(path.read_bytes(), names))


def execute(
    root: Path,
    folder: str,
    *,
    environ: Mapping[str, str],
    shell: Path,
    targets: Sequence[str],
    each_line: Callable[[str], None],
    commit: bool = True,
) -> int:
    """Run ``dvc repro`` with our shell and return its exit status. ``commit``: put outputs into the cache."""
    leftovers.mend(root)
    done = commands.repro(root / folder, environ, targets=targets, shell=str(shell), each_line=each_line, commit=commit)
    return done.code


def out_of_date(root: Path, folder: str, *, environ: Mapping[str, str], targets: Sequence[str]) -> tuple[str, ...]:
    """Return the stages that DVC itself would execute now, without what would follow from them."""
    return commands.repro(root / folder, environ, targets=targets, dry=True, each_line=lambda _line: None).ran


def downstream(stages: Sequence[Stage], names: Iterable[str]) -> tuple[str, ...]:
    """Return *names* and every stage that reads what one of them makes, in order."""
    reached = set(names)
    for stage in stages:
        if any(_feeds(other, stage) for other in stages if other.name in reached):
            reached.add(stage.name)
    return tuple(stage.name for stage in stages if stage.name in reached)


def metrics_of(root: Path, pipeline: Pipeline, stages: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return what the metrics files of these stages hold, by path.

    Raises:
        InvalidRecordError: A metrics file is no JSON or YAML mapping.
    """
    return {path: _metrics_file(path, _written(root, path)) for path in _metrics_files(pipeline, stages)}


def metrics_in(reader: Reader, pipeline: Pipeline, stages: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return the same of a revision; of a file that is not there, because DVC keeps it, nothing.

    Raises:
        InvalidRecordError: A metrics file is no JSON or YAML mapping.
    """
    found = {path: reader(path) for path in _metrics_files(pipeline, stages)}
    return {path: {} if data is None else _metrics_file(path, data) for path, data in found.items()}


def _metrics_files(pipeline: Pipeline, stages: Iterable[str]) -> list[str]:
    names = set(stages)
    made = {out.path for stage in pipeline.stages if stage.name in names for out in stage.outs}
    return [path for path in pipeline.metrics if path in made]


def _written(root: Path, path: str) -> bytes:
    try:
        return files.inside(root, path).read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path}: the stage did not write its metrics") from error


def _metrics_file(path: str, data: bytes) -> Mapping[str, Any]:
    if path.endswith(".json"):
        return files.read_json(data, where=path)
    if path.endswith((".yaml", ".yml")):
        return files.read_yaml(data, where=path)
    raise InvalidRecordError(f"{path}: metrics must be JSON or YAML")
