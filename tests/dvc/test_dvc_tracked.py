from __future__ import annotations

import pytest

from actum.dvc.cache import ObjectStore
from actum.dvc.config import read_config
from actum.dvc.tracked import Tracked, TrackedOut, is_tracked_file, read_tracked, write_tracked
from actum.errors import InvalidRecordError
from tests.dvc.dvc_project import Project

MD5 = "26ab0db90d72e28ad0ba1e22ee510510"


def test_a_tracked_file_and_folder_are_written_as_dvc_add_writes_them(project: Project) -> None:
    store = ObjectStore(project.root.parent / "elsewhere")
    for name in ("labels.csv", "1e3", "on", "say: what", "ünï", "a long name with spaces " * 5):
        (project.root / name).write_text(name)
    folder = project.root / "Ordner é"
    (folder / "z").mkdir(parents=True)
    (folder / "z" / "Zebra").write_text("z")
    (folder / "äpfel").write_text("ä")
    (folder / "_a").write_text("")
    names = ["labels.csv", "1e3", "on", "say: what", "ünï", "a long name with spaces " * 5]
    project.dvc("add", "-q", *names, folder.name)
    for name in names:
        found = store.put_file(project.root / name)
        assert write_tracked(name, found.md5, found.size) == project.read(f"{name}.dvc")
    made = store.put_dir(folder)
    assert write_tracked(folder.name, made.md5, made.size, made.nfiles) == project.read(f"{folder.name}.dvc")
    theirs = ObjectStore(read_config(project.root, project.env).cache_dir)
    assert theirs.path(made.md5).read_bytes() == store.path(made.md5).read_bytes()


def test_a_tracked_file_is_read_with_paths_from_the_root() -> None:
    text = f"outs:\n- md5: {MD5}\n  size: 2\n  hash: md5\n  path: a.csv\n  push: false\n  remote: cold\n"
    assert read_tracked(text.encode(), "data/a.csv.dvc") == Tracked(
        outs=(TrackedOut(path="data/a.csv", md5=MD5, size=2, hash="md5", push=False, remote="cold"),)
    )


def test_an_import_from_another_repository_is_known_as_such() -> None:
    text = (
        f"deps: [{{path: a, repo: {{url: ../other, rev_lock: abc}}}}]\nfrozen: true\nouts: [{{md5: {MD5}, path: a}}]\n"
    )
    tracked = read_tracked(text.encode(), "a.dvc")
    assert tracked.imported is True


def test_a_malformed_tracked_file_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRecordError) as caught:
        read_tracked(b"outs:\n- md5: 12\n  path: a\n", "data/a.dvc")
    assert str(caught.value) == 'data/a.dvc: outs[0].md5: is int, must be str: quote it, "12"'


def test_only_dvc_files_outside_of_dvcs_own_folder_are_tracked_files() -> None:
    paths = ["a.dvc", "x/b.csv.dvc", ".dvc/config", ".dvc/tmp/x.dvc", "x/.dvc", "dvc.lock"]
    assert [path for path in paths if is_tracked_file(path)] == ["a.dvc", "x/b.csv.dvc"]
