"""Bring objects to a remote and back, and prove by our own reading that they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.carrier import batches, carrier
from actum.dvc.config import Config, Remote
from actum.dvc.integrity import Problem, Progress, fsck, silent
from actum.dvc.objects import Needed
from actum.errors import ToolFailedError

Road = Literal["auto", "dvc"]
"""``auto``: a remote that is a folder is read and written directly, every other through DVC. ``dvc``: always DVC."""
MAX_FETCHED_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The outcome of a push that was verified: ``verified`` objects read back, ``sent`` of them were not there."""

    verified: int
    sent: int
    remotes: tuple[str, ...]


def push_verified(
    needed: Iterable[Needed],
    config: Config,
    env: Mapping[str, str],
    *,
    remote: str = "",
    road: Road = "auto",
    progress: Progress = silent,
) -> Pushed:
    """Bring every object to its remote and read all of them back there.

    Works by object, not by work tree: the revision need not be checked out, and a folder whose list is in the
    remote while one of its files is not, which ``dvc push`` takes for complete, is completed.
    Objects that the user keeps local (``push: false``) are left out.

    Raises:
        NotFoundError: There is no such remote.
        ToolFailedError: An object is in neither store, or corrupt, or the remote cannot be reached or written.
    """
    sent = verified = 0
    names = []
    for place, objects in _by_remote((one for one in needed if one.push), config, remote):
        store = _folder(place, road)
        names.append(place.name)
        verified += len({one.md5 for one in objects})
        if store is not None:
            sent += _fill(store, objects, config, place, progress)
        else:
            sent += _send(place, objects, config, env, progress)
    return Pushed(verified=verified, sent=sent, remotes=tuple(names))


def fsck_remote(
    needed: Iterable[Needed],
    config: Config,
    env: Mapping[str, str],
    *,
    remote: str = "",
    road: Road = "auto",
    progress: Progress = silent,
    max_bytes: int = MAX_FETCHED_BYTES,
) -> tuple[Problem, ...]:
    """Read every object where its remote keeps it and return what is missing or corrupt there.

    Args:
        max_bytes: how much of a remote that is no folder may lie on this disk at a time while it is read.
    """
    problems: list[Problem] = []
    for place, objects in _by_remote((one for one in needed if one.push), config, remote):
        store = _folder(place, road)
        if store is not None:
            problems += fsck(objects, {place.name: store}, progress=progress)
        else:
            problems += _fetched(place, objects, config, env, max_bytes, progress)
    return tuple(problems)


def fetch_verified(
    needed: Iterable[Needed],
    config: Config,
    env: Mapping[str, str],
    *,
    remote: str = "",
    road: Road = "auto",
    progress: Progress = silent,
) -> int:
    """Bring into the cache what it lacks or holds corrupt; return how many objects came.

    Only sound bytes enter: ``dvc fetch`` lets an object of wrong bytes in, and ``dvc checkout`` hands it on.

    Raises:
        NotFoundError: There is no such remote.
        ToolFailedError: An object is missing or corrupt in the remote, or the remote cannot be reached.
    """
    cache, wanted = cache_of(config), list(needed)
    lacking = {problem.object for problem in fsck(wanted, {"cache": cache})}
    for place, objects in _by_remote((one for one in wanted if one.md5 in lacking), config, remote):
        store = _folder(place, road)
        if store is not None:
            _refuse(_taken(store, objects, cache, place), place)
            progress(len(objects), len(objects))
        else:
            _refuse(_fetched(place, objects, config, env, MAX_FETCHED_BYTES, progress, into=cache), place)
    return len(lacking)


def _taken(store: ObjectStore, objects: Sequence[Needed], cache: ObjectStore, place: Remote) -> list[Problem]:
    """Copy what is sound from a store into the cache and return the rest."""
    problems = fsck(objects, {place.name: store})
    unsound = {problem.object for problem in problems}
    for one in {one.md5: one for one in objects if one.md5 not in unsound}.values():
        cache.adopt(one.md5, store.path(one.md5, legacy=one.legacy), legacy=one.legacy)
    return list(problems)


