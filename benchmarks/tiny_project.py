"""A repository of four small stages with a locked environment of one pure package, for figures about the tool alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from measure import actum, dvc

STAGES = ("one", "two", "three", "four")
MODEL = """\
schema: model/1
model: tiny
owner: owner@example.org
applications: [bench]
artifact: four.txt
"""


def make(root: Path) -> Path:
    """Make the repository and lock its environment; nothing is run yet."""
    root.mkdir()
    _call(["git", "init", "-q", "-b", "main"], root)
    _call(["git", "config", "user.name", "bench"], root)
    _call(["git", "config", "user.email", "bench@example.org"], root)
    _call(dvc("init", "-q"), root)
    _call(dvc("remote", "add", "-q", "--default", "storage", str(root.parent / "remote")), root)
    _call(actum("init"), root)
    (root / "requirements.in").write_text("six\n")
    (root / "params.yaml").write_text("seed: 0\n")
    (root / "dvc.yaml").write_text(_pipeline())
    (root / "stage.py").write_text(
        "import sys\nfrom pathlib import Path\n"
        "Path(sys.argv[2]).write_text(Path(sys.argv[1]).read_text() + sys.argv[2])\n"
    )
    card = root / "registry/tiny/model.yaml"
    card.parent.mkdir(parents=True)
    card.write_text(MODEL)
    _call(actum("lock"), root)
    commit(root, "Begin")
    return root


def change(root: Path, seed: int) -> None:
    """Make every stage out of date, and commit."""
    (root / "params.yaml").write_text(f"seed: {seed}\n")
    commit(root, f"Seed {seed}")


def commit(root: Path, message: str) -> None:
    _call(["git", "add", "--all"], root)
    _call(["git", "commit", "-q", "-m", message], root)


def _pipeline() -> str:
    lines, before = ["stages:"], "params.yaml"
    for name in STAGES:
        lines += [f"  {name}:", f"    cmd: python stage.py {before} {name}.txt"]
        lines += ["    deps: [stage.py]" if before == "params.yaml" else f"    deps: [stage.py, {before}]"]
        lines += ["    params: [seed]", f"    outs: [{name}.txt]"]
        before = f"{name}.txt"
    return "\n".join(lines) + "\n"


def _call(command: list[str], root: Path) -> None:
    subprocess.run(command, cwd=root, check=True, capture_output=True, env={**os.environ, "DVC_NO_ANALYTICS": "1"})
