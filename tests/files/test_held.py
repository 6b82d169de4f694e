"""A folder is alive as long as who made it is, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from actum.files import Held, dead, hold, remove_dead

HOLDER = """
import pathlib, sys
from actum.files import hold
held = hold(pathlib.Path(sys.argv[1]), "home-")
(held.path / "secret").write_text("x")
print(held.path, flush=True)
sys.stdin.read()
"""


@contextmanager
def other_command(parent: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that holds a folder in *parent* until it is ended."""
    words = [sys.executable, "-c", HOLDER, str(parent)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield child, Path(child.stdout.readline().strip())
        child.kill()


def test_a_folder_is_nobody_elses_and_goes_when_it_is_released(tmp_path: Path) -> None:
    held = hold(tmp_path, "home-")
    assert held.path.parent == tmp_path
    assert held.path.name.startswith("home-")
    assert held.path.stat().st_mode & 0o777 == 0o700
    held.release()
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_command_holds_is_never_removed_and_a_killed_one_s_is(tmp_path: Path) -> None:
    with other_command(tmp_path) as (child, place):
        mine = hold(tmp_path, "home-")
        assert (dead(tmp_path), remove_dead(tmp_path)) == ((), ())
        assert (place / "secret").exists()
        child.kill()
        child.wait()
        assert dead(tmp_path) == (place,)
        assert (place / "secret").exists()  # to look changes nothing
        assert remove_dead(tmp_path) == (place,)
        assert not place.exists()
        assert mine.path.exists()
        mine.release()


def test_children_do_not_keep_a_dead_command_s_folder_alive(tmp_path: Path) -> None:
    held = hold(tmp_path, "home-")
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        os.close(held.lock)
        assert dead(tmp_path) == (held.path,)
        child.kill()


def test_a_folder_without_a_lock_is_dead(tmp_path: Path) -> None:
    (tmp_path / "home-old").mkdir()
    assert dead(tmp_path) == (tmp_path / "home-old",)
    assert remove_dead(tmp_path) == (tmp_path / "home-old",)
    assert list(tmp_path.iterdir()) == []


def test_only_folders_of_that_name_are_looked_at_and_no_link_is_followed(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "tmp", tmp_path / "elsewhere"
    for folder in (place, elsewhere, place / "other-1", place / "home-1"):
        folder.mkdir()
    (elsewhere / "mine").touch()
    (place / "home-link").symlink_to(elsewhere)
    (place / "home-file").touch()
    assert remove_dead(place, "home-") == (place / "home-1",)
    assert sorted(path.name for path in place.iterdir()) == ["home-file", "home-link", "other-1"]
    assert (elsewhere / "mine").exists()
    assert (dead(tmp_path / "nowhere"), remove_dead(tmp_path / "nowhere")) == ((), ())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that is another user's")
def test_another_user_s_folder_is_let_alone(tmp_path: Path) -> None:
    (tmp_path / "home-1").mkdir()
    os.chown(tmp_path / "home-1", 65534, 65534)
    assert (dead(tmp_path), remove_dead(tmp_path)) == ((), ())


def test_many_that_make_and_sweep_at_once_never_take_each_other_s(tmp_path: Path) -> None:
    """Between the making of a folder and its lock there is a moment in which it looks dead."""

    def make(number: int) -> Held:
        remove_dead(tmp_path)
        held = hold(tmp_path, "home-")
        (held.path / "mine").write_text(str(number))
        return held

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(200)))
    assert [(one.path / "mine").read_text() for one in made] == [str(number) for number in range(200)]
    assert remove_dead(tmp_path) == ()
    for one in made:
        one.release()
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_done_first_is_done_while_the_folder_is_there(tmp_path: Path) -> None:
    (tmp_path / "home-old").mkdir()
    seen: list[tuple[Path, bool]] = []
    remove_dead(tmp_path, first=lambda path: seen.append((path, path.is_dir())))
    assert seen == [(tmp_path / "home-old", True)]
