"""Turn what the journal and dvc.lock say into a run record; nothing in it without an execution behind it."""

from __future__ import annotations

import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from actum import digests, files
from actum.digests import FileDigests
from actum.dvc.lockfile import Entry, Lock, LockedStage
from actum.errors import UserError
from actum.records.forms import FileFact
from actum.records.run import RunStage
from actum.runlog.history import Cited, stage_params
from actum.runlog.journal import Book, Execution
from actum.running.undeclared import undeclared


class Hasher:
    """Hash each file of a work tree once, however many stages name it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, FileDigests] = {}

    def fact(self, entry: Entry) -> FileFact:
        """Return a file's fact; of a folder what DVC says, for its bytes are many files'.

        Raises:
            UserError: The file is not what dvc.lock says it is.
        """
        assert entry.md5 is not None
        if entry.is_dir:
            return FileFact(path=entry.path, md5=entry.md5, size=entry.size)
        found = self._seen.get(entry.path) or self._read(entry.path)
        if found.md5 != entry.md5:
            raise UserError(f"{entry.path} changed after the stage had ended", hint="actum run")
        return FileFact(path=entry.path, md5=found.md5, sha256=found.sha256, size=found.size)

    def _read(self, path: str) -> FileDigests:
        place = files.inside(self._root, path)
        if not stat.S_ISREG(place.stat().st_mode):
            raise UserError(f"{path} is not a regular file")
        self._seen[path] = digests.of_file(place)
        return self._seen[path]


def run_stages(
    names: Iterable[str],
    lock: Lock,
    book: Book,
    cited: Mapping[str, Cited],
    hasher: Hasher,
    tracked: Callable[[], Collection[str]],
) -> tuple[tuple[RunStage, ...], tuple[FileFact, ...]]:
    """Return the stages of a run and the files they read and made: executed ones by its journal, others as cited.

    ``tracked``: asks which files git has of the code that was run.

    Raises:
        UserError: A stage was neither executed here nor by any run on record: there is nothing true to write.
    """
    executed = set(book.executed())
    stages: list[RunStage] = []
    facts: dict[str, FileFact] = {}
    for name in names:
        if name in executed:
            stages.append(_executed(name, lock.stages[name], book, tracked))
            found = [hasher.fact(entry) for entry in _entries(lock.stages[name])]
        elif name in cited:
            run, stage = cited[name]
            stages.append(stage)
            found = list(run.facts((*stage.deps, *stage.outs)).values())
        else:
            raise UserError(f"stage {name} was not executed, and no run on record made its result", hint="actum run")
        _join(facts, found)
    return tuple(stages), tuple(facts[path] for path in sorted(facts))


def _join(facts: dict[str, FileFact], found: Iterable[FileFact]) -> None:
    for fact in found:
        known = facts.setdefault(fact.path, fact)
        if known.md5 != fact.md5:
            raise UserError(f"{fact.path} changed between two stages of the run", hint="actum run")


def _entries(locked: LockedStage) -> list[Entry]:
    return [entry for entry in (*locked.deps, *locked.outs) if entry.md5]


def _executed(name: str, locked: LockedStage, book: Book, tracked: Callable[[], Collection[str]]) -> RunStage:
    done = book.executions(name)
    opened = {path for execution in done for path in execution.opened}
    return RunStage(
        name=name,
        run=book.run,
        cmd="\n".join(locked.cmd),
        seconds=_sum(done, "seconds"),
        cpu_seconds=_sum(done, "cpu_seconds"),
        peak_mb=max(execution.peak_mb for execution in done),
        deps=tuple(entry.path for entry in locked.deps if entry.md5),
        params=tuple(stage_params(locked)),
        outs=tuple(entry.path for entry in locked.outs if entry.md5),
        undeclared=undeclared(opened, locked, tracked()) if opened else (),
    )


def _sum(executions: Iterable[Execution], figure: str) -> float:
    total: float = sum(getattr(execution, figure) for execution in executions)
    return round(total, 3)
