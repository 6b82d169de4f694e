"""DVC's locks in a work tree: which are held, and which a killed process left behind."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One lock. ``path``: the lock file; ``on``: what it guards; ``pid`` 0 when the file does not tell.

    ``alive``: a process of that PID is there. A dead one's entry is harmless unless the PID is given out again.
    """

    path: str
    on: str
    pid: int
    command: str
    alive: bool


def locks(root: Path) -> tuple[Held, ...]:
    """Return the locks in ``.dvc/tmp`` of the project at *root*, held and left over; what cannot be read is held."""
    folder = root / ".dvc" / "tmp"
    return (*_repository_lock(folder / "lock"), *_path_locks(folder / "rwlock"))


def mend(root: Path) -> bool:
    """Remove a table of path locks that a killed DVC left half-written, and say whether there was one.

    DVC writes it in place and, while it cannot be read, refuses every command. It is read and written under a
    guard that the kernel drops with its holder; who holds it now is let alone.
    """
    folder = root / ".dvc" / "tmp"
    try:
        guard = os.open(folder / "rwlock.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        json.loads((folder / "rwlock").read_bytes())
    except (BlockingIOError, FileNotFoundError):
        return False
    except ValueError:
        (folder / "rwlock").unlink()
        return True
    finally:
        os.close(guard)
    return False


def _repository_lock(path: Path) -> Iterator[Held]:
    """The lock of the repository is held by flock; the file stays when it is released, so the file says nothing."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        first = os.read(handle, 64).split()[:1]
        pid = int(first[0]) if first and first[0].isdigit() else 0
        yield Held(path=".dvc/tmp/lock", on="the repository", pid=pid, command="dvc", alive=True)
    finally:
        os.close(handle)


def _path_locks(path: Path) -> Iterator[Held]:
    try:
        raw = json.loads(path.read_bytes())
        entries = [(on, info) for on, info in raw.get("write", {}).items()]
        entries += [(on, info) for on, infos in raw.get("read", {}).items() for info in infos]
        yield from (_held(on, info) for on, info in entries)
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # DVC refuses every command while it cannot read this file: worth telling, not worth failing over.
        yield Held(path=".dvc/tmp/rwlock", on=f"unreadable: {error}", pid=0, command="", alive=True)


def _held(on: str, info: dict[str, Any]) -> Held:
    pid = int(info["pid"])
    return Held(path=".dvc/tmp/rwlock", on=on, pid=pid, command=str(info["cmd"]), alive=_is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is there, and another user's
    return True
