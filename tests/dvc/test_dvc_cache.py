from __future__ import annotations

import os
from pathlib import Path

import pytest

from actum import digests
from actum.dvc.cache import DirEntry, ObjectStore, Verified
from actum.dvc.config import read_config
from actum.dvc.tracked import write_tracked
from actum.errors import InvalidRecordError, NotFoundError
from tests.dvc.dvc_project import Project


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "store")


def test_what_we_put_dvc_checks_out_and_finds_unchanged(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    (folder / "a" / "b").mkdir(parents=True)
    for number, name in enumerate(("z", "a.txt", "a/x", "a/b/ö", "Z")):
        (folder / name).write_text(str(number))
    made = ObjectStore(read_config(project.root, project.env).cache_dir).put_dir(folder)
    assert (made.size, made.nfiles) == (5, 5)
    (project.root / "new.dvc").write_bytes(write_tracked("new", made.md5, made.size, made.nfiles))
    project.dvc("checkout", "new.dvc")
    assert (project.root / "new" / "a" / "b" / "ö").read_text() == "3"
    assert "up to date" in project.dvc("status", "new.dvc").stdout


def test_a_stored_file_is_read_only_and_named_by_its_bytes(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    found = store.put_file(tmp_path / "f")
    path = store.path(found.md5)
    assert path == store.root / "files" / "md5" / "90" / "0150983cd24fb0d6963f7d28e17f72"
    assert path.stat().st_mode & 0o777 == 0o444
    assert store.verify(found.md5) == Verified("ok", digests.of_bytes(b"abc"), 3)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_same_size_corruption_is_seen_and_mended_by_a_put(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    md5 = store.put_file(tmp_path / "f").md5
    path = store.path(md5)
    path.unlink()
    path.write_bytes(b"abd")
    assert store.has(md5)
    assert store.verify(md5, size=3).state == "corrupt"
    store.put_file(tmp_path / "f")
    assert store.verify(md5).state == "ok"


def test_a_wrong_size_is_seen_without_reading(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    md5 = store.put_file(tmp_path / "f").md5
    assert store.verify(md5, size=4) == Verified("corrupt", "", 3)
    assert store.verify("0" * 32) == Verified("missing")


def test_bytes_that_are_not_those_of_the_name_are_not_adopted(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    with pytest.raises(InvalidRecordError, match="has md5 900150983cd24fb0d6963f7d28e17f72, wanted 0000"):
        store.adopt("0" * 32, tmp_path / "f")
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_a_shared_store_makes_folders_for_the_group(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    shared = ObjectStore(tmp_path / "store", shared=True)
    path = shared.path(shared.put_file(tmp_path / "f").md5)
    assert [folder.stat().st_mode & 0o7777 for folder in (path.parent, shared.root)] == [0o2775, 0o2775]


def test_the_list_of_a_folder_is_read_only_when_it_is_sound(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"abc")
    made = store.put_dir(tmp_path / "d")
    assert store.read_dir(made.md5) == (DirEntry("f", "900150983cd24fb0d6963f7d28e17f72"),)
    path = store.path(made.md5)
    path.unlink()
    path.write_bytes(b"[]")
    with pytest.raises(InvalidRecordError, match="is corrupt, its bytes have another md5"):
        store.read_dir(made.md5)
    path.unlink()
    with pytest.raises(NotFoundError, match="the list of a tracked folder is missing"):
        store.read_dir(made.md5)


@pytest.mark.parametrize("relpath", ["../f", "/etc/f", ""])
def test_a_list_that_leads_out_of_its_folder_is_refused(store: ObjectStore, relpath: str) -> None:
    text = f'[{{"md5": "900150983cd24fb0d6963f7d28e17f72", "relpath": "{relpath}"}}]'
    with pytest.raises(InvalidRecordError, match="is not the list of a tracked folder"):
        store.read_dir(store.put_bytes(text.encode(), suffix=".dir"))


def test_a_folder_with_a_link_or_nothing_in_it_is_not_stored(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    with pytest.raises(InvalidRecordError, match="holds no file"):
        store.put_dir(folder)
    os.symlink("/etc", folder / "link")
    with pytest.raises(InvalidRecordError, match="link: must be a plain file"):
        store.put_dir(folder)


def test_a_name_that_is_no_md5_leads_nowhere(store: ObjectStore) -> None:
    with pytest.raises(InvalidRecordError, match="is not the name of an object"):
        store.has("../../secret")


def test_an_object_of_dvc_2_is_found_and_read_as_unix_text(store: ObjectStore) -> None:
    md5 = digests.md5_of_bytes(b"a\nb\n")
    path = store.path(md5, legacy=True)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a\r\nb\r\n")
    assert store.verify(md5, size=4, legacy=True).state == "ok"
    path.write_bytes(b"a\0\r\nb\r\n")
    assert store.verify(md5, legacy=True).state == "corrupt"
