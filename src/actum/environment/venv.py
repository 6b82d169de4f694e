"""Locked virtual environments, cached by what decides their content: lock, exact interpreter, platform.

A venv cannot be moved, so it is made where it will stay and counts only once its marker, written last, is
there; whoever finds it unfinished, changed or on another interpreter removes it and makes it anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from actum import digests, process
from actum.environment import interpreters
from actum.environment.lock import Pinned, lock_digest, parse_lock, source_only, text_of
from actum.environment.machine import platform_name
from actum.environment.uv import run_uv
from actum.errors import InvalidRecordError, NotFoundError
from actum.files import replace

WHEELS_LOCK = "requirements.lock"
_LAYOUT = "environment/1"
MARKER = "complete.json"
_HOME = re.compile(r"[0-9a-f]{20}")

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A finished venv. ``path``: the venv; ``python``: its exact version; ``key``: digest of what decides it."""

    path: Path
    python: str
    key: str
    lock: str
    created: bool

    @property
    def executable(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def folder(self) -> Path:
        """Where the venv and what is remembered about it lie."""
        return self.path.parent


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recipe:
    """What is to be made: *installed* is the lock that uv gets, *wheels* the only place it may take it from."""

    lock: bytes
    installed: bytes
    packages: int
    wheels: Path | None

    def key(self, version: str) -> str:
        parts = [_LAYOUT, lock_digest(self.lock), lock_digest(self.installed), version, platform_name()]
        return digests.of_value(parts)


def _quiet(line: str) -> None:
    """Nobody watches."""


class Environments:
    """The cache of environments in *folder* (``.actum/environments``).

    Args:
        caller: The user's environment; of it uv sees index settings, proxies, certificates and cache.
        root: Where uv looks for index settings of the project (``[tool.uv]``); *folder* where absent.
    """

    def __init__(self, folder: Path, caller: Mapping[str, str], root: Path | None = None) -> None:
        self._folder, self._caller, self._root = folder.absolute(), caller, root

    def ensure(
        self, lock: bytes, python: str, *, wheels: Path | None = None, progress: Progress = _quiet
    ) -> Environment:
        """Return the environment of *lock* under interpreter *python*, made when it is not there.

        With *wheels* (see ``wheels.collect_wheels``) nothing but that folder is read: no network.

        Raises:
            InvalidRecordError: The lock was edited by hand, or the wheels are not those of the lock.
            NotFoundError: The interpreter is not on this machine.
            ToolFailedError: uv failed: index, hash, disk.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        recipe = _recipe(lock, wheels)
        if interpreters.is_exact(python):
            found = self._finished(recipe, python)  # nothing to start: the marker knows the interpreter
            if found is not None:
                return found
        interpreter = interpreters.find_interpreter(python, cwd=self._cwd, caller=self._caller)
        with _alone(self._home(recipe.key(interpreter.version)).with_suffix(".making"), progress):
            # Perhaps the one we waited for made it.
            return self._finished(recipe, interpreter.version) or self._make(recipe, interpreter, progress)

    def _home(self, key: str) -> Path:
        return self._folder / key.removeprefix(digests.SHA256)[:20]

    def _finished(self, recipe: _Recipe, version: str) -> Environment | None:
        home = self._home(recipe.key(version))
        if not _is_sound(home, recipe.key(version)):
            return None
        with suppress(OSError):  # a folder that others share may not be ours to write
            os.utime(home / MARKER)  # when it was last used
        return _environment(home, recipe, version, created=False)

    def _make(self, recipe: _Recipe, interpreter: interpreters.Interpreter, progress: Progress) -> Environment:
        key = recipe.key(interpreter.version)
        home = self._home(key)
        if home.exists():
            progress(f"removing an environment that is unfinished or was changed: {home.name}")
            shutil.rmtree(home)
        progress(f"making the environment: {recipe.packages} packages, python {interpreter.version}")
        home.mkdir()
        (home / WHEELS_LOCK).write_bytes(recipe.installed)
        venv: list[str | Path] = ["venv", "--no-project", "--python", interpreter.path, home / "venv"]
        run_uv(venv, cwd=self._cwd, caller=self._caller, doing="cannot make the environment")
        run_uv(_install(home, recipe), cwd=self._cwd, caller=self._caller, doing="cannot install the lock")
        _compile(home / "venv")
        replace(home / MARKER, json.dumps(_marks(home, key, interpreter.path), indent=1).encode())
        return _environment(home, recipe, interpreter.version, created=True)

    @property
    def _cwd(self) -> Path:
        return self._root or self._folder


def unused(folder: Path, since: datetime) -> tuple[Path, ...]:
    """Return what of the environments in *folder* nobody has used *since*, whole or not."""
    homes = sorted(path for path in folder.iterdir() if _HOME.fullmatch(path.name)) if folder.is_dir() else []
    return tuple(home for home in homes if home.is_dir() and _last_used(home) < since.timestamp())


def _last_used(home: Path) -> float:
    marker = home / MARKER
    return (marker if marker.exists() else home).stat().st_mtime


def _install(home: Path, recipe: _Recipe) -> list[str | Path]:
    command: list[str | Path] = ["pip", "install", "--python", home / "venv" / "bin" / "python"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    if recipe.wheels is not None:
        command += ["--offline", "--no-index", "--find-links", recipe.wheels]
    for name in source_only(recipe.installed.decode()):  # a folder of wheels names none
        command += ["--no-binary", name]
    return [*command, "--requirements", home / WHEELS_LOCK]


def _compile(venv: Path) -> None:
    """Write byte code once, here: children write none, and each would pay 2.5 s for scikit-learn.

    Not by ``uv --compile-bytecode``: half of its time goes into the tests that packages ship, which nobody imports.
    Where a file cannot be compiled the others are, and whoever imports that one is told.
    """
    places = [str(path) for path in venv.glob("lib/python3*/site-packages")]
    words = [str(venv / "bin" / "python"), "-I", "-m", "compileall", "-q", "-x", "site-packages/.*/tests/", *places]
    process.run(words, cwd=venv, env={})


def _recipe(lock: bytes, wheels: Path | None) -> _Recipe:
    pinned = parse_lock(text_of(lock))
    installed = lock if wheels is None else _wheels_lock(wheels, pinned)
    return _Recipe(
        lock=lock,
        installed=installed,
        packages=len(parse_lock(installed.decode())),
        wheels=None if wheels is None else wheels.absolute(),
    )


def _wheels_lock(wheels: Path, pinned: tuple[Pinned, ...]) -> bytes:
    """Return the lock of a folder of wheels, once it is sure that they are the versions of the project's lock."""
    where = wheels / WHEELS_LOCK
    if not where.exists():
        raise NotFoundError(f"{where}: is not there; a folder of wheels carries a lock of its own")
    data = where.read_bytes()
    there = {item.name: item.version for item in parse_lock(text_of(data, where=str(where)), where=str(where))}
    for name, version in there.items():
        if not any(item.name == name and item.version == version for item in pinned):
            raise InvalidRecordError(f"{where}: {name}=={version} is not in the lock")
    absent = sorted(item.name for item in pinned if not item.marker and item.name not in there)
    if absent:
        raise InvalidRecordError(f"{where}: has no wheel of {', '.join(absent)}")
    return data


def _is_sound(home: Path, key: str) -> bool:
    """Whether the venv was finished, its interpreter is still that file, and nobody installed or removed anything."""
    try:
        marked = json.loads((home / MARKER).read_bytes())
        return bool(marked == _marks(home, key, Path(marked["interpreter"])))
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return False


def _marks(home: Path, key: str, interpreter: Path) -> dict[str, object]:
    """What a finished environment looks like. An upgrade in place (3.11.2 to 3.11.4) gives another file."""
    told = interpreter.stat()
    return {
        "key": key,
        "interpreter": str(interpreter),
        "size": told.st_size,
        "modified_ns": told.st_mtime_ns,
        "started": os.path.realpath(home / "venv" / "bin" / "python"),
        "installed": _installed(home / "venv"),
    }


def _installed(venv: Path) -> list[str]:
    found = (entry.name for folder in venv.glob("lib/python3*/site-packages") for entry in folder.iterdir())
    return sorted(name for name in found if name != "__pycache__")


def _environment(home: Path, recipe: _Recipe, version: str, *, created: bool) -> Environment:
    return Environment(
        path=home / "venv",
        python=version,
        key=recipe.key(version),
        lock=lock_digest(recipe.lock),
        created=created,
    )


@contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    """Hold *path*'s lock: two commands that want one environment make it once. The kernel frees it after a kill."""
    with path.open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another command is making this environment: waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
