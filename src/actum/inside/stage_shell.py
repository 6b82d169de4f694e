"""The shell that DVC starts for each command of a stage: it keeps the book.

DVC runs a stage through ``$SHELL -c CMD`` in its own environment. This stands in for that shell: it gives
the command exactly the environment that the tool decided on (an allow-list, read from a file), runs it with
``/bin/sh``, and writes to the journal that it began and how it ended. A line in the journal is the only
evidence that a stage was executed; what DVC prints is not. Where ``watched.json`` lies beside, the journal also says
which files of the repository were opened meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from actum.inside import watching


def main(arguments: list[str]) -> int:
    """Run ``[BOOK, -c, CMD]``; BOOK is a folder with ``environment.json``; the journal is written there."""
    book, command = Path(arguments[0]), arguments[-1]
    _end_with_parent()
    environment = json.loads((book / "environment.json").read_bytes())
    stage = os.environ.get("DVC_STAGE", "")
    _note(book, {"event": "command-started", "stage": stage, "cmd": command, "at": time.time()})
    watch = _watch(book, stage)
    began = time.monotonic()
    child = subprocess.Popen(["/bin/sh", "-c", command], env=environment)
    if watch:
        watch.wait(child.pid)
    _, status, usage = os.wait4(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    ended: dict[str, object] = {"event": "command-ended", "stage": stage, "cmd": command, "code": code}
    ended["seconds"] = round(time.monotonic() - began, 3)
    ended["cpu_seconds"] = round(usage.ru_utime + usage.ru_stime, 3)
    ended["peak_mb"] = round(usage.ru_maxrss / 1024, 1)
    if watch:
        ended["opened"] = watch.close()
    _note(book, ended)
    return code if code >= 0 else 128 - code


def _watch(book: Path, stage: str) -> watching.Watch | None:
    """Watch what ``{"root": FOLDER, "known": {STAGE: [PATH, ...]}}`` asks for; nothing where nobody asks."""
    try:
        asked = json.loads((book / "watched.json").read_bytes())
    except FileNotFoundError:
        return None
    return watching.begin(asked["root"], asked["known"].get(stage, ()))


def _note(book: Path, entry: dict[str, object]) -> None:
    line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    journal = os.open(book / "journal.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(journal, line)
        os.fsync(journal)
    finally:
        os.close(journal)


def _end_with_parent() -> None:
    """Have the kernel tell us when DVC dies, and then end the whole group: DVC, us and the command.

    A killed DVC would otherwise leave the command running and writing (measured).
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    # DVC leads our session. It may have died while we started, and then our parent is another one already.
    if os.getppid() != os.getsid(0):
        sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
