"""What the tests of ``doctor`` share: a project to break, and a look at it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actum.git.repository import Git
from actum.health.finding import Finding


@dataclass(frozen=True)
class Project:
    root: Path
    env: dict[str, str]

    @property
    def repo(self) -> Git:
        return Git(self.root)

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def commit(self, path: str, text: str) -> None:
        self.write(path, text)
        self.git("add", path)
        self.git("commit", "-qm", path)

    def mend(self, finding: Finding) -> None:
        """Type what a finding says, as a user would; a shell takes the words behind # for a comment."""
        subprocess.run(finding.mend, shell=True, cwd=self.root, env=self.env, check=True, capture_output=True)


def now() -> datetime:
    return datetime.now(UTC)


def bad(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state != "ok"]


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a person with a name, and nothing else of this machine's configuration."""
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text("[user]\n\tname = Ana\n\temail = ana@example.org\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "EMAIL"}
    own = {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "XDG_CONFIG_DIRS": home / "etc"}
    own |= {"DVC_SITE_CACHE_DIR": home / "site"}
    return kept | {name: str(path) for name, path in own.items()} | {"GIT_CONFIG_NOSYSTEM": "1"}
