from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest

from actum.dvc import carrier as carriers
from actum.dvc import delivery
from actum.dvc.cache import ObjectStore, cache_of
from actum.dvc.carrier import batches
from actum.dvc.config import Config, Remote, read_config
from actum.dvc.delivery import Pushed, fetch_verified, fsck_remote, push_verified
from actum.dvc.integrity import fsck
from actum.dvc.objects import Needed, objects_of
from actum.errors import ToolFailedError
from actum.files import hold
from actum.progress import Silent
from tests.dvc.dvc_project import Project

Road = Literal["direct", "dvc"]
ROADS: list[Road] = ["direct", "dvc"]


class Distant(Remote):
    """A folder that only DVC may read."""

    path = None


def settings(project: Project, road: Road = "direct") -> tuple[Config, tuple[Needed, ...]]:
    config = read_config(project.root, project.env)
    needed = objects_of(project.read, project.paths, stores=[cache_of(config)])
    if road == "dvc":
        distant = {name: Distant(name=name, url=one.url, settings=one.settings) for name, one in config.remotes.items()}
        config = replace(config, remotes=distant)
    return config, needed


def spoil(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(bytes(byte ^ 1 for byte in data))
    path.chmod(0o444)  # DVC looks into an object of a local store only when its mode says that it was touched


def named(needed: tuple[Needed, ...], path: str) -> Needed:
    return next(one for one in needed if one.path == path)


@pytest.mark.parametrize("road", ROADS)
def test_an_empty_remote_is_filled_and_read_back(project: Project, road: Road) -> None:
    shutil.rmtree(project.store)
    config, needed = settings(project, road)
    assert push_verified(needed, config, project.env) == Pushed(verified=8, sent=8, remotes=("storage",))
    shutil.rmtree(config.cache_dir)
    project.dvc("pull")
    assert (project.root / "rows" / "deep" / "two").read_text() == "2\n"


class Listener(Silent):
    """Keeps what it is told, each job once with the last figures."""

    def __init__(self) -> None:
        self.heard: dict[str, tuple[int, int | None, str]] = {}

    def now(self, what: str, done: int = 0, total: int | None = None, unit: str = "") -> None:
        self.heard[what] = (done, total, unit)


def test_whoever_waits_is_told_of_every_object_on_its_way(project: Project) -> None:
    config, needed = settings(project)
    listener = Listener()
    assert push_verified(needed, config, project.env, listener).sent == 0
    every = (8, 8, "objects")
    assert listener.heard["reading what storage holds"] == every
    shutil.rmtree(project.store)
    listener = Listener()
    push_verified(needed, config, project.env, listener)
    last = (7, 8, "objects")  # told before each is copied
    assert listener.heard == {
        "reading what storage holds": every,
        "reading what the cache holds": every,
        "copying to storage": last,
        "reading back from storage": every,
    }
    shutil.rmtree(config.cache_dir)
    listener = Listener()
    fetch_verified(needed, config, project.env, listener)
    assert listener.heard == {
        "reading what the cache holds": every,
        "reading what storage holds": every,
        "copying from storage": last,
    }


def test_whoever_waits_for_dvc_is_told_by_the_batch(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config, needed = settings(project, "dvc")
    sizes = {one.md5: cache_of(config).path(one.md5).stat().st_size for one in needed}
    most = sum(sizes.values()) - 1
    runs = list(batches({one.md5: one for one in needed}.values(), sizes, most))
    assert len(runs) == 2
    monkeypatch.setattr(delivery, "MAX_FETCHED_BYTES", most)
    listener = Listener()
    push_verified(needed, config, project.env, listener)
    assert listener.heard["sending to storage"] == (0, None, "")
    assert listener.heard["fetching from storage"] == (8 - len(runs[-1]), 8, "objects")


@pytest.mark.parametrize("road", ROADS)
def test_a_folder_that_dvc_push_takes_for_complete_is_completed(project: Project, road: Road) -> None:
    config, needed = settings(project, road)
    remote = ObjectStore(project.store)
    two = named(needed, "rows/deep/two")
    remote.path(two.md5).unlink()
    assert "Everything is up to date." in project.dvc("push").stdout  # the trap
    assert not remote.has(two.md5)
    assert [problem.paths for problem in fsck_remote(needed, config, project.env)] == [("rows/deep/two",)]
    assert push_verified(needed, config, project.env).sent == 1
    assert fsck_remote(needed, config, project.env) == ()


@pytest.mark.parametrize("road", ROADS)
def test_a_corrupt_object_in_the_remote_is_refused_and_left_as_evidence(project: Project, road: Road) -> None:
    config, needed = settings(project, road)
    labels = named(needed, "labels.csv")
    path = ObjectStore(project.store).path(labels.md5)
    project.dvc("remote", "modify", "storage", "verify", "true")  # the trap: DVC would delete it
    config, _ = settings(project, road)
    spoil(path)
    with pytest.raises(ToolFailedError) as caught:
        push_verified(needed, config, project.env)
    assert str(caught.value) == f"storage: object {labels.md5} of labels.csv is corrupt"
    assert caught.value.hint == f"look at it, remove it from {project.store}, and push again"
    assert path.is_file()


@pytest.mark.parametrize("road", ROADS)
def test_a_corrupt_object_of_the_cache_is_never_pushed(project: Project, road: Road) -> None:
    shutil.rmtree(project.store)
    config, needed = settings(project, road)
    labels = named(needed, "labels.csv")
    spoil(cache_of(config).path(labels.md5))
    with pytest.raises(ToolFailedError, match=f"cache: object {labels.md5} of labels.csv is corrupt"):
        push_verified(needed, config, project.env)
    assert not ObjectStore(project.store).has(labels.md5)


@pytest.mark.parametrize("road", ROADS)
def test_an_object_that_is_nowhere_is_refused_and_one_in_the_remote_alone_is_not(project: Project, road: Road) -> None:
    config, needed = settings(project, road)
    labels = named(needed, "labels.csv")
    cache_of(config).path(labels.md5).unlink()
    assert push_verified(needed, config, project.env).sent == 0
    ObjectStore(project.store).path(labels.md5).unlink()
    with pytest.raises(ToolFailedError, match=rf"object {labels.md5} of labels\.csv is missing"):
        push_verified(needed, config, project.env)


def test_what_the_user_keeps_local_is_not_pushed(project: Project) -> None:
    config, _ = settings(project)
    kept = Needed(path="kept", md5="0" * 32, push=False)
    assert push_verified([kept], config, project.env) == Pushed(verified=0, sent=0, remotes=())


def test_a_remote_with_versions_of_its_own_is_refused(project: Project) -> None:
    project.dvc("remote", "modify", "storage", "version_aware", "true")
    config, needed = settings(project)
    with pytest.raises(ToolFailedError) as caught:
        push_verified(needed, config, project.env)
    assert caught.value.hint == "dvc remote modify storage version_aware false"


def test_no_more_than_asked_lies_on_the_disk_at_a_time() -> None:
    objects = [Needed(path=name, md5=name * 32) for name in "abcd"]
    sizes = {"a" * 32: 3, "b" * 32: 1, "c" * 32: 9, "d" * 32: 1}
    assert [[one.path for one in batch] for batch in batches(objects, sizes, 4)] == [["a", "b"], ["c"], ["d"]]


class Shelf(BaseHTTPRequestHandler):
    """Just enough of a web store for DVC: HEAD, GET and POST of files below ``folder``."""

    folder: Path

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_POST(self) -> None:
        target = self.folder / self.path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._body())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _answer(self, *, body: bool) -> None:
        path = self.folder / self.path.lstrip("/")
        found = path.is_file()
        data = path.read_bytes() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shelf(project: Project, tmp_path: Path) -> Iterator[type[Shelf]]:
    handler = type("OneShelf", (Shelf,), {"folder": tmp_path / "shelf"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    project.dvc("remote", "modify", "storage", "url", f"http://127.0.0.1:{server.server_port}")
    yield handler
    server.shutdown()
    server.server_close()


def test_a_remote_behind_the_web_is_filled_and_read_back(
    project: Project, shelf: type[Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_FETCHED_BYTES", 16)
    config, needed = settings(project)
    assert push_verified(needed, config, project.env).sent == 8
    stored = ObjectStore(shelf.folder)
    spoil(stored.path(named(needed, "made").md5))
    stored.path(named(needed, "rows/one").md5).unlink()
    problems = fsck_remote(needed, config, project.env)
    assert {(problem.paths, problem.state) for problem in problems} == {
        (("made",), "corrupt"),
        (("rows/one",), "missing"),
    }
    shutil.rmtree(config.cache_dir)
    sound = [one for one in needed if one.path not in ("made", "rows/one")]
    assert fetch_verified(sound, config, project.env) == 6
    assert fsck(sound, {"cache": cache_of(config)}) == ()


def test_a_remote_that_cannot_be_asked_is_an_error_not_a_finding(project: Project, free_port: int) -> None:
    project.dvc("remote", "modify", "storage", "url", f"http://127.0.0.1:{free_port}/store")
    config, needed = settings(project)
    with pytest.raises(
        ToolFailedError, match=rf"^remote .storage.: http://127\.0\.0\.1:{free_port}/store does not answer: "
    ):
        fsck_remote(needed[:1], config, project.env)


@pytest.mark.parametrize("road", ROADS)
def test_only_sound_bytes_come_into_the_cache(project: Project, road: Road) -> None:
    config, needed = settings(project, road)
    cache, labels = cache_of(config), named(needed, "labels.csv")
    spoil(cache.path(labels.md5))
    cache.path(named(needed, "rows").md5).unlink()
    assert fetch_verified(needed, config, project.env) == 2
    assert fsck(needed, {"cache": cache}) == ()
    spoil(ObjectStore(project.store).path(labels.md5))
    cache.path(labels.md5).unlink()
    with pytest.raises(ToolFailedError, match=rf"storage: object {labels.md5} of labels\.csv is corrupt"):
        fetch_verified(needed, config, project.env)
    assert not cache.has(labels.md5)


def test_credentials_lie_in_a_private_file_that_goes_away(project: Project) -> None:
    config, _ = settings(project)
    with carriers.carrier(config.remote(), project.env) as one:
        assert (one.root.stat().st_mode & 0o777, (one.root / ".dvc" / "config").stat().st_mode & 0o777) == (
            0o700,
            0o600,
        )
    assert not one.root.exists()


def test_what_a_killed_carrier_left_goes_with_its_credentials(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    config, needed = settings(project, "dvc")
    killed, alive = hold(place, "actum-carrier-"), hold(place, "actum-carrier-")
    (killed.path / "secret").write_text("password")
    os.close(killed.lock)  # as the kernel does
    fetch_verified(needed, replace(config, cache_dir=tmp_path / "cache"), project.env)
    assert list(place.iterdir()) == [alive.path]
    alive.release()
