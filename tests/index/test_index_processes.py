"""Two at once, and one that is killed: what is left behind is an index, or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actum.index.condition import look
from tests.index.conftest import INDEX, Actum, without_index
from tests.index.grown import Grown

LS = ("ls", "versions", "--json")


@pytest.fixture
def large(tmp_path: Path) -> Grown:
    """So many records that they are written in several transactions."""
    made = Grown(tmp_path / "repo")
    made.begin(versions=1100)
    return made


def reader(root: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "actum", *words]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_that_index_at_once_say_the_same_and_leave_one_whole_index(large: Grown, actum: Actum) -> None:
    root = large.repo.root
    with without_index(root):
        plain = actum(root, *LS)
    both = [reader(root, *LS) for _ in range(2)]
    said = [child.communicate() for child in both]
    assert [child.returncode for child in both] == [0, 0]
    assert said == [(plain.out.encode(), b"")] * 2
    assert actum(root, *LS) == plain
    found = look(large.repo)
    assert (found.state, found.records >= 2200) == ("good", True)


@pytest.mark.parametrize("written", [1, 400_000])
def test_after_a_kill_while_it_is_made_the_next_read_goes_on(written: int, large: Grown, actum: Actum) -> None:
    root = large.repo.root
    with without_index(root):
        plain = actum(root, *LS)
    assert any(_killed_while_writing(root, written) for _ in range(20))
    assert (root / INDEX).is_file()
    assert actum(root, *LS) == plain
    assert actum(root, *LS) == plain
    assert look(large.repo).state == "good"


def _killed_while_writing(root: Path, written: int) -> bool:
    """Whether a reader was killed once so many bytes were there; a busy machine may be too late for it."""
    (root / INDEX).unlink(missing_ok=True)
    child = reader(root, *LS)
    while child.poll() is None and not _is_as_large(root / INDEX, written):
        time.sleep(0.001)
    child.kill()
    child.communicate()
    return child.returncode == -signal.SIGKILL


def _is_as_large(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size >= size


def test_what_a_killed_writer_had_not_finished_is_taken_back(large: Grown, actum: Actum) -> None:
    root = large.repo.root
    plain = actum(root, *LS)
    before = look(large.repo).records
    # Larger than SQLite's cache: half of it is in the file, and the journal knows how that was before.
    script = f"""
import os, signal
from pathlib import Path
from actum.index import tables

def rows():
    for number in range(8000):
        yield "records", (b"path", number.to_bytes(20, "big"), os.urandom(2000), b"seal")
    os.kill(os.getpid(), signal.SIGKILL)

tables.write(tables.connect(Path({str(root / INDEX)!r})), rows())
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert os.path.getsize(root / f"{INDEX}-journal") > 0
    assert actum(root, *LS) == plain
    found = look(large.repo)
    assert (found.state, found.records) == ("good", before)
