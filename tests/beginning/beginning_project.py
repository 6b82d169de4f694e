"""What the tests of ``init`` and ``lock`` share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What a command said, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Actum = Callable[..., Said]


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder*, git's own included, with its bytes."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a person with a name, and nothing else of this machine's configuration."""
    home.mkdir()
    config = "[user]\n\tname = Ana\n\temail = ana@example.org\n[init]\n\tdefaultBranch = other\n"
    (home / ".gitconfig").write_text(config)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "EMAIL"}
    own = {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "XDG_CONFIG_DIRS": home / "etc"}
    own |= {"DVC_SITE_CACHE_DIR": home / "site"}
    return kept | {name: str(path) for name, path in own.items()} | {"GIT_CONFIG_NOSYSTEM": "1"}
