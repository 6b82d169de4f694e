"""A project with two registered models, one after the other in production, and a table of cases to decide about."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actum import digests, layout, registry
from actum.cli.main import main
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.dvc.delivery import push_verified
from actum.dvc.objects import Needed
from actum.dvc.tracked import write_tracked
from actum.environment.lock import make_lock
from actum.environment.machine import platform_name
from actum.environment.wing import build_wing
from actum.filing import write_record
from actum.git.repository import Git
from actum.names import Ids
from actum.progress import silent
from actum.records.card import DecisionRule, Input, ModelCard, OutcomeSource
from actum.records.event import Event, Promotion
from actum.records.forms import FileFact
from actum.records.settings import EnvironmentSettings, Project, Settings
from actum.records.stage import StagePointer
from actum.records.version import Artifact, Blob, ModelVersion, VersionEnvironment
from actum.revisions import open_head
from actum.store import Store
from actum.workshop import open_workshop
from tests.made_once import once
from tests.real_git import git, write

MODEL = "loans"
TABLE = "data/loans.parquet"
WHEN = ("--as-of", "2020-03-14", "--since", "2020-02-01", "--until", "2020-03-14")
FIRST = ("score", f"{MODEL}#production", TABLE, *WHEN)
"""The order that every test knows: 43 days of hourly cases, while 1.0.0 stood."""
ROWS = 43 * 24
REQUIREMENTS = "numpy\npandas\npyarrow\nscikit-learn\nskops\nthreadpoolctl\n"
TRUSTED = "numpy.dtype\nsklearn.tree._tree.Tree\n"

_TRAIN = """
import sys
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from actum.models import save

chance, rows, folder = np.random.default_rng(5), 2000, sys.argv[1]
income = chance.normal(40.0, 12.0, rows)
city = chance.choice(np.array(["Oslo", "Rome"], dtype=object), rows)
age = chance.integers(18, 80, rows)
default = (0.06 * (40.0 - income) + 0.8 * (city == "Rome") + chance.normal(0.0, 1.0, rows) > 0.6).astype(int)
at = pd.date_range("2020-01-20", periods=rows, freq="h", tz="UTC")
case = [f"case-{number}" for number in range(rows)]
income[::19] = np.nan
table = pd.DataFrame({"case": case, "at": at, "income": income, "age": age, "city": city, "branch": "North"})
table.to_parquet(f"{folder}/loans.parquet", index=False)
words = np.where(default == 1, "not paid back", "paid back")
known = at + pd.Timedelta(days=30)
outcomes = pd.DataFrame({"case": case, "default": default, "known_at": known, "words": words})
outcomes.to_parquet(f"{folder}/outcomes.parquet", index=False)
inputs = table[["income", "age", "city"]].astype({"age": float})
numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
prepare = ColumnTransformer([("n", numbers, ["income", "age"]), ("c", OneHotEncoder(), ["city"])])
save(Pipeline([("p", prepare), ("m", LogisticRegression())]).fit(inputs, default), f"{folder}/1.0.0.skops")
tree = DecisionTreeClassifier(max_depth=3, random_state=0)
save(Pipeline([("p", prepare), ("m", tree)]).fit(inputs, default), f"{folder}/2.0.0.skops")
"""


@dataclass(frozen=True)
class Loans:
    """The project in its folder; a DVC remote lies beside it."""

    root: Path

    @property
    def repo(self) -> Git:
        return Git(self.root)

    @property
    def head(self) -> Store:
        return open_head(self.repo)

    @property
    def seals(self) -> tuple[Event, ...]:
        return tuple(event for event in self.head.events(MODEL) if event.seal)

    def actum(self, *words: str) -> int:
        return main(["-C", str(self.root), *words])

    def object(self, md5: str) -> Path:
        return cache_of(read_config(self.root, os.environ)).path(md5)

    def drop(self, md5: str) -> None:
        """Take an object out of the cache."""
        self.object(md5).unlink()

    def commit(self, changes: Mapping[str, bytes], message: str) -> None:
        for path, data in changes.items():
            write(self.root, path, data)
        git(self.root, "add", "--force", "--", *changes)
        git(self.root, "commit", "-qm", message)


def new_ids() -> Ids:
    return Ids(lambda: time.time_ns() // 1_000_000, os.urandom)


def copied(template: Path, folder: Path) -> Loans:
    """Return a project of one's own."""
    shutil.copytree(template / "project", folder / "project", symlinks=True)
    shutil.copytree(template / "store", folder / "store")
    return Loans(folder / "project")


def decide(template: Path, folder: Path, *options: str) -> None:
    """Give the order that every test knows, in a project of one's own."""
    assert copied(template, folder).actum(*FIRST, *options) == 0


