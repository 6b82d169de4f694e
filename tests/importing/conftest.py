"""Real stores, written once by the real MLflow, and a repository that takes them over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.importing.mlflow_writer import __file__ as WRITER
from tests.in_process import typed
from tests.made_once import once
from tests.real_git import git

MLFLOW = ("mlflow-skinny==3.17.2", "sqlalchemy", "alembic", "sqlparse")
SETTINGS = """\
schema: settings/1
project:
  name: flights
  owner: ana@example.org
environment:
  python: "3.11"
"""


class Repository:
    """A repository with actum.yaml and DVC, driven as a user drives it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def actum(self, *words: str, status: int = 0) -> str:
        code, out, err = typed(words, cwd=self.root, env=dict(os.environ))
        assert code == status, (out, err)
        return out

    def warned(self, *words: str) -> str:
        code, out, err = typed(words, cwd=self.root, env=dict(os.environ))
        assert code, out
        return err

    def git(self, *words: str) -> str:
        return git(self.root, *words)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "Go on")
        return self.git("rev-parse", "HEAD")


def begun(root: Path) -> Repository:
    root.mkdir()
    git(root, "init", "-q")
    (root / "actum.yaml").write_text(SETTINGS)
    (root / ".gitignore").write_text("/.actum/\n")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    no_scm = false\n")
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    repository = Repository(root)
    repository.commit()
    return repository


@pytest.fixture
def project(tmp_path: Path) -> Repository:
    return begun(tmp_path / "project")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def mlflow_python(shared: Path) -> Path:
    """The interpreter of an environment of its own that has MLflow, from the package index."""

    def make(draft: Path) -> None:
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--allow-existing", "--python", sys.executable, draft], check=True)
        words = [*uv, "pip", "install", "-q", "--python", str(draft / "bin/python"), *MLFLOW]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            assert "CI" not in os.environ, done.stderr
            pytest.skip(f"MLflow cannot be installed here: {done.stderr.strip().splitlines()[-1]}")

    return once(shared / "mlflow-environment", make) / "bin/python"


@pytest.fixture(scope="session")
def stores(shared: Path, mlflow_python: Path) -> Path:
    """A folder with a store of each kind, moved since it was written, and what MLflow's own search finds in them."""

    def write(draft: Path) -> None:
        done = subprocess.run([mlflow_python, WRITER, draft], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return once(shared / "mlflow-stores", write)
