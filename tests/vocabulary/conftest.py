"""The example's views in a repository, made once and copied; pages compared with files, whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actum.cli.main import main
from tests.feature_project import FeatureProject

GOLDEN = Path(__file__).parent / "golden"
REFRESH = os.environ.get("ACTUM_GOLDEN") == "write"  # asked before the tests' surroundings hide it
Actum = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FeatureProject.begin(tmp_path_factory.mktemp("features") / "repo").root


@pytest.fixture
def project(template: Path, tmp_path: Path) -> FeatureProject:
    shutil.copytree(template, tmp_path / "repo")
    return FeatureProject(tmp_path / "repo")


@pytest.fixture
def actum(project: FeatureProject, capsys: pytest.CaptureFixture[str]) -> Actum:
    """Run one command line in the project: status, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["-C", str(project.root), *words])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a page with its file; ``ACTUM_GOLDEN=write`` writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if REFRESH:
            path.write_text(text)
        assert text == path.read_text()

    return check
