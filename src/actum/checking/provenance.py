"""Does a run vouch for what dvc.lock says? A lock that changed without one has no provenance."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from actum.checking.findings import Objection, block, warn
from actum.dvc.definitions import LOCK
from actum.dvc.lockfile import Lock, read_lock
from actum.errors import InvalidRecordError
from actum.planning.scope import Scope
from actum.runlog.history import StageState, locked_state, state_of
from actum.store import Store


def lock_objections(scope: Scope) -> Iterator[Objection]:
    """Yield locks that say what no run made: of a change a block, of what stands on the trunk a warning."""
    for path in scope.paths():
        if posixpath.basename(path) == LOCK:
            yield from _lock(scope, path)


def _lock(scope: Scope, path: str) -> Iterator[Objection]:
    known = {} if scope.whole else scope.before.tree
    try:
        after = read_lock(scope.head.read, path)
        before = read_lock(scope.before.read, path) if path in known else Lock(stages={})
    except InvalidRecordError as error:
        yield block("record-invalid", path, str(error).removeprefix(f"{path}: "), error.hint)
        return
    wanted = {
        name: locked_state(stage)
        for name, stage in after.stages.items()
        if name not in before.stages or locked_state(stage) != locked_state(before.stages[name])
    }
    # Who adopts actum has a lock that was made before the first run: that stops nobody's change.
    object_ = warn if scope.whole else block
    nobodys, dirty = _not_vouched_for(scope.head, wanted)
    if nobodys:
        because = f"no run on record made what it says of {', '.join(sorted(nobodys))}"
        yield object_("lock-without-run", path, because, "actum run")
    for run, names in sorted(dirty.items()):
        because = f"only run/{run}, of a dirty work tree, made what it says of {', '.join(sorted(names))}"
        yield object_("lock-without-run", path, because, "git commit your changes, then actum run")


def _not_vouched_for(store: Store, wanted: dict[str, StageState]) -> tuple[set[str], dict[str, list[str]]]:
    """Return the stages that no run made, and by the latest run that did those that only dirty ones made.

    What a dirty work tree holds is in no commit that is reviewed: such a run vouches for nothing. Nor does one that
    was taken over: an observed run says again what dvc.lock says, and nobody saw it made.
    """
    open_, dirty = dict(wanted), dict[str, str]()
    for run in store.runs() if wanted else ():
        if run.kind != "pipeline":  # others tell what came about, not what was executed here
            continue
        for stage in run.stages:
            if open_.get(stage.name) != state_of(run, stage):
                continue
            if run.dirty:
                dirty.setdefault(stage.name, run.id)
            else:
                del open_[stage.name]
        if not open_:
            break
    by_run: dict[str, list[str]] = {}
    for name in open_.keys() & dirty.keys():
        by_run.setdefault(dirty[name], []).append(name)
    return open_.keys() - dirty.keys(), by_run
