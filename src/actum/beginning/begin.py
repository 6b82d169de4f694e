"""The use case of ``init``: find what is absent, write that, and leave alone what is there."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import files, layout, pipeline, schemas, state
from actum.beginning import texts
from actum.beginning.ci import NAME_THE_ACTION, UNKNOWN, Ci, additions
from actum.beginning.locking import find_source
from actum.beginning.owners import PLACES
from actum.beginning.place import MADE_BY_DVC, Place, find_place, make_repositories, trunk_of
from actum.dvc.config import ADD_REMOTE, read_config
from actum.environment.lock import SOURCES
from actum.environment.machine import platform_name
from actum.errors import NotFoundError, UsageError, UserError
from actum.filing import read_record
from actum.git import plumbing
from actum.names import is_name
from actum.records.settings import Settings

GITATTRIBUTES = ".gitattributes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What ``init`` did, or would do.

    Attributes:
        made: Repositories that were not there: ``git``, ``dvc``.
        wrote: Files that were not there, from *root*.
        outdated: Files of which the lines between our markers are written anew, and no others.
        kept: Files that were there, and are as they were.
        advice: Lines that would help in a .gitattributes that is there.
        next: What to type now.
    """

    root: Path
    made: tuple[str, ...]
    wrote: tuple[str, ...]
    outdated: tuple[str, ...]
    kept: tuple[str, ...]
    advice: tuple[str, ...]
    next: tuple[str, ...]


def begin(
    folder: Path, *, model: str | None, dry_run: bool, environ: Mapping[str, str], here: Path, ci: Ci | None = None
) -> Begun:
    """Begin a project at *folder*. ``here``: where the user stands, for what to type next.

    Raises:
        UserError: No project can begin there, or an actum.yaml that is there is malformed.
        ToolFailedError: git or dvc failed.
    """
    if model is not None and not is_name(model):
        raise UsageError(f"{model!r} is no name: letters, digits, - and _, at most 64", hint="actum init --model NAME")
    place = find_place(folder)
    made = tuple(name for name, there in (("git", place.repo is not None), ("dvc", place.has_dvc)) if not there)
    wanted = _wanted(place, model)
    if ci is not None:
        wanted |= additions(place.root, wanted, ci)
    absent = {path: data for path, data in wanted.items() if not os.path.lexists(place.root / path)}
    outdated = _outdated(place.root, wanted)
    for path in absent:
        _refuse_blocked(place.root, path)
    from_dvc = [path for path in MADE_BY_DVC if "dvc" in made and not os.path.lexists(place.root / path)]
    if not dry_run:
        make_repositories(place, environ)
        for path, data in absent.items():
            files.create(files.inside(place.root, path), data)
        for path in outdated:
            files.replace(files.inside(place.root, path), wanted[path])
        from_dvc = [path for path in from_dvc if (place.root / path).exists()]
    editors = _place_schemas(place.root, dry_run)
    wrote = (*from_dvc, *absent)
    return Begun(
        root=place.root,
        made=made,
        wrote=(*wrote, *editors),
        outdated=outdated,
        kept=tuple(path for path in wanted if path not in absent and path not in outdated),
        advice=() if GITATTRIBUTES in absent else _absent_attributes(place.root),
        next=_next(place, (*wrote, *outdated), environ, here, _unnamed(ci, absent)),
    )


def _wanted(place: Place, model: str | None) -> dict[str, bytes]:
    """Return every file that a project begins with; what is a record is known to be a valid one."""
    settings = _settings_there(place.root)
    owner = settings.project.owner if settings else _address(place)
    known = texts.Known(
        name=Path(os.path.abspath(place.root)).name or "project",
        owner=owner,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        platform=platform_name(),
        trunk=trunk_of(place.repo) if place.repo else "main",
    )
    wanted = {layout.SETTINGS: texts.settings(known), layout.TRUSTED_TYPES: texts.TRUSTED_TYPES.encode()}
    wanted[GITATTRIBUTES] = texts.GITATTRIBUTES.encode()
    if model is not None:
        wanted[layout.card(model)] = texts.card(model, owner, _artifact(place.root, model))
    for path, data in wanted.items():
        if layout.kind_of(path):
            read_record(path, data)
    return wanted


