"""What a script's run may keep beside its record, and under which name: such that DVC and git can live with it."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from actum import layout
from actum.dvc.tracked import SUFFIX
from actum.errors import UserError
from actum.records.forms import path_problem
from actum.runlog import series
from actum.runlog.values import cleaned

_OF_DVC = frozenset({"dvc.yaml", "dvc.lock"})
_IGNORING = frozenset({".gitignore", ".dvcignore"})
_LONGEST = 255
_RENAME = "rename it, or keep a copy of another name"


class Kept:
    """The artifacts of one run: the name of each, and where it came from."""

    def __init__(self) -> None:
        self._sources: dict[str, Path] = {}

    def add(self, name: str, path: Path) -> None:
        self._sources[name] = path

    def require_room(self, name: str, path: Path) -> None:
        """Refuse what DVC could not give back beside all that is kept already.

        Args:
            name: The path in the run's folder.

        Raises:
            UserError: It is called as DVC, git or we call something; it meets another artifact, or holds what DVC
                would not see.
        """
        if problem := _name_problem(name):
            raise UserError(f"{path}: {problem}", hint=_RENAME)
        for other, source in self._sources.items():
            if name == other and path != source:
                raise UserError(f"{path}: {source} is kept as {name} already", hint=_RENAME)
            if name != other and layout.meet(name, other):
                how = "lies in" if name.startswith(other) else "holds"
                raise UserError(f"{path}: {how} {source}, which is kept already", hint="keep the folder alone")
        if path.is_dir() and (found := _hidden_in(path)):
            problem = f"{found}: is what DVC takes for its own, and a folder that holds it would not come back whole"
            raise UserError(problem, hint="keep the files of the folder one by one")


def _name_problem(name: str) -> str:
    parts, last = name.split("/"), posixpath.basename(name)
    if (problem := path_problem(name)) or name != cleaned(name):
        return f"its name {problem or 'holds a control character'}"
    if last in _OF_DVC or any(part in _IGNORING or part.endswith(SUFFIX) for part in parts):
        return f"is called {name}, which DVC or git takes for its own"
    if parts[0] == series.NAME:
        return f"is called {series.NAME}, as the metrics by step are"
    if len((last + SUFFIX).encode()) > _LONGEST:
        return f"its name has more than {_LONGEST - len(SUFFIX)} bytes"
    return ""


def _hidden_in(folder: Path) -> str:
    """Return a path in a folder that DVC would pass over, or that would have it pass over others."""
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if name.endswith(SUFFIX) or name == ".dvcignore":
                return os.path.join(place, name)
    return ""
