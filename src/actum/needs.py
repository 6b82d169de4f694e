"""Which objects under DVC a version cannot be rebuilt or compared without, and having them all here and sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from actum import digests, layout
from actum.dvc import delivery
from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.config import ADD_REMOTE, Config
from actum.dvc.integrity import Problem, fsck
from actum.dvc.objects import Needed, objects_of
from actum.errors import InvalidRecordError, NotFoundError, RefusedError, ToolFailedError
from actum.progress import Teller, counter, silent
from actum.records.version import PICKLES, ModelVersion
from actum.store import Store


def objects_needed(result: Store, version: ModelVersion, stores: Sequence[ObjectStore]) -> tuple[Needed, ...]:
    """Return what its stages read and made, the wing, the probe, and the wheels if they were kept.

    What else the commit tracks is not its business: other pipelines, sealed decisions. The files of a folder
    are among them where one of *stores* has the folder's list.
    """
    wing = version.environment.wing
    lock = layout.in_pipeline(version.pipeline, "dvc.lock")
    tracked = [path for path in result.tree if path.endswith(".dvc")]
    data = [fact.path for fact in version.data]
    found = [
        *objects_of(result.read, [lock], stores=stores),
        *(
            item
            for item in objects_of(result.read, tracked, stores=stores)
            if any(layout.meet(item.path, d) for d in data)
        ),
        Needed(path=wing.path, md5=wing.md5, size=wing.size),
    ]
    if version.probe:
        found.append(Needed(path=version.probe.path, md5=version.probe.md5))
    if md5 := version.environment.wheels:
        found.append(Needed(path=layout.WHEELS, md5=md5, is_dir=True))
        having = next((store for store in stores if store.has(md5)), None)
        entries = having.read_dir(md5) if having else ()
        found += [Needed(path=f"{layout.WHEELS}/{entry.relpath}", md5=entry.md5) for entry in entries]
    return tuple({(item.path, item.md5): item for item in found}.values())


def bring(item: Needed, config: Config, environ: Mapping[str, str], tell: Teller = silent) -> Path:
    """Return where one object lies in the cache; it is fetched when it is not there.

    Raises:
        NotFoundError: It is not in the cache, and there is no remote.
        ToolFailedError: The remote lacks it too, or cannot be reached.
        InvalidRecordError: The cache holds other bytes than ``item.sha256`` vouches for.
    """
    cache = cache_of(config)
    if not cache.has(item.md5):
        if not config.default_remote:
            problem = f"{item.path} ({item.md5}) is not in the cache, and there is no remote"
            raise NotFoundError(problem, hint=ADD_REMOTE)
        delivery.fetch_verified([item], config, environ, tell)
    path = cache.path(item.md5)
    if item.sha256 and digests.of_file(path).sha256 != item.sha256:
        raise InvalidRecordError(f"{item.path}: the cache holds other bytes than its record names", hint="actum fsck")
    return path


def leave_lacking(version: ModelVersion, *, allow_pickle: bool) -> str:
    """Say why a version's model is not loaded without leave; "" where it may be."""
    artifact = version.artifact
    if allow_pickle or not artifact.needs_leave:
        return ""
    if artifact.format in PICKLES:
        return f"{artifact.path} is {artifact.format}: to load a pickle is to run what is in it"
    return f"{artifact.path} is {artifact.format}, which nothing of ours loads unless it is a pickle"


def secure(
    result: Store, version: ModelVersion, config: Config, environ: Mapping[str, str], tell: Teller
) -> tuple[Needed, ...]:
    """Check every object of a version in the cache and in the remote, and bring what only the remote has.

    Raises:
        RefusedError: Something is corrupt in either place, or in neither; each is named.
    """
    cache = cache_of(config)
    needed = objects_needed(result, version, [cache])
    lists = [item for item in needed if item.is_dir and not cache.has(item.md5)]
    if lists and config.default_remote:  # a fresh clone: without its list nobody knows what a folder holds
        delivery.fetch_verified(lists, config, environ, tell)
        needed = objects_needed(result, version, [cache])
    lacking = _checked(needed, cache, config, environ, tell)
    if lacking:
        tell(f"fetching {len(lacking)} objects")
        delivery.fetch_verified(lacking, config, environ, tell)
    return needed


def _checked(
    needed: tuple[Needed, ...],
    cache: ObjectStore,
    config: Config,
    environ: Mapping[str, str],
    tell: Teller,
) -> list[Needed]:
    """Return what the cache lacks and the remote has."""
    here = fsck(needed, {"cache": cache}, progress=counter(tell, "reading what the cache holds", "objects"))
    missing_here = {problem.object for problem in here if problem.state == "missing"}
    there, missing_there = _in_remote(needed, missing_here, config, environ, tell)
    corrupt = [problem for problem in (*here, *there) if problem.state == "corrupt"]
    nowhere = [
        Problem(object=item.md5, store="cache and remote", state="missing", paths=(item.path,))
        for item in needed
        if item.md5 in missing_here & missing_there
    ]
    if corrupt or nowhere:
        lines = [f"{p.store}: object {p.object} of {', '.join(p.paths)} is {p.state}" for p in (*corrupt, *nowhere)]
        raise RefusedError("nothing was run:\n  " + "\n  ".join(lines), hint="actum fsck")
    return [item for item in needed if item.md5 in missing_here]


def _in_remote(
    needed: tuple[Needed, ...],
    missing_here: set[str],
    config: Config,
    environ: Mapping[str, str],
    tell: Teller,
) -> tuple[tuple[Problem, ...], set[str]]:
    """Return what is wrong in the remote, and which objects it lacks. Offline, a complete cache is enough."""
    if not config.default_remote:
        return (), missing_here
    try:
        there = delivery.fsck_remote(needed, config, environ, tell)
    except ToolFailedError as error:
        if missing_here:
            raise
        tell(f"the remote was not checked, the cache has everything: {error}")
        return (), set()
    return there, {problem.object for problem in there}
