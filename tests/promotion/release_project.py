"""A repository in which two versions of ``churn`` were trained by DVC, recorded and registered."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actum import digests, layout
from actum.checking.check import Checked, check
from actum.dvc.cache import ObjectStore
from actum.dvc.lockfile import read_lock
from actum.filing import read_record, write_record
from actum.git.repository import Git
from actum.names import Ids, parse_reference
from actum.promotion.promote import Order, Outcome, Surroundings, promote
from actum.records.event import Attestation, Event
from actum.records.forms import FileFact, Person
from actum.records.run import Run, RunEnvironment, RunStage
from actum.records.stage import StagePointer
from actum.records.version import Artifact, Blob, ModelVersion, VersionEnvironment
from actum.runlog.history import stage_params
from actum.store import Store

NOW = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)
ANA = Person(name="ana", email="ana@example.org")
LOCK = digests.of_bytes(b"lock")
WING = b"wing"
SETTINGS = """\
schema: settings/1
project: {name: shop, owner: ana@example.org}
environment: {python: "3.11"}
applications:
  - {name: checkout, owner: ana@example.org}
stages: [staging, production]
trunk: main
clock: real
"""
CARD = """\
schema: model/1
model: churn
owner: ana@example.org
artifact: models/churn.bin
applications: [checkout]
policy: churn
"""
POLICY = """\
schema: policy/1
policy: churn
thresholds:
  - {metric: auc, at_least: 0.68}
  - {metric: brier, at_most: 0.2, stages: [production]}
"""
PIPELINE = """\
stages:
  train:
    cmd: mkdir -p models plots && cp rows.txt models/churn.bin && cp rows.txt plots/curve.csv
    deps:
    - data/seed.csv
    - rows.txt
    params:
    - train.rate
    outs:
    - models/churn.bin
    plots:
    - plots/curve.csv:
        cache: false
artifacts:
  churn:
    path: models/churn.bin
    type: model
"""
CONTENT = ("dvc.lock", "dvc.yaml", "params.yaml", "requirements.lock", "rows.txt")


def environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    names = {"GIT_AUTHOR_NAME": "ana", "GIT_COMMITTER_NAME": "ana", "LC_ALL": "C.UTF-8", "DVC_NO_ANALYTICS": "1"}
    names |= {"GIT_AUTHOR_EMAIL": "ana@example.org", "GIT_COMMITTER_EMAIL": "ana@example.org"}
    names |= {"GIT_CONFIG_NOSYSTEM": "1", "DVC_SITE_CACHE_DIR": str(folder / "site")}
    return {**names, "PATH": "/usr/bin:/bin", "HOME": str(home)}


@dataclass(frozen=True)
class Project:
    """The repository, driven by git, dvc, gto and actum themselves."""

    root: Path
    env: dict[str, str]
    ids: Ids

    @property
    def repo(self) -> Git:
        return Git(self.root)

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def git(self, *words: str) -> str:
        return self.run("git", *words).stdout.strip()

    def dvc(self, *words: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *words).stdout

    def gto(self, *words: str) -> str:
        return self.run(Path(sys.executable).parent / "gto", *words).stdout

    def write(self, path: str, data: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)

    def record(self, path: str, record: Any) -> None:
        self.write(path, write_record(record, path=path))

    def read(self, path: str) -> Any:
        return read_record(path, (self.root / path).read_bytes())

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def begin(self, name: str, start: str = "main") -> None:
        self.git("switch", "-qc", name, start)

    def train(self, rows: str, **metrics: float) -> Run:
        """Let DVC run the pipeline, and commit its result with the record of the run."""
        self.write("rows.txt", rows)
        code = self.commit(f"rows {rows}")
        self.dvc("repro", "-q")
        self.dvc("push", "-q")
        locked = read_lock(lambda path: (self.root / path).read_bytes(), "dvc.lock").stages["train"]
        ulid = self.ids.new()
        stage = RunStage(
            name="train",
            run=ulid,
            cmd="\n".join(locked.cmd),
            seconds=0.1,
            deps=tuple(entry.path for entry in locked.deps),
            params=tuple(stage_params(locked)),
            outs=tuple(entry.path for entry in locked.outs),
        )
        run = Run(
            schema="run/1",
            id=ulid,
            kind="pipeline",
            started_at=NOW,
            finished_at=NOW,
            clock="real",
            by=ANA,
            command=("actum", "run"),
            code_commit=code,
            dirty=False,
            pipeline=".",
            environment=RunEnvironment(
                python="3.11.7", platform="linux-x86_64", lock="requirements.lock", lock_sha256=LOCK, wing=_wing()
            ),
            metrics=dict(metrics),
            params=stage_params(locked),
            stages=(stage,),
            files=tuple(self.fact(entry.path) for entry in (*locked.deps, *locked.outs)),
        )
        self.record(layout.run(run.id, run.started_at), run)
        self.commit(f"run {run.id}")
        return run

    def fact(self, path: str) -> FileFact:
        found = digests.of_file(self.root / path)
        return FileFact(path=path, md5=found.md5, sha256=found.sha256, size=found.size)

    def register(self, number: str, run: Run) -> ModelVersion:
        """Write a version of the run whose result is checked out."""
        result = self.git("rev-parse", "HEAD")
        out = run.made()["models/churn.bin"]
        assert out.sha256 is not None
        assert out.size is not None
        version = ModelVersion(
            schema="model-version/1",
            model="churn",
            version=number,
            registered_at=NOW,
            registered_by=ANA,
            run=run.id,
            code_commit=run.recipe().code_commit,
            result_commit=result,
            pipeline=".",
            artifact=Artifact(path=out.path, md5=out.md5, sha256=out.sha256, size=out.size, format="bytes/bin"),
            environment=VersionEnvironment(
                python="3.11.7", platform="linux-x86_64", lock="requirements.lock", lock_sha256=LOCK, wing=_wing()
            ),
            params=run.params,
            metrics=run.metrics,
            plots=("plots/curve.csv",),
            data=(self.fact("data/seed.csv"),),
            content=tuple(Blob(path=path, blob=self.git("rev-parse", f"HEAD:{path}")) for path in CONTENT),
        )
        self.record(layout.version("churn", number), version)
        self.commit(f"register {number}")
        self.git("update-ref", layout.version_ref("churn", number), result)
        return version

    def promote(self, what: str = "churn@v1.0.0", to: str = "production", **order: Any) -> Outcome:
        now = order.pop("now", NOW)
        around = Surroundings(repo=self.repo, environ=self.env, now=lambda: now, ids=self.ids)
        return promote(Order(reference=parse_reference(what), stage=to, **order), around)

    def merge(self, to: str = "production") -> None:
        """Merge the promotion's branch into the trunk."""
        self.git("switch", "-q", "main")
        self.git("merge", "-q", "--no-ff", "--no-edit", f"promote/churn/{to}")

    def promoted(self, what: str = "churn@v1.0.0", to: str = "production", **order: Any) -> Event:
        outcome = self.promote(what, to, **order)
        assert outcome.event is not None, outcome.plan.findings
        self.merge(to)
        return outcome.event

    def check(self, **where: Any) -> Checked:
        return check(self.repo, environ=self.env, now=where.pop("now", NOW), **where)

    def found(self, **where: Any) -> list[tuple[str, str, str, str]]:
        return [(one.weight, one.kind, one.path, one.message) for one in self.check(**where).objections]

    def store(self, revision: str = "main") -> Store:
        commit = self.repo.resolve(revision)
        assert commit is not None
        return Store(self.repo, commit)

    def pointer(self, to: str = "production") -> StagePointer:
        found = self.read(layout.stage("churn", to))
        assert isinstance(found, StagePointer)
        return found

    def edit_event(self, event: Event, **promotion: Any) -> None:
        """Forge a promotion that is on record in the work tree."""
        assert event.promotion is not None
        forged = replace(event, promotion=replace(event.promotion, **promotion))
        self.record(layout.event("churn", event.id, event.kind), forged)

    @property
    def remote(self) -> Path:
        return self.root.parent / "store"

    @property
    def cache(self) -> ObjectStore:
        return ObjectStore(self.root / ".dvc" / "cache")


