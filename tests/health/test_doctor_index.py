"""What doctor says of the index: nothing about it is ever wrong, for deleting it costs only time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from actum.cli.main import main
from actum.health.finding import Finding
from actum.health.indexing import look_at_index
from actum.index import tables
from tests.index.grown import Grown


@pytest.fixture
def grown(tmp_path: Path) -> Grown:
    made = Grown(tmp_path / "repo")
    made.begin()
    return made


def said(grown: Grown) -> Finding:
    return look_at_index(grown.repo)


def place_of(grown: Grown) -> Path:
    return grown.repo.root / ".actum/index.sqlite"


def test_none_and_a_good_one_are_well(grown: Grown) -> None:
    assert said(grown) == Finding(check="index", state="ok", says="none yet")
    assert main(["-C", str(grown.repo.root), "ls"]) == 0
    size = place_of(grown).stat().st_size / 1e6
    assert said(grown) == Finding(check="index", state="ok", says=f"114 records, {size:.1f} MB")


def test_a_damaged_one_mends_itself(grown: Grown) -> None:
    place_of(grown).parent.mkdir()
    place_of(grown).write_bytes(b"no database" * 1000)
    says = ".actum/index.sqlite: file is not a database; the next long read makes it anew"
    assert said(grown) == Finding(check="index", state="note", says=says)


def test_one_that_came_from_elsewhere_is_made_anew(grown: Grown) -> None:
    assert main(["-C", str(grown.repo.root), "ls"]) == 0
    (grown.repo.root / ".git/actum-index-key").unlink()
    says = ".actum/index.sqlite comes from elsewhere; the next long read makes it anew"
    assert said(grown) == Finding(check="index", state="note", says=says)


def test_what_is_passed_over_is_named_with_what_mends_it(grown: Grown) -> None:
    assert main(["-C", str(grown.repo.root), "ls"]) == 0
    opened = sqlite3.connect(place_of(grown))
    opened.execute("PRAGMA user_version = 9")
    opened.close()
    says = f".actum/index.sqlite: has form 9, this actum knows {tables.FORM}; reads do without it, and take longer"
    assert said(grown) == Finding(check="index", state="note", says=says, mend=f"rm {place_of(grown)}")
    place_of(grown).unlink()
    place_of(grown).symlink_to("elsewhere")
    says = ".actum/index.sqlite is a symbolic link; reads do without it, and take longer"
    assert said(grown) == Finding(check="index", state="note", says=says, mend=f"rm {place_of(grown)}")
    assert place_of(grown).is_symlink()
