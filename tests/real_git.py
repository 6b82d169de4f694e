"""Real git, driven as a user drives it: what the tests of ours are held against."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

Commit = Callable[[str, str | bytes], str]


def git(cwd: Path, *words: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> str:
    """Run git in a folder and return its stdout without the last line end; it must succeed."""
    done = subprocess.run(
        ["git", *words], cwd=cwd, env={**os.environ, **(env or {})}, input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").removesuffix("\n")


def write(root: Path, path: str, content: str | bytes) -> None:
    """Write a file of a work tree, folders on the way included."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
