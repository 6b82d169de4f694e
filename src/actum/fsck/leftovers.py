"""What a killed command may have left in the work tree: records without a commit, segments without a seal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime

from actum import layout
from actum.fsck.fault import Fault
from actum.git.repository import Git
from actum.health.leftovers import look_for_leftovers
from actum.runlog import closing

_AGAIN = {
    "run": "actum run  # or: git add {path} && git commit",
    "model-version": "actum register {model} --version {name}",
    "event": "actum score {model} INPUT  # finishes a seal; of another event: repeat its command",
    "stage": "git checkout -- {path}  # or: rm {path}",
}


def leftover_faults(repo: Git, sealed: Iterable[str], now: datetime) -> Iterator[Fault]:
    """Yield what lies about that no commit holds, with the command that finishes or removes it."""
    for finding in look_for_leftovers(repo, now):
        if finding.state != "ok":
            yield _fault(finding.state, finding.check, finding.says, finding.mend)
    dirty = repo.dirty()
    scripts = closing.scripts_of(repo.root, (path for path, letters in dirty.items() if "?" in letters))
    for path, letters in sorted(dirty.items()):
        kind = layout.kind_of(path)
        if path in scripts and kind == "run":
            yield _fault("note", path, "is a script's run that no commit has yet", "git add runs && git commit")
        elif kind in _AGAIN:
            names = layout.names_in(path)
            mend = _AGAIN[kind].format(path=shlex.quote(path), model=names[0], name=names[-1])
            what = "is in no commit" if "?" in letters or "A" in letters else "differs from what is committed"
            yield _fault("wrong", path, what, mend)
    # A segment whose seal was written and not committed is not nobody's: the next score finishes it.
    known = {*sealed, *(path.removesuffix(".dvc") for path in dirty if path.endswith(".parquet.dvc"))}
    for place in sorted((repo.root / "decisions").glob("*/*.parquet")):
        path = place.relative_to(repo.root).as_posix()
        if path not in known:
            yield _fault("wrong", path, "is a segment that no seal names", f"rm {shlex.quote(path)}*")


def _fault(weight: str, where: str, what: str, mend: str) -> Fault:
    return Fault(part="leftovers", weight="wrong" if weight == "wrong" else "note", where=where, what=what, mend=mend)
