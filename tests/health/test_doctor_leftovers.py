"""What killed processes leave: locks of git and DVC, runs, worktrees."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actum import state
from actum.files import Held
from actum.health.finding import Finding, note, wrong
from actum.health.leftovers import look_for_leftovers
from actum.runlog import journal
from tests.health.healthy_project import Project, bad, now

RUN = "01JDC8ZZZZZZZZZZZZZZZZZZZZ"


def look(project: Project, at: datetime | None = None) -> list[Finding]:
    return bad(look_for_leftovers(project.repo, at or now()))


def gone() -> int:
    """Return the number of a process that was, and is not any more."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_locks_that_a_killed_git_left_are_named_and_removed(project: Project) -> None:
    for place in ("index.lock", "refs/heads/main.lock"):
        (project.root / ".git" / place).touch()
    later = datetime.now(UTC) + timedelta(minutes=5)
    found = look(project, later)
    index = project.root / ".git" / "index.lock"
    says = "index.lock was left behind by a git that was killed, 5 min ago"
    assert found[0] == wrong("git lock", says, f"rm {index}  # once no git is at work here")
    assert found[1].says == "refs/heads/main.lock was left behind by a git that was killed, 5 min ago"
    for finding in found:
        project.mend(finding)
    assert look(project, later) == []


def test_a_lock_of_this_moment_is_a_git_at_work(project: Project) -> None:
    (project.root / ".git" / "index.lock").touch()
    assert look(project) == [note("git lock", "git is at work: it holds index.lock")]


def test_the_lock_of_a_linked_worktree_is_found_from_the_main_one(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    (project.root / ".git" / "worktrees" / "linked" / "index.lock").touch()
    [finding] = look(project, datetime.now(UTC) + timedelta(hours=3))
    assert finding.says == "worktrees/linked/index.lock was left behind by a git that was killed, 3 h ago"


def rwlock(project: Project, process: int, command: str = "dvc repro") -> None:
    (project.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    entry = {"pid": process, "cmd": command}
    project.write(".dvc/tmp/rwlock", json.dumps({"write": {"data": entry}, "read": {}}))


def test_a_lock_of_a_dvc_that_is_gone_is_named_and_removed(project: Project) -> None:
    process = gone()
    rwlock(project, process)
    [finding] = look(project)
    says = f".dvc/tmp/rwlock names process {process}, which is gone, for data"
    assert finding == wrong("dvc lock", says, "rm .dvc/tmp/rwlock  # once no dvc is at work here")
    project.mend(finding)
    assert look(project) == []


def test_a_lock_of_a_dvc_that_lives_is_worth_knowing(project: Project) -> None:
    rwlock(project, os.getpid(), " ".join(sys.orig_argv))
    says = f"dvc is at work (process {os.getpid()}): it holds data"
    assert look(project) == [note("dvc lock", says)]


def test_a_stranger_who_was_given_the_number_of_a_dvc_that_is_gone_holds_nothing(project: Project) -> None:
    rwlock(project, os.getpid(), "dvc repro --stranger")
    [finding] = look(project)
    assert finding.says == f".dvc/tmp/rwlock names process {os.getpid()}, which is gone, for data"


def test_a_repository_that_dvc_holds_is_never_advised_to_be_let_go(project: Project) -> None:
    (project.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    with (project.root / ".dvc" / "tmp" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as dvc does; it has not written its number yet
        assert look(project) == [note("dvc lock", "dvc is at work (process unknown): it holds the repository")]
    assert look(project) == []


def test_a_lock_that_dvc_cannot_read_is_a_finding(project: Project) -> None:
    (project.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    project.write(".dvc/tmp/rwlock", "")
    [finding] = look(project)
    assert (finding.check, finding.state) == ("dvc lock", "wrong")
    project.mend(finding)
    assert look(project) == []


def test_a_run_that_did_not_end_is_continued_by_run(project: Project) -> None:
    book = journal.open_book(project.root, RUN, {"targets": []})
    says = f"run/{RUN} did not come to its end"
    assert look(project) == [note("run", says, "actum run  # continues it, or gives it up")]
    book.note("closed", why="given up")
    assert look(project) == []


def test_a_run_under_way_is_not_taken_for_one_that_was_killed(project: Project) -> None:
    journal.open_book(project.root, RUN, {"targets": []})
    with state.one_writer(project.root, "run"):
        says = f"run/{RUN} is under way (actum run (process {os.getpid()}))"
        assert look(project) == [note("run", says)]
    (project.root / ".actum" / "lock").write_text(f"actum run (process {gone()})")
    assert [finding.says for finding in look(project)] == [f"run/{RUN} did not come to its end"]


def abandon(held: Held) -> None:
    """Do what the kernel does for a process that is killed."""
    os.close(held.lock)


def test_a_worktree_that_a_killed_rebuild_left_is_named_and_removed(project: Project) -> None:
    held = state.hold_worktree(project.root, RUN)
    project.git("worktree", "add", "-q", "--detach", str(held.path / "checkout"))
    assert look(project) == []  # a rebuild is at work
    abandon(held)
    [finding] = look(project)
    shown = held.path.relative_to(project.root)
    says = f"{shown} was left behind by a rebuild that was killed, perhaps with the remote's credentials in it"
    assert finding == wrong("worktree", says, f"rm -rf {held.path} && git worktree prune")
    project.mend(finding)
    assert look(project) == []
    assert project.git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_a_temporary_folder_that_a_killed_command_left_is_named_and_removed(project: Project) -> None:
    alive, left = state.hold(project.root, "home"), state.hold(project.root, "score")
    abandon(left)
    says = f"{left.path.relative_to(project.root)} was left behind by a command that was killed"
    [finding] = look(project)
    assert finding == note("temporary", says, f"rm -rf {left.path}")
    project.mend(finding)
    assert look(project) == []
    alive.release()


def test_a_worktree_that_git_still_knows_and_that_is_gone_is_forgotten(project: Project) -> None:
    ours = project.root / ".actum" / "worktrees"
    project.git("worktree", "add", "-q", "--detach", str(ours / "gone"))
    shutil.rmtree(ours / "gone")
    [finding] = look(project)
    assert finding == wrong("worktree", "git still knows .actum/worktrees/gone, which is gone", "git worktree prune")
    project.mend(finding)
    assert look(project) == []
