"""A project with a holdout and two versions, trained and registered by actum itself, each under a lock of its own.

The second version's pipeline makes one input more, which the first one's features lack.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import layout, registry
from actum.cli.main import main
from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.config import read_config
from actum.environment.lock import make_lock
from actum.environment.machine import platform_name
from actum.git.repository import Git
from actum.judging.judge import judge
from actum.records.judgement import Judged
from actum.records.version import ModelVersion
from actum.revisions import open_head
from actum.store import Store
from tests.needs.registered import Told
from tests.real_git import git, write

MODEL = "loans"
HOLDOUT = f"registry/{MODEL}/holdout.csv"
ROWS, HELD = 3000, 1000
REQUIREMENTS = "numpy\npandas\npyarrow\nscikit-learn\nskops\nthreadpoolctl\n"

SETTINGS = f"""\
schema: settings/1
project: {{name: loans, owner: ana@example.org}}
environment: {{python: "{platform.python_version()}", platform: {platform_name()}}}
"""
CARD = """\
schema: model/1
model: loans
owner: ana@example.org
artifact: models/loans.skops
inputs:
  - {name: income, type: float}
  - {name: city, type: string}
key: case
moment: at
decision: {threshold: 0.4, at_or_above: declined, below: granted}
holdout: {path: holdout.csv, label: default, features: data/features.parquet}
slices: [city]
"""
PIPELINE = """\
stages:
  features:
    cmd: python src/features.py
    deps: [data/rows.csv, src/features.py]
    outs: [data/features.parquet]
  train:
    cmd: python src/train.py
    deps: [data/features.parquet, data/labels.csv, src/train.py]
    outs: [models/loans.skops]
"""
FEATURES = """\
import pandas as pd

rows = pd.read_csv("data/rows.csv")
rows = rows.assign(at=pd.to_datetime(rows["at"], utc=True))
rows[["case", "at", "income", "city"]].to_parquet("data/features.parquet", index=False)
"""
TRAIN = """\
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from actum.models import save

rows = pd.read_parquet("data/features.parquet").merge(pd.read_csv("data/labels.csv"), on="case")
numbers = [name for name in ("income", "age") if name in rows]
columns = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(), ["city"]))
model = make_pipeline(columns, LogisticRegression())
save(model.fit(rows[[*numbers, "city"]], rows["default"]), "models/loans.skops")
"""
_DATA = """
import sys
import numpy as np, pandas as pd

