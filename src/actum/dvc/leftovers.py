"""DVC's locks in a work tree: which are held, and which a killed process left behind."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import files, process


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
    """Take out of DVC's table of path locks what killed processes left there, and say whether there was any.

    DVC writes the table in place and, while it is half-written, refuses every command; it holds a zombie, as
    containers without an init keep them, and whoever was given a dead one's PID, for its own. It reads and writes
    under a guard that the kernel drops with its holder; who holds it now is let alone.
    """
    folder = root / ".dvc" / "tmp"
    try:
        guard = os.open(folder / "rwlock.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _mend_table(folder / "rwlock")
    except BlockingIOError:
        return False
    finally:
        os.close(guard)


def _mend_table(path: Path) -> bool:
    try:
        raw = json.loads(path.read_bytes())
        written = {on: info for on, info in raw.get("write", {}).items() if _held(on, info).alive}
        read = {on: [one for one in infos if _held(on, one).alive] for on, infos in raw.get("read", {}).items()}
    except FileNotFoundError:
        return False
    except (ValueError, TypeError, KeyError, AttributeError):
        path.unlink()
        return True
    kept = {"write": written, "read": {on: infos for on, infos in read.items() if infos}}
    if kept == {"write": raw.get("write", {}), "read": {on: one for on, one in raw.get("read", {}).items() if one}}:
        return False
    files.replace(path, json.dumps(kept).encode())
    return True


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
    command = str(info["cmd"])
    return Held(path=".dvc/tmp/rwlock", on=on, pid=pid, command=command, alive=_is_at_work(pid, command))


def _is_at_work(pid: int, command: str) -> bool:
    if not process.is_alive(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return True  # no Linux: that there is such a process is all that can be known
    return command.split(" ")[-1] in words  # a zombie has no words, a stranger others
