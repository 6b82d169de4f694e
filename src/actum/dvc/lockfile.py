"""dvc.lock: what DVC says each stage read, was told and made; the only place that reads and cuts it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import yaml

from actum.dvc.definitions import PIPELINE, definition_of, locate, read_definitions
from actum.dvc.dialect import Reader, decode_at, load, mapping_at
from actum.errors import InvalidRecordError, NotFoundError
from actum.files.yaml_places import compose

MD5 = re.compile(r"[0-9a-f]{32}(?:\.dir)?")


def _md5_problem(text: str) -> str:
    return "" if MD5.fullmatch(text) else f"is {text!r}, must be 32 hex digits, with .dir for a folder"


Md5 = Annotated[str, _md5_problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of a folder whose content DVC listed in place (remotes with versions of their own)."""

    relpath: str
    md5: Md5 | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A dependency or an output. ``path`` from the root of the repository; ``size`` in bytes, of a folder in total.

    ``md5`` is None where DVC recorded something else (an etag, a checksum). ``hash`` is "md5", or absent in
    what DVC 2 wrote: such an object was hashed with CRLF read as LF and lies at another place in the cache.
    """

    path: str
    md5: Md5 | None = None
    size: int | None = None
    nfiles: int | None = None
    hash: str | None = None
    isexec: bool = False
    files: tuple[Member, ...] = ()

    @property
    def is_dir(self) -> bool:
        return bool(self.files) or (self.md5 is not None and self.md5.endswith(".dir"))

    @property
    def legacy(self) -> bool:
        return self.hash is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStage:
    """One stage of a dvc.lock. ``params``: file (from the root) -> key -> value."""

    cmd: tuple[str, ...]
    deps: tuple[Entry, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outs: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A whole dvc.lock. ``stages`` in the order of the file; ``stale``: entries that dvc.yaml no longer knows."""

    stages: Mapping[str, LockedStage]
    stale: Mapping[str, LockedStage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    cmd: Any
    deps: tuple[Entry, ...] = ()
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    outs: tuple[Entry, ...] = ()


def read_lock(reader: Reader, where: str) -> Lock:
    """Read a dvc.lock; the dvc.yaml beside it says which entries still count and where their paths start.

    Raises:
        NotFoundError: There is no such file at the revision.
        InvalidRecordError: It does not have DVC's form; the message says the place.
    """
    data = reader(where)
    if data is None:
        raise NotFoundError(f"{where}: is not there", hint="actum run")
    here = posixpath.dirname(where)
    definitions = read_definitions(reader, posixpath.join(here, PIPELINE))
    live: dict[str, LockedStage] = {}
    stale: dict[str, LockedStage] = {}
    for name, written in _written(data, where).items():
        definition = definition_of(name, definitions)
        wdir = definition.wdir if definition else here or "."
        (live if definition else stale)[name] = _located(written, wdir)
    return Lock(stages=live, stale=stale)


def without_stages(data: bytes, names: Collection[str], *, where: str = "dvc.lock") -> bytes:
    """Return the text of a dvc.lock without the entries of *names*: DVC must then execute these stages.

    Whole lines are cut, so that what remains keeps DVC's own bytes. Names that are not there are no error.
    """
    if not load(data, where=where):
        return data
    _, root = compose(data, where=where)
    stages = _child(root, "stages")
    if not isinstance(stages, yaml.MappingNode) or not stages.value:
        return data
    if stages.flow_style:
        raise InvalidRecordError(f"{where}: stages: is not written as DVC writes it", hint="dvc repro")
    starts = [key.start_mark.line for key, _ in stages.value] + [_end(root, stages, data)]
    cut = {
        line
        for index, (key, _) in enumerate(stages.value)
        if key.value in names
        for line in range(starts[index], starts[index + 1])
    }
    lines = data.splitlines(keepends=True)
    if cut >= set(range(starts[0], starts[-1])):  # a bare "stages:" is null, which DVC refuses
        lines[starts[0] - 1] = b"stages: {}\n"
    left = b"".join(line for number, line in enumerate(lines) if number not in cut)
    _prove_cut(data, left, names, where)
    return left


def _prove_cut(before: bytes, after: bytes, names: Collection[str], where: str) -> None:
    wanted = load(before, where=where)
    wanted["stages"] = {name: stage for name, stage in wanted["stages"].items() if name not in names}
    if load(after, where=where) != wanted:
        raise InvalidRecordError(f"{where}: is not written as DVC writes it", hint="dvc repro")


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _end(root: yaml.Node | None, stages: yaml.Node, data: bytes) -> int:
    """Return the first line behind the entries of ``stages``."""
    keys = root.value if isinstance(root, yaml.MappingNode) else []
    later = [int(key.start_mark.line) for key, _ in keys if key.start_mark.line > stages.start_mark.line]
    return min(later, default=len(data.splitlines()))


def _written(data: bytes, where: str) -> dict[str, _Written]:
    raw = load(data, where=where)
    if raw and raw.get("schema") != "2.0":
        raise InvalidRecordError(f"{where}: schema: is {raw.get('schema')!r}, must be '2.0'", hint="dvc repro")
    stages = mapping_at(raw, "stages", where=where)
    return {
        str(name): decode_at(_Written, body, where=where, at=("stages", str(name))) for name, body in stages.items()
    }


def _located(written: _Written, wdir: str) -> LockedStage:
    return LockedStage(
        cmd=commands(written.cmd),
        deps=tuple(replace(entry, path=locate(wdir, entry.path)) for entry in written.deps),
        params={locate(wdir, file): values for file, values in written.params.items()},
        outs=tuple(replace(entry, path=locate(wdir, entry.path)) for entry in written.outs),
    )


def commands(cmd: Any) -> tuple[str, ...]:
    """Return the command lines of a stage, which DVC writes as one text or as a list."""
    return tuple(str(line) for line in cmd) if isinstance(cmd, list) else (str(cmd),)
