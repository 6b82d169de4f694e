"""A stage that reads what it does not declare: DVC notices no change of it, so the run says what was opened."""

from __future__ import annotations

from typing import Any

from tests.journeys.world import World

READS = """\
import sys
sys.path.insert(0, "lib")
import scales
import notes
pathlib.Path("data/extra.csv").read_text()
pathlib.Path("train.log").open("a").write("trained")
pathlib.Path("scratch.txt").write_text("x")
pathlib.Path("scratch.txt").read_text()
"""


def undeclared(run: dict[str, Any]) -> dict[str, list[str]]:
    return {stage["name"]: stage["undeclared"] for stage in run["stages"] if "undeclared" in stage}


def test_a_stage_that_reads_an_undeclared_file_is_caught(begun: World) -> None:
    begun.write("data/extra.csv", "x\n1\n")
    begun.write("lib/scales.py", "ONE = 1\n")
    begun.write("src/notes.py", "TWO = 2\n")
    begun.write("train.log", "")
    begun.write(".gitignore", "/scratch.txt\n/train.log\n")
    begun.edit("src/train.py", "import re\n", f"import re\n{READS}")
    begun.commit("Reads more than it says")
    begun.actum("run")
    (run,) = begun.runs()
    assert undeclared(run) == {"train": ["data/extra.csv", "lib/scales.py"]}
    (found,) = begun.told("check")["findings"]
    told = f"opened while stage train ran, and not among its deps: data/extra.csv, lib/scales.py (run/{run['id']})"
    assert (found["kind"], found["weight"], found["path"], found["message"]) == (
        "stage-undeclared",
        "warn",
        "dvc.yaml",
        told,
    )
    assert found["hint"] == "add it to the deps of train in dvc.yaml, or to its params, then actum run"
    assert begun.told("show", "pipeline")["remarks"][0]["message"] == told

    begun.edit("dvc.yaml", "src/train.py]", "src/train.py, data/extra.csv, lib]")
    begun.commit("Says what it reads")
    begun.actum("run")
    assert undeclared(begun.runs()[-1]) == {}
    assert begun.told("check")["findings"] == []
