"""Which objects under DVC a version cannot be rebuilt or compared without."""

from __future__ import annotations

from actum import layout
from actum.dvc.cache import ObjectStore
from actum.dvc.objects import Needed, objects_of
from actum.records.version import ModelVersion
from actum.store import Store


def objects_needed(result: Store, version: ModelVersion, cache: ObjectStore) -> tuple[Needed, ...]:
    """Return sources and outputs of the result commit, the wing, the probe, and the wheels if they were kept."""
    wing = version.environment.wing
    found = [
        *objects_of(result.read, list(result.tree), stores=[cache]),
        Needed(path=wing.path, md5=wing.md5, size=wing.size),
    ]
    if version.probe:
        found.append(Needed(path=version.probe.path, md5=version.probe.md5))
    if md5 := version.environment.wheels:
        found.append(Needed(path=layout.WHEELS, md5=md5, is_dir=True))
        found += [Needed(path=f"{layout.WHEELS}/{e.relpath}", md5=e.md5) for e in cache.read_dir(md5)]
    return tuple({item.md5: item for item in found}.values())
