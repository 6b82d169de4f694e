"""Bring objects to a remote and back, and prove by our own reading that they arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.carrier import batches, carrier
from actum.dvc.config import Config, Remote
from actum.dvc.integrity import Problem, fsck
from actum.dvc.objects import Needed
from actum.errors import ToolFailedError
from actum.progress import Teller, counted, counter, silent

MAX_FETCHED_BYTES = 2 << 30
"""How much of a remote that is no folder may lie on this disk at a time while it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The outcome of a push that was verified: ``verified`` objects read back, ``sent`` of them were not there."""

    verified: int
    sent: int
    remotes: tuple[str, ...]


def push_verified(needed: Iterable[Needed], config: Config, env: Mapping[str, str], tell: Teller = silent) -> Pushed:
    """Bring every object to its remote and read all of them back there.

    A remote that is a folder is read and written directly, every other through DVC.

    Works by object, not by work tree: the revision need not be checked out, and a folder whose list is in the
    remote while one of its files is not, which ``dvc push`` takes for complete, is completed.
    Objects that the user keeps local (``push: false``) are left out.

    Raises:
        NotFoundError: There is no such remote.
        ToolFailedError: An object is in neither store, or corrupt, or the remote cannot be reached or written.
    """
    sent = verified = 0
    names = []
    for place, objects in _by_remote((one for one in needed if one.push), config):
        store = _folder(place)
        names.append(place.name)
        verified += len({one.md5 for one in objects})
        if store is not None:
            sent += _fill(store, objects, config, place, tell)
        else:
            sent += _send(place, objects, config, env, tell)
    return Pushed(verified=verified, sent=sent, remotes=tuple(names))


def fsck_remote(
    needed: Iterable[Needed], config: Config, env: Mapping[str, str], tell: Teller = silent
) -> tuple[Problem, ...]:
    """Read every object where its remote keeps it and return what is missing or corrupt there."""
    problems: list[Problem] = []
    for place, objects in _by_remote((one for one in needed if one.push), config):
        store = _folder(place)
        if store is not None:
            problems += fsck(objects, {place.name: store}, progress=_reading(place, tell))
        else:
            problems += _fetched(place, objects, config, env, tell)
    return tuple(problems)


def fetch_verified(needed: Iterable[Needed], config: Config, env: Mapping[str, str], tell: Teller = silent) -> int:
    """Bring into the cache what it lacks or holds corrupt; return how many objects came.

    Only sound bytes enter: ``dvc fetch`` lets an object of wrong bytes in, and ``dvc checkout`` hands it on.

    Raises:
        NotFoundError: There is no such remote.
        ToolFailedError: An object is missing or corrupt in the remote, or the remote cannot be reached.
    """
    cache, wanted = cache_of(config), list(needed)
    lacking = {problem.object for problem in fsck(wanted, {"cache": cache}, progress=_reading_cache(tell))}
    for place, objects in _by_remote((one for one in wanted if one.md5 in lacking), config):
        store = _folder(place)
        if store is not None:
            _refuse(_taken(store, objects, cache, place, tell), place)
        else:
            _refuse(_fetched(place, objects, config, env, tell, into=cache), place)
    return len(lacking)


def _taken(
    store: ObjectStore, objects: Sequence[Needed], cache: ObjectStore, place: Remote, tell: Teller
) -> list[Problem]:
    """Copy what is sound from a store into the cache and return the rest."""
    problems = fsck(objects, {place.name: store}, progress=_reading(place, tell))
    unsound = {problem.object for problem in problems}
    sound = {one.md5: one for one in objects if one.md5 not in unsound}
    for one in counted(tell, list(sound.values()), f"copying from {place.name}", "objects"):
        cache.adopt(one.md5, store.path(one.md5, legacy=one.legacy), legacy=one.legacy)
    return list(problems)


def _reading(place: Remote, tell: Teller) -> Callable[[int, int], None]:
    return counter(tell, f"reading what {place.name} holds", "objects")


def _reading_cache(tell: Teller) -> Callable[[int, int], None]:
    return counter(tell, "reading what the cache holds", "objects")


def _by_remote(needed: Iterable[Needed], config: Config) -> list[tuple[Remote, list[Needed]]]:
    groups: dict[str, tuple[Remote, list[Needed]]] = {}
    for one in needed:
        place = config.remote(one.remote)
        groups.setdefault(place.name, (place, []))[1].append(one)
    return list(groups.values())


def _folder(place: Remote) -> ObjectStore | None:
    # A version_aware remote goes to the carrier, which refuses it.
    if place.path is None or place.version_aware:
        return None
    return ObjectStore(place.path, shared=place.settings.get("shared") == "group")


def _fill(store: ObjectStore, objects: list[Needed], config: Config, place: Remote, tell: Teller) -> int:
    problems = fsck(objects, {place.name: store}, progress=_reading(place, tell))
    _refuse([problem for problem in problems if problem.state == "corrupt"], place)
    lacking = {problem.object for problem in problems}
    wanted = {one.md5: one for one in objects if one.md5 in lacking}
    cache = cache_of(config)
    _refuse(fsck(wanted.values(), {"cache": cache}, progress=_reading_cache(tell)), place)
    # A list after its files: who finds a folder's list in a remote takes the folder for complete.
    ordered = sorted(wanted.values(), key=lambda one: one.is_dir)
    for one in counted(tell, ordered, f"copying to {place.name}", "objects"):
        try:
            store.adopt(one.md5, cache.path(one.md5, legacy=one.legacy), legacy=one.legacy)
        except OSError as error:
            hint = f"mend the remote: dvc remote modify {place.name} url /path"
            raise ToolFailedError(f"remote {place.name!r}: {error}", hint=hint) from error
    back = counter(tell, f"reading back from {place.name}", "objects")
    _refuse(fsck(wanted.values(), {place.name: store}, progress=back), place)
    return len(wanted)


def _send(place: Remote, objects: list[Needed], config: Config, env: Mapping[str, str], tell: Teller) -> int:
    problems = fsck(objects, {"cache": cache_of(config)}, progress=_reading_cache(tell))
    _refuse([problem for problem in problems if problem.state == "corrupt"], place)
    lacking = {problem.object for problem in problems}  # the remote may hold them already
    tell.now(f"sending to {place.name}")  # DVC does, and says nothing until it is done
    with carrier(place, env, cache_dir=config.cache_dir) as out:
        sent = out.push([one for one in objects if one.md5 not in lacking])
    _refuse(_fetched(place, objects, config, env, tell), place)
    return sent


def _fetched(
    place: Remote,
    objects: Sequence[Needed],
    config: Config,
    env: Mapping[str, str],
    tell: Teller,
    into: ObjectStore | None = None,
) -> Iterator[Problem]:
    """Read objects through DVC, batch by batch, and tell what is wrong; what is sound goes *into* a store."""
    cache = cache_of(config)
    unique = {one.md5: one for one in objects}.values()
    done = 0
    for batch in batches(unique, {one.md5: _size(one, cache) for one in unique}, MAX_FETCHED_BYTES):
        tell.now(f"fetching from {place.name}", done, len(unique), "objects")
        with carrier(place, env) as back:
            back.fetch(batch)
            names = {one.md5 for one in batch}
            all_of_them = [one for one in objects if one.md5 in names]
            if into is None:
                yield from fsck(all_of_them, {place.name: back.store})
            else:
                yield from _taken(back.store, all_of_them, into, place, silent)
        done += len(batch)


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
