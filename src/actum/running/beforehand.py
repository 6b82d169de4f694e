"""What is looked at before any environment is made: minutes of installing must not come before a missing file."""

from __future__ import annotations

from contextlib import suppress

from actum import files, layout, pipeline
from actum.dvc.lockfile import read_lock
from actum.dvc.pipeline import Stage
from actum.errors import InvalidRecordError, NotFoundError
from actum.git.repository import Git
from actum.progress import Teller
from actum.records.settings import EnvironmentSettings
from actum.runlog import journal
from actum.store import Store


def mend_lock(repo: Git, store: Store, folder: str, tell: Teller) -> None:
    """Put dvc.lock back where a killed run left half of it: DVC writes it in place."""
    path = pipeline.lock_path(folder)
    place = files.inside(repo.root, path)
    if not journal.unfinished(repo.root) or not place.exists():
        return
    with suppress(InvalidRecordError):
        read_lock({path: place.read_bytes()}.get, path)  # alone: of a malformed dvc.yaml others tell
        if place.stat().st_size:
            return
    tell(f"a run was killed while {path} was being written: it is put back as it was committed")
    committed = store.read(path)
    if committed is None:
        place.unlink()
    else:
        files.replace(place, committed)


def look_first(
    repo: Git, store: Store, folder: str, targets: tuple[str, ...], settings: EnvironmentSettings, tell: Teller
) -> bytes:
    """Return the lock that is committed, once it is sure that the pipeline can be run.

    Raises:
        NotFoundError: There is no dvc.yaml, no such stage, or no lock.
        InvalidRecordError: dvc.yaml or dvc.lock is malformed.
        UserError: A stage is frozen.
    """
    described, _ = pipeline.read(repo.root, folder)
    stages = pipeline.closure(described, targets)
    pipeline.refuse_frozen(stages, folder)
    lock = store.read(settings.lock)
    if lock is None:
        raise NotFoundError(f"{settings.lock} is not committed", hint="actum lock && git add . && git commit")
    for stage, path in _kept(stages):
        where = layout.in_pipeline(folder, "dvc.yaml")
        tell(f"{where}: stage {stage} keeps {path} (persist): what it finds there is on no record")
    return lock


def _kept(stages: tuple[Stage, ...]) -> list[tuple[str, str]]:
    """Return the outputs that DVC leaves in place for a stage to go on from: a rebuild begins without them."""
    return [(stage.name, out.path) for stage in stages for out in stage.outs if out.persist]
