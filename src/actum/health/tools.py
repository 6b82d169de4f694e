"""Are the programs that we drive here, and new enough?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from actum.dvc import commands
from actum.environment import uv
from actum.errors import UserError
from actum.git import plumbing
from actum.health.finding import Finding, ok, told, wrong

OLDEST_GIT = (2, 31)
OLDEST_DVC, FIRST_DVC_UNKNOWN = (3, 67), (4, 0)
_INSTALL_DVC = "python -m pip install 'dvc>=3.67,<4'"


def look_at_git(folder: Path) -> Finding:
    try:
        return judge_git(plumbing.text(folder, "version"))
    except UserError as error:
        return told("git", error)


def judge_git(said: str) -> Finding:
    """Judge what ``git version`` says."""
    found = _version(said)
    if found < OLDEST_GIT:
        return wrong("git", f"{said}, wanted is 2.31 or newer", "apt-get install git")
    return ok("git", ".".join(map(str, found)))


def look_at_dvc(folder: Path, environ: Mapping[str, str]) -> Finding:
    """Start dvc as every command of ours starts it."""
    code, said = commands.call(["--version"], folder, environ)
    if code:
        return wrong("dvc", f"dvc does not start: {said.splitlines()[-1] if said else 'it said nothing'}", _INSTALL_DVC)
    return judge_dvc(said)


def judge_dvc(said: str) -> Finding:
    """Judge what ``dvc --version`` says."""
    last = said.splitlines()[-1]
    if not OLDEST_DVC <= _version(last) < FIRST_DVC_UNKNOWN:
        return wrong("dvc", f"dvc {last}, wanted is 3.67 or newer and older than 4", _INSTALL_DVC)
    return ok("dvc", last)


def look_at_uv(folder: Path, environ: Mapping[str, str]) -> Finding:
    try:
        said = uv.run_uv(["--version"], cwd=folder, caller=environ, doing="uv does not start").out.decode()
    except UserError as error:
        return told("uv", error, "python -m pip install --force-reinstall uv")
    return ok("uv", ".".join(map(str, _version(said))))


def _version(said: str) -> tuple[int, ...]:
    found = re.search(r"\d+(?:\.\d+)+", said)
    return tuple(int(part) for part in found[0].split(".")) if found else (0,)
