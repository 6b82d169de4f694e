"""``.actum/``: disposable state beside the work tree, ignored by git, and the lock of one writer at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from actum import files, layout, process
from actum.errors import UserError

ENVIRONMENTS_VARIABLE = "ACTUM_ENVIRONMENTS"
SCRATCH, WORKTREES, SCRIPTS = "scratch", "worktrees", "scripts"


def folder(root: Path) -> Path:
    """Return the state folder, made when it is not there; it ignores itself, so no .gitignore is edited."""
    require_plain_path(root)
    path = root / layout.STATE
    if path.is_symlink():
        raise UserError(f"{layout.STATE} is a symbolic link", hint=f"rm {layout.STATE}")
    if path.exists() and not path.is_dir():
        raise UserError(f"{layout.STATE} is a file, must be a folder", hint=f"rm {layout.STATE}")
    path.mkdir(exist_ok=True)
    if not (path / ".gitignore").exists():
        files.replace(path / ".gitignore", b"*\n")
    return path


def require_plain_path(root: Path) -> None:
    """Refuse a place that DVC's configuration cannot name: our worktree for a rebuild, or a push, would fail late.

    Raises:
        UserError: Its path holds a line break, or both kinds of quotes.
    """
    path = os.path.abspath(root)
    if "\n" in path or "\r" in path or ('"' in path and "'" in path):
        what = "a line break" if "\n" in path or "\r" in path else "both kinds of quotes"
        raise UserError(f"the path {path!r} holds {what}, which DVC cannot be told", hint="mv it to another name")


def hold(root: Path, kind: str) -> files.Held:
    """Make a temporary folder, on the repository's own disk, which is large enough for its data.

    It goes when it is released; that of a command that was killed is for :func:`sweep`.
    """
    return _hold(root, SCRATCH, kind)


@contextmanager
def held(root: Path, kind: str) -> Iterator[Path]:
    """Lend a temporary folder: see :func:`hold`."""
    lent = hold(root, kind)
    try:
        yield lent.path
    finally:
        lent.release()


def hold_worktree(root: Path, name: str) -> files.Held:
    """Make the folder around a worktree; the configuration in it will hold the remote's credentials."""
    return _hold(root, WORKTREES, name)


def hold_script(root: Path, run: str) -> files.Held:
    """Make the folder of a script's run under way; one that was killed is no rubbish, but a run to put on record."""
    return _hold(root, SCRIPTS, run)


def has_scripts(root: Path) -> bool:
    """Whether a script's run is under way, or was when its script was killed."""
    for place in _places(root, SCRIPTS):
        with os.scandir(place) as found:
            return any(found)
    return False


def take_killed_scripts(root: Path) -> Iterator[files.Held]:
    """Yield the folders of runs whose script is gone, each to be released or let go."""
    return (held for place in _places(root, SCRIPTS) for held in files.take_dead(place))


def left_behind(root: Path) -> tuple[Path, ...]:
    """Return the temporary folders and worktrees that no command holds any more; changes nothing."""
    return tuple(path for place in _places(root, SCRATCH, WORKTREES) for path in files.dead(place))


def sweep(root: Path) -> tuple[Path, ...]:
    """Remove what killed commands left, once whatever they started is ended, and return it; git is still to be told."""
    places = _places(root, SCRATCH, WORKTREES)
    return tuple(path for place in places for path in files.remove_dead(place, first=process.end_strays))


def _places(root: Path, *names: str) -> Iterator[Path]:
    """Yield the folders of those names that are here. A link is none: where it leads nothing is ours to remove."""
    state = root / layout.STATE
    for path in (state / name for name in names):
        if all(one.is_dir() and not one.is_symlink() for one in (state, path)):
            yield path


def _hold(root: Path, place: str, kind: str) -> files.Held:
    path = folder(root) / place
    if path.is_symlink():
        name = f"{layout.STATE}/{place}"
        raise UserError(f"{name} is a symbolic link", hint=f"rm {name}")
    path.mkdir(mode=0o700, exist_ok=True)
    return files.hold(path, f"{kind}-")


def environments(root: Path, environ: Mapping[str, str]) -> Path:
    """Return where locked environments are kept: here, or in a folder that several repositories share."""
    path = environments_place(root, environ)
    path.mkdir(parents=True, exist_ok=True)
    return path


def environments_place(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the same, also where it is not there yet."""
    shared = environ.get(ENVIRONMENTS_VARIABLE)
    return root / Path(shared).expanduser() if shared else root / layout.STATE / "environments"


@contextmanager
def one_writer(root: Path, doing: str) -> Iterator[None]:
    """Hold the repository's lock while something is written. The kernel drops it when we die.

    Raises:
        UserError: Another actum is writing here.
    """
    with (folder(root) / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            other = lock.read().strip() or "another actum"
            raise UserError(f"{other} is at work in this repository", hint="wait for it to end") from error
        lock.truncate(0)
        lock.write(f"actum {doing} (process {os.getpid()})")
        lock.flush()
        yield
