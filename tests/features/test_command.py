"""``python -m actum.features build`` as a stage of a pipeline calls it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.features.work_tree import WorkTree, times


def command(*words: str | Path, cwd: Path, verb: str = "build") -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "actum.features", verb, *map(str, words)]
    return subprocess.run(whole, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("events", {"tank": ["a"], "happened_at": times(1), "level": [0.5]})
    tree.table("labels", {"tank": ["a", "b"], "at": times(2, 2)})
    features: list[dict[str, Any]] = [
        {"name": "level", "type": "float"},
        {"name": "seen_2h", "type": "int", "aggregate": "count", "over": ["2h"]},
    ]
    tree.view("tanks", features, entity=["tank"], source={"path": "data/events.parquet", "event_at": "happened_at"})
    tree.set(["level", "seen_2h"])
    return tree


def test_a_stage_builds_a_set_from_a_folder_below_and_says_so_in_one_line(tanks: WorkTree) -> None:
    below = tanks.root / "models"
    below.mkdir()

    done = command("../features/sets/asked.yaml", "training.parquet", "--views", "kept", cwd=below)

    assert (done.returncode, done.stderr) == (0, "")
    said = (
        r"2 rows, 2 features; 1 log computed, 0 read, [0-9.]+ s\n"
        r"computed here, for tanks/2h is not there\n"
    )
    assert re.fullmatch(said, done.stdout)
    assert pq.ParquetFile(below / "training.parquet").read().to_pydict()["seen_2h"] == [1, 0]


def test_a_stage_processes_views_for_all_sets_and_says_what_it_computed(tanks: WorkTree) -> None:
    below = tanks.root / "models"
    below.mkdir()
    said = (
        r"1 view; 1 log computed, 0 kept, [0-9.]+ s\ncomputed tanks/2h\n",
        r"1 view; 0 logs computed, 1 kept, [0-9.]+ s\n",
    )
    for told in said:
        done = command("kept", cwd=below, verb="process")
        assert (done.returncode, done.stderr) == (0, "")
        assert re.fullmatch(told, done.stdout), done.stdout
    assert sorted(path.name for path in (below / "kept/tanks").iterdir()) == ["2h.json", "2h.parquet"]


def test_a_refusal_is_one_line_and_leaves_what_was_there(tanks: WorkTree) -> None:
    out = tanks.root / "training.parquet"
    out.write_text("as it was")
    (tanks.root / "data/labels.parquet").unlink()

    done = command("features/sets/asked.yaml", out, cwd=tanks.root)

    assert (done.returncode, done.stdout) == (1, "")
    problem = "labels.path: data/labels.parquet is not there"
    assert done.stderr == (f"error: features/sets/asked.yaml: {problem} (dvc pull, or run the stage that makes it)\n")
    assert out.read_text() == "as it was"
    assert not list(tanks.root.glob(".actum-*"))


def test_a_lock_without_an_engine_is_told_what_to_ask_for(tanks: WorkTree, tmp_path: Path) -> None:
    """An environment that has all but Ibis: a finder that comes first says that there is none."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys\nfrom importlib.machinery import PathFinder\n"
        "class Lacking(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        "        return None if name == 'ibis' else PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path = [Lacking if one is PathFinder else one for one in sys.meta_path]\n"
    )
    whole = [sys.executable, "-m", "actum.features", "build", "features/sets/asked.yaml", "out.parquet"]
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(whole, cwd=tanks.root, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    hint = "write ibis-framework[duckdb] into requirements.in, then: actum lock"
    assert done.stderr == f"error: the environment lacks ibis, which features are built with ({hint})\n"
