"""Files are written whole or not at all, and never outside the root. Disks here are really full."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actum.errors import UserError
from actum.files import create, inside, replace

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a disk")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.yaml"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["a.yaml"]


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"")
    path.chmod(0o750)
    replace(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o750


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@as_root
def test_a_full_disk_leaves_what_was_there(tiny_disk: Path) -> None:
    path = tiny_disk / "a.yaml"
    replace(path, b"old")
    with pytest.raises(UserError) as caught:
        replace(path, b"x" * (1 << 20))
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert caught.value.hint == "free some space on that disk, then run the command again"
    assert (path.read_bytes(), os.listdir(tiny_disk)) == (b"old", ["a.yaml"])


@as_root
def test_a_full_disk_leaves_no_new_file(tiny_disk: Path) -> None:
    with pytest.raises(UserError, match="No space left on device"):
        create(tiny_disk / "a.yaml", b"x" * (1 << 20))
    assert os.listdir(tiny_disk) == []


def test_a_limit_on_file_sizes_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    program = (
        "import resource, sys; from pathlib import Path; from actum.errors import UserError\n"
        "from actum.files import replace\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: replace(Path(sys.argv[1]), b'x' * 100_000)\n"
        "except UserError as error: print(error)\n"
    )
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    said = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True, env=env)
    assert said.stdout == f"{path}: cannot be written: File too large\n"
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["a.yaml"])


@as_root
def test_a_disk_that_is_not_writable_is_named(tiny_disk: Path) -> None:
    replace(tiny_disk / "a", b"old")
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(UserError, match="Read-only file system"):
        replace(tiny_disk / "a", b"new")
    assert (tiny_disk / "a").read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        replace(tmp_path / "a", b"new")
    tmp_path.chmod(0o700)


def test_a_folder_or_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="folder: cannot be written: Is a directory"):
        replace(tmp_path / "folder", b"x")
    with pytest.raises(UserError, match="below: cannot be written: File exists"):
        replace(tmp_path / "file" / "below", b"x")
    with pytest.raises(UserError, match="folder: is there already, with other content"):
        create(tmp_path / "folder", b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_create_writes_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "1.0.0.yaml"
    create(path, b"one")
    first = path.stat()
    create(path, b"one")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    with pytest.raises(UserError) as caught:
        create(path, b"two")
    assert str(caught.value) == f"{path}: is there already, with other content"
    assert (path.read_bytes(), os.listdir(path.parent)) == (b"one", ["1.0.0.yaml"])


def test_of_many_that_create_one_file_a_single_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "a"
    program = (
        "import sys; from pathlib import Path; from actum.errors import UserError; from actum.files import create\n"
        "try: create(Path(sys.argv[1]), sys.argv[2].encode()); print(sys.argv[2])\n"
        "except UserError: pass\n"
    )
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", program, str(path)]
    children = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True, env=env) for n in range(4)]
    winners = [said for child in children if (said := child.communicate()[0].strip())]
    assert winners == [path.read_text()]
    assert os.listdir(tmp_path) == ["a"]


def test_create_does_not_write_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "a").symlink_to("target")
    with pytest.raises(UserError, match="is there already"):
        create(tmp_path / "a", b"x")


@pytest.mark.parametrize("relative", ["a", "a/b.yaml", ".", "./a", "a//b", "ü/ä b", "to_inside/x", "..a/b.."])
def test_a_relative_path_is_joined_to_the_root(tmp_path: Path, relative: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "to_inside").symlink_to("a")
    assert inside(tmp_path, relative) == tmp_path / relative


@pytest.mark.parametrize("relative", ["", "/", "/etc/passwd", "..", "a/../b", "a/..", "a\\b", "a\0b", "a\nb", "a\x7f"])
def test_a_path_that_leaves_the_root_is_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(UserError) as caught:
        inside(tmp_path, relative)
    assert str(caught.value) == f"{relative!r} is no path inside {tmp_path}"


@pytest.mark.parametrize("relative", ["out", "out/a", "out/not/there", "chain/a", "dangling", "folder/up"])
def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path: Path, relative: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "folder").mkdir(parents=True)
    outside.mkdir()
    (root / "out").symlink_to(outside)
    (root / "chain").symlink_to("out")
    (root / "dangling").symlink_to("/nowhere/at/all")
    (root / "folder" / "up").symlink_to("../..")
    with pytest.raises(UserError, match=r"is a link that leads out of .*/root"):
        inside(root, relative)


def test_the_root_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to("folder")
    (tmp_path / "alias").symlink_to("root")
    assert inside(tmp_path / "alias", "link/a") == tmp_path / "alias" / "link" / "a"
