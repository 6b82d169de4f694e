"""Find the interpreter that a project asks for; never a substitute, never a download."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import process
from actum.environment.uv import run_uv, try_uv
from actum.errors import NotFoundError, ToolFailedError, UserError

_REQUEST = re.compile(r"3\.\d{1,2}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython on this machine. ``version`` is exact (3.11.7), ``path`` is where its own file lies."""

    path: Path
    version: str


def is_exact(python: str) -> bool:
    """Whether *python* names a patch release (3.11.7, not 3.11).

    Raises:
        UserError: It is no version of Python 3.
    """
    match = _REQUEST.fullmatch(python)
    if match is None:
        raise UserError(
            f"actum.yaml: environment.python: {python!r} is no version of Python",
            hint='write python: "3.11.7" (or "3.11") under environment: in actum.yaml',
        )
    return match[1] is not None


def find_interpreter(python: str, *, cwd: Path, caller: Mapping[str, str]) -> Interpreter:
    """Return the CPython *python* ("3.11" or, exact, "3.11.7") of this machine.

    Looked for: where uv looks (PATH and uv's own), pyenv's versions, and where the tool's own interpreter lies.

    Raises:
        NotFoundError: It is not here; the message names what is.
        UserError: *python* is no version.
    """
    is_exact(python)
    seen = {**caller, "PATH": _search_path(caller)}
    asked = ["python", "find", f"cpython@{python}", "--system", "--no-project", "--resolve-links"]
    finished = try_uv(asked, cwd=cwd, caller=seen)
    if finished.code != 0:
        raise _missing(python, cwd, seen)
    path = Path(finished.out.decode().strip())
    return Interpreter(path, version_of(path, cwd))


def version_of(path: Path, cwd: Path) -> str:
    """Ask the interpreter at *path* for its exact version.

    Raises:
        ToolFailedError: It does not start.
    """
    finished = process.run([path, "-I", "-c", "import platform; print(platform.python_version())"], cwd=cwd, env={})
    if finished.code != 0:
        raise ToolFailedError(f"{path}: does not start\n{finished.last_words}", hint="install that Python again")
    return finished.out.decode().strip()


def _search_path(caller: Mapping[str, str]) -> str:
    """PATH, with pyenv's versions in place of its shims: a shim fails for every version not switched on."""
    pyenv = Path(caller.get("PYENV_ROOT") or Path(caller.get("HOME", "/"), ".pyenv"))
    versions = [str(found) for found in sorted(pyenv.glob("versions/*/bin"), key=_newest_first)]
    folders = [part for part in caller.get("PATH", "").split(os.pathsep) if part]
    at = folders.index(str(pyenv / "shims")) if str(pyenv / "shims") in folders else len(folders)
    return os.pathsep.join([*folders[:at], *versions, *folders[at + 1 :], str(Path(sys.base_prefix, "bin"))])


def _newest_first(folder: Path) -> list[int]:
    return [-int(part) for part in re.findall(r"\d+", folder.parent.name)]


def _missing(python: str, cwd: Path, seen: Mapping[str, str]) -> NotFoundError:
    listing = ["python", "list", "--only-installed", "--output-format", "json"]
    listed = run_uv(listing, cwd=cwd, caller=seen, doing="cannot list the interpreters of this machine")
    found = {item["version"] for item in json.loads(listed.out) if item["implementation"] == "cpython"}
    here = ", ".join(sorted(found, key=lambda text: [int(part) for part in re.findall(r"\d+", text)])) or "none"
    return NotFoundError(
        f"Python {python} is not on this machine; found: {here}",
        hint=f"uv python install {python}  # or name one of these under environment: python: in actum.yaml",
    )
