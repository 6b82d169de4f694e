"""From a script's folder to its record: by the script at its end, or by anybody once it was killed.

What lies beside a record is in its place before the record is, and the folder goes last: a kill in between leaves
all to be done again, by the next who looks, with the same outcome.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from actum import digests, files, layout, state
from actum.dvc.config import read_config
from actum.dvc.tracked import SUFFIX, write_tracked
from actum.errors import InvalidRecordError, UserError, of_the_disk
from actum.filing import read_record, write_record
from actum.git.foreign import require_own_state
from actum.git.repository import Git
from actum.records.forms import FileFact
from actum.records.run import Run, RunStatus
from actum.runlog import begun, series
from actum.runlog.begun import Said
from actum.runlog.values import on_record

LONGEST_IN_GIT = 100_000
"""Bytes of metrics by step; what is longer lies under DVC, where there is DVC."""
_OF_NO_FORM = (ValueError, TypeError, LookupError, RecursionError)
"""What else may come of a folder that is not as a script left it: nothing in it is believed."""
_IGNORED = b"*\n!*/\n!/.gitignore\n!*.dvc\n"


def close(
    root: Path,
    folder: Path,
    *,
    environ: Mapping[str, str],
    status: RunStatus,
    at: datetime | None = None,
    last: Mapping[str, float] | None = None,
) -> str | None:
    """Put a script's run on record and return the path; None where it was killed before it had begun.

    Args:
        at: When it ended; None where nobody saw it.
        last: The last values of its metrics by step, from who still knows them.

    Raises:
        UserError: Its folder cannot be read, or the disk does not take the record.
    """
    record = begun.record_of(folder)
    if record is None:
        return None
    path = layout.run(record.id, record.started_at)
    place = files.inside(root, path)
    if not place.exists():
        said = begun.said_in(folder)
        # Who knows the last values knows also that there are none.
        kept = _keep_series(root, record, begun.series_in(folder), environ) if last is None or last else None
        if last is None and kept:  # it may have been put there by who was killed before the record was
            last = series.last_values(files.inside(root, kept.path))
        for fact in said.artifacts.values():
            if layout.run_beside(fact.path + SUFFIX) != record.id:
                raise UserError(f"{folder}: {fact.path} is named as an artifact, and is none of run/{record.id}")
            _point(root, record, fact, nfiles=_count(root, fact, environ))
        ended = _ended(record, said, last or {}, status, at)
        files.replace(place, write_record(replace(ended, series=kept), path=path))
    return path


def close_killed(root: Path, environ: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, UserError]]:
    """Put on record, as interrupted, the runs whose script is gone.

    Returns:
        The paths of their records, and by folder why one could not be put on record; it is tried again next time.
    """
    paths: list[str] = []
    problems: dict[str, UserError] = {}
    if not state.has_scripts(root):
        return (), {}
    try:
        require_own_state(Git(root))
    except UserError as error:
        return (), {f"{layout.STATE}/{state.SCRIPTS}": error}
    for held in state.take_killed_scripts(root):
        try:
            path = close(root, held.path, environ=environ, status="interrupted")
        except (UserError, OSError, *_OF_NO_FORM) as error:
            problems[held.path.relative_to(root).as_posix()] = _told(held.path, error)
            held.let_go()
            continue
        held.release()
        paths += [path] if path else []
    return tuple(paths), problems


def _told(folder: Path, error: Exception) -> UserError:
    """Return why a run is not on record, by the name of its folder."""
    said = of_the_disk(error) if isinstance(error, OSError) else error
    hint = said.hint if isinstance(said, UserError) else ""
    problem = str(said or error)
    return UserError(problem if str(folder) in problem else f"{folder}: {problem}", hint=hint)


def scripts_of(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """Return those of *paths* that are of a script's run: its record, and what lies beside it."""
    found = [path for path in paths if layout.run_beside(path)]
    mine = {layout.run_beside(path) for path in found if layout.kind_of(path) == "run" and _is_script(root, path)}
    return frozenset(path for path in found if layout.run_beside(path) in mine)


def _is_script(root: Path, path: str) -> bool:
    try:
        record = read_record(path, files.inside(root, path).read_bytes())
    except (OSError, InvalidRecordError):
        return False  # of what is no record the next read tells
    return bool(record.kind == "script")


def _ended(record: Run, said: Said, last: Mapping[str, float], status: RunStatus, at: datetime | None) -> Run:
    notes = [*([record.notes] if record.notes else []), *said.notes]
    return replace(
        record,
        status=None if status == "finished" else status,
        finished_at=at,
        params=record.params | said.params,
        # What was said without a step was said of the whole run.
        metrics={name: on_record(value) for name, value in last.items()} | said.metrics,
        tags=record.tags | said.tags,
        notes="\n".join(notes) or None,
        artifacts=tuple(said.artifacts.values()),
    )


def _keep_series(root: Path, record: Run, found: Path, environ: Mapping[str, str]) -> FileFact | None:
    """Put the metrics by step where they belong: beside the record, or under DVC with a pointer."""
    short = layout.series(record.id, record.started_at)
    long = layout.beside_run(record.id, record.started_at, series.NAME)
    there = [path for path in (short, long) if files.inside(root, path).exists()]
    path = there[0] if there else short
    if not there:
        if found.is_symlink() or not found.is_file() or not series.cut_off(found):
            return None
        if found.stat().st_size > LONGEST_IN_GIT and (root / ".dvc").is_dir():
            path = long
        else:
            files.replace(files.inside(root, path), found.read_bytes())
            found.unlink()
    if path == short:
        return _fact(path, digests.of_file(files.inside(root, path)))
    return _under_dvc(root, record, path, found, environ)


def _under_dvc(root: Path, record: Run, path: str, found: Path, environ: Mapping[str, str]) -> FileFact:
    from actum.dvc.cache import cache_of

    place = files.inside(root, path)
    store = cache_of(read_config(root, environ))
    fact = _fact(path, store.put_file(found if found.is_file() else place))
    _point(root, record, fact)
    if found.is_file():
        os.replace(found, place)
    return fact


def _fact(path: str, told: digests.FileDigests) -> FileFact:
    return FileFact(path=path, md5=told.md5, sha256=told.sha256, size=told.size)


def _count(root: Path, fact: FileFact, environ: Mapping[str, str]) -> int | None:
    """Return how many files a kept folder holds."""
    if not fact.md5.endswith(".dir"):
        return None
    from actum.dvc.cache import cache_of

    return len(cache_of(read_config(root, environ)).read_dir(fact.md5))


def _point(root: Path, record: Run, fact: FileFact, nfiles: int | None = None) -> None:
    """Write the pointer by which DVC knows the bytes, and keep git away from these."""
    assert fact.size is not None
    ignore = layout.beside_run(record.id, record.started_at, ".gitignore")
    files.replace(files.inside(root, ignore), _IGNORED)
    pointer = write_tracked(posixpath.basename(fact.path), fact.md5, fact.size, nfiles)
    files.replace(files.inside(root, fact.path + SUFFIX), pointer)
