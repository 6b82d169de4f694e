"""Judging two versions of the example on its holdout of 86,326 flights, each in an environment of its own; and the
whole `actum check` of the promotion of one over the other.

`python benchmarks/holdout.py` makes the project and times; with a folder it judges once in the project there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import actum, cpu_seconds, dvc, median, print_machine

from actum import files, registry
from actum.demo.live import example_folder
from actum.git.repository import Git
from actum.planning.means import means_of
from actum.progress import Silent
from actum.revisions import open_head

MODEL, BESIDE = "late-arrival", "registry/late-arrival"
BRANCH = f"promote/{MODEL}/production"
RUNS = 3


def main() -> None:
    if len(sys.argv) > 1:
        return _judge(Path(sys.argv[1]))
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        root = _make(Path(folder, "project"))
        judging = [sys.executable, __file__, str(root)]
        for name, command in (("judge", judging), ("check", actum("check", "--head", BRANCH))):
            _time(name, command, root)
        shutil.rmtree(root / ".actum" / "judged")
        print(subprocess.run(judging, cwd=root, check=True, capture_output=True, text=True).stdout, end="")
    return None


def _time(name: str, command: list[str], root: Path) -> None:
    """Print what a command costs where nothing is judged yet, and where it was judged before."""
    cpu_seconds(command, cwd=root)  # asks each environment once what it computes with
    cpu, wall, again = [], [], []
    for _ in range(RUNS):
        shutil.rmtree(root / ".actum" / "judged")
        began = time.monotonic()
        cpu.append(cpu_seconds(command, cwd=root))
        wall.append(time.monotonic() - began)
        again.append(cpu_seconds(command, cwd=root))
    print(f"{name:14} {median(cpu)} CPU s, {median(wall)} s by the clock")
    print(f"{name + ', kept':14} {median(again)} CPU s")


class Stopwatch(Silent):
    """Say of each line that stays how long it lasted."""

    def __init__(self) -> None:
        self._began, self._said = time.monotonic(), "read the records"

    def __call__(self, line: str, /) -> None:
        print(f"  {time.monotonic() - self._began:5.2f} s  {self._said}")
        self._began, self._said = time.monotonic(), line


def _judge(root: Path) -> None:
    """Judge and say how long each part took."""
    tell = Stopwatch()
    base = open_head(Git(root))
    old, new = (registry.version(base, MODEL, number) for number in ("1.0.0", "2.0.0"))
    judged = means_of(base, os.environ, tell).compare(new, old)
    tell("")
    print(f"  {judged.rows:,} rows, {judged.draws:,} draws, {len(judged.slices)} slices")
    for figure in judged.figures[:2]:
        print(
            f"  {figure.metric}  {figure.champion:.4f}  {figure.challenger:.4f}  [{figure.low:.4f}, {figure.high:.4f}]"
        )


def _make(root: Path) -> Path:
    """Train and register both versions of the demo's story, the second one's lock has a package more; promote both."""
    shutil.copytree(example_folder(), root, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    _call(root, "git", "init", "-q", "-b", "main")
    _call(root, "git", "config", "user.name", "bench")
    _call(root, "git", "config", "user.email", "bench@example.org")
    _call(root, *dvc("init", "-q"))
    _call(root, *dvc("remote", "add", "-q", "--default", "storage", str(root.parent / "remote")))
    _edit(root, "actum.yaml", {("environment", "python"): platform.python_version()})
    _call(root, sys.executable, "fetch_data.py")
    _call(root, *dvc("add", "-q", *(str(path.relative_to(root)) for path in (root / "data/raw").glob("*.csv"))))
    _commit(root, "Begin")
    _call(root, *actum("run"))
    for name in ("holdout.parquet", "probe.parquet"):
        shutil.copyfile(root / "data" / name, root / BESIDE / name)
        _call(root, *dvc("add", "-q", f"{BESIDE}/{name}"))
    _commit(root, "Pin holdout and probe")
    _call(root, *actum("register", MODEL, "--version", "1.0.0"))
    _call(root, *_promotion("1.0.0"))
    _call(root, "git", "merge", "-q", "--no-edit", BRANCH)
    with (root / "requirements.in").open("a") as requirements:
        requirements.write("six\n")
    _edit(root, "params.yaml", {("model", "kind"): "boosting", ("train", "until"): "2013-07-01"})
    _call(root, *actum("lock"))
    _commit(root, "Boosting")
    _call(root, *actum("run"))
    _call(root, *actum("register", MODEL, "--version", "2.0.0"))
    _call(root, *_promotion("2.0.0"))
    return root


def _promotion(version: str) -> list[str]:
    return actum("promote", f"{MODEL}@v{version}", "--to", "production")


def _edit(root: Path, path: str, changes: dict[tuple[str, ...], str]) -> None:
    (root / path).write_bytes(files.edit_yaml((root / path).read_bytes(), changes))


def _commit(root: Path, message: str) -> None:
    _call(root, "git", "add", "--all")
    _call(root, "git", "commit", "-q", "-m", message)


def _call(root: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, env={**os.environ, "DVC_NO_ANALYTICS": "1"}
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    main()
