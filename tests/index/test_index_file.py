"""What lies at ``.actum/index.sqlite`` may be anything: reads say what git says, and never fail for it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.git.repository import Git
from actum.index import tables
from actum.index.condition import look
from actum.index.index import Index
from actum.records.codec import encode
from actum.records.lines import VersionLine
from tests.in_process import typed
from tests.index.conftest import INDEX, Actum, Printed, without_index
from tests.index.grown import Grown
from tests.real_git import git

READS = (("ls", "versions", "--json"), ("show", "m0"), ("ls", "stages"), ("log", "--json"))


def answers(actum: Actum, root: Path) -> list[Printed]:
    return [actum(root, *words) for words in READS]


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Grown, list[Printed]]:
    """A registry with an index that knows all of it, and what git says."""
    grown = Grown(tmp_path_factory.mktemp("known") / "repo")
    grown.begin()

    def actum(root: Path, *words: str) -> Printed:
        return Printed(*typed(words, cwd=root, env=os.environ))

    answers(actum, grown.repo.root)
    with without_index(grown.repo.root):
        return grown, answers(actum, grown.repo.root)


@pytest.fixture
def truth(grown: Grown, known: tuple[Grown, list[Printed]]) -> list[Printed]:
    """What git says; the index is there, and knows it."""
    same, said = known
    assert grown.repo.resolve("main") == same.repo.resolve("main")
    for path in (INDEX, ".git/actum-index-key"):
        (grown.repo.root / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(same.repo.root / path, grown.repo.root / path)
    assert look(grown.repo).state == "good"
    return said


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_in_its_head(path: Path) -> None:
    os.truncate(path, 50)


def overwritten(path: Path) -> None:
    path.write_bytes(b"this is no database\n" * 5000)


def without_its_pages(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))


def somebody_elses(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, path BLOB, object BLOB, told BLOB, seal BLOB)")
    made.close()


def of_an_older_form(path: Path) -> None:
    with sqlite3.connect(path) as opened:
        opened.execute("PRAGMA user_version = 0")
    opened.close()


def with_views_for_tables(path: Path) -> None:
    """A query of this view would never end."""
    with sqlite3.connect(path) as opened:
        opened.execute("DROP TABLE records")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        opened.execute(f"CREATE VIEW records AS SELECT i id, i path, i object, i told, i seal FROM ({endless})")
    opened.close()


def with_a_trigger(path: Path) -> None:
    with sqlite3.connect(path) as opened:
        opened.execute("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END")
    opened.close()


def without_an_index_of_sqlite(path: Path) -> None:
    """What SQLite finds rows by points elsewhere."""
    with sqlite3.connect(path) as opened:
        page = opened.execute("SELECT rootpage FROM sqlite_schema WHERE type = 'index' LIMIT 1").fetchone()[0]
    opened.close()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(os.urandom(4096))


DAMAGES = (
    emptied,
    cut_in_half,
    cut_in_its_head,
    overwritten,
    without_its_pages,
    somebody_elses,
    of_an_older_form,
    with_views_for_tables,
    with_a_trigger,
    without_an_index_of_sqlite,
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_index_that_is_damaged_or_foreign_is_made_anew(
    damage: Callable[[Path], None], grown: Grown, truth: list[Printed], actum: Actum
) -> None:
    damage(grown.repo.root / INDEX)
    assert look(grown.repo).state == "unfit"
    assert answers(actum, grown.repo.root) == truth
    assert answers(actum, grown.repo.root) == truth
    assert look(grown.repo).state == "good"


def test_no_byte_that_was_changed_is_believed(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    path = grown.repo.root / INDEX
    sound = path.read_bytes()
    for at in range(0, len(sound), len(sound) // 25):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x55]) + sound[at + 1 :])
        assert answers(actum, grown.repo.root) == truth, at


def rows(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    with sqlite3.connect(path) as opened:
        change(opened)
    opened.close()


def with_another_metric(told: Any) -> Any:
    return json.loads(json.dumps(told).replace("0.5", "0.9"))


def forged_records(opened: sqlite3.Connection) -> None:
    for table in ("records", "folders"):
        for key, told in opened.execute(f"SELECT id, told FROM {table}").fetchall():
            forged = zlib.compress(json.dumps(with_another_metric(json.loads(zlib.decompress(told)))).encode())
            opened.execute(f"UPDATE {table} SET told = ? WHERE id = ?", (forged, key))


def exchanged_records(opened: sqlite3.Connection) -> None:
    """Each row keeps its own seal, and stands under another one's name."""
    for table in ("records", "folders"):
        found = opened.execute(f"SELECT id, path, object FROM {table} ORDER BY path").fetchall()
        opened.execute(f"UPDATE {table} SET object = randomblob(20)")
        for (key, *_), (_, *name) in zip(found, [*found[1:], found[0]], strict=True):
            opened.execute(f"UPDATE {table} SET path = ?, object = ? WHERE id = ?", (*name, key))