chance, rows, held, folder = np.random.default_rng(5), int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
income, age = chance.normal(40.0, 12.0, rows).round(3), chance.integers(18, 80, rows)
city = chance.choice(np.array(["Oslo", "Rome", "Bern"], dtype=object), rows)
risk = 0.06 * (40.0 - income) + 0.03 * (45 - age) + 0.8 * (city == "Rome") + chance.normal(0.0, 1.0, rows)
at = pd.date_range("2020-01-20", periods=rows, freq="h", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
case, default = [f"case-{number}" for number in range(rows)], (risk > 0.6).astype(int)
table = pd.DataFrame({"case": case, "at": at, "income": income, "age": age, "city": city})
table.to_csv(f"{folder}/data/rows.csv", index=False)
labels = pd.DataFrame({"case": case, "at": at, "default": default})
labels[["case", "default"]][:-held].to_csv(f"{folder}/data/labels.csv", index=False)
labels[-held:].to_csv(f"{folder}/registry/loans/holdout.csv", index=False)
"""


@dataclass(frozen=True)
class Loans:
    """The project in its folder; a DVC remote lies beside it."""

    root: Path

    @property
    def repo(self) -> Git:
        return Git(self.root)

    @property
    def base(self) -> Store:
        return open_head(self.repo)

    @property
    def champion(self) -> ModelVersion:
        return registry.version(self.base, MODEL, "1.0.0")

    @property
    def challenger(self) -> ModelVersion:
        return registry.version(self.base, MODEL, "2.0.0")

    def judge(self, **changed: Any) -> tuple[Judged, list[str]]:
        """Judge the second version beside the first and return what was said on the way."""
        told: list[str] = []
        asked = {"base": self.base, "candidate": self.challenger, "champion": self.champion, **changed}
        return judge(config=read_config(self.root, os.environ), environ=os.environ, tell=Told(told), **asked), told

    def judgements(self) -> list[Path]:
        return sorted((self.root / ".actum" / "judged").glob("*"))

    @property
    def cache(self) -> ObjectStore:
        return cache_of(read_config(self.root, os.environ))

    def features(self, version: ModelVersion) -> str:
        """Return the md5 of the features that a version was trained on."""
        run = self.base.run(version.run)
        assert run is not None
        return run.made()["data/features.parquet"].md5

    def holdout(self) -> str:
        text = (self.root / f"{HOLDOUT}.dvc").read_text()
        return next(line.split()[-1] for line in text.splitlines() if "md5:" in line)

    def drop(self, md5: str, *, remote: bool = False) -> None:
        """Take an object out of the cache, and out of the remote as well."""
        for place in (self.cache, *([ObjectStore(self.root.parent / "store")] if remote else [])):
            place.path(md5).unlink()

    def flip(self, md5: str) -> None:
        """Change one bit of an object in the cache, and nothing that a file system tells."""
        place = self.cache.path(md5)
        data = bytearray(place.read_bytes())
        data[len(data) // 2] ^= 1
        place.chmod(0o644)
        place.write_bytes(bytes(data))

    def edit(self, path: str, old: str, new: str) -> Store:
        """Change a file, commit, and return what that commit says."""
        text = (self.root / path).read_text()
        assert old in text
        return self.commit({path: text.replace(old, new)})

    def pin(self, text: str) -> Store:
        """Put another holdout under DVC."""
        (self.root / HOLDOUT).unlink(missing_ok=True)
        (self.root / HOLDOUT).write_text(text)
        dvc(self.root, "add", HOLDOUT)
        return self.commit({})

    def commit(self, changes: Mapping[str, str | bytes], message: str = "Change") -> Store:
        for path, data in changes.items():
            write(self.root, path, data)
        git(self.root, "add", "--all")
        if changes:
            git(self.root, "add", "--force", "--", *changes)
        git(self.root, "commit", "-qm", message)
        return self.base


def dvc(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *words, "--quiet"], cwd=root, check=True, capture_output=True)


def make(base: Path) -> Path:
    """Make the project with both versions."""
    root = base / "project"
    root.mkdir(parents=True)
    git(root, "init", "-q")
    dvc(root, "init")
    dvc(root, "remote", "add", "--default", "store", "../store")
    loans, card = Loans(root), layout.card(MODEL)
    files = {"actum.yaml": SETTINGS, card: CARD, "dvc.yaml": PIPELINE}
    files |= {"src/features.py": FEATURES, "src/train.py": TRAIN, "models/.gitignore": "", "data/.gitignore": ""}
    for path, text in {**files, layout.TRUSTED_TYPES: "numpy.dtype\n"}.items():
        write(root, path, text)
    subprocess.run([sys.executable, "-c", _DATA, str(ROWS), str(HELD), str(root)], check=True)
    dvc(root, "add", "data/rows.csv", "data/labels.csv", HOLDOUT)
    _lock(loans, REQUIREMENTS)
    loans.commit({})
    _train(loans, "1.0.0")
    write(root, "src/features.py", FEATURES.replace('"income", "city"', '"income", "age", "city"'))
    write(root, card, CARD.replace("  - {name: city", "  - {name: age, type: int}\n  - {name: city"))
    _lock(loans, REQUIREMENTS + "six==1.17.0\n")
    loans.commit({}, "One input more")
    _train(loans, "2.0.0")
    dvc(root, "push")
    return base


def copied(template: Path, folder: Path) -> Loans:
    """Return a project of one's own."""
    shutil.copytree(template / "project", folder / "project", symlinks=True)
    shutil.copytree(template / "store", folder / "store")
    return Loans(folder / "project")


def _lock(loans: Loans, requirements: str) -> None:
    write(loans.root, "requirements.in", requirements)
    python = platform.python_version()
    make_lock(loans.root, source="requirements.in", out="requirements.lock", python=python, caller=os.environ)


def _train(loans: Loans, number: str) -> None:
    for words in (("run",), ("register", MODEL, "--version", number)):
        assert main(["-C", str(loans.root), *words]) == 0, words
