"""dvc.yaml: the stages in the order in which they run, with artifacts, metrics and plots."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from actum.dvc.definitions import LOCK, Definition, definition_of, locate, read_definitions
from actum.dvc.dialect import Reader, decode_at, load, mapping_at
from actum.dvc.lockfile import Lock, LockedStage, commands, read_lock
from actum.errors import InvalidRecordError, NotFoundError

OutKind = Literal["out", "metric", "plot"]
_BUCKETS: tuple[tuple[str, OutKind], ...] = (("outs", "out"), ("metrics", "metric"), ("plots", "plot"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """An output of a stage. ``cached``: DVC holds its bytes; otherwise git does. ``push``: False keeps it local.

    ``persist``: it is not removed before the stage is executed.
    """

    path: str
    kind: OutKind = "out"
    cached: bool = True
    persist: bool = False
    push: bool = True
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage; paths from the root of the repository. ``params``: file -> keys, none means the whole file.

    ``templated``: cmd, paths and params are those of dvc.lock, or raw ``${...}`` where it has none.
    """

    name: str
    cmd: tuple[str, ...]
    wdir: str
    deps: tuple[str, ...] = ()
    outs: tuple[Out, ...] = ()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    frozen: bool = False
    templated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An entry under ``artifacts:``, the form that GTO and ``dvc artifacts get`` read."""

    path: str
    type: str | None = None
    desc: str | None = None
    labels: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One dvc.yaml. ``stages``: every stage behind those that it depends on, else in the order of the file."""

    stages: tuple[Stage, ...]
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()

    def stage(self, name: str) -> Stage:
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise NotFoundError(f"there is no stage {name!r} in the pipeline", hint="dvc stage list")


def read_pipeline(reader: Reader, where: str) -> Pipeline:
    """Read a dvc.yaml; stages made by templates are taken from the dvc.lock beside it.

    Raises:
        NotFoundError: There is no such file at the revision.
        InvalidRecordError: It does not have DVC's form; the message says the place.
    """
    data = reader(where)
    if data is None:
        hint = f"write your stages into it (dvc stage add --help), then git add {where} && git commit"
        raise NotFoundError(f"{where}: is not there", hint=hint)
    raw, here = load(data, where=where), posixpath.dirname(where)
    definitions = read_definitions(reader, where)
    lock_path = posixpath.join(here, LOCK)
    lock = read_lock(reader, lock_path) if reader(lock_path) is not None else Lock(stages={})
    stages = _in_order([stage for each in definitions.values() for stage in _stages(each, lock, where)], where)
    return Pipeline(
        stages=stages,
        artifacts=_artifacts(raw, where),
        metrics=_paths(stages, "metric", raw.get("metrics"), here),
        plots=_paths(stages, "plot", raw.get("plots"), here),
    )


def declared(stage: str, path: str, definitions: Mapping[str, Definition], where: str) -> Out | None:
    """Return how dvc.yaml declares an output that dvc.lock names, also where the path is a template."""
    definition = definition_of(stage, definitions)
    return None if definition is None else _declared(path, _outs(definition, where))


def _declared(path: str, outs: Sequence[Out]) -> Out | None:
    fitting = [out for out in outs if out.path == path or re.fullmatch(_pattern(out.path), path)]
    # Several templates may fit: the one that says most of the path wins, an exact one over all.
    return max(fitting, key=lambda out: (out.path == path, len(re.sub(r"\$\{[^}]*\}", "", out.path))), default=None)


