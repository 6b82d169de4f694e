"""Where a project may begin: a folder that is not there yet, a plain one, or the root of a git work tree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import state
from actum.dvc import commands
from actum.errors import UserError
from actum.git import plumbing
from actum.git.repository import Git

MADE_BY_DVC = (".dvc/.gitignore", ".dvc/config", ".dvcignore")
_NO_REPOSITORY = "not a git repository (or any"  # without "(or any": a .git that is there and broken


@dataclass(frozen=True, slots=True)
class Place:
    """The root of a project to be. ``repo``: absent where git knows nothing of the folder yet."""

    root: Path
    repo: Git | None

    @property
    def has_dvc(self) -> bool:
        return (self.root / ".dvc").is_dir()


def find_place(folder: Path) -> Place:
    """Return what lies at *folder*, having changed nothing.

    Raises:
        UserError: It is a file, may not be written, is a bare repository, lies inside a repository, or has a name
            that DVC cannot be told.
    """
    state.require_plain_path(folder)
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise UserError(f"{nearest} is not a folder", hint="actum init DIR")
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UserError(f"{nearest} may not be written by you", hint=f"ls -ld {nearest}")
    root = _root_of_work_tree(nearest)
    if root is None:
        return Place(folder, None)
    if os.path.realpath(folder) != os.path.realpath(root):
        raise UserError(
            f"{folder} lies inside the repository {root}, and records lie at its root",
            hint=f"actum init {root}  # or git init {folder}, for a repository of its own",
        )
    if plumbing.text(root, "rev-parse", "--show-object-format") != "sha1":
        problem = f"{root}: git names its objects by sha256 here, which DVC and half of git's hosts cannot read"
        raise UserError(problem, hint="begin in a repository of git's default format: git init DIR")
    return Place(root, Git(root))


def make_repositories(place: Place, environ: Mapping[str, str]) -> Place:
    """Run ``git init`` and ``dvc init`` where there is none, and return the place as it then is.

    Raises:
        ToolFailedError: One of them failed.
        UserError: The folder cannot be made.
    """
    try:
        place.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{place.root}: cannot be made: {error.strerror}", hint="actum init DIR") from error
    if place.repo is None:
        plumbing.git(place.root, "init", "--quiet", "--initial-branch=main")
    if not place.has_dvc:
        words = ["init", "--quiet"]
        code, said = commands.call(words, place.root, environ)
        if code:
            raise commands.failure(words, said)
    return Place(place.root, Git(place.root))


def trunk_of(repo: Git) -> str:
    """Return the branch that others take for the main one: origin's choice, main or master, else this one."""
    chosen = plumbing.attempt(repo.root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    if chosen.code == 0:
        return chosen.out.decode().strip().removeprefix("origin/")
    there = (name for name in ("main", "master") if repo.resolve(f"refs/heads/{name}"))
    return next(there, None) or repo.branch() or "main"


def _root_of_work_tree(folder: Path) -> Path | None:
    asked = plumbing.attempt(folder, "rev-parse", "--is-bare-repository", "--is-inside-git-dir")
    if asked.code and _NO_REPOSITORY.encode() in asked.err:
        return None
    if asked.out.split() == [b"false", b"true"]:
        raise UserError(f"{folder} is git's own folder", hint="actum init DIR, the folder that holds .git")
    if b"true" in asked.out:
        raise UserError(f"{folder} is a bare repository, it has no work tree", hint=f"git clone {folder} DIR")
    return Git.find(folder).root
