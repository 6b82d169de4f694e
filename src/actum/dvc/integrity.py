"""Whether stores really hold what a revision needs; DVC's own answers trust names and must not be asked.

``dvc status -c``, ``dvc data status`` and ``dvc push`` say that all is well with a file missing inside a
tracked folder and with an object of the right size and the wrong bytes (DVC issues 4164, 9641, 10498, 10977).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from actum.dvc.cache import ObjectStore
from actum.dvc.objects import Needed

Progress = Callable[[int, int], None]
_BATCH = 512


def silent(done: int, total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An object that a store does not hold, or holds with other bytes; ``paths``: what in the revision needs it."""

    object: str
    store: str
    state: Literal["missing", "corrupt"]
    paths: tuple[str, ...]


def fsck(
    needed: Iterable[Needed],
    stores: Mapping[str, ObjectStore],
    *,
    progress: Progress = silent,
) -> tuple[Problem, ...]:
    """Read every object in every store once and return what is missing or corrupt, in the order of *needed*.

    Size, md5 and, where recorded, sha256 must agree.

    Args:
        stores: by the label under which a problem names them.
        progress: called with the checks done and the checks in all, at the beginning and after each.
    """
    objects = _by_name(needed)
    jobs = [(label, store, ones) for label, store in stores.items() for ones in objects.values()]
    problems: list[Problem] = []
    # Hashing releases the GIL. In batches, so that a long list of checks is not held as as many futures.
    progress(0, len(jobs))
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as threads:
        found = (problem for batch in _batches(jobs) for problem in threads.map(_check, batch))
        for done, problem in enumerate(found, start=1):
            problems += [problem] if problem else []
            progress(done, len(jobs))
    return tuple(problems)


_Job = tuple[str, ObjectStore, list[Needed]]


def _batches(jobs: list[_Job]) -> Iterator[list[_Job]]:
    rest = iter(jobs)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _by_name(needed: Iterable[Needed]) -> dict[tuple[str, bool], list[Needed]]:
    objects: dict[tuple[str, bool], list[Needed]] = {}
    for one in needed:
        objects.setdefault((one.md5, one.legacy), []).append(one)
    return objects


def _check(job: _Job) -> Problem | None:
    label, store, ones = job
    one = ones[0]
    paths = tuple(each.path for each in ones)
    sizes = {each.size for each in ones if each.size is not None}
    found = store.verify(one.md5, size=next(iter(sizes)) if len(sizes) == 1 else None, legacy=one.legacy)
    if found.state == "missing":
        return Problem(object=one.md5, store=label, state="missing", paths=paths)
    vouched = all(each.sha256 in ("", found.sha256) for each in ones)
    # Two records that name two sizes for one md5: at least one of them tells of other bytes.
    if found.state == "corrupt" or not vouched or len(sizes) > 1:
        return Problem(object=one.md5, store=label, state="corrupt", paths=paths)
    return None
