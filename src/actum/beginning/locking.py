"""The use case of ``lock``: which file says what the environment needs, and what its lock then holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import files, layout, state
from actum.environment.lock import SOURCES, LockChange, make_lock, parse_lock, source_of, text_of
from actum.environment.sufficiency import lacking
from actum.errors import NotFoundError
from actum.filing import cards_in_work_tree, read_record
from actum.git.repository import Git
from actum.records.settings import EnvironmentSettings, Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """What came of it.

    ``was_there``: whether there was a lock; ``uncommitted``: what git does not hold yet; ``lacking``: what the models
    of the project will need, and the lock does not hold.
    """

    source: str
    out: str
    python: str
    change: LockChange
    was_there: bool
    uncommitted: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def satisfied(self) -> bool:
        """Whether the lock that is there gives what the source asks for: the same versions of the same packages."""
        moved = self.change.added or self.change.removed or self.change.changed
        return self.was_there and not moved


def lock(repo: Git, *, upgrade: bool, keep: bool, caller: Mapping[str, str]) -> Locked:
    """Resolve the requirements of the work tree. ``keep``: leave the lock that is there as it is.

    Raises:
        NotFoundError: No actum.yaml, or no file that says what is needed.
        InvalidRecordError: actum.yaml is malformed, or the lock was edited by hand.
        ToolFailedError: There is no solution, or the index did not answer.
    """
    settings = _settings(repo.root)
    source = find_source(repo.root, settings.lock)
    there = files.inside(repo.root, settings.lock)
    was_there = there.exists()
    before = _held(there, settings.lock) if was_there else set()
    if keep:
        change = _resolved_aside(repo.root, source, settings, upgrade, caller)
    else:
        with state.one_writer(repo.root, "lock"):
            change = _resolve(repo.root, source, settings.lock, settings.python, upgrade, caller)
    return Locked(
        source=source,
        out=settings.lock,
        python=settings.python,
        change=change,
        was_there=was_there,
        uncommitted=tuple(path for path in (source, settings.lock) if path in repo.dirty()),
        lacking=lacking(_names(before, change), cards_in_work_tree(repo.root)),
    )


def find_source(root: Path, out: str) -> str:
    """Return the file that says what the environment needs: beside the lock, requirements.in before pyproject.toml.

    Raises:
        NotFoundError: There is neither.
    """
    if (found := source_of(root, out)) is not None:
        return found
    source = Path(out).with_name(SOURCES[0]).as_posix()
    raise NotFoundError(
        f"neither {' nor '.join(SOURCES)} is there to say what the environment needs",
        hint=f"write the packages that your stages import into {source}, one a line; skops"
        " and pyarrow among them, by which models are kept and tables scored",
    )


def _settings(root: Path) -> EnvironmentSettings:
    path = root / layout.SETTINGS
    if not path.is_file():
        raise NotFoundError(f"{layout.SETTINGS} is not there: it says which Python the lock is for", hint="actum init")
    found = read_record(layout.SETTINGS, path.read_bytes())
    assert isinstance(found, Settings)
    return found.environment


def _held(there: Path, lock: str) -> set[str]:
    return {item.name for item in parse_lock(text_of(there.read_bytes(), where=lock), where=lock)}


def _names(before: Iterable[str], change: LockChange) -> set[str]:
    return set(before) - {name for name, _ in change.removed} | {name for name, _ in change.added}


def _resolved_aside(
    root: Path, source: str, settings: EnvironmentSettings, upgrade: bool, caller: Mapping[str, str]
) -> LockChange:
    """Resolve into a copy, for who only asks."""
    there = files.inside(root, settings.lock)
    before = there.read_bytes() if there.exists() else b""
    # Here an error names the lock and not the copy.
    parse_lock(text_of(before, where=settings.lock), where=settings.lock)
    with tempfile.TemporaryDirectory(prefix="actum-lock-") as folder:
        copy = Path(folder, there.name)
        copy.write_bytes(before)
        return _resolve(root, source, str(copy), settings.python, upgrade, caller)


def _resolve(root: Path, source: str, out: str, python: str, upgrade: bool, caller: Mapping[str, str]) -> LockChange:
    return make_lock(root, source=source, out=out, python=python, caller=caller, upgrade=upgrade)
