"""Real git, dvc and uv; a home of its own, and a folder of tiny wheels for an index."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from actum.cli.main import main
from tests.beginning.beginning_project import Actum, Said, git, surroundings
from tests.made_once import once


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    wanted = surroundings(tmp_path / "home")
    for name in os.environ.keys() - wanted.keys():
        monkeypatch.delenv(name)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "home"


def make(folder: Path) -> None:
    env = surroundings(folder / "home")

    def call(*words: str, cwd: Path) -> None:
        subprocess.run(words, cwd=cwd, env=env, check=True)

    root = folder / "churn"
    (root / "data").mkdir(parents=True)
    call("git", "init", "-q", "-b", "master", cwd=root)
    call(sys.executable, "-m", "dvc", "init", "-q", cwd=root)
    call(sys.executable, "-m", "dvc", "remote", "add", "-q", "--default", "storage", "../store", cwd=root)
    (root / ".gitattributes").write_text("*.png binary\n")
    (root / "dvc.yaml").write_text("artifacts:\n  churn:\n    path: out/churn.joblib\n    type: model\n")
    (root / "train.py").write_text("print('fit')\n")
    call("git", "add", ".", cwd=root)
    call("git", "commit", "-qm", "Ours", cwd=root)
    call(sys.executable, "-m", "actum", "init", "project", cwd=folder)


@pytest.fixture(scope="session")
def templates(shared_environments: Path) -> Path:
    """Two folders that are slow to make: one that was adopted from nothing of ours, one that we began."""
    return once(shared_environments.parent / "beginning", make)


@pytest.fixture
def adopted(templates: Path, tmp_path: Path) -> Path:
    """A repository of somebody who never heard of us: commits, DVC, something staged, something dirty."""
    root = shutil.copytree(templates / "churn", tmp_path / "churn")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    (root / "train.py").write_text("print('fitter')\n")
    return root


@pytest.fixture
def actum(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Actum:
    def call(*words: object, cwd: Path) -> Said:
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capfd.readouterr())

    return call


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Publish a wheel in the only index that uv is given."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))

    def publish(name: str, version: str) -> None:
        info = f"{name}-{version}.dist-info"
        members = {
            f"{name}.py": f"version = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        rows = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in members.items()]
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in members.items():
                wheel.writestr(path, text)
            wheel.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")

    return publish


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
