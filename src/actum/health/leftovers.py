"""What processes that were killed left behind. Removing it is the user's to do: git or dvc may still be at work."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from actum import layout, process, state
from actum.dvc import leftovers
from actum.git import plumbing
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, wrong
from actum.runlog import journal

_AT_WORK = timedelta(seconds=10)
"""A lock of git that is younger is likely held: no command of git keeps one for long."""
_OBJECTS = re.compile(r"[0-9a-f]{2}")


def look_for_leftovers(repo: Git, now: datetime) -> Iterator[Finding]:
    found = [*_git_locks(repo, now), *_dvc_locks(repo.root), *_runs(repo.root), *_temporary(repo), *_worktrees(repo)]
    yield from found or [ok("left behind", "nothing")]


def _git_locks(repo: Git, now: datetime) -> Iterator[Finding]:
    folder = repo.folder()
    for lock in sorted(_lock_files(folder)):
        try:
            age = now.timestamp() - lock.stat().st_mtime
        except FileNotFoundError:
            continue  # it was held, and let go while we looked
        shown = lock.relative_to(folder)
        if age < _AT_WORK.total_seconds():
            yield note("git lock", f"git is at work: it holds {shown}")
        else:
            says = f"{shown} was left behind by a git that was killed, {_minutes(age)} ago"
            yield wrong("git lock", says, f"rm {shlex.quote(str(lock))}  # once no git is at work here")


def _lock_files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        relative = Path(here).relative_to(folder)
        if relative == Path():
            folders[:] = [name for name in folders if name not in ("hooks", "lfs")]
        if relative.name == "objects":
            folders[:] = [name for name in folders if not _OBJECTS.fullmatch(name)]
        yield from (Path(here, name) for name in names if name.endswith(".lock"))


def _dvc_locks(root: Path) -> Iterator[Finding]:
    for lock in leftovers.locks(root):
        if not lock.command:  # what cannot be read names nobody, and dvc refuses to start over it
            yield wrong("dvc lock", f"{lock.path}: {lock.on}", f"rm {lock.path}  # once no dvc is at work here")
        elif lock.alive:
            yield note("dvc lock", f"dvc is at work (process {lock.pid or 'unknown'}): it holds {lock.on}")
        else:
            says = f"{lock.path} names process {lock.pid}, which is gone, for {lock.on}"
            yield wrong("dvc lock", says, f"rm {lock.path}  # once no dvc is at work here")


def _runs(root: Path) -> Iterator[Finding]:
    writer = _writer(root)
    for book in journal.unfinished(root):
        if writer:
            yield note("run", f"run/{book.run} is under way ({writer})")
            return
        yield note("run", f"run/{book.run} did not come to its end", "actum run  # continues it, or gives it up")


def _writer(root: Path) -> str:
    """Return who holds our lock, "" when that process is gone: the file stays, and the kernel dropped its lock."""
    path = root / layout.STATE / "lock"
    told = path.read_text(errors="replace").strip() if path.is_file() else ""
    found = re.search(r"process (\d+)", told)
    return told if found and process.is_alive(int(found[1])) else ""


def _temporary(repo: Git) -> Iterator[Finding]:
    """Name what no living command holds; the next run, score or rebuild would remove it, too."""
    for path in state.left_behind(repo.root):
        shown, place = path.relative_to(repo.root), shlex.quote(str(path))
        if path.parent.name == state.WORKTREES:
            says = f"{shown} was left behind by a rebuild that was killed, perhaps with the remote's credentials in it"
            yield wrong("worktree", says, f"rm -rf {place} && git worktree prune")
        else:
            yield note("temporary", f"{shown} was left behind by a command that was killed", f"rm -rf {place}")


def _worktrees(repo: Git) -> Iterator[Finding]:
    """Name the worktrees of rebuilds that git still knows and that are gone."""
    ours = (repo.root / layout.STATE / state.WORKTREES).resolve()
    listed = plumbing.text(repo.root, "worktree", "list", "--porcelain")
    known = [Path(line.removeprefix("worktree ")) for line in listed.splitlines() if line.startswith("worktree ")]
    for path in sorted(path for path in known if path.is_relative_to(ours) and not path.exists()):
        shown = path.relative_to(repo.root.resolve())
        yield wrong("worktree", f"git still knows {shown}, which is gone", "git worktree prune")


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
