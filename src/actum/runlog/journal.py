"""The journal of a run under way: intent first, each command as it begins and ends, the end last.

It lies in the git-ignored state folder, so that a run that was killed can be finished or told apart from
one that never was. One line, one JSON object, synced before anything follows from it. Once a run is on record
its journal has served; those of the last few stay, with their logs, for who wants to look.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import files, layout, state
from actum.names import is_ulid

JOURNAL = "journal.jsonl"
FINISHED_KEPT = 20


@dataclass(frozen=True, slots=True)
class Execution:
    """One command of a stage that ran to its end. ``code``: its exit status; ``opened``: files, where watched."""

    stage: str
    cmd: str
    code: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """The folder of one run: its journal, its log, and the environment that its stages are given."""

    folder: Path

    @property
    def run(self) -> str:
        return self.folder.name

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def note(self, event: str, **facts: Any) -> None:
        """Append one line and sync it to the disk; what a kill left of a line before it goes."""
        line = json.dumps({"event": event, **facts}, ensure_ascii=False).encode() + b"\n"
        with (self.folder / JOURNAL).open("a+b") as journal:
            journal.seek(0)
            told = journal.read()
            if not told.endswith(b"\n"):  # only then: the shell of a stage may be adding a line at this moment
                journal.truncate(told.rfind(b"\n") + 1)
            journal.write(line)
            journal.flush()
            os.fsync(journal.fileno())

    def entries(self) -> tuple[Mapping[str, Any], ...]:
        """Return the journal's lines; a last one that was cut off by a kill does not count."""
        path = self.folder / JOURNAL
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        return tuple(json.loads(line) for line in lines[:-1] if line)

    def intent(self) -> Mapping[str, Any] | None:
        return next((entry for entry in self.entries() if entry["event"] == "intent"), None)

    def is_closed(self) -> bool:
        """Whether the run came to an end that needs nothing more: recorded, or given up by its owner."""
        return any(entry["event"] == "closed" for entry in self.entries())

    def executions(self, stage: str) -> tuple[Execution, ...]:
        """Return the commands of a stage's last execution, in order; empty when it was not executed here.

        A stage that was tried again counts only from its last first command on; one whose result was found
        replaced (``void``) does not count at all.
        """
        ended: list[Execution] = []
        first: str | None = None
        for entry in self.entries():
            if entry.get("stage") != stage:
                continue
            if entry["event"] == "command-started":
                first = first or entry["cmd"]
                if entry["cmd"] == first:
                    ended = []
            elif entry["event"] == "void":
                ended, first = [], None
            elif entry["event"] == "command-ended":
                keys = ("stage", "cmd", "code", "seconds", "cpu_seconds", "peak_mb")
                opened = tuple(entry.get("opened", ()))
                ended.append(Execution(**{key: entry[key] for key in keys}, opened=opened))
        return tuple(ended)

    def executed(self) -> tuple[str, ...]:
        """Return the stages whose commands all ran to a good end here, in the order they were begun."""
        telling = ("command-started", "command-ended", "void")
        last = {entry["stage"]: entry for entry in self.entries() if entry["event"] in telling}
        good = []
        for stage, entry in last.items():
            ended = entry["event"] == "command-ended"  # else it was killed with its command under way
            if ended and all(execution.code == 0 for execution in self.executions(stage)):
                good.append(stage)
        return tuple(good)

    def locked(self) -> dict[str, str]:
        """Return, for each stage executed here, the digest of what dvc.lock said of it afterwards."""
        told: dict[str, str] = {}
        for entry in self.entries():
            if entry["event"] in ("command-started", "void"):
                told.pop(entry["stage"], None)
            elif entry["event"] == "locked":
                told[entry["stage"]] = entry["state"]
        return told


def books_folder(root: Path) -> Path:
    return root / layout.STATE / "runs"


def open_book(root: Path, run: str, intent: Mapping[str, Any]) -> Book:
    """Begin the journal of a new run with what it means to do; finished ones but the last few go."""
    _forget(root)
    folder = books_folder(root) / run
    folder.mkdir(parents=True)
    files.replace(folder / JOURNAL, b"")
    book = Book(folder)
    book.note("intent", **intent)
    return book


def unfinished(root: Path) -> tuple[Book, ...]:
    """Return the runs that began and neither closed nor were given up, newest first; rebuilds are not among them."""
    return tuple(book for book in _books(root) if _is_open(book) and not _is_of_rebuild(book))


def _books(root: Path) -> tuple[Book, ...]:
    """Return all books, newest first."""
    folder = books_folder(root)
    if not folder.is_dir():
        return ()
    names = sorted((entry.name for entry in folder.iterdir() if is_ulid(entry.name)), reverse=True)
    return tuple(Book(folder / name) for name in names)


def _is_open(book: Book) -> bool:
    return book.intent() is not None and not book.is_closed()


def _is_of_rebuild(book: Book) -> bool:
    return "rebuild" in (book.intent() or {})


def _forget(root: Path) -> None:
    """Remove the finished books beyond the last few. A rebuild is finished when its worktree is gone."""
    at_work = [place.name for place in (root / layout.STATE / state.WORKTREES).glob("*")]
    finished = [
        book
        for book in _books(root)
        if not _is_open(book) or (_is_of_rebuild(book) and not any(name.startswith(book.run) for name in at_work))
    ]
    for book in finished[FINISHED_KEPT:]:
        shutil.rmtree(book.folder, ignore_errors=True)
