"""Keep git away from the outputs of stages before they are made.

DVC writes them into the .gitignore beside them when all is done: it takes its lines back when a later stage
fails, and a kill comes before them. Whoever then types ``git add .`` commits data, and DVC refuses to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from actum import files
from actum.dvc.pipeline import Stage
from actum.git.repository import Git


def ignore_outputs(repo: Git, stages: Iterable[Stage]) -> None:
    """Write what DVC keeps and no pattern ignores yet into the .gitignore beside it, in DVC's own words."""
    kept = [out.path for stage in stages for out in stage.outs if out.cached and "${" not in out.path]
    ignored = repo.ignored(kept)
    for path in (PurePosixPath(path) for path in kept if path not in ignored):
        place = files.inside(repo.root, str(path.parent / ".gitignore"))
        before = place.read_bytes() if place.exists() else b""
        end = b"" if before.endswith(b"\n") or not before else b"\n"
        files.replace(place, before + end + _entry(path.name))


def _entry(name: str) -> bytes:
    return b"/" + re.sub(r"([\[\]!*#?])", r"\\\1", name).encode() + b"\n"
