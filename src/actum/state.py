"""``.actum/``: disposable state beside the work tree, ignored by git, and the lock of one writer at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from actum import files, layout
from actum.errors import UserError

ENVIRONMENTS_VARIABLE = "ACTUM_ENVIRONMENTS"


def folder(root: Path) -> Path:
    """Return the state folder, made when it is not there; it ignores itself, so no .gitignore is edited."""
    path = root / layout.STATE
    if path.is_symlink():
        raise UserError(f"{layout.STATE} is a symbolic link", hint=f"rm {layout.STATE}")
    if path.exists() and not path.is_dir():
        raise UserError(f"{layout.STATE} is a file, must be a folder", hint=f"rm {layout.STATE}")
    path.mkdir(exist_ok=True)
    if not (path / ".gitignore").exists():
        files.replace(path / ".gitignore", b"*\n")
    return path


def scratch(root: Path) -> Path:
    """Return where temporary folders lie: on the repository's own disk, which is large enough for its data."""
    path = folder(root) / "scratch"
    path.mkdir(exist_ok=True)
    return path


def environments(root: Path, environ: Mapping[str, str]) -> Path:
    """Return where locked environments are kept: here, or in a folder that several repositories share."""
    shared = environ.get(ENVIRONMENTS_VARIABLE)
    path = root / Path(shared).expanduser() if shared else folder(root) / "environments"
    path.mkdir(parents=True, exist_ok=True)
    return path


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