def _pattern(template: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", template))


def _stages(definition: Definition, lock: Lock, where: str) -> Iterator[Stage]:
    if not definition.templated:
        yield _written(definition, where)
        return
    mine = {name: locked for name, locked in lock.stages.items() if _is_of(name, definition)}
    if not mine:
        yield _written(definition, where)
    for name, locked in mine.items():
        yield _resolved(name, definition, locked, where)


def _is_of(stage: str, definition: Definition) -> bool:
    return stage.startswith(definition.name + "@") if definition.group else stage == definition.name


def _written(definition: Definition, where: str) -> Stage:
    body, wdir = definition.body, definition.wdir
    if "cmd" not in body:
        raise InvalidRecordError(f"{where}: stages.{definition.name}.cmd: is required")
    return Stage(
        name=definition.name,
        cmd=commands(body["cmd"]),
        wdir=wdir,
        deps=tuple(locate(wdir, str(path)) for path in body.get("deps") or ()),
        outs=_outs(definition, where),
        params=_params(body.get("params"), wdir),
        frozen=bool(body.get("frozen")),
        templated=definition.templated,
    )


def _resolved(name: str, definition: Definition, locked: LockedStage, where: str) -> Stage:
    outs = _outs(definition, where)
    return Stage(
        name=name,
        cmd=locked.cmd,
        wdir=definition.wdir,
        deps=tuple(entry.path for entry in locked.deps),
        outs=tuple(_as(entry.path, _declared(entry.path, outs)) for entry in locked.outs),
        params={file: tuple(values) for file, values in locked.params.items()},
        frozen=definition.body.get("frozen") is True,
        templated=True,
    )


def _as(path: str, out: Out | None) -> Out:
    if out is None:
        return Out(path=path)
    return Out(path=path, kind=out.kind, cached=out.cached, persist=out.persist, push=out.push, remote=out.remote)


def _outs(definition: Definition, where: str) -> tuple[Out, ...]:
    found = []
    for bucket, kind in _BUCKETS:
        for item in definition.body.get(bucket) or ():
            path, flags = next(iter(item.items())) if isinstance(item, dict) and item else (item, {})
            if not isinstance(path, str):
                raise InvalidRecordError(
                    f"{where}: stages.{definition.name}.{bucket}: {item!r} is not a path or a path with settings"
                )
            found.append(_out(locate(definition.wdir, path), kind, flags if isinstance(flags, dict) else {}))
    return tuple(found)


def _out(path: str, kind: OutKind, flags: Mapping[str, Any]) -> Out:
    return Out(
        path=path,
        kind=kind,
        cached=flags.get("cache", True) is not False,
        persist=flags.get("persist") is True,
        push=flags.get("push", True) is not False,
        remote=str(flags.get("remote") or ""),
    )


def _params(raw: Any, wdir: str) -> dict[str, tuple[str, ...]]:
    gathered: dict[str, tuple[str, ...]] = {}
    for item in raw or ():
        files = item if isinstance(item, dict) else {"params.yaml": [item]}
        for file, keys in files.items():
            place = locate(wdir, str(file))
            gathered[place] = gathered.get(place, ()) + tuple(str(key) for key in keys or ())
    return gathered


def _artifacts(raw: Mapping[str, Any], where: str) -> dict[str, Artifact]:
    entries = mapping_at(raw, "artifacts", where=where).items()
    here = posixpath.dirname(where)
    built = {str(name): decode_at(Artifact, body, where=where, at=("artifacts", str(name))) for name, body in entries}
    return {
        name: Artifact(path=locate(here, one.path), type=one.type, desc=one.desc, labels=one.labels, meta=one.meta)
        for name, one in built.items()
    }


def _paths(stages: Sequence[Stage], kind: OutKind, listed: Any, here: str) -> tuple[str, ...]:
    found = [out.path for stage in stages for out in stage.outs if out.kind == kind]
    for item in listed or ():
        found += [locate(here, path) for path in (_plot_files(item) if isinstance(item, dict) else [str(item)])]
    return tuple(dict.fromkeys(found))


def _plot_files(item: Mapping[str, Any]) -> list[str]:
    """A plot is named by its file, or by a title whose ``x`` and ``y`` name the files."""
    files: list[str] = []
    for title, body in item.items():
        axes = [axis for axis in ((body or {}).get("x"), (body or {}).get("y")) if isinstance(axis, dict)]
        files += [str(file) for axis in axes for file in axis] or [str(title)]
    return files


def _in_order(stages: Sequence[Stage], where: str) -> tuple[Stage, ...]:
    needs = {stage.name: upstream for stage, upstream in zip(stages, _upstream(stages), strict=True)}
    ordered: dict[str, Stage] = {}
    waiting = list(stages)
    while waiting:
        ready = next((stage for stage in waiting if needs[stage.name] <= ordered.keys()), None)
        if ready is None:
            names = ", ".join(stage.name for stage in waiting)
            raise InvalidRecordError(f"{where}: stages {names} depend on each other in a circle")
        waiting.remove(ready)
        ordered[ready.name] = ready
    return tuple(ordered.values())


def _upstream(stages: Sequence[Stage]) -> list[set[str]]:
    """For each stage the names of those that it reads from: a file in a folder, or a folder around a file, counts."""
    makes: dict[str, set[str]] = {}
    inside: dict[str, set[str]] = {}
    for stage in stages:
        for out in stage.outs:
            makes.setdefault(out.path, set()).add(stage.name)
            for folder in _folders(out.path):
                inside.setdefault(folder, set()).add(stage.name)
    found = []
    for stage in stages:
        read: set[str] = set()
        for dep in stage.deps:
            read |= inside.get(dep, set()).union(*(makes.get(path, set()) for path in (dep, *_folders(dep))))
        found.append(read - {stage.name})
    return found


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
