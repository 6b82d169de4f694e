"""The workflow that trains: its own scripts, run as a runner would, lead to a branch with a run, or to none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from actum.beginning.ci import FOLDER, Ci, additions
from tests.action.steps import ready
from tests.journeys.world import World


def jobs(world: World) -> dict[str, Any]:
    settings = {"actum.yaml": (world.repo / "actum.yaml").read_bytes()}
    text = additions(world.repo, settings, Ci(forge="github", action="acme/actum@v0"))[f"{FOLDER}/actum-train.yml"]
    read: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return read


def scripts(job: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def test_new_data_leads_to_a_branch_and_no_change_to_none(begun: World, tmp_path: Path) -> None:
    begun.actum("run")
    begun.dvc("push", "--quiet")
    begun.git("clone", "--quiet", "--bare", ".", tmp_path / "origin.git")
    runner = ready(tmp_path / "runner")
    train, branch = (jobs(begun)[name] for name in ("train", "branch"))

    def clone(name: str) -> Path:
        begun.git("clone", "--quiet", tmp_path / "origin.git", tmp_path / name)
        return tmp_path / name

    def step(job: dict[str, Any], name: str, where: Path, **extra: str) -> None:
        head = begun.call("git", "rev-parse", "HEAD", cwd=where).out.strip()
        env = {**begun.env, "RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(runner / "output"), "GITHUB_SHA": head}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts(job)[name]]
        done = subprocess.run(shell, cwd=where, env=env | extra, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def remote(where: Path) -> None:
        config = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {begun.remote}\n"
        (where / ".dvc/config.local").write_text(config)

    idle = clone("idle")
    remote(idle)
    for name in ("Bring the data", "Run"):
        step(train, name, idle)
    assert not (runner / "output").exists()

    (begun.repo / "data/rows.csv").unlink()
    begun.write("data/rows.csv", "x0\n1\n2\n")
    begun.dvc("add", "--quiet", "data/rows.csv")
    begun.commit("New data")
    begun.dvc("push", "--quiet")
    begun.git("push", "--quiet", tmp_path / "origin.git", "HEAD:main")
    busy = clone("busy")
    remote(busy)
    for name in ("Bring the data", "Run", "Keep the bytes"):
        step(train, name, busy)
    assert (runner / "output").read_text() == "made=yes\n"
    (runner / "actum-train").mkdir()
    shutil.move(runner / "actum-train.bundle", runner / "actum-train/actum-train.bundle")
    step(branch, "Push the branch", clone("writer"), TOKEN="opens-nothing", GITHUB_RUN_NUMBER="7")
    begun.git("fetch", "--quiet", tmp_path / "origin.git", "actum/train-7")
    changed = begun.git("diff", "--name-only", "HEAD", "FETCH_HEAD").splitlines()
    assert "dvc.lock" in changed
    assert [path for path in changed if path.startswith("runs/")] != []
    assert sys.prefix == str((runner / "actum").resolve())
