"""One story told once and read by many tests; a copy of it, or a bare repository, for those that write."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from actum.catalogue.holdings import Holdings
from actum.cli.main import main
from tests.catalogue.make_registry import Actum, Check, Printed, Registry, Story, begin, holdings_of, tell

GOLDEN = Path(__file__).parent / "golden"
REFRESH = os.environ.get("ACTUM_GOLDEN") == "write"  # asked before the tests' surroundings hide it


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two versions of one model, as a repository that no test may write to."""
    return tell(tmp_path_factory.mktemp("story"))


@pytest.fixture
def copy(story: Story, tmp_path: Path) -> Story:
    """The same, for a test that goes on with it."""
    shutil.copytree(story.root, tmp_path / "repo")
    registry = Registry(tmp_path / "repo", story.registry.environ)
    return replace(story, registry=registry)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A repository with settings and a pipeline, and nothing registered."""
    return begin(tmp_path)


@pytest.fixture
def holdings(story: Story) -> Holdings:
    return holdings_of(story.root)


@pytest.fixture
def actum(capsys: pytest.CaptureFixture[str]) -> Actum:
    """Run one command line in a folder, in this process."""

    def run(root: Path, *words: str) -> Printed:
        capsys.readouterr()
        status = main(["-C", str(root), *words])
        printed = capsys.readouterr()
        return Printed(status, printed.out, printed.err)

    return run


@pytest.fixture
def golden() -> Check:
    """Compare a page with its file, whole; ``ACTUM_GOLDEN=write`` writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if REFRESH:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()

    return check