def make(folder: Path) -> None:
    """Make everything but decisions."""
    root = folder / "project"
    root.mkdir()
    git(root, "init", "-q")
    for words in (("init", "-q"), ("remote", "add", "-q", "--default", "store", "../store")):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)
    (root / "requirements.in").write_text(REQUIREMENTS)
    python = platform.python_version()
    make_lock(root, source="requirements.in", out="requirements.lock", python=python, caller=os.environ)
    write(root, layout.SETTINGS, write_record(_settings(python), path=layout.SETTINGS))
    write(root, layout.card(MODEL), write_record(_card(), path=layout.card(MODEL)))
    write(root, layout.TRUSTED_TYPES, TRUSTED)
    write(root, ".gitignore", "/data/*.parquet\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    _train(root)
    for number, since in (("1.0.0", datetime(2020, 2, 1, tzinfo=UTC)), ("2.0.0", datetime(2020, 3, 15, tzinfo=UTC))):
        _register(root, number)
        _promote(Loans(root), number, since)


def _settings(python: str) -> Settings:
    project = Project(name="loans", owner="ana@example.org")
    environment = EnvironmentSettings(python=python, platform=platform_name())
    return Settings(schema="settings/1", project=project, environment=environment)


def _card() -> ModelCard:
    return ModelCard(
        schema="model/1",
        model=MODEL,
        owner="ana@example.org",
        artifact="models/loans.skops",
        title="small loan",
        inputs=(
            Input(name="income", type="float", words="income in {city}", unit="k"),
            Input(name="age", type="int", words="age", unit="y"),
            Input(name="city", type="string"),
        ),
        key="case",
        moment="at",
        subject="{case} at {branch}",
        decision=DecisionRule(threshold=0.5, at_or_above="declined", below="granted"),
        outcome=OutcomeSource(
            table="data/outcomes.parquet", key="case", column="default", known_at="known_at", words="words"
        ),
    )


def _train(root: Path) -> None:
    """Fit both models with the locked interpreter, and put them and the outcomes under DVC."""
    settings = open_head(Git(root)).settings().environment
    lock = (root / "requirements.lock").read_bytes()
    shop = open_workshop(root, lock, settings, environ=os.environ, tell=silent)
    (root / "data").mkdir()
    command = [str(shop.prepared.environment.executable), "-c", _TRAIN, str(root / "data")]
    subprocess.run(command, cwd=root, env=dict(shop.prepared.env), check=True)
    cache = cache_of(read_config(root, os.environ))
    found = cache.put_file(root / "data" / "outcomes.parquet")
    write(root, "data/outcomes.parquet.dvc", write_tracked("outcomes.parquet", found.md5, found.size))
    git(root, "add", "data/outcomes.parquet.dvc")
    git(root, "commit", "-qm", "Add the outcomes")


def _register(root: Path, number: str) -> None:
    repo, config = Git(root), read_config(root, os.environ)
    cache, store = cache_of(config), open_head(Git(root))
    trained = root / "data" / f"{number}.skops"
    model, wing = cache.put_file(trained), cache.put_bytes(build_wing())
    trained.unlink()
    lock = (root / "requirements.lock").read_bytes()
    version = ModelVersion(
        schema="model-version/1",
        model=MODEL,
        version=number,
        registered_at=datetime(2020, 1, 1, tzinfo=UTC),
        registered_by=repo.identity(),
        run=new_ids().new(),
        code_commit=store.commit,
        result_commit=store.commit,
        pipeline=".",
        artifact=Artifact(
            path="models/loans.skops", md5=model.md5, sha256=model.sha256, size=model.size, format="canonical-skops/1"
        ),
        environment=VersionEnvironment(
            python=platform.python_version(),
            platform=platform_name(),
            lock="requirements.lock",
            lock_sha256=digests.of_bytes(lock),
            wing=FileFact(path="environments/wings/wing.zip", md5=wing, sha256=digests.of_bytes(build_wing())),
        ),
        content=(Blob(path="requirements.lock", blob=store.tree["requirements.lock"].blob),),
    )
    path = layout.version(MODEL, number)
    Loans(root).commit({path: write_record(version, path=path)}, f"Register {number}")
    wanted = [Needed(path="model", md5=model.md5), Needed(path="wing", md5=wing)]
    outcomes = cache.put_file(root / "data" / "outcomes.parquet")
    push_verified([*wanted, Needed(path="outcomes", md5=outcomes.md5)], config, os.environ)


def _promote(loans: Loans, number: str, since: datetime) -> None:
    version = registry.version(loans.head, MODEL, number)
    digest = version.artifact.sha256
    event = Event(
        schema="event/1",
        id=new_ids().new(),
        kind="promotion",
        model=MODEL,
        recorded_at=datetime(2020, 1, 2, tzinfo=UTC),
        effective_at=since,
        clock="real",
        by=loans.repo.identity(),
        promotion=Promotion(stage="production", version=number, artifact=digest, plan=digests.of_bytes(b"plan")),
    )
    pointer = StagePointer(
        schema="stage/1", model=MODEL, stage="production", version=number, artifact=digest, event=event.id
    )
    records: dict[str, Any] = {
        layout.event(MODEL, event.id, "promotion"): event,
        layout.stage(MODEL, "production"): pointer,
    }
    loans.commit({path: write_record(record, path=path) for path, record in records.items()}, f"Promote {number}")


@pytest.fixture(scope="session")
def loans_made(shared_environments: Path, _session_surroundings: None) -> tuple[Path, Path]:
    """The project before its first decisions and after the order that every test knows, for all workers."""
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        bare = once(shared_environments.parent / "loans", make)
        return bare, once(shared_environments.parent / "loans-decided", lambda folder: decide(bare, folder))


@pytest.fixture(scope="session")
def bare_template(loans_made: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(loans_made[0], tmp_path_factory.mktemp("loans")).root.parent


@pytest.fixture(scope="session")
def sealed_template(loans_made: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(loans_made[1], tmp_path_factory.mktemp("loans-decided")).root.parent


@pytest.fixture
def loans(bare_template: Path, tmp_path: Path) -> Loans:
    """Two versions, both promoted, nothing decided yet."""
    return copied(bare_template, tmp_path)


@pytest.fixture
def decided(sealed_template: Path, tmp_path: Path) -> Loans:
    """The same, with 43 days of decisions sealed."""
    return copied(sealed_template, tmp_path)
