"""The stages of a dvc.yaml as they stand in the text, before templates are resolved."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actum.dvc.dialect import Reader, load, mapping_at
from actum.errors import InvalidRecordError

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One entry under ``stages:``. ``group``: foreach or matrix, which makes stages ``name@key`` of it.

    ``templated``: something in it reads ``${...}``, so only dvc.lock knows the values.
    """

    name: str
    body: Mapping[str, Any]
    wdir: str
    group: bool
    templated: bool


def read_definitions(reader: Reader, where: str) -> dict[str, Definition]:
    """Return the definitions in *where* by name; empty when there is no such file at the revision."""
    data = reader(where)
    stages = mapping_at(load(data, where=where), "stages", where=where) if data else {}
    return {str(name): _definition(str(name), body, where) for name, body in stages.items()}


def definition_of(stage: str, definitions: Mapping[str, Definition]) -> Definition | None:
    """Return the definition that the stage of a dvc.lock comes from, or None: DVC ignores such an entry."""
    exact = definitions.get(stage)
    if exact is not None and not exact.group:
        return exact
    group = definitions.get(stage.partition("@")[0])
    return group if group is not None and group.group and "@" in stage else None


def locate(wdir: str, path: str) -> str:
    """Return *path*, written relative to *wdir*, from the root of the repository; a foreign one unchanged."""
    if "://" in path or path.startswith("/"):
        return path
    return posixpath.normpath(posixpath.join(wdir, path))


def is_inside(path: str) -> bool:
    """Whether a located path lies in the repository."""
    return not ("://" in path or path == ".." or path.startswith(("/", "../")))


def _definition(name: str, body: Any, where: str) -> Definition:
    if not isinstance(body, dict):
        raise InvalidRecordError(f"{where}: stages.{name}: is {type(body).__name__}, must be a mapping")
    group = "foreach" in body or "matrix" in body
    inner = body.get("do", body)
    if not isinstance(inner, dict):
        raise InvalidRecordError(f"{where}: stages.{name}.do: is {type(inner).__name__}, must be a mapping")
    wdir = str(inner.get("wdir") or ".")
    if "${" in wdir:
        raise InvalidRecordError(
            f"{where}: stages.{name}.wdir: is {wdir!r}, which only dvc can resolve",
            hint="write the folder out, and keep ${...} for cmd, deps and outs",
        )
    templated = group or "${" in repr(inner)
    place = locate(posixpath.dirname(where), wdir)
    return Definition(name=name, body=inner, wdir=place, group=group, templated=templated)
