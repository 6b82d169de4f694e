"""Bring objects from their remote into the cache; none arrives whose bytes are not what its name says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.carrier import carrier
from actum.dvc.config import Config, Remote
from actum.dvc.objects import Needed
from actum.errors import ToolFailedError


def fetch_verified(needed: Iterable[Needed], config: Config, env: Mapping[str, str]) -> int:
    """Fill the cache with *needed* and return how many objects came.

    Raises:
        NotFoundError: There is no such remote.
        ToolFailedError: The remote lacks an object, or has other bytes under its name.
    """
    came = 0
    for name, objects in _by_remote(needed, config).items():
        place = config.remote(name)
        if place.path is not None and not place.version_aware:
            came += _adopt(objects, ObjectStore(place.path), config, place)
        else:
            with carrier(place, env) as back:
                back.fetch(objects)
                came += _adopt(objects, back.store, config, place)
    return came


def _by_remote(needed: Iterable[Needed], config: Config) -> dict[str, list[Needed]]:
    groups: dict[str, list[Needed]] = {}
    for one in {item.md5: item for item in needed}.values():
        groups.setdefault(one.remote or config.remote().name, []).append(one)
    return groups


def _adopt(objects: list[Needed], source: ObjectStore, config: Config, place: Remote) -> int:
    cache = cache_of(config)
    for one in objects:
        found = source.verify(one.md5, legacy=one.legacy)
        if found.state != "ok":
            raise ToolFailedError(
                f"remote {place.name!r}: object {one.md5} of {one.path} is {found.state}", hint="actum fsck"
            )
        cache.adopt(one.md5, source.path(one.md5, legacy=one.legacy), legacy=one.legacy)
    return len(objects)
