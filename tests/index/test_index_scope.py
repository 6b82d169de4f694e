"""Who asks the index: the reads that list and show. What judges or proves asks git."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import actum
from actum import layout
from actum.index.index import Index
from actum.records.codec import encode
from actum.records.lines import VersionLine
from tests.index.conftest import Actum, without_index
from tests.index.grown import Grown
from tests.real_git import git

SOURCE = Path(actum.__path__[0])


def test_two_doors_alone_hand_an_index_to_a_store_one_typed_and_one_called() -> None:
    doors = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "attr", getattr(called, "id", "")) in ("indexed", "Index"):
                doors.add(path.relative_to(SOURCE).as_posix())
    assert doors == {"cli/reading.py", "querying/frames.py"}


def test_the_typed_one_is_for_the_reads() -> None:
    users = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "actum.cli.reading":
                users |= {(path.stem, alias.name) for alias in node.names if alias.name.startswith("open_catalogue")}
    assert {stem for stem, _ in users} == {"ls", "show", "log", "diff", "export", "lineage"}


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--json"),
        ("fsck", "--json"),
        ("promote", "m0@v99.0.0", "--to", "production", "--dry-run"),
        ("rebuild", "m0@v99.0.0"),
        ("score", "m0@v99.0.0", "rows.csv"),
        ("why", "m0/01JDC800000000000000000001"),
        ("tags", "--dry-run", "--json"),
    ],
)
def test_what_judges_or_proves_reads_git_whatever_the_index_says(
    words: tuple[str, ...], grown: Grown, actum: Actum
) -> None:
    root = grown.repo.root
    git(root, "reset", "-q", "--hard", "main")
    with without_index(root):
        plain = actum(root, *words)
    _forge(grown)
    assert '"99.0.0"' in actum(root, "ls", "versions", "--json").out  # a read believes it
    assert actum(root, *words) == plain
    assert plain.status != 70


def _forge(grown: Grown) -> None:
    """Teach the index, with this clone's own key, what git does not say."""
    index, version = Index(grown.repo), grown.version("m0", "99.0.0")
    folder = layout.folder("model-version", "m0")
    tree = git(grown.repo.root, "rev-parse", f"main:{folder}")
    index.learn_folder(folder, tree, [["99.0.0.yaml", "0" * 40, VersionLine.of(version).row()]])
    for path, entry in grown.repo.tree("main", "registry").items():
        if layout.kind_of(path) == "model-version":
            index.learn_record(path, entry.blob, {"record": encode(version)})
    index.close()
