"""Fsck on a sound repository finds nothing, and each thing that goes wrong is found once, whole, with what mends it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import actum
from actum import layout
from actum.cli.main import main
from actum.dvc.cache import ObjectStore
from actum.evidence import add_evidence
from actum.git import writing
from actum.records.event import Event
from actum.records.version import ModelVersion
from tests.fsck.conftest import found, stores
from tests.promotion.release_project import NOW, Project

ARTIFACT = "models/churn.bin"
V1 = layout.version("churn", "1.0.0")
REF = layout.version_ref("churn", "1.0.0")
POINTER = layout.stage("churn", "production")


def version(project: Project, number: str = "1.0.0") -> ModelVersion:
    read = project.read(layout.version("churn", number))
    assert isinstance(read, ModelVersion)
    return read


def the(project: Project, kind: str) -> Event:
    (event,) = (event for event in project.store().events("churn") if event.kind == kind)
    return event


def path_of(event: Event) -> str:
    return layout.event("churn", event.id, event.kind)


def spoil(store: ObjectStore, md5: str) -> None:
    """Flip one bit of an object: its size stays."""
    place = store.path(md5)
    place.chmod(0o644)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)


def short(project: Project, revision: str) -> str:
    return project.git("rev-parse", revision)[:10]


# ------------------------------------------------------------------ what is sound


def test_a_sound_repository_is_clean(sound: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(sound) == []
    assert main(["-C", str(sound.root), "fsck"]) == 0
    assert capsys.readouterr().out == "clean: looked at 10 records, 2 versions, 5 objects, 1 seal\n"


def test_a_clone_that_fetched_its_objects_is_clean(sound: Project) -> None:
    there = sound.root.parent / "clone"
    sound.git("clone", "-q", f"file://{sound.root}", str(there))
    clone = Project(there, sound.env, sound.ids)
    clone.git("fetch", "-q", "origin", "refs/actum/*:refs/actum/*")
    assert found(clone) == []  # what only the remote has is no fault


def test_fsck_changes_nothing(sound: Project) -> None:
    spoil(sound.cache, version(sound).artifact.md5)
    before = tree(sound.root.parent)
    assert found(sound) != []
    assert tree(sound.root.parent) == before


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "index")
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


# ------------------------------------------------------------------ objects


def test_an_object_that_rotted_in_the_cache_is_mended_from_the_remote(sound: Project) -> None:
    md5 = version(sound).artifact.md5
    spoil(sound.cache, md5)
    mend = f"rm -f {sound.cache.path(md5)} && dvc fetch"
    assert found(sound) == [("objects", "wrong", ARTIFACT, f"object {md5} is corrupt in cache", mend)]


def test_a_flipped_byte_in_the_remote_is_mended_from_the_cache(sound: Project) -> None:
    md5 = version(sound).artifact.md5
    spoil(ObjectStore(sound.remote), md5)
    mend = f"rm -f {sound.remote}/files/md5/{md5[:2]}/{md5[2:]} && dvc push"
    assert found(sound) == [("objects", "wrong", ARTIFACT, f"object {md5} is corrupt in storage", mend)]


def test_an_object_that_the_remote_lost_is_pushed_again(sound: Project) -> None:
    md5 = version(sound).artifact.md5
    ObjectStore(sound.remote).path(md5).unlink()
    mend = "dvc push, or actum register MODEL --version X.Y.Z again"
    assert found(sound) == [("objects", "wrong", ARTIFACT, f"object {md5} is missing in storage", mend)]


def test_an_object_that_is_nowhere_is_said_once(sound: Project) -> None:
    md5 = version(sound).artifact.md5
    for store in stores(sound):
        store.path(md5).unlink()
    what = f"object {md5} is neither in the cache nor in the remote"
    assert found(sound) == [("objects", "wrong", ARTIFACT, what, "")]


def test_of_an_object_that_is_corrupt_everywhere_none_is_advised_to_be_removed(sound: Project) -> None:
    md5 = version(sound).artifact.md5
    for store in stores(sound):
        spoil(store, md5)
    assert found(sound) == [
        ("objects", "wrong", ARTIFACT, f"object {md5} is corrupt in cache", ""),
        ("objects", "wrong", ARTIFACT, f"object {md5} is corrupt in storage", ""),
    ]


def test_without_a_remote_the_only_copy_is_here(sound: Project) -> None:
    sound.write(".dvc/config", "")
    sound.commit()
    what = "there is none: the bytes that records name are on this machine alone"
    mend = "dvc remote add --default storage /path/or/address"
    assert found(sound) == [("objects", "note", "remote", what, mend)]


def test_what_a_script_kept_is_looked_at_as_well(sound: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound.root)
    sound.write("pictures/roc.txt", "up and to the right")
    with actum.run("by hand") as run:
        run.log_artifact("pictures")
    sound.commit()
    (record,) = (one for one in sound.store().runs() if one.id == run.id)
    (kept,) = record.artifacts
    assert kept.md5 is not None
    (member,) = sound.cache.read_dir(kept.md5)
    alone, mend = "object {} is on this machine alone, storage lacks it", f"dvc push {kept.path}.dvc"
    assert found(sound) == [
        ("objects", "note", kept.path, alone.format(kept.md5), mend),
        ("objects", "note", f"{kept.path}/roc.txt", alone.format(member.md5), mend),
    ]
    spoil(sound.cache, member.md5)
    what = f"object {member.md5} is corrupt in cache"
    assert ("objects", "wrong", f"{kept.path}/roc.txt", what, "") in found(sound)


# ------------------------------------------------------------------ seals


def test_a_segment_that_was_altered_is_not_what_was_sealed(sound: Project) -> None:
    event = the(sound, "seal")
    assert event.seal is not None
    seal = event.seal
    spoil(sound.cache, seal.md5)
    mend = f"rm -f {sound.cache.path(seal.md5)} && dvc fetch"
    what = f"{seal.path}: its bytes are not those that were sealed"
    assert found(sound) == [
        ("objects", "wrong", seal.path, f"object {seal.md5} is corrupt in cache", mend),
        ("seals", "wrong", f"churn event/{event.id}", what, ""),
    ]


def test_sealed_bytes_that_dvc_no_longer_knows_are_named(sound: Project) -> None:
    event = the(sound, "seal")
    assert event.seal is not None
    pointer = f"{event.seal.path}.dvc"
    said = (sound.root / pointer).read_text()
    what = "names other bytes: DVC no longer knows what was sealed"
    sound.write(pointer, said.replace(event.seal.md5, "0" * 32))
    sound.commit()
    assert found(sound) == [("seals", "wrong", f"churn event/{event.id}", f"{pointer} {what}", "")]
    (sound.root / pointer).unlink()
    sound.commit()
    what = "is gone: DVC no longer knows what was sealed"
    assert found(sound) == [("seals", "wrong", f"churn event/{event.id}", f"{pointer} {what}", "")]


def test_a_segment_that_was_written_anew_does_not_have_the_sealed_root(sound: Project) -> None:
    """Who replaces the bytes and all their digests still cannot have the root."""
    event = the(sound, "seal")
    assert event.seal is not None
    forged = replace(event, seal=replace(event.seal, merkle_root="sha256:" + "0" * 64))
    first = sound.repo.introduced("main", path_of(event))
    sound.record(path_of(event), forged)
    sound.commit()
    assert first is not None
    where = f"churn event/{event.id}"
    assert found(sound) == [
        ("seals", "wrong", where, f"{path_of(event)} was edited after it was recorded ({first[:10]})", ""),
        ("seals", "wrong", where, f"{event.seal.path}: 12 decisions with another root than the seal's", ""),
    ]


def test_a_seal_that_was_left_out_is_missed_by_the_next(sound: Project) -> None:
    event = the(sound, "seal")
    assert event.seal is not None
    ghost = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    next_ = replace(event, id="01HWV1ZEG0ZZZZZZZZZZZZZZZZ", seal=replace(event.seal, previous=ghost))
    sound.record(path_of(next_), next_)
    sound.commit()
    where = f"churn event/{next_.id}"
    assert found(sound) == [("seals", "wrong", where, f"follows seal {ghost}, which is not on record", "")]


# ------------------------------------------------------------------ versions, refs and tags


def test_a_version_without_its_ref_could_lose_its_commit(sound: Project) -> None:
    sound.git("update-ref", "-d", REF)
    what = f"{REF} is missing: after a squash or rebase its commit could be lost"
    mend = f"git update-ref {REF} {version(sound).result_commit}"
    assert found(sound) == [("versions", "wrong", "churn@v1.0.0", what, mend)]


def test_a_ref_that_keeps_another_commit_is_put_right(sound: Project) -> None:
    sound.git("update-ref", REF, "main")
    commit = version(sound).result_commit
    what = f"{REF} points at {short(sound, 'main')}, the version says {commit[:10]}"
    assert found(sound) == [("versions", "wrong", "churn@v1.0.0", what, f"git update-ref {REF} {commit}")]


def test_a_version_that_says_other_than_its_run_was_edited(sound: Project) -> None:
    honest = version(sound)
    sound.record(V1, replace(honest, metrics={"auc": 0.99, "brier": 0.15}))
    sound.commit()
    mend = f"git log -- {V1}   (and take back what changed it)"
    what = f"metrics.auc: is 0.99, run/{honest.run} says 0.7"
    assert found(sound) == [("versions", "wrong", "churn@v1.0.0", what, mend)]


def test_a_version_whose_commit_does_not_hold_what_it_pins_is_named(sound: Project) -> None:
    honest = version(sound)
    first = honest.content[0]
    sound.record(V1, replace(honest, content=(replace(first, blob="0" * 40), *honest.content[1:])))
    sound.commit()
    what = f"commit {honest.result_commit[:10]} does not hold the files that the version pins"
    assert ("versions", "wrong", "churn@v1.0.0", what, "") in found(sound)


def test_a_commit_that_a_squash_left_behind_is_fetched_by_its_ref(sound: Project) -> None:
    sound.begin("work")
    made = sound.register("1.2.0", sound.train("three\n", auc=0.9, brier=0.1))
    sound.git("switch", "-q", "main")
    sound.git("merge", "-q", "--squash", "work")
    sound.commit("squashed")
    sound.git("branch", "-D", "work")
    there = sound.root.parent / "clone"
    sound.git("clone", "-q", f"file://{sound.root}", str(there))
    clone = Project(there, sound.env, sound.ids)
    for number in ("1.0.0", "1.1.0"):
        ref = layout.version_ref("churn", number)
        clone.git("fetch", "-q", "origin", f"{ref}:{ref}")
    ref, commit = layout.version_ref("churn", "1.2.0"), made.result_commit[:10]
    what = f"its result commit {commit} is not here"
    assert found(clone) == [
        ("versions", "wrong", "churn@v1.2.0", what, f"git fetch origin {ref}:{ref}"),
        ("tags", "note", "churn@v1.2.0", what, "git fetch origin 'refs/actum/*:refs/actum/*'"),
    ]
    assert clone.repo.resolve(ref) is None  # it was looked for, not fetched
    clone.git("fetch", "-q", "origin", f"{ref}:{ref}")
    assert found(clone) == [("tags", "note", "churn@v1.2.0", "this tag is not written yet", "actum tags")]


def test_a_ref_of_a_version_that_is_nowhere_is_worth_knowing(sound: Project) -> None:
    ref = layout.version_ref("churn", "9.0.0")
    sound.git("update-ref", ref, "main")
    assert found(sound) == [("versions", "note", ref, "keeps a commit of a version that is on no branch here", "")]


def test_a_tag_that_was_moved_is_noticed(sound: Project) -> None:
    sound.git("tag", "-f", "-a", "-m", "moved", "churn@v1.0.0", "main")
    commit = version(sound).result_commit[:10]
    assert (
        "tags",
        "note",
        "churn@v1.0.0",
        f"is on {short(sound, 'main')}, the version's result commit is {commit}",
        "git tag -d 'churn@v1.0.0' && actum tags",
    ) in found(sound)


def test_a_tag_that_nobody_wrote_yet_is_worth_knowing(sound: Project) -> None:
    sound.git("tag", "-d", "churn@v1.1.0")
    assert found(sound) == [("tags", "note", "churn@v1.1.0", "this tag is not written yet", "actum tags")]


# ------------------------------------------------------------------ records


def test_a_record_that_nobody_can_read_is_named(sound: Project) -> None:
    sound.write("policies/other.yaml", "schema: policy/1\npolicy: [\n")
    sound.commit()
    what, mend = "line 3: column 1: did not find expected node content", "mend the YAML at that place"
    assert found(sound) == [("records", "wrong", "policies/other.yaml", what, mend)]


def test_a_record_that_says_too_little_is_named_with_its_field(sound: Project) -> None:
    sound.write("policies/other.yaml", "schema: policy/1\n")
    sound.commit()
    assert found(sound) == [("records", "wrong", "policies/other.yaml", "policy: is required", "")]


def test_a_pointer_without_its_event_leads_nowhere(sound: Project) -> None:
    event = the(sound, "promotion")
    sound.git("rm", "-q", path_of(event))
    sound.commit()
    what = f"line 6: event: {path_of(event)} is not there, or is no promotion of churn"
    tags = [
        ("tags", "note", "churn#production", f"its promotion {event.id} is not on record", "actum fsck"),
        (
            "tags",
            "note",
            "churn#production#1",
            "is not from the records; where it is the newest, GTO and DVC go by it",
            "",
        ),
    ]
    mend = "actum promote churn@v1.0.0 --to production"
    assert found(sound) == [("records", "wrong", POINTER, what, mend), *tags]


def test_a_gap_among_the_promotions_is_said_once(sound: Project) -> None:
    two = sound.promoted("churn@v1.1.0", now=NOW + timedelta(hours=1))
    three = sound.promoted("churn@v1.0.0", now=NOW + timedelta(hours=2))
    sound.git("rm", "-q", path_of(two))
    sound.commit()
    text = (sound.root / path_of(three)).read_text().splitlines()
    line = text.index(f"  supersedes: {two.id}") + 1
    what = f"line {line}: supersedes: {two.id} is not on record before it"
    assert [fault for fault in found(sound) if fault[0] == "records"] == [
        ("records", "wrong", path_of(three), what, "actum fsck")
    ]


def test_a_promotion_that_no_pointer_followed_rewrites_the_past(sound: Project) -> None:
    event = replace(the(sound, "promotion"), id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    sound.record(path_of(event), event)
    sound.commit()
    what = "no pointer names it, nor does what followed it"
    assert found(sound) == [("records", "wrong", path_of(event), what, f"git log -- '{path_of(event)}'")]


def test_a_card_that_names_what_is_gone_is_named(sound: Project) -> None:
    sound.git("rm", "-q", "policies/churn.yaml")
    sound.commit()
    what = "line 6: policy: policies/churn.yaml is not there"
    assert found(sound) == [("records", "wrong", "registry/churn/model.yaml", what, "")]


def test_a_lock_that_no_run_made_is_worth_knowing(sound: Project) -> None:
    sound.write("rows.txt", "four\n")
    sound.dvc("repro", "-q")
    sound.commit()
    what = "no run on record made what it says of train"
    assert found(sound) == [("records", "note", "dvc.lock", what, "actum run")]


def test_evidence_that_was_taken_back_is_named(sound: Project) -> None:
    path = "monitoring/churn/2024/05/one.json"
    add_evidence(sound.repo, {path: b"{}\n"}, "measure")
    held = sound.repo.resolve(layout.EVIDENCE_REF)
    commit = writing.commit_files(sound.repo, held, {path: None}, "forget")
    writing.move_ref(sound.repo, layout.EVIDENCE_REF, commit, expected=held)
    what = f"was removed in {commit[:10]}; evidence is only ever added to"
    where = f"actum/evidence:{path}"
    assert found(sound) == [("records", "wrong", where, what, f"git show {commit[:10]}")]


# ------------------------------------------------------------------ what was left behind


@pytest.mark.parametrize(
    ("path", "mend"),
    [
        (layout.run("01ARZ3NDEKTSV4RRFFQ69G5FAV", NOW), "actum run  # or: git add {path} && git commit"),
        (layout.version("churn", "3.0.0"), "actum register churn --version 3.0.0"),
    ],
)
def test_a_record_in_no_commit_is_finished_by_its_command(sound: Project, path: str, mend: str) -> None:
    sound.write(path, "x: 1\n")
    assert found(sound) == [("leftovers", "wrong", path, "is in no commit", mend.format(path=path))]


def test_a_pointer_that_differs_from_what_is_committed_is_put_back(sound: Project) -> None:
    sound.write(POINTER, "x: 1\n")
    mend = f"git checkout -- {POINTER}  # or: rm {POINTER}"
    assert found(sound) == [("leftovers", "wrong", POINTER, "differs from what is committed", mend)]


def test_a_segment_without_a_seal_is_nobodys(sound: Project) -> None:
    path = "decisions/churn/01ARZ3NDEKTSV4RRFFQ69G5FAV.parquet"
    sound.write(path, "x")
    assert found(sound) == [("leftovers", "wrong", path, "is a segment that no seal names", f"rm {path}*")]


# ------------------------------------------------------------------ the command


def test_a_fault_is_exit_status_3_and_a_note_is_none(sound: Project, capsys: pytest.CaptureFixture[str]) -> None:
    sound.git("tag", "-d", "churn@v1.1.0")
    assert main(["-C", str(sound.root), "fsck"]) == 0
    assert capsys.readouterr().out == (
        "note   churn@v1.1.0: this tag is not written yet\n"
        "       actum tags\n"
        "clean: looked at 10 records, 2 versions, 5 objects, 1 seal\n"
    )
    md5 = version(sound).artifact.md5
    ObjectStore(sound.remote).path(md5).unlink()
    assert main(["-C", str(sound.root), "fsck", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "fsck/1"
    assert said["data"]["clean"] is False
    assert [fault["what"] for fault in said["data"]["faults"] if fault["weight"] == "wrong"] == [
        f"object {md5} is missing in storage"
    ]
    assert said["next"] == ["dvc push, or actum register MODEL --version X.Y.Z again"]
