"""The locked environment made ready on this machine: interpreter, wing, pin, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import digests, files, layout, pipeline, state
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.dvc.tracked import write_tracked
from actum.environment import facts, machine, venv
from actum.environment.wing import build_wing
from actum.environment.workers import Prepared, run_worker
from actum.errors import NotFoundError, UserError
from actum.records.forms import FileFact
from actum.records.run import RunEnvironment
from actum.records.settings import EnvironmentSettings

WING_GITIGNORE = b"/*.zip\n"
_RECORDED_FACTS = ("numpy", "blas", "cpu", "libc")


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """An environment in which stages and workers can be run, and its description for the record."""

    root: Path
    prepared: Prepared
    described: RunEnvironment

    def write_shell(self, book: Path) -> Path:
        """Write the shell that gives each stage this environment and keeps the journal in *book*."""
        return pipeline.write_shell(book, self.prepared.env, self.prepared.environment.executable, self.prepared.wing)

    def ask(self, job: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run a worker of the wing inside the locked environment and return its answer."""
        return run_worker(self.prepared, job, request)


def open_workshop(
    root: Path,
    lock: bytes | None,
    settings: EnvironmentSettings,
    *,
    environ: Mapping[str, str],
    tell: Callable[[str], None],
    wing: bytes | None = None,
    wheels: Path | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Workshop:
    """Make the environment of *lock* ready. ``wing``: a recorded one, else today's.

    Raises:
        UserError: No lock, another platform than the project's, or a pin that does not hold.
        NotFoundError: The interpreter is not on this machine.
        ToolFailedError: uv failed.
    """
    if lock is None:
        raise NotFoundError(f"{settings.lock} is not committed", hint="actum lock && git add . && git commit")
    if machine.platform_name() != settings.platform:
        raise UserError(
            f"the project computes on {settings.platform}, this machine is {machine.platform_name()}",
            hint="set environment.platform in actum.yaml to train here",
        )
    made = venv.Environments(state.environments(root, environ), environ, root).ensure(
        lock, settings.python, wheels=wheels, progress=tell
    )
    zipped = _write_wing(root, wing or build_wing())
    prepared = facts.prepare(
        made, zipped, scratch=state.folder(root) / "scratch", exactness=settings.exactness, overrides=overrides
    )
    return Workshop(root=root, prepared=prepared, described=_described(prepared, settings, lock, zipped))


def keep_wing(root: Path, environ: Mapping[str, str], described: RunEnvironment) -> tuple[str, ...]:
    """Put the wing under DVC, by its digest, and return the paths that git is to hold for it."""
    zipped = _wing_path(root, described.wing.sha256 or "")
    digest = cache_of(read_config(root, environ)).put_file(zipped)
    tracked, ignore = described.wing.path + ".dvc", f"{layout.WINGS}/.gitignore"
    text = write_tracked(Path(described.wing.path).name, digest.md5, digest.size)
    for path, data in ((tracked, text), (ignore, WING_GITIGNORE)):
        files.replace(files.inside(root, path), data)
    return (tracked, ignore)


def _write_wing(root: Path, data: bytes) -> Path:
    path = _wing_path(root, digests.of_bytes(data))
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, data)
    return path


def _wing_path(root: Path, sha256: str) -> Path:
    return state.folder(root) / "wings" / f"{digests.short(sha256)}.zip"


def _described(prepared: Prepared, settings: EnvironmentSettings, lock: bytes, zipped: Path) -> RunEnvironment:
    wing = digests.of_file(zipped)
    return RunEnvironment(
        python=prepared.environment.python,
        platform=machine.platform_name(),
        lock=settings.lock,
        lock_sha256=digests.of_bytes(lock),
        wing=FileFact(path=f"{layout.WINGS}/{zipped.name}", md5=wing.md5, sha256=wing.sha256, size=wing.size),
        exactness=settings.exactness,
        pin=dict(prepared.pin),
        facts={name: prepared.facts[name] for name in _RECORDED_FACTS if name in prepared.facts},
    )
