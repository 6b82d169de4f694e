from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from actum import digests
from actum.dvc.cache import DirEntry, ObjectStore, cache_of, dir_bytes
from actum.dvc.config import read_config
from actum.dvc.integrity import Problem, fsck
from actum.dvc.objects import Needed, objects_of
from tests.dvc.dvc_project import Files, Project

MD5 = "26ab0db90d72e28ad0ba1e22ee510510"
LIST = "12f4b7d54a32e58818e27fba28376fba.dir"


def spoil(store: ObjectStore, md5: str) -> None:
    path = store.path(md5)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(bytes(byte ^ 1 for byte in data))


def needed_by(project: Project) -> tuple[Needed, ...]:
    return objects_of(project.read, project.paths, stores=[cache_of(read_config(project.root, project.env))])


def test_a_revision_needs_its_sources_and_cached_outputs_with_all_their_files(project: Project) -> None:
    found = [(one.path, one.kind, one.size, one.is_dir) for one in needed_by(project)]
    assert found == [
        ("prepared.txt", "output", 4, False),
        ("made", "output", None, True),
        ("made/b", "output", None, False),
        ("made/model.bin", "output", None, False),
        ("curve.csv", "output", 4, False),
        ("labels.csv", "source", 8, False),
        ("rows", "source", None, True),
        ("rows/deep/two", "source", None, False),
        ("rows/one", "source", None, False),
    ]


def test_imports_and_stale_stages_and_foreign_places_need_no_object_of_ours(reader: Files) -> None:
    read = reader(
        {
            "dvc.yaml": "stages: {a: {cmd: x, outs: ['s3://b/k', {kept: {push: false, remote: cold}}]}}\n",
            "dvc.lock": f"""
schema: '2.0'
stages:
  a: {{cmd: x, outs: [{{path: "s3://b/k", md5: {MD5}}}, {{path: kept, md5: {MD5}, hash: md5, size: 2}}]}}
  gone: {{cmd: x, outs: [{{path: gone, md5: {MD5}}}]}}
""",
            "import.dvc": f"deps: [{{path: a, repo: {{url: u}}}}]\nouts: [{{path: import, md5: {MD5}}}]\n",
            "url.dvc": f"deps: [{{path: 'http://h/a', etag: e}}]\nouts: [{{path: url, md5: {MD5}}}]\n",
            "later.dvc": "deps: [{path: 'http://h/a'}]\nouts: [{path: later, hash: md5}]\n",
            "listed.dvc": f"outs: [{{path: listed, hash: md5, files: [{{relpath: x/y, md5: {MD5}, size: 2}}]}}]\n",
        }
    )
    paths = ["dvc.lock", "import.dvc", "later.dvc", "listed.dvc", "url.dvc"]
    assert objects_of(read, paths) == (
        Needed(path="kept", md5=MD5, size=2, kind="output", push=False, remote="cold"),
        Needed(path="listed/x/y", md5=MD5, size=2),
        Needed(path="url", md5=MD5, legacy=True),
    )


def test_a_folder_whose_list_no_store_has_comes_alone(reader: Files, tmp_path: Path) -> None:
    read = reader({"d.dvc": f"outs: [{{path: d, md5: {LIST}, hash: md5, size: 6}}]\n"})
    assert objects_of(read, ["d.dvc"], stores=[ObjectStore(tmp_path)]) == (Needed(path="d", md5=LIST, is_dir=True),)


def test_one_file_missing_inside_a_folder_is_found_where_dvc_finds_nothing(project: Project) -> None:
    needed = needed_by(project)
    remote = ObjectStore(project.store)
    two = next(one for one in needed if one.path == "rows/deep/two")
    remote.path(two.md5).unlink()
    assert "in sync" in project.dvc("status", "-c").stdout  # the trap
    assert fsck(needed, {"storage": remote}) == (
        Problem(object=two.md5, store="storage", state="missing", paths=("rows/deep/two",)),
    )


def test_same_size_corruption_is_found_where_dvc_delivers_it(project: Project) -> None:
    needed = needed_by(project)
    remote = ObjectStore(project.store)
    spoil(remote, digests.md5_of_bytes(b"id,late\n"))
    assert [(problem.state, problem.paths) for problem in fsck(needed, {"storage": remote})] == [
        ("corrupt", ("labels.csv",))
    ]


def test_a_corrupt_list_is_found_and_not_believed(project: Project) -> None:
    cache = cache_of(read_config(project.root, project.env))
    rows = next(one for one in needed_by(project) if one.path == "rows")
    spoil(cache, rows.md5)
    needed = objects_of(project.read, ["rows.dvc"], stores=[cache, ObjectStore(project.store)])
    assert [one.path for one in needed] == ["rows", "rows/deep/two", "rows/one"]
    assert [problem.paths for problem in fsck(needed, {"cache": cache, "storage": ObjectStore(project.store)})] == [
        ("rows",)
    ]


def test_a_recorded_sha256_counts_beside_the_md5(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    one = Needed(path="m", md5=store.put_bytes(b"abc"), size=3, sha256=digests.of_bytes(b"abc"))
    other = replace(one, sha256=digests.of_bytes(b"abd"))
    assert fsck([one], {"s": store}) == ()
    assert fsck([one, other], {"s": store}) == (Problem(object=one.md5, store="s", state="corrupt", paths=("m", "m")),)
    resized = replace(one, path="n", size=4)
    assert [problem.state for problem in fsck([one, resized], {"s": store})] == ["corrupt"]


def test_a_thousand_objects_are_checked_well_within_a_second(tmp_path: Path) -> None:
    store, entries = ObjectStore(tmp_path), []
    for number in range(1000):
        data = number.to_bytes(4, "big") * 5000
        entries.append(DirEntry(f"{number:04}", digests.md5_of_bytes(data)))
        path = store.path(entries[-1].md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    text = f"outs:\n- md5: {store.put_bytes(dir_bytes(entries), suffix='.dir')}\n  hash: md5\n  path: d\n".encode()
    seen: list[tuple[int, int]] = []
    start = time.process_time()
    needed = objects_of({"d.dvc": text}.get, ["d.dvc"], stores=[store])
    assert fsck(needed, {"s": store}, progress=lambda done, total: seen.append((done, total))) == ()
    spent = time.process_time() - start
    assert seen == [(done, 1001) for done in range(1002)]
    assert spent < 1.5, f"{spent:.2f} CPU s"
