"""The disposable folder beside the work tree, and one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actum import state
from actum.errors import UserError
from actum.git.repository import Git


def test_the_folder_ignores_itself(repo: Git) -> None:
    path = state.folder(repo.root)
    (path / "anything").touch()
    assert path == repo.root / ".actum"
    assert (path / ".gitignore").read_bytes() == b"*\n"
    assert repo.dirty() == {}
    assert state.folder(repo.root) == path


def test_a_link_or_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".actum").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"^\.actum is a symbolic link$") as caught:
        state.folder(tmp_path)
    assert caught.value.hint == "rm .actum"
    (tmp_path / ".actum").unlink()
    (tmp_path / ".actum").touch()
    with pytest.raises(UserError, match=r"^\.actum is a file, must be a folder$"):
        state.folder(tmp_path)


@pytest.mark.parametrize(
    ("shared", "place"), [(None, ".actum/environments"), ("", ".actum/environments"), ("near", "near")]
)
def test_environments_lie_here_or_where_several_repositories_share_them(
    tmp_path: Path, shared: str | None, place: str
) -> None:
    environ = {} if shared is None else {state.ENVIRONMENTS_VARIABLE: shared}
    assert state.environments(tmp_path, environ) == tmp_path / place
    assert (tmp_path / place).is_dir()


def test_a_shared_folder_may_lie_anywhere(tmp_path: Path) -> None:
    there = tmp_path / "far/away"
    assert state.environments(tmp_path / "root", {state.ENVIRONMENTS_VARIABLE: str(there)}) == there


def test_one_writer_at_a_time_and_the_other_is_named(tmp_path: Path) -> None:
    with state.one_writer(tmp_path, "run"), pytest.raises(UserError) as caught, state.one_writer(tmp_path, "register"):
        pass
    assert str(caught.value).startswith("actum run (process ")
    assert str(caught.value).endswith(") is at work in this repository")
    assert caught.value.hint == "wait for it to end"
    with state.one_writer(tmp_path, "register"):
        assert (tmp_path / ".actum/lock").read_text().startswith("actum register (process ")


def test_a_killed_writer_holds_nothing(tmp_path: Path) -> None:
    script = "import os, pathlib, signal; from actum import state\n"
    script += "with state.one_writer(pathlib.Path('.'), 'run'): os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    assert done.returncode == -9
    with state.one_writer(tmp_path, "register"):
        assert (tmp_path / ".actum/lock").read_text().startswith("actum register ")


def test_temporary_folders_and_worktrees_of_living_commands_stay_and_dead_ones_are_named_then_swept(
    tmp_path: Path,
) -> None:
    mine, home, tree = (
        state.hold(tmp_path, "home"),
        state.hold(tmp_path, "home"),
        state.hold_worktree(tmp_path, "01JDC8"),
    )
    assert mine.path.parent == tmp_path / ".actum/scratch"
    assert tree.path.parent == tmp_path / ".actum/worktrees"
    assert (state.left_behind(tmp_path), state.sweep(tmp_path)) == ((), ())
    for one in (home, tree):
        os.close(one.lock)  # as the kernel does when a process is killed
    assert state.left_behind(tmp_path) == (home.path, tree.path)
    assert state.sweep(tmp_path) == (home.path, tree.path)
    assert mine.path.is_dir()
    assert state.left_behind(tmp_path) == ()
    with state.held(tmp_path, "score") as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_a_sweep_where_nothing_was_ever_made_makes_nothing(tmp_path: Path) -> None:
    assert (state.left_behind(tmp_path), state.sweep(tmp_path)) == ((), ())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "what"), [("a\nb", "a line break"), ("a'\"b", "both kinds of quotes")])
def test_a_path_that_dvc_cannot_be_told_is_refused_before_anything_is_made(
    tmp_path: Path, name: str, what: str
) -> None:
    root = tmp_path / name
    root.mkdir()
    with pytest.raises(UserError) as caught, state.one_writer(root, "run"):
        pass
    assert str(caught.value) == f"the path {str(root)!r} holds {what}, which DVC cannot be told"
    assert caught.value.hint == "mv it to another name"
    assert list(root.iterdir()) == []
