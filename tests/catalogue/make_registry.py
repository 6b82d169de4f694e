"""Build real repositories with records of every kind; a test names only what it is about."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from actum import layout, moments
from actum.catalogue.holdings import Holdings, open_holdings
from actum.digests import of_bytes
from actum.filing import write_record
from actum.git.repository import Git
from actum.names import Ids
from actum.records.card import DecisionRule, Input, ModelCard, Output, Risk
from actum.records.event import Attestation, Event, Finding, Promotion, Seal
from actum.records.forms import FileFact, Person
from actum.records.policy import Policy, Threshold
from actum.records.run import Run, RunEnvironment, RunStage
from actum.records.settings import Application, Clock, EnvironmentSettings, Project, Settings
from actum.records.stage import StagePointer
from actum.records.version import Artifact, Blob, ModelVersion, Probe, VersionEnvironment
from actum.revisions import open_head, open_trunk

ANA = Person(name="ana", email="ana@example.org")
CI = Person(name="ci", email="ci@example.org")
MODEL = "late-arrival"
LOCK = "numpy==2.2.0 --hash=sha256:{0}\nscikit-learn==1.7.0 --hash=sha256:{0}\n".format("1" * 64)
NEWER_LOCK = "numpy==2.3.0 --hash=sha256:{0}\nscipy==1.16.0 --hash=sha256:{0}\n".format("2" * 64)
FACTORY_FILES = {"dvc.yaml": "stages: {}\n", "params.yaml": "depth: 6\n", "requirements.lock": LOCK}


def at(text: str) -> datetime:
    """Read a moment: a date, or a time in UTC without its zone."""
    return moments.from_option(text if moments.is_date(text) else f"{text}:00Z")


def digest(text: str) -> str:
    return of_bytes(text.encode())


def md5(text: str) -> str:
    return of_bytes(text.encode()).removeprefix("sha256:")[:32]


def fact(path: str, content: str, size: int = 1000) -> FileFact:
    return FileFact(path=path, md5=md5(content), sha256=digest(content), size=size)


class Printed(NamedTuple):
    """What a command line left behind."""

    status: int
    out: str
    err: str


Actum = Callable[..., Printed]
"""Run one command line in a folder: ``actum(root, "ls")``."""
Check = Callable[[str, str], None]
"""Compare a page with its file: ``golden(name, text)``."""


@dataclass
class Registry:
    """A repository that grows record by record; each ULID carries the moment of what it names."""

    root: Path
    environ: dict[str, str]
    _ms: int = 0
    _ids: Ids = field(init=False)

    def __post_init__(self) -> None:
        # No chance in a test: the ids of one run are those of the next, and differ soon after the time.
        self._ids = Ids(lambda: self._ms, lambda count: (self._ms // 7).to_bytes(count, "big"))

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, env=self.environ, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def ulid(self, when: str) -> str:
        self._ms = round(at(when).timestamp() * 1000)
        return self._ids.new()

    def put(self, path: str, record: Any) -> None:
        data = record if isinstance(record, bytes) else write_record(record, path=path)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(data)

    def commit(self, message: str = "Change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def blob(self, path: str) -> Blob:
        return Blob(path=path, blob=self.git("rev-parse", f"HEAD:{path}"))

    def settings(self, clock: Clock = "real") -> None:
        self.put(
            layout.SETTINGS,
            Settings(
                schema="settings/1",
                project=Project(name="delay-cover", owner="ana@example.org"),
                environment=EnvironmentSettings(python="3.11"),
                applications=(Application(name="shop", owner="ana@example.org"),),
                clock=clock,
            ),
        )

    def card(self, model: str = MODEL, **known: Any) -> None:
        told: dict[str, Any] = {"title": "delay cover", "owner": "ana@example.org"} | known
        self.put(layout.card(model), ModelCard(schema="model/1", model=model, artifact="models/m.skops", **told))

    def policy(self, name: str, *metrics: str) -> None:
        thresholds = tuple(Threshold(metric=metric, at_least=0.0) for metric in metrics)
        self.put(layout.policy(name), Policy(schema="policy/1", policy=name, thresholds=thresholds))

    def run(self, when: str, **known: Any) -> Run:
        ulid = self.ulid(when)
        told: dict[str, Any] = {
            "finished_at": at(when).replace(minute=2),
            "code_commit": self.git("rev-parse", "HEAD"),
            "dirty": False,
            "params": {"depth": 6},
            "metrics": {"auc": 0.7061, "brier": 0.1491, "log_loss": 0.4712},
        }
        told |= known
        made = told.pop("model_bytes", "one")
        stages = (
            self._stage("ingest", told.pop("ingested_by", ulid), "data/raw/flights.csv", "data/flights.parquet"),
            self._stage("train", ulid, "data/flights.parquet", "models/m.skops"),
        )
        contents = {
            "data/raw/flights.csv": "raw",
            "data/flights.parquet": "flights",
            "models/m.skops": made,
            **{f"src/{name}.py": (self.root / f"src/{name}.py").read_text() for name in ("ingest", "train")},
        }
        run = Run(
            schema="run/1",
            id=ulid,
            kind="pipeline",
            started_at=at(when),
            clock="real",
            by=ANA,
            command=("actum", "run"),
            pipeline=".",
            environment=self._environment(RunEnvironment, pin={"OMP_NUM_THREADS": "1", "TZ": "UTC"}),
            stages=stages,
            files=tuple(fact(path, content) for path, content in contents.items()),
            **told,
        )
        self.put(layout.run(ulid, run.started_at), run)
        return run

    def version(self, number: str, when: str, run: Run, **known: Any) -> ModelVersion:
        told: dict[str, Any] = {"model": MODEL, "model_bytes": "one", "data": (fact("data/raw/flights.csv", "raw"),)}
        told |= known
        content = told.pop("model_bytes")
        version = ModelVersion(
            schema="model-version/1",
            version=number,
            registered_at=at(when),
            registered_by=ANA,
            run=run.id,
            code_commit=run.recipe().code_commit,
            result_commit=run.recipe().code_commit,
            pipeline=".",
            artifact=Artifact(
                path="models/m.skops",
                md5=md5(content),
                sha256=digest(content),
                size=48_213,
                format="canonical-skops/1",
                state=digest(f"state {content}"),
            ),
            probe=Probe(path="probe.parquet", md5=md5("probe"), rows=50, predictions=digest("predictions")),
            environment=self._environment(VersionEnvironment),
            params=run.params,
            metrics={name: value for name, value in run.metrics.items() if isinstance(value, float)},
            content=tuple(self.blob(path) for path in self._tracked()),
            **told,
        )
        self.put(layout.version(version.model, number), version)
        return version

    def promotion(self, version: ModelVersion, stage: str, when: str, recorded: str = "", **known: Any) -> Event:
        """Write the event, and the pointer that names it."""
        pointer = self.root / layout.stage(version.model, stage)
        before = pointer.read_text().splitlines() if pointer.exists() else []
        held = dict(line.split(": ", 1) for line in before if ": " in line)
        artifact = version.artifact.sha256
        replaces = held["version"].strip("\"'") if held else None
        body = Promotion(
            stage=stage,
            version=version.version,
            artifact=artifact,
            plan=digest("plan"),
            replaces=replaces,
            supersedes=held.get("event"),
            **known,
        )
        event = self.event(version.model, when, recorded, promotion=body)
        told = {"model": version.model, "stage": stage, "version": version.version, "artifact": artifact}
        self.put(
            layout.stage(version.model, stage),
            StagePointer(schema="stage/1", event=event.id, supersedes=held.get("event"), **told),
        )
        return event

    def attestation(self, version: ModelVersion, when: str, until: str, **known: Any) -> Event:
        told: dict[str, Any] = {"level": "bytes", "stages_run": 2, "stages": 2} | known
        body = Attestation(version=version.version, expires_at=at(until), **told)
        return self.event(version.model, when, attestation=body, by=CI)

    def seal(self, version: ModelVersion, promoted: Event, when: str, first: str, last: str) -> Event:
        assert promoted.promotion
        segment = self.ulid(moments.write(at(when) - timedelta(minutes=5))[:16])
        body = Seal(
            segment=segment,
            path=layout.segment(version.model, segment),
            md5=md5("segment"),
            sha256=digest("segment"),
            size=88_000,
            rows=1204,
            batch_rows=1000,
            merkle_root=digest("root"),
            version=version.version,
            artifact=version.artifact.sha256,
            first_moment=at(first),
            last_moment=at(last),
            as_of=at(last),
            card=self.blob(layout.card(version.model)).blob,
            stage=promoted.promotion.stage,
            stage_event=promoted.id,
        )
        return self.event(version.model, when, seal=body)

    def event(self, model: str, when: str, recorded: str = "", *, by: Person = ANA, **body: Any) -> Event:
        kind: Any = next(iter(body))
        event = Event(
            schema="event/1",
            id=self.ulid(recorded or when),
            kind=kind,
            model=model,
            recorded_at=at(recorded or when),
            effective_at=at(when),
            clock="real",
            by=by,
            **body,
        )
        self.put(layout.event(model, event.id, event.kind), event)
        return event

    def _stage(self, name: str, run: str, dep: str, out: str) -> RunStage:
        return RunStage(
            name=name,
            run=run,
            cmd=f"python src/{name}.py",
            seconds=12.5,
            cpu_seconds=12.1,
            peak_mb=210.0,
            deps=(dep, f"src/{name}.py"),
            outs=(out,),
        )

    def _environment(self, kind: Callable[..., Any], **known: Any) -> Any:
        lock = (self.root / "requirements.lock").read_bytes()
        return kind(
            python="3.11.7",
            platform="linux-x86_64",
            lock="requirements.lock",
            lock_sha256=of_bytes(lock),
            wing=fact("environments/wings/wing.zip", "wing"),
            **known,
        )

    def _tracked(self) -> list[str]:
        return [path for path in self.git("ls-files").splitlines() if path in FACTORY_FILES or path.startswith("src/")]


@dataclass(frozen=True)
class Story:
    """What the repository ``told`` holds, by name."""

    registry: Registry
    runs: tuple[Run, ...]
    versions: tuple[ModelVersion, ...]
    promotions: tuple[Event, ...]
    attestations: tuple[Event, ...]
    seal: Event

    @property
    def root(self) -> Path:
        return self.registry.root


def begin(folder: Path, clock: Clock = "real") -> Registry:
    """Make a repository with settings and a pipeline, and nothing registered."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull, "TZ": "UTC"}
    for who in ("AUTHOR", "COMMITTER"):
        environ |= {f"GIT_{who}_NAME": "ana", f"GIT_{who}_EMAIL": "ana@example.org"}
        environ |= {f"GIT_{who}_DATE": "2013-03-20T12:00:00Z"}
    registry = Registry(folder / "repo", environ)
    registry.root.mkdir()
    registry.git("init", "--quiet", "--initial-branch", "main")
    registry.settings(clock)
    for path, text in FACTORY_FILES.items():
        registry.put(path, text.encode())
    for name in ("ingest", "train"):
        registry.put(f"src/{name}.py", f"print('{name}')\n".encode())
    registry.commit("Begin")
    return registry


