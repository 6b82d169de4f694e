"""Two small projects: one with a linear model, one that needs nothing but the standard library."""

from __future__ import annotations

import random

SETTINGS = """\
schema: settings/1
project: {{name: {name}, owner: ana@example.org}}
applications:
  - {{name: shop, owner: ana@example.org}}
environment: {{python: "{python}", platform: linux-x86_64, lock: requirements.lock, exactness: strict}}
"""

PIPELINE = """\
artifacts:
  {name}: {{path: models/{name}.{form}, type: model}}
stages:
  prepare:
    cmd: python src/prepare.py
    deps: [data/rows.csv, src/prepare.py]
    outs: [data/prepared.{table}]
  train:
    cmd: python src/train.py
    deps: [data/prepared.{table}, src/train.py]
    params: [train]
    outs: [models/{name}.{form}]
  evaluate:
    cmd: python src/evaluate.py
    deps: [data/prepared.{table}, models/{name}.{form}, src/evaluate.py]
    params: [evaluate]
    metrics:
      - metrics.json: {{cache: false}}
"""

# ------------------------------------------------------------------ a linear model

LINEAR_REQUIREMENTS = ("numpy", "scikit-learn", "skops", "threadpoolctl", "pandas", "pyarrow")
COLUMNS = tuple(f"x{number}" for number in range(12))

LINEAR_CARD = (
    """\
schema: model/1
model: linear
owner: ana@example.org
applications: [shop]
artifact: models/linear.skops
inputs:
"""
    + "".join(f"  - {{name: {column}, type: float}}\n" for column in COLUMNS)
    + """\
key: row
moment: asked_at
decision: {threshold: 0.5, at_or_above: declined, below: offered}
probe: probe.csv
"""
)

LINEAR_PREPARE = """\
import json
import os

import pyarrow.csv
import pyarrow.parquet

print("environ " + json.dumps(dict(os.environ)))

pyarrow.parquet.write_table(pyarrow.csv.read_csv("data/rows.csv"), "data/prepared.parquet")
"""

LINEAR_TRAIN = """\
import pathlib
import re

import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from actum.models import save

print("computed with scikit-learn " + sklearn.__version__)
strength = float(re.search(r"c: ([0-9.]+)", pathlib.Path("params.yaml").read_text())[1])
rows = pd.read_parquet("data/prepared.parquet")
model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300, tol=1e-9))
model.fit(rows.drop(columns="label"), rows["label"])
save(model, "models/linear.skops")
"""

LINEAR_EVALUATE = """\
import json

import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

from actum.models import load

rows = pd.read_parquet("data/prepared.parquet")
score = load("models/linear.skops").predict_proba(rows.drop(columns="label"))[:, 1]
metrics = {"auc": roc_auc_score(rows["label"], score), "brier": brier_score_loss(rows["label"], score)}
with open("metrics.json", "w") as file:
    json.dump(metrics, file, indent=2)
"""


def rows(count: int = 500) -> str:
    """Return a table with correlated columns and a label, always the same."""
    chance = random.Random(7)
    lines = [",".join((*COLUMNS, "label"))]
    for _ in range(count):
        common = chance.gauss(0, 1)
        values = [round(common * 0.5 + chance.gauss(0, 1), 6) for _ in COLUMNS]
        label = int(sum(values[:4]) - values[5] + chance.gauss(0, 1) > 0)
        lines.append(",".join(map(str, (*values, label))))
    return "\n".join(lines) + "\n"


def questions(count: int = 40) -> str:
    """Return rows to decide about, each with its key and moment."""
    head, *lines = rows(count).splitlines()
    shown = [f"row,asked_at,{head.rpartition(',')[0]}"]
    for number, line in enumerate(lines):
        shown.append(f"r{number:03},2030-01-{1 + number // 24:02}T{number % 24:02}:00:00Z,{line.rpartition(',')[0]}")
    return "\n".join(shown) + "\n"


def linear(python: str) -> dict[str, str]:
    """Return the files of the project with a linear model, without its lock and what lies under DVC."""
    return {
        "actum.yaml": SETTINGS.format(name="linear", python=python),
        "dvc.yaml": PIPELINE.format(name="linear", table="parquet", form="skops"),
        "params.yaml": "train: {c: 1.0, seed: 7}\nevaluate: {shown: 1}\n",
        "src/prepare.py": LINEAR_PREPARE,
        "src/train.py": LINEAR_TRAIN,
        "src/evaluate.py": LINEAR_EVALUATE,
        "models/.gitignore": "",
        "registry/linear/model.yaml": LINEAR_CARD,
        "policies/trusted-types.txt": "# none beyond the defaults\n",
    }


# ------------------------------------------------------------------ the same model as a pickle

DECIDE = ("score", "linear@v1.0.0", "questions.csv", "--as-of", "2031-01-01T00:00:00Z")


def pickled(python: str) -> dict[str, str]:
    """Return the files of the linear project as joblib writes its model; its file ends in other bytes every time."""
    save = 'joblib.dump(model, "models/linear.joblib")\nopen("models/linear.joblib", "ab").write(os.urandom(16))\n'
    train = LINEAR_TRAIN.replace('save(model, "models/linear.skops")\n', save)
    train = train.replace("import pathlib\n", "import os\nimport pathlib\n")
    load = "from actum.models import load\n"
    return linear(python) | {
        "dvc.yaml": PIPELINE.format(name="linear", table="parquet", form="joblib"),
        "src/train.py": train.replace("from actum.models import save\n", "import joblib\n"),
        "src/evaluate.py": LINEAR_EVALUATE.replace(load, "from joblib import load\n").replace(".skops", ".joblib"),
        "registry/linear/model.yaml": LINEAR_CARD.replace(".skops", ".joblib") + "rebuild: {level: state}\n",
    }


# ------------------------------------------------------------------ nothing but the standard library

TINY_CARD = "schema: model/1\nmodel: tiny\nowner: ana@example.org\napplications: [shop]\nartifact: models/tiny.bin\n"

TINY_PREPARE = """\
import csv
import json

with open("data/rows.csv") as file:
    table = list(csv.DictReader(file))
with open("data/prepared.json", "w") as file:
    json.dump([float(row["x0"]) for row in table], file)
"""

TINY_TRAIN = """\
import hashlib
import json
import pathlib
import re

scale = float(re.search(r"scale: ([0-9.]+)", pathlib.Path("params.yaml").read_text())[1])
values = [value * scale for value in json.loads(pathlib.Path("data/prepared.json").read_text())]
pathlib.Path("models/tiny.bin").write_bytes(hashlib.sha256(repr(values).encode()).digest() * 32)
"""

TINY_EVALUATE = """\
import json
import pathlib

size = len(pathlib.Path("models/tiny.bin").read_bytes())
pathlib.Path("metrics.json").write_text(json.dumps({"size": size, "share": 0.25}))
"""


def tiny(python: str) -> dict[str, str]:
    """Return the files of the project whose model is a handful of bytes."""
    return {
        "actum.yaml": SETTINGS.format(name="tiny", python=python),
        "dvc.yaml": PIPELINE.format(name="tiny", table="json", form="bin"),
        "params.yaml": "train: {scale: 1.0, seed: 7}\nevaluate: {shown: 1}\n",
        "src/prepare.py": TINY_PREPARE,
        "src/train.py": TINY_TRAIN,
        "src/evaluate.py": TINY_EVALUATE,
        "models/.gitignore": "",
        "registry/tiny/model.yaml": TINY_CARD,
    }