def _outdated(root: Path, wanted: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the one kind of file in which a part is ours, where that part has changed."""
    there = (path for path in PLACES if path in wanted and (root / path).is_file())
    return tuple(path for path in there if (root / path).read_bytes() != wanted[path])


def _unnamed(ci: Ci | None, absent: Mapping[str, bytes]) -> tuple[str, ...]:
    """Say what to do where nobody can tell from where the workflows are to take actum."""
    unnamed = ci is not None and any(UNKNOWN.encode() in data for data in absent.values())
    return (NAME_THE_ACTION,) if unnamed else ()


def _place_schemas(root: Path, dry_run: bool) -> tuple[str, ...]:
    """Put the schemas where editors look for them, in our ignored folder, and say so the first time."""
    is_new = not (root / schemas.FOLDER).is_dir()
    if not dry_run:
        state.folder(root)
        schemas.place_schemas(root)
    return (f"{schemas.FOLDER}/   (git ignores it)",) if is_new else ()


def _settings_there(root: Path) -> Settings | None:
    path = root / layout.SETTINGS
    if not path.is_file():
        return None
    found = read_record(layout.SETTINGS, path.read_bytes())
    assert isinstance(found, Settings)
    return found


def _address(place: Place) -> str:
    """Return the address that git commits under, "" where it was told none."""
    folder = next(path for path in (place.root, *place.root.parents) if path.is_dir())
    asked = plumbing.attempt(folder, "var", "GIT_AUTHOR_IDENT")
    return "" if asked.code else asked.out.decode(errors="replace").rpartition("<")[2].partition(">")[0]


def _artifact(root: Path, model: str) -> str:
    """Return what dvc.yaml already calls the artifact of that name, else where one would look for it."""
    if not (root / "dvc.yaml").is_file():
        return f"models/{model}.skops"
    described, _ = pipeline.read(root, ".")
    named = described.artifacts.get(model)
    return named.path if named else f"models/{model}.skops"


def _refuse_blocked(root: Path, path: str) -> None:
    """A file where a folder must be is found before anything is written."""
    place = files.inside(root, path).parent
    while place != root and not os.path.lexists(place):
        place = place.parent
    if place != root and not place.is_dir():
        raise UserError(f"{place} is a file, {path} needs a folder there", hint=f"git mv {place.name} OTHER-NAME")


def _absent_attributes(root: Path) -> tuple[str, ...]:
    path = root / GITATTRIBUTES
    there = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return tuple(line for line in texts.ATTRIBUTES if line not in there)


def _source_to_write(root: Path, lock: str) -> str:
    """Return the file of requirements that somebody has yet to write, "" where there is one."""
    try:
        find_source(root, lock)
    except NotFoundError:
        return (Path(lock).parent / SOURCES[0]).as_posix()
    return ""


def _next(
    place: Place, wrote: tuple[str, ...], environ: Mapping[str, str], here: Path, by_hand: tuple[str, ...]
) -> tuple[str, ...]:
    steps = [] if os.path.realpath(place.root) == os.path.realpath(here) else [f"cd {shlex.quote(str(place.root))}"]
    if not place.has_dvc or not read_config(place.root, environ).default_remote:
        steps.append(ADD_REMOTE)
    settings = _settings_there(place.root)
    lock = settings.environment.lock if settings else "requirements.lock"
    new = [path for path in wrote if not path.startswith(".dvc/")]
    new = [*([".dvc"] if len(new) < len(wrote) else []), *new]
    if not (place.root / lock).exists():
        source = _source_to_write(place.root, lock)
        steps += [f"printf 'skops\\npyarrow\\n' >> {source}  # and what else your stages import"] if source else []
        steps.append("actum lock")
        new = [*new, *([source] if source else []), lock] if new else []
    steps += by_hand
    if new:
        steps.append(f"git add {shlex.join(new)} && git commit -m 'Begin with actum'")
    return (*steps, "actum doctor")
