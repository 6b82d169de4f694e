"""The use case of ``doctor``: look at everything, collect all findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from actum.errors import NotFoundError, UserError
from actum.git.repository import Git
from actum.health import (
    computing,
    environments,
    indexing,
    leftovers,
    project,
    repository,
    signing,
    storage,
    tools,
)
from actum.health.finding import Finding, told


def examine(folder: Path, *, environ: Mapping[str, str], now: datetime) -> tuple[Finding, ...]:
    """Look at the machine and at the project that holds *folder*; change nothing.

    Raises:
        NotFoundError: There is no such folder.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder} is not a folder", hint="actum -C DIR doctor")
    programs = (
        tools.look_at_git(folder),
        tools.look_at_dvc(folder, environ),
        tools.look_at_uv(folder, environ),
    )
    if programs[0].state == "wrong":  # nothing else can be asked without git
        return programs
    try:
        repo = Git.find(folder)
    except UserError as error:
        return (*programs, told("repository", error))
    return (*programs, *_examine_project(repo, environ, now))


def _examine_project(repo: Git, environ: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    yield from repository.look_at_repository(repo, now)
    yield signing.look_at_signing(repo, environ)
    settings, found = project.read_settings(repo)
    yield from found
    if settings is not None:
        yield from project.look_at_project(repo, settings)
        yield from computing.look_at_computing(repo, settings.environment, environ)
    yield from storage.look_at_storage(repo, environ)
    yield indexing.look_at_index(repo)
    yield from environments.look_at_environments(repo, environ, now)
    yield from leftovers.look_for_leftovers(repo, now)
