"""A version in a DVC project, and what can befall its objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.config import Config, read_config
from actum.dvc.objects import Needed
from actum.git.repository import Git
from actum.needs import objects_needed, secure
from actum.records.version import ModelVersion
from actum.store import Store
from tests.dvc.dvc_project import Project


@dataclass
class Told:
    """Somebody who keeps what is told."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str, /) -> None:
        self.lines.append(line)

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        """Let it go."""


@dataclass(frozen=True)
class Registered:
    project: Project
    version: ModelVersion
    told: Told = field(default_factory=Told)

    @property
    def config(self) -> Config:
        return read_config(self.project.root, self.project.env)

    @property
    def result(self) -> Store:
        repo = Git(self.project.root)
        return Store(repo, repo.head())

    @property
    def cache(self) -> ObjectStore:
        return cache_of(self.config)

    @property
    def remote(self) -> ObjectStore:
        return ObjectStore(self.project.store)

    def needed(self) -> tuple[Needed, ...]:
        return objects_needed(self.result, self.version, [self.cache])

    def object(self, path: str) -> Needed:
        return next(item for item in self.needed() if item.path == path)

    def secure(self) -> tuple[Needed, ...]:
        return secure(self.result, self.version, self.config, self.project.env, self.told)

    def without_remote(self) -> None:
        (self.project.root / ".dvc" / "config").write_text("")

    def with_remote(self, url: str) -> None:
        text = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n"
        (self.project.root / ".dvc" / "config").write_text(text)


def flip(place: Path) -> None:
    """Change the bytes of an object, and not their number."""
    data = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(bytes([data[0] ^ 1]) + data[1:])
