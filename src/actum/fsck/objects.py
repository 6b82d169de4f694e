"""Are the bytes that versions, seals and runs name in the cache and in the remote, and are they those bytes?"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from actum import layout
from actum.dvc import delivery
from actum.dvc.cache import cache_of
from actum.dvc.config import Config, Remote
from actum.dvc.integrity import Problem, fsck
from actum.dvc.objects import Needed
from actum.dvc.tracked import SUFFIX
from actum.errors import ToolFailedError, UserError
from actum.fsck.fault import Fault
from actum.progress import Teller, counter


def object_faults(
    needed: Iterable[Needed], config: Config, environ: Mapping[str, str], tell: Teller
) -> Iterator[Fault]:
    """Yield objects that are corrupt anywhere, missing everywhere, or not yet in the remote."""
    objects = tuple({item.md5: item for item in needed}.values())
    here = fsck(objects, {"cache": cache_of(config)}, progress=counter(tell, "reading what the cache holds", "objects"))
    if not config.default_remote:
        if objects:
            what = "there is none: the bytes that records name are on this machine alone"
            mend = "dvc remote add --default storage /path/or/address"
            yield Fault(part="objects", weight="note", where="remote", what=what, mend=mend)
        yield from (_fault(problem, "dvc remote add --default storage /path/or/address") for problem in here)
        return
    try:
        there = delivery.fsck_remote(objects, config, environ, tell)
    except (ToolFailedError, UserError) as error:
        yield Fault(part="objects", weight="wrong", where="remote", what=str(error), mend=error.hint)
        yield from (_fault(problem, "") for problem in here)  # removing one could lose the last copy
        return
    yield from _judged(here, there, config)


def _judged(here: Sequence[Problem], there: Sequence[Problem], config: Config) -> Iterator[Fault]:
    missing_there = {problem.object for problem in there if problem.state == "missing"}
    unsound_there = {problem.object for problem in there}
    missing_here = {problem.object for problem in here if problem.state == "missing"}
    unsound_here = {problem.object for problem in here}
    for problem in here:
        if problem.state == "corrupt":
            place = cache_of(config).path(problem.object)
            mend = f"rm -f {shlex.quote(str(place))} && dvc fetch" if problem.object not in unsound_there else ""
            yield _fault(problem, mend)
        elif problem.object in missing_there:
            yield Fault(
                part="objects",
                weight="wrong",
                where=", ".join(problem.paths),
                what=f"object {problem.object} is neither in the cache nor in the remote",
            )
    for problem in there:
        if problem.state == "corrupt":
            mend = _removal(problem, config.remote(problem.store)) if problem.object not in unsound_here else ""
            yield _fault(problem, mend)
        elif problem.object not in unsound_here and all(map(_may_be_local, problem.paths)):
            yield _local(problem, config.root)
        elif problem.object not in missing_here:
            yield _fault(problem, "dvc push, or actum register MODEL --version X.Y.Z again")


def _may_be_local(path: str) -> bool:
    """``actum score --local`` leaves a segment where it was sealed, and a script what it kept: no fault."""
    return layout.decider_of(path) is not None or layout.is_kept_by_run(path)


def _local(problem: Problem, root: Path) -> Fault:
    (path, *_), what = problem.paths, f"object {problem.object} is on this machine alone, {problem.store} lacks it"
    # Of a file in a folder the folder's is the one; of a seal on the evidence branch there is none in the work tree.
    places = (f"{place}{SUFFIX}" for place in (path, *map(str, PurePosixPath(path).parents)))
    tracked = next((place for place in places if (root / place).is_file()), None)
    if tracked:
        mend = f"dvc push {shlex.quote(tracked)}"
    else:
        decider = layout.decider_of(path)
        mend = f"actum score {decider} INPUT  # the same order again, without --local" if decider else "dvc push"
    return Fault(part="objects", weight="note", where=", ".join(problem.paths), what=what, mend=mend)


def _removal(problem: Problem, remote: Remote) -> str:
    place = f"files/md5/{problem.object[:2]}/{problem.object[2:]}"
    if remote.path is None:
        return f"dvc push  # once {place} is removed from {remote.shown}"
    return f"rm -f {shlex.quote(str(remote.path / place))} && dvc push"


def _fault(problem: Problem, mend: str) -> Fault:
    what = f"object {problem.object} is {problem.state} in {problem.store}"
    return Fault(part="objects", weight="wrong", where=", ".join(problem.paths), what=what, mend=mend)
