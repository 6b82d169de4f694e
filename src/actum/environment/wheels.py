"""Collect the wheels of a lock into a folder from which the environment can be made with no network.

pip does it: uv has neither ``download`` nor ``wheel``. A wheel that is built here has a hash that the
project's lock does not know, so the folder carries a lock of its own, over the bytes that are in it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import digests, process
from actum.environment.lock import Pinned, canonical_name, lock_digest, parse_lock, source_only
from actum.environment.machine import platform_name
from actum.environment.uv import failure, package_tool_environment
from actum.environment.venv import WHEELS_LOCK, Environment
from actum.errors import ToolFailedError, UserError
from actum.files import replace

# Wheel builders take the times of a wheel's members from it: built twice, the bytes are the same.
_REPRODUCIBLE = {"SOURCE_DATE_EPOCH": "315532800", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """One file of the folder. ``locked``: its hash is in the project's lock; otherwise it was built here."""

    name: str
    version: str
    file: str
    sha256: str
    size: int
    locked: bool


def collect_wheels(
    lock: bytes, environment: Environment, into: Path, *, caller: Mapping[str, str]
) -> tuple[Wheel, ...]:
    """Fill the new folder *into* with the wheels of *lock* for this platform, and with their lock.

    Raises:
        UserError: *into* exists and is not empty.
        ToolFailedError: pip failed: index, hash, a package that cannot be built.
    """
    if into.exists() and any(into.iterdir()):
        raise UserError(f"{into}: is there already and is not empty", hint="name a new folder")
    pinned = parse_lock(lock.decode())
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=into.parent) as folder:
        draft = Path(folder, "wheels")
        draft.mkdir()
        _download(lock, environment, draft, caller)
        found = tuple(_wheel(path, pinned) for path in sorted(draft.glob("*.whl")))
        replace(draft / WHEELS_LOCK, _lock_of(found, lock, environment))
        os.replace(draft, into)
    return found


def _download(lock: bytes, environment: Environment, draft: Path, caller: Mapping[str, str]) -> None:
    """Let the tool's pip work for the locked interpreter, which has no pip of its own."""
    wanted = draft.parent / "wanted.lock"
    wanted.write_bytes(lock)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        environment.executable,
        "wheel",
        "--quiet",
        "--no-input",
    ]
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    for name in source_only(lock.decode()):
        command += ["--no-binary", name]
    command += ["--wheel-dir", draft, "--requirement", wanted]
    env = package_tool_environment(caller) | _REPRODUCIBLE
    finished = process.run(command, cwd=draft, env=env)
    if finished.code != 0:
        raise failure("cannot collect the wheels", "pip", finished)


def _wheel(path: Path, pinned: tuple[Pinned, ...]) -> Wheel:
    name, version = path.name.split("-")[:2]
    found = digests.of_file(path)
    bare = found.sha256.removeprefix(digests.SHA256)
    matching = [item for item in pinned if item.name == canonical_name(name) and item.version == version]
    if not matching:
        raise ToolFailedError(f"pip delivered {path.name}, which is not in the lock", hint="actum lock")
    locked = any(bare in item.hashes for item in matching)
    return Wheel(
        name=canonical_name(name), version=version, file=path.name, sha256=found.sha256, size=found.size, locked=locked
    )


def _lock_of(wheels: tuple[Wheel, ...], lock: bytes, environment: Environment) -> bytes:
    head = f"# The wheels of this folder, for {platform_name()} and python {environment.python}.\n"
    head += f"# They are those of the lock {lock_digest(lock)}.\n"
    body = (f"{wheel.name}=={wheel.version} \\\n    --hash={wheel.sha256}\n" for wheel in wheels)
    return (head + "".join(body)).encode()