def values_of_other_types(opened: sqlite3.Connection) -> None:
    opened.execute("UPDATE records SET told = 17, seal = 'text'")
    opened.execute("UPDATE folders SET told = 1.5, seal = zeroblob(16)")


@pytest.mark.parametrize("change", [forged_records, exchanged_records, values_of_other_types])
def test_a_row_that_we_did_not_write_is_as_good_as_absent(
    change: Callable[[sqlite3.Connection], None], grown: Grown, truth: list[Printed], actum: Actum
) -> None:
    rows(grown.repo.root / INDEX, change)
    assert answers(actum, grown.repo.root) == truth
    assert answers(actum, grown.repo.root) == truth


def forge(grown: Grown) -> None:
    """Teach the index of this clone, with its own key, a version that git does not have so."""
    index = Index(grown.repo)
    folder = layout.folder("model-version", "m0")
    tree = git(grown.repo.root, "rev-parse", f"main:{folder}")
    version = grown.version("m0", "99.0.0")
    index.learn_folder(folder, tree, [["99.0.0.yaml", "0" * 40, VersionLine.of(version).row()]])
    for number in range(100):
        index.learn_record(layout.version("m0", f"9.9.{number}"), "0" * 40, {"record": encode(version)})
    index.close()


def test_what_another_clone_sealed_is_not_believed_here(
    grown: Grown, truth: list[Printed], actum: Actum, tmp_path: Path
) -> None:
    theirs = replace_root(grown, tmp_path / "theirs")
    forge(theirs)
    assert '"99.0.0"' in actum(theirs.repo.root, "ls", "versions", "--json").out  # whoever holds the key is believed
    shutil.copy(theirs.repo.root / INDEX, grown.repo.root / INDEX)
    assert answers(actum, grown.repo.root) == truth


def replace_root(grown: Grown, root: Path) -> Grown:
    """Return the same registry as a clone elsewhere."""
    git(root.parent, "clone", "-q", str(grown.repo.root), str(root))
    other = Grown.__new__(Grown)
    other.__dict__ |= grown.__dict__ | {"repo": Git(root)}
    return other


def test_an_index_that_a_commit_brings_along_is_not_believed(
    grown: Grown, truth: list[Printed], actum: Actum, tmp_path: Path
) -> None:
    forge(grown)
    git(grown.repo.root, "add", "--force", INDEX)
    git(grown.repo.root, "commit", "-qm", "Have an index", "--", INDEX)
    git(tmp_path, "clone", "-q", str(grown.repo.root), "victim")
    victim = tmp_path / "victim"
    assert (victim / INDEX).is_file()
    assert answers(actum, victim) == truth
    git(victim, "checkout", "-q", "--", ".actum")
    assert answers(actum, victim) == truth


