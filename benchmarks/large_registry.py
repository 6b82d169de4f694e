"""A registry of any size, with the tags that GTO reads, made by ``git fast-import``."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actum import layout
from actum.filing import write_record
from actum.names import Ids
from actum.records.card import ModelCard
from actum.records.event import Event, Finding, Promotion
from actum.records.forms import FileFact, Person
from actum.records.settings import EnvironmentSettings, Project, Settings
from actum.records.stage import StagePointer
from actum.records.version import Artifact, Blob, ModelVersion, Probe, VersionEnvironment

WHO = Person(name="bench", email="bench@example.org")
STAGES = ("staging", "production")
START = datetime(2020, 1, 1, tzinfo=UTC)


def make(root: Path, *, models: int, versions: int, promotions: int) -> Path:
    """Make a repository with so many versions and promotions of each model; each version is a commit, with its tags."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        for part in _Stream().parts(models, versions, promotions):
            child.stdin.write(part)
    if child.returncode:
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "pack-refs", "--all"], cwd=root, check=True)
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=root, check=True)
    return root


class _Stream:
    """What ``git fast-import`` reads. Every thing has its own minute: GTO orders by the tagger's second."""

    def __init__(self) -> None:
        self._minute = 0
        self._ids = Ids(lambda: round(self._now.timestamp() * 1000), lambda count: bytes(count))
        self._last: dict[tuple[str, str], Event] = {}
        self._count: dict[tuple[str, str], int] = {}

    @property
    def _now(self) -> datetime:
        return START + timedelta(minutes=self._minute)

    def parts(self, models: int, versions: int, promotions: int) -> Iterator[bytes]:
        settings = Settings(
            schema="settings/1",
            project=Project(name="large", owner="bench@example.org"),
            environment=EnvironmentSettings(python="3.11"),
        )
        yield self._commit({layout.SETTINGS: settings})
        for number in range(models):
            yield from self._model(f"model-{number:02d}", versions, promotions)

    def _model(self, model: str, versions: int, promotions: int) -> Iterator[bytes]:
        card = ModelCard(schema="model/1", model=model, owner="bench@example.org", artifact="models/m.skops")
        yield self._commit({layout.card(model): card})
        plain = _version(model)
        made = 0
        for number in range(versions):
            self._minute += 1
            version = replace(
                plain,
                version=f"{number // 100 + 1}.{number % 100}.0",
                run=self._ids.new(),
                registered_at=self._now,
                artifact=replace(plain.artifact, sha256=_sha256(f"{model} {number}")),
            )
            yield self._commit({layout.version(model, version.version): version})
            yield self._tag(f"{model}@v{version.version}")
            while made * versions < (number + 1) * promotions:
                made += 1
                yield from self._promotion(version, STAGES[made % 2])

    def _promotion(self, version: ModelVersion, stage: str) -> Iterator[bytes]:
        self._minute += 1
        at = (version.model, stage)
        before = self._last.get(at)
        body = Promotion(
            stage=stage,
            version=version.version,
            artifact=version.artifact.sha256,
            plan=_sha256("plan"),
            replaces=before.promotion.version if before and before.promotion else None,
            supersedes=before.id if before else None,
            findings=tuple(Finding(gate=gate, outcome="passed", because="as agreed") for gate in ("auc", "rebuild")),
        )
        event = Event(
            schema="event/1",
            id=self._ids.new(),
            kind="promotion",
            model=version.model,
            recorded_at=self._now,
            effective_at=self._now,
            clock="real",
            by=WHO,
            promotion=body,
        )
        self._last[at], self._count[at] = event, self._count.get(at, 0) + 1
        told = {"version": body.version, "artifact": body.artifact, "event": event.id, "supersedes": body.supersedes}
        pointer = StagePointer(schema="stage/1", model=version.model, stage=stage, **told)
        path = layout.event(event.model, event.id, event.kind)
        yield self._commit({path: event, layout.stage(event.model, stage): pointer})
        yield self._tag(f"{version.model}#{stage}#{self._count[at]}")

    def _commit(self, records: dict[str, object]) -> bytes:
        stream = [f"commit refs/heads/main\ncommitter {self._who()}\ndata 0\n\n".encode()]
        for path, record in records.items():
            data = write_record(record, path=path)
            stream.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        return b"".join(stream)

    def _tag(self, name: str) -> bytes:
        return f"tag {name}\nfrom refs/heads/main\ntagger {self._who()}\ndata {len(name)}\n{name}\n".encode()

    def _who(self) -> str:
        return f"{WHO.name} <{WHO.email}> {round(self._now.timestamp())} +0000"


def _version(model: str) -> ModelVersion:
    """Return a version as large as an ordinary one: about a hundred lines."""
    fact = FileFact(path="data/raw.csv", md5="b" * 32, sha256=_sha256("raw"), size=12_345)
    return ModelVersion(
        schema="model-version/1",
        model=model,
        version="1.0.0",
        registered_at=START,
        registered_by=WHO,
        run="0" * 26,
        code_commit="c" * 40,
        result_commit="d" * 40,
        pipeline=".",
        artifact=Artifact(
            path="models/m.skops", md5="a" * 32, sha256=_sha256(""), size=48_213, format="canonical-skops/1"
        ),
        environment=VersionEnvironment(
            python="3.11.7",
            platform="linux-x86_64",
            lock="requirements.lock",
            lock_sha256=_sha256("lock"),
            wing=replace(fact, path="environments/wings/wing.zip"),
        ),
        probe=Probe(path=f"registry/{model}/probe.parquet", md5="e" * 32, rows=50, predictions=_sha256("probe")),
        params={f"train.p{number}": number / 2 for number in range(12)},
        metrics={"auc": 0.7061, "brier": 0.1491, "log_loss": 0.4712},
        data=tuple(replace(fact, path=f"data/raw{number}.csv") for number in range(3)),
        content=tuple(Blob(path=f"src/file{number}.py", blob="f" * 40) for number in range(14)),
    )


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
