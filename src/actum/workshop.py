"""The locked environment made ready on this machine: interpreter, wing, pin, and what it says of itself."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from actum import digests, files, layout, pipeline, state
from actum.dvc.cache import cache_of
from actum.dvc.config import Config, read_config
from actum.dvc.objects import Needed
from actum.dvc.tracked import write_tracked
from actum.environment import facts, machine, venv
from actum.environment.wing import build_wing
from actum.environment.workers import Prepared, run_worker
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git import writing
from actum.git.foreign import require_own_state
from actum.git.repository import Git
from actum.needs import bring
from actum.progress import Teller, counted
from actum.records.forms import FileFact
from actum.records.run import RunEnvironment
from actum.records.settings import EnvironmentSettings
from actum.records.version import ModelVersion, VersionEnvironment

WING_GITIGNORE = b"/*.zip\n"
Code = Literal["recorded", "today's"]
"""Which wing: the recorded one repeats what was done then. Today's is for acts of today, such as judging: an old wing
has no such job, and what a model answers comes from the locked libraries, not from our code.
"""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """An environment in which stages and workers can be run, and its description for the record."""

    root: Path
    prepared: Prepared
    described: RunEnvironment
    private: Path
    """Home and temporary folder of all children; it goes when the workshop does."""

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
    tell: Teller,
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
    state.require_plain_path(root)
    require_own_state(Git(root))
    if state.sweep(root):
        writing.prune_worktrees(Git(root))
    tell.now("making the environment ready")
    made = venv.Environments(state.environments(root, environ), environ, root).ensure(
        lock, settings.python, wheels=wheels, progress=tell
    )
    tell.now("asking the environment what it is")
    zipped = _write_wing(root, wing or build_wing())
    home = state.hold(root, "home")
    try:
        prepared = facts.prepare(made, zipped, scratch=home.path, exactness=settings.exactness, overrides=overrides)
        described = _described(prepared, settings, lock, zipped)
    except BaseException:
        home.release()
        raise
    workshop = Workshop(root=root, prepared=prepared, described=described, private=home.path)
    weakref.finalize(workshop, home.release)
    return workshop


def open_recorded_workshop(
    root: Path,
    lock: bytes | None,
    described: RunEnvironment | VersionEnvironment,
    *,
    environ: Mapping[str, str],
    tell: Teller,
    wheels: str | None = None,
    overrides: Mapping[str, str] | None = None,
    code: Code = "recorded",
    config: Config | None = None,
) -> Workshop:
    """Make an environment that is on record ready again: its lock, its interpreter, and our code as it was then.

    ``wheels``: a wheelhouse under DVC, by its name there, so that no index is needed. ``code``: see :data:`Code`.
    ``config``: where objects are had from; the work tree's where absent.

    Raises:
        InvalidRecordError: *lock* is not the one on record.
        NotFoundError: The wing or the wheels are neither in the cache nor in a remote.
    """
    if lock is not None and digests.of_bytes(lock) != described.lock_sha256:
        raise InvalidRecordError(f"{described.lock} is not the lock that the record names", hint="actum fsck")
    config = config or read_config(root, environ)
    wing = described.wing
    sought = Needed(path=wing.path, md5=wing.md5, size=wing.size, sha256=wing.sha256 or "")
    settings = EnvironmentSettings(
        python=described.python, platform=described.platform, lock=described.lock, exactness=described.exactness
    )
    return open_workshop(
        root,
        lock,
        settings,
        environ=environ,
        tell=tell,
        wing=bring(sought, config, environ, tell).read_bytes() if code == "recorded" else None,
        wheels=_lay_out_wheels(root, wheels, config, environ, tell) if wheels else None,
        overrides=overrides,
    )


def open_version_workshop(
    repo: Git,
    version: ModelVersion,
    *,
    environ: Mapping[str, str],
    tell: Teller,
    overrides: Mapping[str, str] | None = None,
    code: Code = "recorded",
    config: Config | None = None,
) -> Workshop:
    """Make the environment of a version ready; its lock is found by commit or by content.

    ``config``: where objects are had from; the work tree's where absent.

    Raises:
        NotFoundError: The lock, the wing or the wheels are nowhere.
        UserError: This machine is of another platform than the version's.
    """
    return open_recorded_workshop(
        repo.root,
        _lock_of(repo, version),
        version.environment,
        environ=environ,
        tell=tell,
        wheels=version.environment.wheels,
        overrides=overrides,
        code=code,
        config=config,
    )


def keep_wing(root: Path, environ: Mapping[str, str], described: RunEnvironment) -> tuple[str, ...]:
    """Put the wing under DVC, by its digest, and return the paths that git is to hold for it."""
    zipped = _wing_path(root, described.wing.sha256 or "")
    digest = cache_of(read_config(root, environ)).put_file(zipped)
    tracked, ignore = described.wing.path + ".dvc", f"{layout.WINGS}/.gitignore"
    text = write_tracked(Path(described.wing.path).name, digest.md5, digest.size)
    for path, data in ((tracked, text), (ignore, WING_GITIGNORE)):
        files.replace(files.inside(root, path), data)
    return (tracked, ignore)


def _lock_of(repo: Git, version: ModelVersion) -> bytes:
    """Return the lock that the version names, whichever of its commits is still here."""
    environment = version.environment
    for attempt in ("here", "fetched"):
        if attempt == "fetched":
            ref = layout.version_ref(version.model, version.version)
            if not (repo.config("remote.origin.url") and writing.fetch(repo, "origin", f"{ref}:{ref}")):
                break
        at_commits = (repo.read(commit, environment.lock) for commit in (version.code_commit, version.result_commit))
        by_content = repo.blobs(blob.blob for blob in version.content if blob.path == environment.lock).values()
        for data in (*at_commits, *by_content):
            if data is not None and digests.of_bytes(data) == environment.lock_sha256:
                return data
    raise NotFoundError(
        f"{version.model}@v{version.version}: its {environment.lock} is at none of its commits here",
        hint="git fetch origin 'refs/actum/*:refs/actum/*'",
    )


def _lay_out_wheels(root: Path, md5: str, config: Config, environ: Mapping[str, str], tell: Teller) -> Path:
    """Lay a recorded wheelhouse out."""
    bring(Needed(path=layout.WHEELS, md5=md5, is_dir=True), config, environ)
    folder = state.folder(root) / "wheels" / md5.removesuffix(".dir")
    for entry in counted(tell, cache_of(config).read_dir(md5), "laying out the wheels", "files"):
        target = files.inside(folder, entry.relpath)
        if not target.exists():
            source = bring(Needed(path=f"{layout.WHEELS}/{entry.relpath}", md5=entry.md5), config, environ)
            files.replace(target, source.read_bytes())
    return folder


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
        facts=_recorded(prepared.facts),
    )


def _recorded(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of an interpreter's report what decides a result; the lock already says which packages there were."""
    told: dict[str, Any] = {}
    if numpy := facts.get("numpy"):
        told["numpy"] = {key: numpy[key] for key in ("version", "enabled") if key in numpy}
    if blas := facts.get("blas"):
        keys = ("internal_api", "version", "architecture", "num_threads")
        told["blas"] = [{key: library[key] for key in keys if key in library} for library in blas]
    if brand := facts.get("cpu", {}).get("brand"):
        told["cpu"] = brand
    if libc := facts.get("libc"):
        told["libc"] = libc
    return told
