"""One command line at a time on a grown registry, with its index and without."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from actum.cli.main import main
from tests.index.grown import Grown

INDEX = ".actum/index.sqlite"


class Printed(NamedTuple):
    status: int
    out: str
    err: str


Actum = Callable[..., Printed]


@pytest.fixture
def grown(tmp_path: Path) -> Grown:
    """A registry that is worth an index."""
    made = Grown(tmp_path / "repo")
    made.begin()
    return made


@pytest.fixture
def actum(capsys: pytest.CaptureFixture[str]) -> Actum:
    """Run one command line in a folder, in this process."""

    def run(root: Path, *words: str) -> Printed:
        capsys.readouterr()
        status = main(["-C", str(root), *words])
        printed = capsys.readouterr()
        return Printed(status, printed.out, printed.err)

    return run


@contextmanager
def without_index(root: Path) -> Iterator[None]:
    """Have reads do without: a folder in its place is neither opened nor removed."""
    index = root / INDEX
    kept = index.with_suffix(".kept")
    if index.exists():
        index.rename(kept)
    index.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(index)
        if kept.exists():
            kept.rename(index)
