"""Processed views as an output of DVC: two models share them, and who pulls them makes the same as who does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from actum.features.engines import Engine
from tests.features.work_tree import WorkTree, times
from tests.real_git import git, write

PIPELINE = """\
stages:
  views:
    cmd: python -m actum.features process data/views
    deps: [data/levels.parquet, data/visits.parquet, features]
    outs:
      - data/views: {persist: true}
  one:
    cmd: python -m actum.features build features/sets/one.yaml data/one.parquet --views data/views
    deps: [data/labels.parquet, data/views, features]
    outs: [data/one.parquet]
  other:
    cmd: python -m actum.features build features/sets/other.yaml data/other.parquet --views data/views
    deps: [data/labels.parquet, data/views, features]
    outs: [data/other.parquet]
"""
LEVELS = {"tank": ["a", "a", "b"], "happened_at": times(1, 3, 2), "level": [0.3, 0.1, 0.2]}


@dataclass(frozen=True)
class Pipeline:
    root: Path

    def dvc(self, *words: str) -> str:
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *words], cwd=self.root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def repro(self, *words: str) -> list[str]:
        """Return what the stages said of themselves, without how long it took."""
        lines = self.dvc("repro", *words).splitlines()
        said = [line for line in lines if re.match(r"computed|[0-9]+ (view|row)s", line)]
        return [line.rpartition(", ")[0] if line.endswith(" s") else line for line in said]

    def md5(self) -> dict[str, str]:
        stages = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


@pytest.fixture
def pipeline(tmp_path: Path, duck: Engine) -> Pipeline:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    pipeline, tree = Pipeline(root), WorkTree(root, duck)
    write(root, ".dvc/config", f"[core]\nremote = store\n['remote \"store\"']\nurl = {tmp_path / 'store'}\n")
    write(root, ".dvc/.gitignore", "/tmp\n/cache\n")
    tree.table("levels", LEVELS)
    tree.table("visits", {"tank": ["a", "b"], "happened_at": times(1, 2)})
    tree.table("labels", {"tank": ["a", "b"], "at": times(3, 2.5)})
    mean: dict[str, Any] = {
        "name": "mean_{over}",
        "type": "float",
        "of": "level",
        "aggregate": "mean",
        "over": ["2h", "1d"],
    }
    count = {"name": "visits_1d", "type": "int", "aggregate": "count", "over": ["1d"]}
    for name, feature in (("levels", mean), ("visits", count)):
        tree.view(name, [feature], entity=["tank"], source={"path": f"data/{name}.parquet", "event_at": "happened_at"})
    tree.set(["mean_2h", "visits_1d"], "one")
    tree.set(["mean_2h", "mean_1d"], "other")
    pipeline.dvc("add", "-q", *(f"data/{name}.parquet" for name in ("levels", "visits", "labels")))
    (root / "dvc.yaml").write_text(PIPELINE)
    return pipeline


def clone(pipeline: Pipeline, name: str) -> Pipeline:
    """Clone what is committed; objects come from the remote alone."""
    git(pipeline.root.parent, "clone", "-q", str(pipeline.root), name)
    return Pipeline(pipeline.root.parent / name)


def test_a_view_is_computed_once_for_all_models_and_all_clones(pipeline: Pipeline) -> None:
    assert pipeline.repro("one") == [
        "2 views; 3 logs computed, 0 kept",
        "computed levels/2h",
        "computed levels/1d",
        "computed visits/1d",
        "2 rows, 2 features; 0 logs computed, 2 read",
    ]
    view = pipeline.root / "features/visits.yaml"
    view.write_text(view.read_text().replace("event_at: happened_at", "event_at: happened_at\n  where: [tank <> 'b']"))
    assert pipeline.repro() == [
        "2 views; 1 log computed, 2 kept",
        "computed visits/1d",
        "2 rows, 2 features; 0 logs computed, 2 read",
        "2 rows, 2 features; 0 logs computed, 2 read",
    ]
    git(pipeline.root, "add", "--all")
    git(pipeline.root, "commit", "-qm", "Two models")
    pipeline.dvc("push", "-q")

    pulled = clone(pipeline, "pulled")
    pulled.dvc("pull", "-q")
    assert pulled.repro("--force", "--no-run-cache") == [
        "2 views; 0 logs computed, 3 kept",
        "2 rows, 2 features; 0 logs computed, 2 read",
        "2 rows, 2 features; 0 logs computed, 2 read",
    ]

    bare = clone(pipeline, "bare")
    bare.dvc("pull", "-q", *(f"data/{name}.parquet.dvc" for name in ("levels", "visits", "labels")))
    assert bare.repro("--force", "--no-run-cache", "views")[0] == "2 views; 3 logs computed, 0 kept"
    assert bare.md5() == pulled.md5() == pipeline.md5()
