"""``actum.run()``: a run of a script or a notebook, put on record while it happens.

Its start is on the disk before it has an id, and each word before the call returns. The record is made of what lies
there, by the run itself when it ends, or by whoever looks next when it was killed: see ``runlog.begun``.
"""

from __future__ import annotations

import os
import posixpath
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

from actum import layout, state
from actum.errors import NotFoundError, UsageError, UserError
from actum.git.repository import Git
from actum.logbook import surroundings
from actum.names import Ids, is_ulid, ulid_ms
from actum.records.codec import encode
from actum.records.forms import FileFact
from actum.records.run import Run, RunStatus
from actum.runlog import begun, closing, series, values
from actum.runlog.appending import Lines
from actum.runlog.keeping import Kept

_INDENT = 8


def run(
    name: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    notes: str | None = None,
    parent: ScriptRun | str | None = None,
    packages: Iterable[str] = (),
) -> ScriptRun:
    """Return a run to be begun: ``with actum.run("try 1", params={...}) as run: run.log_metric("auc", 0.8)``.

    Args:
        parent: The run that it is part of, or that one's id.
        packages: Those whose versions go on record.

    Raises:
        UserError: A parameter or a name is none, or a package is not installed.
    """
    return ScriptRun(name, params or {}, tags or {}, notes, parent, tuple(packages))