def attestation(version: ModelVersion, level: str = "bytes", **facts: Any) -> Attestation:
    subject = [{"name": "model", "digest": {"sha256": version.artifact.sha256.removeprefix("sha256:")}}]
    given: dict[str, Any] = {"version": version.version, "level": level, "statement": {"subject": subject}}
    given |= {"expires_at": datetime(2027, 2, 21, tzinfo=UTC), "stages_run": 1, "stages": 1} | facts
    return Attestation(**given)


def _wing() -> FileFact:
    md5, sha256 = digests.md5_of_bytes(WING), digests.of_bytes(WING)
    return FileFact(path="environments/wings/wing.zip", md5=md5, sha256=sha256, size=len(WING))


def make(folder: Path) -> Project:
    """Make the project with versions 1.0.0 and 1.1.0 on its trunk, and its remote beside it."""
    root = folder / "project"
    root.mkdir()
    project = Project(root, environment(folder), counting_ids())
    project.git("init", "-q", "-b", "main")
    project.dvc("init", "-q")
    project.dvc("remote", "add", "-q", "--default", "storage", "../store")
    project.write("actum.yaml", SETTINGS)
    project.write("dvc.yaml", PIPELINE)
    project.write("params.yaml", "train: {rate: 0.1}\n")
    project.write("requirements.lock", b"lock")
    project.write("data/seed.csv", "seed\n")
    project.dvc("add", "-q", "data/seed.csv")
    project.write(layout.card("churn"), CARD)
    project.write(layout.policy("churn"), POLICY)
    for store in (project.cache, ObjectStore(project.remote)):
        store.put_bytes(WING)
    project.register("1.0.0", project.train("one\n", auc=0.7, brier=0.15))
    project.register("1.1.0", project.train("two\n", auc=0.71, brier=0.14))
    return project


def counting_ids(start: int = 1_714_000_000_000) -> Ids:
    return Ids(lambda: start, lambda count: bytes(count))
