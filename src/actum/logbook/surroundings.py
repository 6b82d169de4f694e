"""What a script's run knows without being told: who, which commit, which command, which interpreter."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from actum import layout
from actum.environment import machine
from actum.errors import UserError
from actum.git.repository import Git
from actum.records.forms import Person
from actum.records.run import Interpreter
from actum.runlog.values import cleaned

_SHARE = 100


class Checkout(NamedTuple):
    """What git says of the work tree. ``by``, ``commit``: None where git does not know."""

    by: Person | None
    commit: str | None
    dirty: bool | None


class _Asked(NamedTuple):
    at: float
    took: float
    told: Checkout


_asked: dict[Path, _Asked] = {}


@cache
def repository(folder: Path) -> Git:
    """Return the repository that a folder is in.

    Raises:
        NotFoundError: There is none.
    """
    return Git.find(folder)


def checkout(repo: Git) -> Checkout:
    """Return what git says now, or said a moment ago: asking takes at most a hundredth of the time."""
    now = time.monotonic()
    last = _asked.get(repo.root)
    if last is None or now - last.at > _SHARE * last.took:
        told = _ask(repo)
        done = time.monotonic()
        last = _asked[repo.root] = _Asked(done, done - now, told)
    return last.told


def _ask(repo: Git) -> Checkout:
    by = None
    with suppress(UserError):  # git does not know who we are: then nobody is named
        by = repo.identity()
    commit = repo.resolve("HEAD")
    if commit is None:
        return Checkout(by, None, None)
    return Checkout(by, commit, any(not path.startswith(f"{layout.RUNS}/") for path in repo.dirty()))


def command(root: Path) -> tuple[str, ...]:
    """Return how the script was started, its path from the root of the repository; or the notebook."""
    if "ipykernel" in sys.modules:
        told = os.environ.get("JPY_SESSION_NAME", "")
        return ("notebook", *((_from(root, told),) if told else ()))
    first, *rest = sys.argv or [""]
    if first in ("", "-c"):
        return ("python", *(cleaned(word) for word in sys.argv if word))
    return (_from(root, first), *map(cleaned, rest))


def interpreter(packages: Iterable[str]) -> Interpreter:
    """Return what the script runs in.

    Args:
        packages: Those whose versions are asked for.

    Raises:
        UserError: One of them is not installed.
    """
    return Interpreter(python=platform.python_version(), platform=machine.platform_name(), packages=_versions(packages))


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in packages:
        from importlib import metadata

        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError as error:
            raise UserError(f"{name} is not installed here", hint="name packages as pip does") from error
    return found


def _from(root: Path, path: str) -> str:
    whole = Path(path).absolute()
    return cleaned(whole.relative_to(root).as_posix() if whole.is_relative_to(root) else path)