class ScriptRun:
    """One run. It begins with ``with`` or :meth:`begin`, and ends with that block or :meth:`end`.

    Threads may share it. A forked child may log into it; the process that began it ends it. A notebook's run that
    nobody ends is interrupted once its kernel is gone.
    """

    def __init__(
        self,
        name: str | None,
        params: Mapping[str, Any],
        tags: Mapping[str, Any],
        notes: str | None,
        parent: ScriptRun | str | None,
        packages: tuple[str, ...],
    ) -> None:
        self._name = None if name is None else values.name_of(name)
        self._params = values.flat_params(params)
        self._tags = {values.name_of(key): values.text_of(value) for key, value in tags.items()}
        self._notes = None if notes is None else values.cleaned(notes)
        self._parent, self._packages = parent, packages
        self._under_way: _UnderWay | None = None
        self._ended: str | None = None

    def begin(self) -> Self:
        """Put the start on the disk.

        Raises:
            UserError: It has begun before, this is no git repository, or the disk does not take it.
        """
        if self._under_way or self._ended:
            raise UserError(f"run/{self.id} has begun already", hint="actum.run() makes another")
        repo = surroundings.repository(Path.cwd())
        closing.close_killed(repo.root, os.environ)  # what cannot be closed, the next read tells
        self._under_way = _UnderWay(repo, self._first(repo))
        return self

    def end(self, status: RunStatus = "finished") -> None:
        """Write the record; a second end, or that of a forked child, changes nothing.

        Raises:
            UserError: There is no such status, it has not begun, or the disk does not take the record, and the next
                read tries again.
        """
        if status not in (known := get_args(RunStatus)):
            raise UserError(f"{status!r} is no status of a run", hint=f"one of {', '.join(known)}")
        if self._ended:
            return
        under_way = self._here()
        if under_way.is_forked():
            return
        under_way.close(status)
        self._ended, self._under_way = under_way.record.id, None

    def __enter__(self) -> Self:
        return self if self._under_way else self.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end(_status(error))

    @property
    def id(self) -> str:
        """The run's id, 26 characters that sort by its start. Raises: UserError before it has begun."""
        return self._ended or self._here().record.id

    def log_param(self, name: str, value: Any) -> None:
        """Keep a parameter; of one name the last value counts."""
        self.log_params({name: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Keep parameters, nested as they are: ``{"model": {"depth": 6}}`` is ``model.depth``."""
        self._here().say("params", values.flat_params(params))

    def log_metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Keep a number: of the whole run, or of one step of it.

        Raises:
            UserError: It is no number.
        """
        self.log_metrics({name: value}, step)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Keep numbers; with a step each is a line of its own, and the last one stands for the run.

        What is logged without a step stands over what is logged with one.
        """
        numbers = {values.name_of(name): values.number(name, value) for name, value in metrics.items()}
        if step is None:
            self._here().say("metrics", {name: values.on_record(value) for name, value in numbers.items()})
        else:
            self._here().step(values.step_of(step), numbers)

    def tag(self, name: str, value: Any) -> None:
        """Keep a tag; of one name the last value counts."""
        self._here().say("tags", {values.name_of(name): values.text_of(value)})

    def note(self, text: str) -> None:
        """Add a paragraph to the notes."""
        self._here().note(values.text_of(text))

    def log_artifact(self, path: str | os.PathLike[str]) -> None:
        """Keep a copy of a file or a folder as it is now, under DVC; a later one of the same path stands for it.

        Raises:
            NotFoundError: There is no such file, or the repository has no DVC.
            UserError: Its name is one that DVC takes for its own, or it meets another artifact of the run.
        """
        self._here().keep(Path(path))

    def _here(self) -> _UnderWay:
        if self._under_way is None:
            problem = f"run/{self._ended} has ended" if self._ended else "the run has not begun"
            raise UserError(problem, hint="with actum.run() as run: ...")
        return self._under_way

    def _first(self, repo: Git) -> Run:
        """Return the record as it stands if nothing follows."""
        ulid = _new_id()
        by, commit, dirty = surroundings.checkout(repo)
        return Run(
            schema="run/1",
            id=ulid,
            kind="script",
            status="interrupted",
            name=self._name,
            parent=_parent(self._parent),
            started_at=datetime.fromtimestamp(ulid_ms(ulid) / 1000, UTC),
            clock="real",
            by=by,
            command=surroundings.command(repo.root),
            code_commit=commit,
            dirty=dirty,
            interpreter=surroundings.interpreter(self._packages),
            tags=self._tags,
            notes=self._notes,
            params=self._params,
        )


class _UnderWay:
    """A run between its begin and its end: what it says goes into its folder."""

    def __init__(self, repo: Git, record: Run) -> None:
        self.record = record
        self._root, self._process, self._began = repo.root, os.getpid(), time.monotonic()
        self._held = begun.begin(repo.root, record)
        self._said = Lines(self._held.path / begun.SAID)
        self._series = series.Writer(begun.series_in(self._held.path))
        self._kept = Kept()
        self._last: dict[str, float] = {}
        self._sizes: dict[tuple[str, str], int] = {}
        self._bytes = len((self._held.path / begun.RECORD).read_bytes())

    def is_forked(self) -> bool:
        return os.getpid() != self._process

    def say(self, part: str, told: Mapping[str, Any]) -> None:
        words = {name: f"{begun.word(name)}:{begun.word(value)}" for name, value in told.items()}
        if words:
            self._make_room({(part, name): len(said.encode()) for name, said in words.items()})
            self._write(part, f"{{{','.join(words.values())}}}")

    def note(self, text: str) -> None:
        said = begun.word(text)
        self._make_room({("note", str(len(self._sizes))): len(said.encode())})
        self._write("note", said)

    def step(self, step: int, numbers: Mapping[str, float]) -> None:
        if new := numbers.keys() - self._last.keys():
            self._make_room({("metrics", name): len(begun.word(name).encode()) + 25 for name in new})
        if numbers:
            self._series.add(step, time.monotonic() - self._began, numbers)
            self._last.update(numbers)

    def keep(self, path: Path) -> None:
        from actum.dvc.cache import cache_of
        from actum.dvc.config import read_config

        path = Path(os.path.abspath(path))
        if not path.exists():
            raise NotFoundError(f"{path}: there is no such file")
        if not path.is_file() and not path.is_dir():
            raise UserError(f"{path}: is neither a file nor a folder")
        inner = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else path.name
        inner = posixpath.normpath(inner)
        self._kept.require_room(inner, path)
        kept = layout.beside_run(self.record.id, self.record.started_at, inner)
        store = cache_of(read_config(self._root, os.environ))
        if path.is_dir():
            folder = store.put_dir(path)
            fact = FileFact(path=kept, md5=folder.md5, size=folder.size)
        else:
            told = store.put_file(path)
            fact = FileFact(path=kept, md5=told.md5, sha256=told.sha256, size=told.size)
        said = begun.word(encode(fact))
        self._make_room({("artifact", kept): len(said.encode())})
        self._write("artifact", said)
        self._kept.add(inner, path)

    def close(self, status: RunStatus) -> None:
        self._series.close()
        now = datetime.now(UTC)
        path = closing.close(
            self._root,
            self._held.path,
            environ=os.environ,
            status=status,
            at=max(now, self.record.started_at),
            last=None if self._was_forked() else self._last,
        )
        if path is None:
            where = f"{layout.STATE}/{state.SCRIPTS}"
            raise NotFoundError(f"run/{self.record.id}: its folder in {where} is gone, and what it had said")
        self._said.close()
        self._held.release()

    def _was_forked(self) -> bool:
        """Whether a child may have logged steps that are in the file alone."""
        return _forks[0] > 0

    def _write(self, part: str, told: str) -> None:
        self._said.add(begun.line(part, told))

    def _make_room(self, sizes: Mapping[tuple[str, str], int]) -> None:
        """Refuse what the record could not hold, before it is said."""
        more = sum(_INDENT + size - self._sizes.get(what, 0) for what, size in sizes.items())
        if self._bytes + more > begun.MOST_BYTES:
            raise begun.too_much(self.record.id)
        self._sizes |= {what: _INDENT + size for what, size in sizes.items()}
        self._bytes += more


_forks = [0]
_one_at_a_time = threading.Lock()


def _count_fork() -> None:
    _forks[0] += 1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@cache
def _ids() -> Ids:
    return Ids(_now_ms, os.urandom)


def _new_id() -> str:
    with _one_at_a_time:
        return _ids().new()


# A forked child must not count on where its parent does.
os.register_at_fork(after_in_parent=_count_fork, after_in_child=_ids.cache_clear)


def _parent(parent: ScriptRun | str | None) -> str | None:
    if parent is None:
        return None
    found = parent.id if isinstance(parent, ScriptRun) else parent.removeprefix("run/")
    if not is_ulid(found):
        raise UsageError(f"parent is {found!r}, must be a run or its id", hint="actum ls runs")
    return found


def _status(error: BaseException | None) -> RunStatus:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "finished"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
