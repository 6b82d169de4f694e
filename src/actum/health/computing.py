"""Can this machine compute what the project locks?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actum.environment import interpreters, machine, pins
from actum.environment.lock import parse_lock
from actum.errors import InvalidRecordError, UserError
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, told, wrong
from actum.health.project import committed
from actum.records.settings import EnvironmentSettings


def look_at_computing(repo: Git, settings: EnvironmentSettings, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield _interpreter(repo, settings.python, environ)
    yield _lock(repo, settings.lock)
    yield from _platform(settings.platform)


def _interpreter(repo: Git, python: str, environ: Mapping[str, str]) -> Finding:
    try:
        found = interpreters.find_interpreter(python, cwd=repo.root, caller=environ)
    except UserError as error:
        return told("interpreter", error)
    return ok("interpreter", f"{found.version} for {python}")


def _lock(repo: Git, path: str) -> Finding:
    place = repo.root / path
    if not place.is_file():
        return wrong("lock", f"{path} is not there", f"actum lock && git add {path} && git commit")
    try:
        packages = len(parse_lock(place.read_text(encoding="utf-8"), where=path))
    except (InvalidRecordError, UnicodeDecodeError) as error:
        return wrong("lock", str(error), f"git checkout HEAD -- {path}  # or rm {path} && actum lock")
    return next(committed(repo, path, "lock"), ok("lock", f"holds {packages}"))


def _platform(platform: str) -> Iterator[Finding]:
    here = machine.platform_name()
    if here != platform:
        yield note("platform", f"the project computes on {platform}, this machine is {here}: it cannot run or rebuild")
        return
    limits = pins.limits(machine.cpu_flags(), here)
    yield from [note("platform", limit) for limit in limits] or [ok("platform", f"{here}, can be pinned")]