def test_an_index_of_other_code_is_not_believed(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    """The key is of this clone and of this code: another secret stands for either."""
    (grown.repo.root / ".git/actum-index-key").write_bytes(os.urandom(32))
    assert answers(actum, grown.repo.root) == truth
    (grown.repo.root / ".git/actum-index-key").write_bytes(b"short")
    assert answers(actum, grown.repo.root) == truth
    assert look(grown.repo).state == "good"


def test_an_index_of_a_newer_actum_is_left_alone(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    path = grown.repo.root / INDEX
    rows(path, lambda opened: opened.execute(f"PRAGMA user_version = {tables.FORM + 1}"))
    before = path.read_bytes()
    assert answers(actum, grown.repo.root) == truth
    assert path.read_bytes() == before
    assert look(grown.repo).says == f"{INDEX}: has form {tables.FORM + 1}, this actum knows {tables.FORM}"


def test_an_index_that_somebody_holds_is_passed_over(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    holder = sqlite3.connect(grown.repo.root / INDEX, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert answers(actum, grown.repo.root) == truth
        assert look(grown.repo).says == f"{INDEX}: database is locked"
    finally:
        holder.close()
    assert answers(actum, grown.repo.root) == truth


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nobody_may_write_reads_do_without(grown: Grown, actum: Actum) -> None:
    for folder in (grown.repo.root, grown.repo.root / ".git"):
        folder.chmod(0o555)
    try:
        printed = actum(grown.repo.root, "ls")
    finally:
        for folder in (grown.repo.root, grown.repo.root / ".git"):
            folder.chmod(0o755)
    assert (printed.status, printed.err) == (0, "")
    assert not (grown.repo.root / INDEX).exists()


@pytest.mark.parametrize("name", ["index.sqlite", "index.sqlite-journal", "index.sqlite-wal", "index.lock"])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_not_followed(
    name: str, there: bool, grown: Grown, truth: list[Printed], actum: Actum, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    if there:
        victim.write_bytes(b"somebody's letters")
    link = grown.repo.root / ".actum" / name
    link.unlink(missing_ok=True)
    link.symlink_to(victim)
    grown.commit({layout.version("m0", "1.0.0"): None})
    assert len(json.loads(actum(grown.repo.root, "ls", "versions", "--json").out)["data"]) == 103
    assert (victim.read_bytes() if there else victim.exists()) == (b"somebody's letters" if there else False)
    assert link.is_symlink()


def test_a_state_folder_that_is_a_link_is_not_followed(grown: Grown, actum: Actum, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (grown.repo.root / ".actum").symlink_to(tmp_path / "elsewhere")
    assert actum(grown.repo.root, "ls").status == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []
    found = look(grown.repo)
    assert (found.state, found.culprit) == ("passed over", grown.repo.root / ".actum")


def test_a_pipe_or_a_folder_in_its_place_is_passed_over(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    path = grown.repo.root / INDEX
    path.unlink()
    os.mkfifo(path)
    assert answers(actum, grown.repo.root) == truth
    path.unlink()
    path.mkdir()
    assert answers(actum, grown.repo.root) == truth
    assert look(grown.repo).says == f"{INDEX} is no regular file"


def test_a_journal_of_another_file_does_no_harm(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    path = grown.repo.root / INDEX
    path.with_name("index.sqlite-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(9000))
    path.with_name("index.sqlite-wal").write_bytes(os.urandom(9000))
    assert answers(actum, grown.repo.root) == truth


def test_the_index_forgets_the_trees_of_long_ago(grown: Grown, actum: Actum) -> None:
    for number in range(20):
        grown.commit({layout.version("m0", f"20.0.{number}"): grown.version("m0", f"20.0.{number}")})
        assert actum(grown.repo.root, "ls").status == 0
    opened = sqlite3.connect(grown.repo.root / INDEX)
    counted = dict(opened.execute("SELECT CAST(path AS TEXT), count(*) FROM folders GROUP BY path").fetchall())
    opened.close()
    assert counted == {"registry/m0/versions": 8, "registry/m1/versions": 1}


def test_a_file_name_that_is_no_text_is_read_like_any_other(grown: Grown, actum: Actum) -> None:
    odd = os.fsdecode(b"registry/m0/versions/\xff.yaml")
    tree = grown.repo.tree("main")
    assert odd not in tree
    entry = f"100644 {tree['registry/m0/model.yaml'].blob}\t".encode() + os.fsencode(odd)
    git(grown.repo.root, "read-tree", "main")
    git(grown.repo.root, "update-index", "--add", "--index-info", stdin=entry + b"\n")
    commit = git(grown.repo.root, "commit-tree", "-m", "odd", "-p", "main", git(grown.repo.root, "write-tree"))
    git(grown.repo.root, "update-ref", "refs/heads/main", commit)
    with without_index(grown.repo.root):
        plain = answers(actum, grown.repo.root)
    assert "warning" in plain[1].err
    assert answers(actum, grown.repo.root) == plain
    assert answers(actum, grown.repo.root) == plain


def test_a_linked_work_tree_has_an_index_of_its_own(grown: Grown, truth: list[Printed], actum: Actum) -> None:
    git(grown.repo.root, "worktree", "add", "-q", "--detach", "../linked", "main")
    linked = grown.repo.root.parent / "linked"
    assert answers(actum, linked) == truth
    assert look(replace(grown.repo, root=linked)).state == "good"
