"""The use case of ``lock``: which file says what the environment needs, and what its lock then holds."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import files, layout, state
from actum.environment.lock import LockChange, make_lock, parse_lock, text_of
from actum.errors import NotFoundError
from actum.git.repository import Git
from actum.records.settings import EnvironmentSettings, Settings
from actum.store import read_record

SOURCES = ("requirements.in", "pyproject.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """What came of it. ``was_there``: whether there was a lock; ``uncommitted``: what git does not hold yet."""

    source: str
    out: str
    python: str
    change: LockChange
    was_there: bool
    uncommitted: tuple[str, ...]

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
    )


def find_source(root: Path, out: str) -> str:
    """Return the file that says what the environment needs: beside the lock, requirements.in before pyproject.toml.

    Raises:
        NotFoundError: There is neither.
    """
    folder = Path(out).parent
    for name in SOURCES:
        if (root / folder / name).is_file():
            return (folder / name).as_posix()
    raise NotFoundError(
        f"neither {' nor '.join(SOURCES)} is there to say what the environment needs",
        hint=f"write the packages that your stages import into {(folder / SOURCES[0]).as_posix()}, one a line; skops"
        " and pyarrow among them, by which models are kept and tables scored",
    )


def _settings(root: Path) -> EnvironmentSettings:
    path = root / layout.SETTINGS
    if not path.is_file():
        raise NotFoundError(f"{layout.SETTINGS} is not there: it says which Python the lock is for", hint="actum init")
    found = read_record(layout.SETTINGS, path.read_bytes())
    assert isinstance(found, Settings)
    return found.environment


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
