"""The use case of ``import mlflow``: the runs and the registry of a store, as records and bytes of this repository."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from actum import layout, state
from actum.errors import InvalidRecordError, UserError
from actum.files.text import CONTROL
from actum.git.repository import Git
from actum.importing import mlflow_runs
from actum.importing.desk import Desk, open_desk
from actum.importing.ledger import Imported
from actum.importing.mlflow_models import Models
from actum.mlflow_store.opening import open_store
from actum.mlflow_store.values import MlflowStore, Point, StoredRun
from actum.progress import Teller
from actum.records.forms import FileFact
from actum.runlog import closing, series


def import_mlflow(
    repo: Git,
    path: Path,
    *,
    environ: Mapping[str, str],
    now: datetime,
    dry_run: bool,
    unfinished: bool,
    within: Iterable[Path],
    tell: Teller,
) -> Imported:
    """Take over what an MLflow store holds; what is here already stays as it is.

    Args:
        unfinished: Take runs that MLflow calls running, too: as interrupted.
        within: Folders besides that of the store from which artifacts may be taken.

    Raises:
        NotFoundError: There is no store, or no actum.yaml here.
        UserError: It is no store of MLflow's.
    """
    desk = open_desk(repo, environ, dry_run=dry_run)
    store = open_store(path)
    try:
        places = tuple(place.resolve() for place in (path if path.is_dir() else path.parent, *within))
        with state.held(repo.root, "import") as scratch:
            runs = _Runs(desk, store, places, scratch, unfinished=unfinished)
            runs.take(tell)
        tell.now("taking over the registry")
        models = Models(desk=desk, now=now, by=repo.identity(), runs=runs.paths)
        for model in store.models():
            models.take(model)
        for what, count in store.strangers().items():
            desk.ledger.leave(what, "has no home here", count=count)
        for trouble in store.troubles:
            desk.ledger.leave(trouble.what, trouble.why, trouble.where)
    finally:
        store.close()
    return desk.ledger.close(mlflow_runs.SYSTEM, desk.paths())


class _Runs:
    """The runs of one store on their way."""

    def __init__(
        self, desk: Desk, store: MlflowStore, places: tuple[Path, ...], scratch: Path, *, unfinished: bool
    ) -> None:
        self._desk, self._store, self._places, self._unfinished = desk, store, places, unfinished
        self._scratch = scratch
        self._starts = store.starts()
        self.paths: dict[str, str] = {}

    def take(self, tell: Teller) -> None:
        total = len(self._starts)
        for done, (stored, points) in enumerate(self._store.runs()):
            tell.now("taking over runs", done, total, "runs")
            why_not = self._why_not(stored)
            if why_not:
                self._desk.ledger.leave("run", why_not, stored.uuid)
            else:
                self._take(stored, points)

    def _why_not(self, stored: StoredRun) -> str:
        if stored.deleted:
            return "deleted there"
        if stored.started_ms is None:
            return "has no start"
        if stored.status in mlflow_runs.UNDER_WAY and not self._unfinished and not self._is_here(stored):
            return "not ended there: --unfinished takes it, as interrupted"
        return ""

    def _is_here(self, stored: StoredRun) -> bool:
        assert stored.started_ms is not None
        ulid = mlflow_runs.id_of(stored.uuid, stored.started_ms)
        return self._desk.read(layout.run(ulid, mlflow_runs.moment(stored.started_ms))) is not None

    def _take(self, stored: StoredRun, points: Iterator[Point]) -> None:
        try:
            self._put(stored, points)
        except UserError as error:
            self._desk.ledger.leave("run", str(error), stored.uuid)

    def _put(self, stored: StoredRun, points: Iterator[Point]) -> None:
        assert stored.started_ms is not None
        ulid, at = mlflow_runs.id_of(stored.uuid, stored.started_ms), mlflow_runs.moment(stored.started_ms)
        steps = self._scratch / series.NAME
        with steps.open("w", encoding="utf-8", newline="") as out:
            told = mlflow_runs.write_series(points, stored.started_ms, out)
        short = steps.stat().st_size <= closing.LONGEST_IN_GIT
        place = layout.series(ulid, at) if short else layout.beside_run(ulid, at, series.NAME)
        kept = self._desk.file_fact(place, steps) if told.steps else None
        found = self._artifacts(stored, layout.beside_run(ulid, at, "artifacts"))
        run = mlflow_runs.run_of(
            stored,
            told,
            parent=self._parent(stored),
            clock=self._desk.settings.clock,
            artifacts=(found.fact,) if found else (),
            kept=kept,
        )
        path = layout.run(ulid, at)
        self.paths[stored.uuid] = path
        if not self._desk.is_new("run", path, run):
            return
        if found:
            self._desk.keep_folder(found.fact, found.folder)
        if kept:
            self._desk.keep_file(kept, steps, in_git=short)
        self._desk.write_new("run", path, run)  # last: what it names is there
        self._desk.ledger.taken["artifact"] += found.nfiles if found else 0
        self._desk.ledger.taken["value of a metric"] += told.points

    def _parent(self, stored: StoredRun) -> str | None:
        uuid = mlflow_runs.parent_of(stored)
        started = self._starts.get(uuid) if uuid else None
        if uuid and started is None:
            self._desk.ledger.leave("parent of a run", "is not in the store", uuid)
        return mlflow_runs.id_of(uuid, started) if uuid and started is not None else None

    def _artifacts(self, stored: StoredRun, named: str) -> _Artifacts | None:
        """Return a run's artifacts, where they may be taken: what else there is in their folder leaves it there."""
        folder = self._folder(stored)
        try:
            count = _count(folder) if folder else 0
            return _Artifacts(folder, self._desk.folder_fact(named, folder), count) if folder and count else None
        except (InvalidRecordError, OSError) as error:
            why = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
            self._desk.ledger.leave("folder of artifacts", why, stored.uuid)
            return None

    def _folder(self, stored: StoredRun) -> Path | None:
        """Return where a run's artifacts lie; a store may name any folder of this disk, so only some are believed."""
        ledger = self._desk.ledger
        if "://" in stored.address and not stored.artifacts:
            ledger.leave("folder of artifacts", "lies at an address, and nothing is fetched", stored.address)
        # isdir, since a path from elsewhere may be none at all
        there = [place.resolve() for place in (*stored.artifacts, *self._moved(stored)) if os.path.isdir(place)]
        allowed = [place for place in there if any(place.is_relative_to(one) for one in self._places)]
        if there and not allowed:
            why = "lies outside of the store: --artifacts DIR lets it"
            ledger.leave("folder of artifacts", why, str(there[0]))
        return next(iter(allowed), None)

    def _moved(self, stored: StoredRun) -> Iterator[Path]:
        """Yield where artifacts lie in a store that is not where it was: below it as they were below the old one."""
        for parts in (place.parts for place in stored.artifacts):
            for kept in (4, 3):  # mlruns/EXPERIMENT/RUN/artifacts, with or without the first
                yield from (place.joinpath(*parts[-kept:]) for place in self._places)


class _Artifacts(NamedTuple):
    """What a run has of them. ``fact``: under the name that they will have here."""

    folder: Path
    fact: FileFact
    nfiles: int


def _count(folder: Path) -> int:
    """Return how many files lie below a folder of which each can be taken.

    Raises:
        InvalidRecordError: One cannot.
    """
    count = 0
    for place, folders, listed in os.walk(folder, onerror=_raise):
        for path in (Path(place, name) for name in (*folders, *listed)):
            if path.is_symlink():
                raise InvalidRecordError("holds links, which may lead anywhere")
            if not (path.is_file() or path.is_dir()):
                raise InvalidRecordError("holds what is neither a file nor a folder")
            if CONTROL.search(path.name):
                raise InvalidRecordError("holds a name with control characters, or one that is not UTF-8")
        count += len(listed)
    return count


def _raise(error: OSError) -> None:
    raise error