def _by_remote(needed: Iterable[Needed], config: Config, remote: str) -> list[tuple[Remote, list[Needed]]]:
    groups: dict[str, tuple[Remote, list[Needed]]] = {}
    for one in needed:
        place = config.remote(one.remote or remote)
        groups.setdefault(place.name, (place, []))[1].append(one)
    return list(groups.values())


def _folder(place: Remote, road: Road) -> ObjectStore | None:
    # A version_aware remote goes to the carrier, which refuses it.
    if road == "dvc" or place.path is None or place.version_aware:
        return None
    return ObjectStore(place.path, shared=place.settings.get("shared") == "group")


def _fill(store: ObjectStore, objects: list[Needed], config: Config, place: Remote, progress: Progress) -> int:
    problems = fsck(objects, {place.name: store}, progress=progress)
    _refuse([problem for problem in problems if problem.state == "corrupt"], place)
    lacking = {problem.object for problem in problems}
    wanted = {one.md5: one for one in objects if one.md5 in lacking}
    cache = cache_of(config)
    _refuse(fsck(wanted.values(), {"cache": cache}), place)
    # A list after its files: who finds a folder's list in a remote takes the folder for complete.
    for one in sorted(wanted.values(), key=lambda one: one.is_dir):
        try:
            store.adopt(one.md5, cache.path(one.md5, legacy=one.legacy), legacy=one.legacy)
        except OSError as error:
            hint = f"mend the remote: dvc remote modify {place.name} url /path"
            raise ToolFailedError(f"remote {place.name!r}: {error}", hint=hint) from error
    _refuse(fsck(wanted.values(), {place.name: store}), place)
    return len(wanted)


def _send(place: Remote, objects: list[Needed], config: Config, env: Mapping[str, str], progress: Progress) -> int:
    problems = fsck(objects, {"cache": cache_of(config)})
    _refuse([problem for problem in problems if problem.state == "corrupt"], place)
    lacking = {problem.object for problem in problems}  # the remote may hold them already
    with carrier(place, env, cache_dir=config.cache_dir) as out:
        sent = out.push([one for one in objects if one.md5 not in lacking])
    _refuse(_fetched(place, objects, config, env, MAX_FETCHED_BYTES, progress), place)
    return sent


def _fetched(
    place: Remote,
    objects: Sequence[Needed],
    config: Config,
    env: Mapping[str, str],
    max_bytes: int,
    progress: Progress,
    into: ObjectStore | None = None,
) -> Iterator[Problem]:
    """Read objects through DVC, batch by batch, and tell what is wrong; what is sound goes *into* a store."""
    cache = cache_of(config)
    unique = {one.md5: one for one in objects}.values()
    done = 0
    for batch in batches(unique, {one.md5: _size(one, cache) for one in unique}, max_bytes):
        with carrier(place, env) as back:
            back.fetch(batch)
            names = {one.md5 for one in batch}
            all_of_them = [one for one in objects if one.md5 in names]
            if into is None:
                yield from fsck(all_of_them, {place.name: back.store})
            else:
                yield from _taken(back.store, all_of_them, into, place)
        done += len(batch)
        progress(done, len(unique))


def _size(one: Needed, cache: ObjectStore) -> int:
    if one.size is not None:
        return one.size
    path = cache.path(one.md5, legacy=one.legacy)
    return path.stat().st_size if path.is_file() else 0


def _refuse(problems: Iterable[Problem], place: Remote) -> None:
    found = list(problems)
    if not found:
        return
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    message = f"{first.store}: object {first.object} of {first.paths[0]} is {first.state}{more}"
    if first.store == "cache":
        hint = f"dvc fetch {first.paths[0]}" if first.state == "missing" else "actum fsck"
    elif first.state == "missing":
        hint = f"dvc fetch {first.paths[0]}, or actum run, to have it in the cache, and push again"
    else:  # nothing of ours overwrites what a remote holds: it may be evidence
        hint = f"look at it, remove it from {place.shown}, and push again"
    raise ToolFailedError(message, hint=hint)
