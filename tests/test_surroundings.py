"""The tests' own surroundings: what conftest.py promises."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.conftest import REAL_HOME, HomeGuard, real_caches
from tests.real_git import git


def test_home_and_git_are_nobodys(tmp_path: Path) -> None:
    leaked = [name for name in os.environ if name.startswith("GIT_")]
    git(tmp_path, "init", "-q")
    assert Path.home() != REAL_HOME
    assert sorted(leaked) == ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"]
    assert git(tmp_path, "var", "GIT_COMMITTER_IDENT").startswith("Ana <ana@example.org> ")
    assert git(tmp_path, "symbolic-ref", "HEAD") == "refs/heads/main"


def test_the_clock_is_utc() -> None:
    assert time.strftime("%Z", time.localtime()) == "UTC"


def test_a_write_into_the_real_home_is_noticed_and_a_read_is_not(tmp_path: Path) -> None:
    guard = HomeGuard((REAL_HOME / "cache",))
    guard.hear("open", (str(REAL_HOME / "notes"), "r", os.O_RDONLY))
    guard.hear("open", (str(REAL_HOME / "cache/notes"), "w", os.O_WRONLY))
    guard.hear("open", (str(tmp_path / "notes"), "w", os.O_WRONLY))
    guard.hear("open", (3, "w", os.O_WRONLY))
    assert guard.found == []
    guard.hear("open", (str(REAL_HOME / "notes"), "w", os.O_WRONLY | os.O_CREAT))
    guard.hear("os.mkdir", (str(REAL_HOME / ".actum"), 0o777, -1))
    assert guard.found == [f"open {REAL_HOME}/notes", f"os.mkdir {REAL_HOME}/.actum"]


def test_caches_of_the_package_tools_stay_warm_and_a_callers_own_choice_holds() -> None:
    chosen = real_caches({"UV_CACHE_DIR": "/elsewhere", "XDG_CACHE_HOME": "/caches"})
    assert "UV_CACHE_DIR" not in chosen
    assert chosen["PIP_CACHE_DIR"] == "/caches/pip"
