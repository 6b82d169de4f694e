"""A real DVC project in a folder, driven by git and dvc themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Files = Callable[[dict[str, str]], Callable[[str], bytes | None]]

PIPELINE = """\
stages:
  score:
    cmd: sh -c 'wc -c < made/model.bin > metrics.json; echo "a,b" > curve.csv; echo ok > scored.txt'
    deps:
    - made
    outs:
    - scored.txt:
        cache: false
    metrics:
    - metrics.json:
        cache: false
    plots:
    - curve.csv:
        x: a
  train:
    cmd: sh -c 'mkdir -p made; cat prepared.txt > made/model.bin; echo b > made/b'
    deps:
    - prepared.txt
    params:
    - rate
    - seed
    outs:
    - made
  prepare:
    cmd: cat rows/one rows/deep/two > prepared.txt
    deps:
    - rows
    outs:
    - prepared.txt
artifacts:
  churn:
    path: made/model.bin
    type: model
    labels: [tree]
metrics:
- metrics.json
"""


@dataclass(frozen=True)
class Project:
    root: Path
    env: dict[str, str]

    def dvc(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dvc", *words]
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.root, env=self.env, check=True, capture_output=True, text=True
        ).stdout

    def read(self, path: str) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    @property
    def paths(self) -> list[str]:
        return sorted(self.git("ls-files").splitlines())

    @property
    def store(self) -> Path:
        return self.root.parent / "store"


def environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    names = {"GIT_AUTHOR_NAME": "ana", "GIT_COMMITTER_NAME": "ana", "LC_ALL": "C.UTF-8", "DVC_NO_ANALYTICS": "1"}
    names |= {"GIT_AUTHOR_EMAIL": "ana@example.org", "GIT_COMMITTER_EMAIL": "ana@example.org"}
    return {**names, "PATH": "/usr/bin:/bin", "HOME": str(home), "DVC_SITE_CACHE_DIR": str(folder / "site")}
