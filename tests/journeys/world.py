"""One repository with its remotes, and the commands that a person types in it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.in_process import typed

ACTUM = (sys.executable, "-m", "actum")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return f"exit status {self.code}\n{self.out}\n{self.err}"


@dataclass(frozen=True)
class World:
    """``root`` holds ``repo`` (git and DVC), ``remote`` (DVC's) and, where made, ``origin`` (git's) and other clones.

    ``clone``: the folder of the one that commands are typed in.
    """

    root: Path
    model: str
    env: Mapping[str, str] = field(repr=False)
    apart: bool = False  # each command is a process of its own, for what only the start of one takes from its caller
    clone: str = "repo"

    @property
    def repo(self) -> Path:
        return self.root / self.clone

    @property
    def remote(self) -> Path:
        return self.root / "remote"

    def under(self, **variables: str) -> World:
        """Return the same place for a caller with other variables."""
        return replace(self, env={**self.env, **variables}, apart=True)

    def copy(self, root: Path) -> World:
        shutil.copytree(self.root, root, symlinks=True)
        return replace(self, root=root)

    # ------------------------------------------------------------------ commands

    def call(self, *command: str | Path, cwd: Path | None = None) -> Done:
        words = [str(word) for word in command]
        done = subprocess.run(
            words, cwd=cwd or self.repo, env=dict(self.env), capture_output=True, text=True, check=False, timeout=300
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _typed(self, *words: str | Path) -> Done:
        return Done(*typed([str(word) for word in words], cwd=self.repo, env=self.env))

    def actum(self, *words: str | Path, code: int = 0) -> Done:
        """Run actum and insist on its exit status."""
        done = self.call(*ACTUM, *words) if self.apart else self._typed(*words)
        assert done.code == code, done.said
        return done

    def told(self, *words: str | Path, code: int = 0) -> Any:
        """Run actum with ``--json`` and return the data that it tells."""
        return json.loads(self.actum(*words, "--json", code=code).out)["data"]

    def refused(self, *words: str | Path, code: int = 1) -> tuple[str, str]:
        """Run actum, insist that it fails like that, and return its message and its hint."""
        done = self.actum(*words, code=code)
        lines = done.err[done.err.index("error: ") :].strip().splitlines()
        hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
        message = "\n".join(line for line in lines if not line.startswith("hint: "))
        return message.removeprefix("error: "), hints[0] if hints else ""

    def git(self, *words: str | Path) -> str:
        done = self.call("git", *words)
        assert done.code == 0, done.said
        return done.out.strip()

    def dvc(self, *words: str | Path) -> str:
        done = self.call(sys.executable, "-m", "dvc", *words)
        assert done.code == 0, done.said
        return done.out

    # ------------------------------------------------------------------ things

    def write(self, path: str, text: str) -> None:
        place = self.repo / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.repo / path).read_text()
        assert old in text
        (self.repo / path).write_text(text.replace(old, new))

    def commit(self, message: str = "Change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def object(self, md5: str, *, where: str = "cache") -> Path:
        """Return the file of an object in the cache or in the remote."""
        store = self.repo / ".dvc" / "cache" if where == "cache" else self.remote
        return store / "files" / "md5" / md5[:2] / md5[2:]

    def flip(self, place: Path) -> None:
        """Change one bit, and nothing that a file system tells."""
        data = bytearray(place.read_bytes())
        data[len(data) // 2] ^= 1
        place.chmod(0o644)
        place.write_bytes(bytes(data))
        place.chmod(0o444)

    def runs(self) -> list[dict[str, Any]]:
        """Return the run records that HEAD holds, oldest first."""
        names = self.git("ls-tree", "-r", "--name-only", "HEAD", "runs").splitlines()
        return [json.loads(self.git("show", f"HEAD:{name}")) for name in sorted(names) if name.endswith(".json")]

    def version(self, number: str) -> dict[str, Any]:
        """Return a version as HEAD has it."""
        import yaml

        text = self.git("show", f"HEAD:registry/{self.model}/versions/{number}.yaml")
        found: dict[str, Any] = yaml.safe_load(text)
        return found

    def footprint(self) -> tuple[str, str, str, str]:
        """Return what a command that touches nothing leaves equal: HEAD, branch, status, bytes of the index."""
        status = self.git("--no-optional-locks", "status", "--porcelain", "--untracked-files=all")
        index = hashlib.sha256((self.repo / ".git" / "index").read_bytes()).hexdigest()
        return self.git("rev-parse", "HEAD"), (self.repo / ".git" / "HEAD").read_text(), status, index

    def attestations(self) -> list[str]:
        """Return the paths of the attestations on the evidence branch."""
        if self.call("git", "rev-parse", "--verify", "--quiet", "actum/evidence").code:
            return []
        listed = self.git("ls-tree", "-r", "--name-only", "actum/evidence").splitlines()
        return [path for path in listed if path.endswith("-attestation.yaml")]
