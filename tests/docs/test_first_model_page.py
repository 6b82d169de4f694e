"""docs/first-model.md can be typed as it stands, from an empty folder to a decision that is explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/first-model.md").read_text()


def typed(page: str) -> str:
    """Return what a reader types, section by section; the last one is about another repository."""
    lines = page.partition("\n## A repository that has")[0].splitlines()
    shown = [line.removeprefix("    ") for line in lines if line.startswith("    ") or not line]
    return "\n".join(shown) + "\n"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str]:
    """Type all of it in an empty folder; return the project, its surroundings and what was printed."""
    folder = tmp_path_factory.mktemp("first-model")
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-ec", typed(PAGE)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "churn", environ, done.stdout


def test_it_ends_with_a_model_in_production_that_is_rebuilt_and_a_decision_that_is_explained(
    followed: tuple[Path, dict[str, str], str],
) -> None:
    project, environ, printed = followed
    assert re.search(r"^VERDICT +bytes +attested", printed, re.M) is not None
    assert "C-007" in printed
    listed = subprocess.run(["actum", "ls", "stages"], cwd=project, env=environ, capture_output=True, text=True)
    assert re.search(r"churn.*production.*1\.0\.0", listed.stdout) is not None
    assert subprocess.run(["actum", "fsck"], cwd=project, env=environ, capture_output=True).returncode == 0


def test_nothing_that_it_shows_is_warned_of(followed: tuple[Path, dict[str, str], str]) -> None:
    _, _, printed = followed
    assert [line for line in printed.splitlines() if "warning" in line.lower()] == []
