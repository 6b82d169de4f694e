"""Which objects a version cannot do without, and having them all here and sound."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from actum.errors import InvalidRecordError, NotFoundError, RefusedError, ToolFailedError
from actum.needs import bring, objects_needed
from tests.needs.registered import Registered, flip

WHEEL = "environments/wheels/six-1.17.0-py3-none-any.whl"
NEEDED = [
    "curve.csv",
    "environments/wheels",
    "environments/wheels/requirements.lock",
    WHEEL,
    "environments/wings/wing.zip",
    "made",
    "made/b",
    "made/model.bin",
    "prepared.txt",
    "registry/churn/probe.csv",
    "rows",
    "rows/deep/two",
    "rows/one",
]


def test_a_version_needs_what_its_stages_read_and_made_and_what_it_keeps_and_nothing_else(
    registered: Registered,
) -> None:
    assert sorted(item.path for item in registered.needed()) == NEEDED
    bare = replace(
        registered.version, probe=None, data=(), environment=replace(registered.version.environment, wheels=None)
    )
    found = objects_needed(registered.result, bare, [registered.cache])
    made = ["curve.csv", "environments/wings/wing.zip", "made", "made/b", "made/model.bin", "prepared.txt"]
    assert sorted(item.path for item in found) == made


def test_without_its_list_a_folder_is_needed_and_its_files_are_not_known(registered: Registered) -> None:
    found = objects_needed(registered.result, registered.version, [])
    inside = ("environments/wheels/", "made/", "rows/")
    assert sorted(item.path for item in found) == [path for path in NEEDED if not path.startswith(inside)]


def test_what_the_cache_has_is_brought_without_asking_anybody(registered: Registered) -> None:
    registered.without_remote()
    item = registered.object("prepared.txt")
    assert bring(item, registered.config, registered.project.env) == registered.cache.path(item.md5)


def test_what_the_cache_lost_is_fetched(registered: Registered) -> None:
    item = registered.object("made/model.bin")
    registered.cache.path(item.md5).unlink()
    place = bring(item, registered.config, registered.project.env)
    assert registered.cache.verify(item.md5).state == "ok"
    assert place.read_bytes() == registered.remote.path(item.md5).read_bytes()


def test_what_is_not_here_and_has_no_remote_is_said_with_its_name(registered: Registered) -> None:
    item = registered.object("prepared.txt")
    registered.cache.path(item.md5).unlink()
    registered.without_remote()
    with pytest.raises(NotFoundError) as caught:
        bring(item, registered.config, registered.project.env)
    assert str(caught.value) == f"prepared.txt ({item.md5}) is not in the cache, and there is no remote"
    assert caught.value.hint == "dvc remote add --default storage /path/or/address"


def test_what_neither_has_is_not_brought(registered: Registered) -> None:
    item = registered.object("prepared.txt")
    for store in (registered.cache, registered.remote):
        store.path(item.md5).unlink()
    with pytest.raises(ToolFailedError):
        bring(item, registered.config, registered.project.env)
    assert not registered.cache.has(item.md5)


def test_bytes_that_a_record_does_not_vouch_for_are_not_handed_on(registered: Registered) -> None:
    item = registered.object("prepared.txt")
    other = replace(item, sha256="sha256:" + "0" * 64)
    with pytest.raises(InvalidRecordError) as caught:
        bring(other, registered.config, registered.project.env)
    assert str(caught.value) == "prepared.txt: the cache holds other bytes than its record names"
    assert caught.value.hint == "actum fsck"


def test_an_empty_cache_is_filled_lists_of_folders_first(registered: Registered) -> None:
    shutil.rmtree(registered.cache.root)
    found = registered.secure()
    assert sorted(item.path for item in found) == NEEDED
    assert {registered.cache.verify(item.md5).state for item in found} == {"ok"}
    # The three lists came before anybody knew what they hold.
    assert registered.told.lines == [f"fetching {len(NEEDED) - 3} objects"]
    assert registered.secure() == found
    assert len(registered.told.lines) == 1


@pytest.mark.parametrize("where", ["cache", "storage"])
def test_what_is_corrupt_anywhere_stops_it_with_its_name(registered: Registered, where: str) -> None:
    store = registered.cache if where == "cache" else registered.remote
    md5 = registered.object("rows/one").md5
    flip(store.path(md5))
    with pytest.raises(RefusedError) as caught:
        registered.secure()
    assert str(caught.value) == f"nothing was run:\n  {where}: object {md5} of rows/one is corrupt"
    assert caught.value.hint == "actum fsck"


def test_all_that_is_nowhere_is_named_at_once(registered: Registered) -> None:
    wanted = [registered.object(path) for path in ("curve.csv", WHEEL)]
    for item in wanted:
        for store in (registered.cache, registered.remote):
            store.path(item.md5).unlink()
    with pytest.raises(RefusedError) as caught:
        registered.secure()
    lines = [f"cache and remote: object {item.md5} of {item.path} is missing" for item in wanted]
    assert str(caught.value).splitlines() == ["nothing was run:", *(f"  {line}" for line in lines)]


def test_a_complete_cache_is_enough_where_the_remote_cannot_be_reached(registered: Registered) -> None:
    registered.with_remote("http://127.0.0.1:9/nowhere")
    assert sorted(item.path for item in registered.secure()) == NEEDED
    (line,) = registered.told.lines
    assert line.startswith("the remote was not checked, the cache has everything: ")
    registered.cache.path(registered.object("rows/one").md5).unlink()
    with pytest.raises(ToolFailedError):
        registered.secure()


def test_without_a_remote_a_complete_cache_is_enough_and_an_incomplete_one_is_not(registered: Registered) -> None:
    registered.without_remote()
    assert sorted(item.path for item in registered.secure()) == NEEDED
    md5 = registered.object("rows/one").md5
    registered.cache.path(md5).unlink()
    with pytest.raises(RefusedError) as caught:
        registered.secure()
    assert str(caught.value) == f"nothing was run:\n  cache and remote: object {md5} of rows/one is missing"
