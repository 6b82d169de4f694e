"""Registries with many records, made in no time by ``git fast-import``; a test names only what it is about."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actum import layout
from actum.filing import write_record
from actum.git.repository import Git
from actum.names import Ids
from actum.records.event import Event, Promotion
from actum.records.forms import Person
from actum.records.version import ModelVersion
from tests.real_git import git
from tests.records import samples

START = datetime(2026, 1, 1, tzinfo=UTC)
BEN = Person(name="Ben", email="ben@example.org")


@dataclass(frozen=True)
class Link:
    """A symbolic link, where a record is written otherwise."""

    to: str


Changes = Mapping[str, Any]
"""By path: a record, bytes, a :class:`Link`, or None for what is removed."""


class Grown:
    """A repository on ``main`` with models ``m0``, ``m1`` and so on; what grows has its own minute."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.repo = Git(root)
        git(root, "init", "-q")
        self.minute = 0
        self._ids = Ids(lambda: round(self.now.timestamp() * 1000), lambda count: self.minute.to_bytes(count, "big"))

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=self.minute)

    def ulid(self) -> str:
        self.minute += 1
        return self._ids.new()

    def begin(self, models: int = 2, versions: int = 52, events: int = 36) -> str:
        changes: dict[str, Any] = {layout.SETTINGS: samples.settings()}
        for number in range(models):
            name = f"m{number}"
            changes[layout.card(name)] = samples.card(model=name, title=f"model {number}", policy="strict")
            made = [self.version(name, f"{minor // 10 + 1}.{minor % 10}.0") for minor in range(versions)]
            changes |= {layout.version(name, version.version): version for version in made}
            changes |= self.promotions(name, [made[at * versions // events] for at in range(events)])
        changes[layout.policy("strict")] = samples.policy()
        return self.commit(changes)

    def version(self, model: str, number: str, **known: Any) -> ModelVersion:
        ulid = self.ulid()
        told: dict[str, Any] = {"run": ulid, "registered_at": self.now, "metrics": {"auc": 0.5 + self.minute / 10**4}}
        artifact = replace(samples.version().artifact, sha256=_digest(model, number))
        return samples.version(**{"model": model, "version": number, "artifact": artifact} | told | known)

    def promotions(self, model: str, versions: list[ModelVersion]) -> dict[str, Any]:
        """Return the events of versions that take a stage one after the other, each stage in turn, and the pointers."""
        changes: dict[str, Any] = {}
        before: dict[str, Event] = {}
        for number, version in enumerate(versions):
            stage = ("staging", "production")[number % 2]
            event = self.promotion(version, stage, before.get(stage))
            before[stage] = event
            changes |= self.moved(event)
        return changes

    def promotion(self, version: ModelVersion, stage: str, before: Event | None = None, **known: Any) -> Event:
        last = before.promotion if before else None
        body = Promotion(
            stage=stage,
            version=version.version,
            artifact=version.artifact.sha256,
            plan=samples.SHA,
            replaces=last.version if last else None,
            supersedes=before.id if before else None,
        )
        told = {"id": self.ulid(), "model": version.model, "by": BEN, "promotion": body}
        return samples.event(**told | {"recorded_at": self.now, "effective_at": self.now} | known)

    def moved(self, event: Event) -> dict[str, Any]:
        """Return an event, and the pointer that names it."""
        body = event.promotion
        assert body is not None
        told = {"version": body.version, "artifact": body.artifact, "supersedes": body.supersedes}
        pointer = samples.pointer(model=event.model, stage=body.stage, event=event.id, **told)
        path = layout.event(event.model, event.id, event.kind)
        return {path: event, layout.stage(event.model, body.stage): pointer}

    def attestation(self, model: str, number: str) -> dict[str, Any]:
        body = samples.attestation(version=number).attestation
        told = {"recorded_at": self.now, "effective_at": self.now, "kind": "attestation", "attestation": body}
        event = samples.event(id=self.ulid(), model=model, **told)
        return {layout.event(model, event.id, event.kind): event}

    def commit(self, changes: Changes, *, ref: str = "refs/heads/main", parent: str | None = None) -> str:
        """Commit on top of a ref, or of *parent*, and move the ref there; the work tree stays as it is."""
        before = self.repo.resolve(parent or ref)
        told = [f"commit {ref}\ncommitter Ana <ana@example.org> {1700000000 + self.minute} +0000\ndata 7\nrecords\n"]
        stream = [told[0].encode(), f"from {before}\n".encode() if before else b""]
        for path, content in changes.items():
            stream.append(_change(path, content))
        command = ["git", "fast-import", "--quiet", "--force"]
        subprocess.run(command, cwd=self.repo.root, input=b"".join(stream), check=True, capture_output=True)
        commit = self.repo.resolve(ref)
        assert commit is not None
        return commit


def _change(path: str, content: Any) -> bytes:
    if content is None:
        return f"D {path}\n".encode()
    link = isinstance(content, Link)
    data = content.to.encode() if link else content if isinstance(content, bytes) else write_record(content, path=path)
    head = f"M {'120000' if link else '100644'} inline {path}\ndata {len(data)}\n"
    return head.encode() + data + b"\n"


def _digest(*words: str) -> str:
    return "sha256:" + hashlib.sha256(" ".join(words).encode()).hexdigest()
