"""A commit that brings along what lies in ``.actum``: reading a clone removes, writes and believes nothing of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from actum import layout, state
from actum.errors import UserError
from actum.filing import write_record
from actum.git.repository import Git
from actum.runlog import begun, closing
from tests.attacks.test_attack_screen import SETTINGS
from tests.in_process import typed
from tests.real_git import Commit, git
from tests.records import samples

READS = ("ls", "ls runs", "show nobody", "log", "fsck", "doctor", "lint")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Somebody's folder, with what our own folders would hold."""
    for name in ("a", "scripts/b", "worktrees/c", "scratch/d", "runs/e"):
        (tmp_path / "victim" / name).mkdir(parents=True)
        (tmp_path / "victim" / name / "thesis.txt").write_text("no line end")
    return tmp_path / "victim"


def told(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("place", [".actum", ".actum/scripts", ".actum/worktrees", ".actum/scratch", ".actum/runs"])
def test_a_link_in_our_place_leads_no_command_astray(repo: Git, commit: Commit, victim: Path, place: str) -> None:
    commit("actum.yaml", SETTINGS)
    link = repo.root / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    git(repo.root, "add", "-f", place)
    git(repo.root, "commit", "-qm", "Bring it along")
    before = told(victim)
    for words in READS:
        typed(words.split(), cwd=repo.root, env=os.environ)
    state.sweep(repo.root)
    assert told(victim) == before
    if place in (".actum", ".actum/scripts"):
        with pytest.raises(UserError, match="symbolic link"):
            state.hold_script(repo.root, "x")


def script_left(root: Path) -> Path:
    """Leave the folder of a killed script's run, as somebody else may have written it."""
    folder = root / ".actum/scripts/run-x"
    folder.mkdir(parents=True)
    record = samples.run(kind="script", finished_at=None, status="interrupted")
    (folder / begun.RECORD).write_bytes(write_record(record, path=layout.run(record.id, record.started_at)))
    return folder


def test_a_killed_run_that_a_commit_brought_along_is_not_closed(repo: Git, commit: Commit, victim: Path) -> None:
    commit("actum.yaml", SETTINGS)
    folder = script_left(repo.root)
    begun.series_in(folder).symlink_to(victim / "a/thesis.txt")
    git(repo.root, "add", "-f", ".actum")
    git(repo.root, "commit", "-qm", "Bring it along")
    before = told(victim)
    status, out, _ = typed(["ls", "runs", "--json"], cwd=repo.root, env=os.environ)
    warned = json.loads(out)["warnings"]
    assert (status, warned) == (0, [".actum is in git, and what lies there may have come from anybody"])
    assert (told(victim), folder.is_dir(), (repo.root / "runs").exists()) == (before, True, False)


def test_an_artifact_lies_with_its_run_and_a_series_is_no_link(repo: Git, commit: Commit, victim: Path) -> None:
    commit("actum.yaml", SETTINGS)
    folder = script_left(repo.root)
    fact = '{"path":"registry/churn/model.yaml","md5":"' + "a" * 32 + '","size":1}'
    (folder / begun.SAID).write_bytes(begun.line("artifact", fact))
    begun.series_in(folder).symlink_to(victim / "a/thesis.txt")
    before = told(victim)
    paths, problems = closing.close_killed(repo.root, os.environ)
    assert paths == (), problems
    assert "is named as an artifact, and is none of run/" in str(problems.get(".actum/scripts/run-x"))
    assert (told(victim), (repo.root / "registry").exists()) == (before, False)
