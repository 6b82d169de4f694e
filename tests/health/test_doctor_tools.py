"""git, dvc and uv: here, and new enough?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from actum.health import tools
from actum.health.examine import examine
from actum.health.finding import Finding, ok, wrong
from tests.health.healthy_project import Project, bad, now

INSTALL_DVC = "python -m pip install 'dvc>=3.67,<4'"


def test_without_git_nothing_else_is_asked(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    found = examine(project.root, environ=project.env, now=now())
    assert [finding.check for finding in found] == ["git", "dvc", "uv"]
    assert bad(found) == [wrong("git", "git is not installed", "apt-get install git")]


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("git version 2.31.0", ok("git", "2.31.0")),
        ("git version 2.39.5 (Apple Git-154)", ok("git", "2.39.5")),
        ("git version 2.100.1.windows.2", ok("git", "2.100.1")),
        ("git version 2.30.9", wrong("git", "git version 2.30.9, wanted is 2.31 or newer", "apt-get install git")),
        ("git version ?", wrong("git", "git version ?, wanted is 2.31 or newer", "apt-get install git")),
    ],
)
def test_git_must_be_2_31_or_newer(said: str, finding: Finding) -> None:
    assert tools.judge_git(said) == finding


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("3.67.1", ok("dvc", "3.67.1")),
        ("a warning before it\n3.70.0", ok("dvc", "3.70.0")),
        ("3.66.9", wrong("dvc", "dvc 3.66.9, wanted is 3.67 or newer and older than 4", INSTALL_DVC)),
        ("4.0.0", wrong("dvc", "dvc 4.0.0, wanted is 3.67 or newer and older than 4", INSTALL_DVC)),
    ],
)
def test_dvc_must_be_a_version_that_was_tried(said: str, finding: Finding) -> None:
    assert tools.judge_dvc(said) == finding


def test_a_python_without_dvc_is_a_finding(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(bare))
    says = f"dvc does not start: {bare}: No module named dvc"
    assert tools.look_at_dvc(project.root, project.env) == wrong("dvc", says, INSTALL_DVC)


def test_a_python_without_uv_is_a_finding(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)  # what the import system itself keeps for "cannot be imported"
    finding = tools.look_at_uv(project.root, project.env)
    assert finding == wrong("uv", "uv is not installed beside actum", "python -m pip install uv")
