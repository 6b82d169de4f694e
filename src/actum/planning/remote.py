"""Are a version's bytes where everybody can get them? Asked of the base's remote itself, by our own reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from actum.dvc.cache import ObjectStore
from actum.dvc.config import Config, Remote, read_config
from actum.dvc.definitions import LOCK
from actum.dvc.objects import Needed, objects_of
from actum.errors import UserError
from actum.git.repository import Git
from actum.records.event import Finding
from actum.records.version import ModelVersion
from actum.store import Store

GATE = "remote"
DVC_CONFIG, DVC_LOCAL_CONFIG = ".dvc/config", ".dvc/config.local"


def artifact_in_remote(base: Store, version: ModelVersion, environ: Mapping[str, str]) -> Finding:
    """Read the artifact where its remote keeps it: md5, sha256 and size must be those of the version.

    A remote that is no folder is not read here, and the finding says so.
    """
    artifact = version.artifact
    try:
        needed = _needed(base.repo, version)
        remote = base_config(base, environ).remote(needed.remote)
    except UserError as error:
        return Finding(gate=GATE, outcome="failed", because=f"{error}: nobody else can get {artifact.path}")
    if not needed.push:
        return Finding(
            gate=GATE, outcome="failed", because=f"{artifact.path} has push: false, it never leaves a machine"
        )
    store = _folder(remote)
    if store is None:
        return Finding(
            gate=GATE, outcome="warned", because=f"{remote.name} was not checked here: {remote.shown} is no folder"
        )
    return _read(store, remote.name, needed)


def base_config(base: Store, environ: Mapping[str, str]) -> Config:
    """Read which remotes the base has; what is checked out is somebody else's revision.

    A config.local adds what this machine alone knows, credentials above all, unless it came with the checkout.

    Raises:
        NotFoundError: We are in no DVC project.
        InvalidRecordError: A configuration file cannot be read.
    """
    repo = base.repo
    came = bool(repo.tree(repo.head(), DVC_LOCAL_CONFIG))
    return read_config(repo.root, environ, committed=base.read(DVC_CONFIG) or b"", with_local=not came)


def _read(store: ObjectStore, name: str, needed: Needed) -> Finding:
    found = store.verify(needed.md5, size=needed.size, legacy=needed.legacy)
    if found.state == "ok" and found.sha256 == needed.sha256:
        return Finding(gate=GATE, outcome="passed", because=f"{needed.path} is in {name}, {found.size:,} bytes, sound")
    if found.state == "missing":
        return Finding(gate=GATE, outcome="missing", because=f"{name} has no object {needed.md5} for {needed.path}")
    because = f"object {needed.md5} for {needed.path} in {name} is corrupt: its bytes are not the version's"
    return Finding(gate=GATE, outcome="failed", because=because)


def _needed(repo: Git, version: ModelVersion) -> Needed:
    """Return the artifact as its pipeline keeps it: which remote, and by which of DVC's two layouts."""
    artifact = version.artifact
    plain = Needed(path=artifact.path, md5=artifact.md5, size=artifact.size, kind="output", sha256=artifact.sha256)
    if repo.resolve(version.result_commit) is None:
        return plain
    result = Store(repo, version.result_commit)
    lock = LOCK if version.pipeline == "." else f"{version.pipeline}/{LOCK}"
    for one in objects_of(result.read, [lock]) if lock in result.tree else ():
        if one.path == artifact.path and one.md5 == artifact.md5:
            return replace(plain, legacy=one.legacy, push=one.push, remote=one.remote)
    return plain


def _folder(remote: Remote) -> ObjectStore | None:
    return None if remote.path is None or remote.version_aware else ObjectStore(remote.path)
