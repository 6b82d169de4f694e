"""The use case of ``import mlflow``: the runs and the registry of a store, as records and bytes of this repository."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from actum import layout, state
from actum.errors import UserError
from actum.filing import write_record
from actum.git.repository import Git
from actum.importing import mlflow_runs
from actum.importing.desk import Desk, open_desk
from actum.importing.ledger import Imported
from actum.importing.mlflow_models import Models
from actum.mlflow_store.opening import open_store
from actum.mlflow_store.values import MlflowStore, Point, StoredRun
from actum.progress import Teller
from actum.runlog import closing, series

_LATEST_MS = 253_402_300_799_000


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
        if not 0 <= stored.started_ms <= _LATEST_MS:
            return "started in no year that a date can hold"
        if stored.status in mlflow_runs.UNDER_WAY and not self._unfinished and not self._is_here(stored):
            return "not ended there: --unfinished takes it, as interrupted"
        return ""

    def _is_here(self, stored: StoredRun) -> bool:
        assert stored.started_ms is not None
        ulid = mlflow_runs.id_of(stored.uuid, stored.started_ms)
        return self._desk.read(layout.run(ulid, mlflow_runs.moment(stored.started_ms))) is not None

    def _take(self, stored: StoredRun, points: Iterator[Point]) -> None:
        assert stored.started_ms is not None
        ulid, at = mlflow_runs.id_of(stored.uuid, stored.started_ms), mlflow_runs.moment(stored.started_ms)
        steps = self._scratch / series.NAME
        with steps.open("w", encoding="utf-8", newline="") as out:
            told = mlflow_runs.write_series(points, stored.started_ms, out)
        short = steps.stat().st_size <= closing.LONGEST_IN_GIT
        place = layout.series(ulid, at) if short else layout.beside_run(ulid, at, series.NAME)
        kept = self._desk.file_fact(place, steps) if told.steps else None
        folder = self._folder(stored)
        named = layout.beside_run(ulid, at, "artifacts")
        bytes_ = self._desk.folder_fact(named, folder) if folder else None
        try:
            run = mlflow_runs.run_of(
                stored,
                told,
                parent=self._parent(stored),
                clock=self._desk.settings.clock,
                artifacts=(bytes_,) if bytes_ else (),
                kept=kept,
            )
            path = layout.run(ulid, at)
            self.paths[stored.uuid] = path
            if not self._desk.is_new("run", path, run):
                return
            if folder and bytes_:
                self._desk.keep_folder(bytes_, folder)
                self._desk.ledger.taken["artifact"] += _contents(folder)[1]
            if kept:
                self._desk.keep_file(kept, steps, in_git=short)
            self._desk.write(path, write_record(run, path=path), anew=True)  # last: what it names is there
            self._desk.ledger.taken["value of a metric"] += told.points
        except UserError as error:
            self._desk.ledger.leave("run", str(error), stored.uuid)

    def _parent(self, stored: StoredRun) -> str | None:
        uuid = mlflow_runs.parent_of(stored)
        started = self._starts.get(uuid) if uuid else None
        if uuid and started is None:
            self._desk.ledger.leave("parent of a run", "is not in the store", uuid)
        return mlflow_runs.id_of(uuid, started) if uuid and started is not None else None

    def _folder(self, stored: StoredRun) -> Path | None:
        """Return where a run's artifacts lie; a store may name any folder of this disk, so only some are believed."""
        ledger = self._desk.ledger
        if "://" in stored.address and not stored.artifacts:
            ledger.leave("folder of artifacts", "lies at an address, and nothing is fetched", stored.address)
        there = [place.resolve() for place in (*stored.artifacts, *self._moved(stored)) if place.is_dir()]
        allowed = [place for place in there if any(place.is_relative_to(one) for one in self._places)]
        if there and not allowed:
            why = "lies outside of the store: --artifacts DIR lets it"
            ledger.leave("folder of artifacts", why, str(there[0]))
        for place in allowed[:1]:
            links, count = _contents(place)
            if links:
                ledger.leave("folder of artifacts", "holds links, which may lead anywhere", stored.uuid)
            elif count:
                return place
        return None

    def _moved(self, stored: StoredRun) -> Iterator[Path]:
        """Yield where artifacts lie in a store that is not where it was: below it as they were below the old one."""
        for parts in (place.parts for place in stored.artifacts):
            for kept in (4, 3):  # mlruns/EXPERIMENT/RUN/artifacts, with or without the first
                yield from (place.joinpath(*parts[-kept:]) for place in self._places)


def _contents(folder: Path) -> tuple[int, int]:
    """Return how many links and how many files lie below a folder."""
    links = count = 0
    for place, folders, listed in os.walk(folder):
        for name in (*folders, *listed):
            links += Path(place, name).is_symlink()
        count += len(listed)
    return links, count