def tell(folder: Path, clock: Clock = "real") -> Story:
    """Live through two versions: one decided for half a year, its successor took over."""
    registry = begin(folder, clock)
    registry.card(
        purpose="Gives the probability that a flight leads to a claim on delay cover, from what is known an hour "
        "before its departure.",
        risk=Risk(exposure="medium", purpose="low"),
        applications=("shop",),
        inputs=(Input(name="delay", type="float"), Input(name="hour", type="float")),
        output=Output(name="claim_probability"),
        decision=DecisionRule(threshold=0.35, at_or_above="declined", below="offered"),
        policy="flights",
    )
    registry.policy("flights", "brier", "auc")
    registry.commit("Card")
    first = registry.run("2013-03-24T09:00")
    one = registry.version("1.0.0", "2013-03-25T12:00", first)
    attested = registry.attestation(one, "2013-03-26T03:00", "2013-06-24")
    warned = Finding(gate="auc", outcome="warned", because="0.7061 against at least 0.7")
    promoted = registry.promotion(
        one, "production", "2013-04-01", "2013-04-02T08:30", policy="flights", findings=(warned,)
    )
    seal = registry.seal(one, promoted, "2013-05-01T06:00", "2013-04-01T04:10", "2013-04-30T22:55")
    registry.commit("First version")
    registry.put("src/train.py", b"print('train on three more months')\n")
    registry.put("requirements.lock", NEWER_LOCK.encode())
    registry.put("params.yaml", b"depth: 8\n")
    registry.commit("Deeper")
    second = registry.run(
        "2013-09-14T09:00",
        ingested_by=first.id,
        params={"depth": 8, "since": "2013-01-01"},
        metrics={"auc": 0.7874, "brier": 0.1171, "log_loss": 0.4012},
        model_bytes="two",
    )
    two = registry.version("2.0.0", "2013-09-15T12:00", second, model_bytes="two")
    again = registry.attestation(one, "2013-09-16T03:00", "2099-12-15")
    staged = registry.promotion(two, "staging", "2013-09-20T10:00")
    moved = registry.promotion(two, "production", "2013-10-01", policy="flights")
    registry.commit("Second version")
    return Story(registry, (first, second), (one, two), (promoted, staged, moved), (attested, again), seal)


def holdings_of(root: Path, day: str | None = None) -> Holdings:
    """Open a repository as the commands do; its clock stands at the first of 2014."""
    head = open_head(Git(root))
    moment = moments.from_option(day) if day else None
    return open_holdings(
        open_trunk(Git(root)), now=at("2014-01-01"), moment=moment, checkout=None if day else head.commit
    )
