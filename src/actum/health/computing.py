"""Can this machine compute what the project locks?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from actum.environment import interpreters, machine, pins
from actum.environment.lock import SOURCES, Pinned, parse_lock, source_of
from actum.environment.sufficiency import disagreements, lacking
from actum.errors import InvalidRecordError, UserError
from actum.filing import cards_in_work_tree
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, told, wrong
from actum.health.project import committed
from actum.records.settings import EnvironmentSettings


def look_at_computing(repo: Git, settings: EnvironmentSettings, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield _interpreter(repo, settings.python, environ)
    yield from _lock(repo, settings)
    yield from _platform(settings.platform)


def _interpreter(repo: Git, python: str, environ: Mapping[str, str]) -> Finding:
    try:
        found = interpreters.find_interpreter(python, cwd=repo.root, caller=environ)
    except UserError as error:
        return told("interpreter", error)
    return ok("interpreter", f"{found.version} for {python}")


def _lock(repo: Git, settings: EnvironmentSettings) -> Iterator[Finding]:
    path = settings.lock
    place = repo.root / path
    if not place.is_file():
        yield wrong("lock", f"{path} is not there", f"actum lock && git add {path} && git commit")
        return
    try:
        pinned = parse_lock(place.read_text(encoding="utf-8"), where=path)
    except (InvalidRecordError, UnicodeDecodeError) as error:
        yield wrong("lock", str(error), f"git checkout HEAD -- {path}  # or rm {path} && actum lock")
        return
    found = [*committed(repo, path, "lock"), *_sufficient(repo, settings, pinned)]
    yield from found or [ok("lock", f"holds {len(pinned)}")]


def _sufficient(repo: Git, settings: EnvironmentSettings, pinned: tuple[Pinned, ...]) -> Iterator[Finding]:
    """Compare the lock with what it is made of, and with what the models of the project will need."""
    source = source_of(repo.root, settings.lock)
    if source is not None:
        text = (repo.root / source).read_text(encoding="utf-8", errors="replace")
        for line in disagreements(source, text, pinned, settings.python):
            yield note("lock", f"{settings.lock} {line}", f"actum lock && git add {settings.lock} && git commit")
    for line in lacking({item.name for item in pinned}, cards_in_work_tree(repo.root)):
        mend = f"write it into {source or Path(settings.lock).with_name(SOURCES[0])}, then actum lock"
        yield note("lock", f"{settings.lock} {line}", mend)


def _platform(platform: str) -> Iterator[Finding]:
    here = machine.platform_name()
    if here != platform:
        yield note("platform", f"the project computes on {platform}, this machine is {here}: it cannot run or rebuild")
        return
    limits = pins.limits(machine.cpu_flags(), here)
    yield from [note("platform", limit) for limit in limits] or [ok("platform", f"{here}, can be pinned")]
