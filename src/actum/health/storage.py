"""Is there a place for the bytes, here and at the remote?"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from actum import layout, state
from actum.dvc.config import ADD_REMOTE, Config, Remote, read_config
from actum.errors import UserError
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, told, wrong
from actum.health.project import committed

LEAST_FREE_BYTES = 1 << 30
_PLUGINS = {"s3": "s3", "gs": "gs", "azure": "azure", "abfs": "azure", "ssh": "ssh", "oss": "oss", "hdfs": "hdfs"}
_PLUGINS |= {"gdrive": "gdrive", "webdav": "webdav", "webdavs": "webdav", "webhdfs": "webhdfs"}
_CONFIG = ".dvc/config"


def look_at_storage(repo: Git, environ: Mapping[str, str], least_free: int = LEAST_FREE_BYTES) -> Iterator[Finding]:
    config: Config | None = None
    try:
        config = read_config(repo.root, environ)
        yield _config_file(repo)
        yield look_at_remote(config.remote())
    except UserError as error:
        yield told("dvc project" if config is None else "remote", error, "dvc config --list")
    yield from _disks(_places(repo.root, config, environ), least_free)


def _config_file(repo: Git) -> Finding:
    if not (repo.root / _CONFIG).is_file():
        in_git = (head := repo.resolve("HEAD")) is not None and repo.read(head, _CONFIG) is not None
        mend = f"git checkout HEAD -- {_CONFIG}" if in_git else ADD_REMOTE
        return wrong("dvc project", f"{_CONFIG} is not there", mend)
    return next(committed(repo, _CONFIG, "dvc project"), ok("dvc project", _CONFIG))


def look_at_remote(remote: Remote) -> Finding:
    """Judge where objects are pushed to. A folder is looked at; any other remote is asked only by who uses it."""
    name = f"remote {remote.name!r}"
    if remote.version_aware:
        says = f"{name} is version_aware: a push would rewrite dvc.lock"
        return wrong("remote", says, f"dvc remote modify {remote.name} version_aware false")
    if remote.path is None:
        return _elsewhere(remote, name)
    place = shlex.quote(str(remote.path))
    if not remote.path.exists():
        says = f"{name}: {remote.path} is not there"
        return wrong("remote", says, f"mkdir -p {place}  # or mount the disk that it is on")
    if not remote.path.is_dir():
        return wrong("remote", f"{name}: {remote.path} is a file", f"dvc remote modify {remote.name} url FOLDER")
    if not os.access(remote.path, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return wrong("remote", f"{name}: {remote.path} may not be written by you", f"ls -ld {place}")
    return ok("remote", str(remote.path))


def _elsewhere(remote: Remote, name: str) -> Finding:
    plugin = _PLUGINS.get(remote.url.partition("://")[0].lower())
    if plugin and importlib.util.find_spec(f"dvc_{plugin}") is None:
        return wrong("remote", f"{name}: dvc cannot reach {remote.shown}", f"python -m pip install dvc-{plugin}")
    return note("remote", f"{name}: {remote.shown} was not asked", "actum fsck")


def _places(root: Path, config: Config | None, environ: Mapping[str, str]) -> list[Path]:
    shared = environ.get(state.ENVIRONMENTS_VARIABLE)
    return [
        root,
        Path(shared) if shared else root / layout.STATE,
        config.cache_dir if config else root,
        Path(environ.get("TMPDIR") or tempfile.gettempdir()),
    ]


def _disks(places: Iterable[Path], least_free: int) -> Iterator[Finding]:
    """Look at each disk once, however many of the places lie on it."""
    seen: dict[int, Path] = {}
    for place in places:
        there = next(path for path in (place, *place.parents) if path.exists())
        seen.setdefault(there.stat().st_dev, there)
    for there in seen.values():
        free = shutil.disk_usage(there).free
        if free < least_free:
            says = f"{free / 2**30:.1f} GiB are free on the disk of {there}, wanted are {least_free / 2**30:.1f}"
            yield wrong("disk", says, f"rm -r {layout.STATE}/environments   (they are made anew when needed)")
        else:
            yield ok("disk", f"{free / 2**30:.0f} GiB free")
