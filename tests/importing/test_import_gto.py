"""A real GTO repository, taken over: what ``gto show`` says and what ``actum ls`` says agree."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.importing.conftest import Repository, begun
from tests.importing.gto_life import __file__ as LIFE
from tests.made_once import once
from tests.real_git import git, write

PIPELINE = """\
stages:
  train:
    cmd: mkdir -p models && echo {model} > models/clf.txt && echo other > models/other.txt
    outs:
    - models/clf.txt
    - models/other.txt
artifacts:
  clf:
    path: models/clf.txt
    type: model
    desc: tells late from punctual
  other:
    path: models/other.txt
"""
AT = 1_600_000_000


def gto(root: Path, *words: str) -> str:
    program = Path(sys.executable).parent / "gto"
    done = subprocess.run([program, *words], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tag(root: Path, name: str, at: int, commit: str = "HEAD") -> None:
    """Write a tag as GTO writes it, at a time of ours: GTO itself takes the clock's, a second at least each."""
    git(root, "tag", "-a", "-m", f"Tag {name}", name, commit, env={"GIT_COMMITTER_DATE": f"{AT + at} +0000"})


def commit(root: Path, model: str) -> str:
    write(root, "dvc.yaml", PIPELINE.format(model=model))
    subprocess.run(["dvc", "repro", "-q"], cwd=root, check=True, capture_output=True)
    git(root, "add", "-A")
    before = f"{AT - 100} +0000"
    git(root, "commit", "-qm", f"Train {model}", env={"GIT_COMMITTER_DATE": before, "GIT_AUTHOR_DATE": before})
    return git(root, "rev-parse", "HEAD")


def trained(root: Path) -> tuple[str, str, str]:
    begun(root)
    return commit(root, "one"), commit(root, "two"), commit(root, "three")


def live(root: Path) -> None:
    """What GTO itself lived through in ``gto/``, and the same with times of ours, far apart, in ``repo/``."""
    git_ = trained(root / "gto")
    subprocess.run([sys.executable, LIFE, root / "gto", *git_], check=True, capture_output=True)
    shutil.copytree(root / "gto", root / "repo")
    tags = git(root / "repo", "tag", "--list").split()
    git(root / "repo", "tag", "-d", *tags)
    one, two, three = git_
    lived = {"clf@v1.0.0": one, "clf#prod#1": one, "clf@v1.1.0": two, "clf#prod#2": two, "clf#staging#3": two}
    lived |= {"clf#prod#4": one, "clf#staging!#5": two, "clf@v2.0.0": three, "clf#canary#6": three}
    lived |= {"clf@v2.0.0!": three, "other@v0.1.0": three, "other#prod#1": three, "other@deprecated": three}
    for number, (name, on) in enumerate(lived.items()):
        tag(root / "repo", name, 10 * number, on)


@pytest.fixture(scope="session")
def lived(shared: Path) -> Path:
    return once(shared / "gto-repositories", live)


@pytest.fixture
def lives(lived: Path, tmp_path: Path) -> Repository:
    return Repository(Path(shutil.copytree(lived / "repo", tmp_path / "repo", symlinks=True)))


def taken(repository: Repository, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(repository.actum("import", "gto", "--json", *words))["data"]
    return told


def agree(repository: Repository, *, whole: bool = False) -> dict[str, Any]:
    """Return what GTO shows, where actum lists the same."""
    shown = json.loads(gto(repository.root, "show", "--json"))
    rows = json.loads(repository.actum("ls", "--json"))["data"]
    listed = {
        row["model"]: {
            "version": f"v{row['newest']}",
            "stage": {stage["stage"]: f"v{stage['version']}" for stage in row.get("stages", ())},
        }
        for row in rows
        if not row["withdrawn"]
    }
    theirs = {
        name: {
            "version": told["version"],
            "stage": {stage: number for stage, number in told["stage"].items() if number},
        }
        for name, told in shown.items()
    }
    assert listed == theirs
    for name in listed if whole else ():
        versions = json.loads(repository.actum("ls", "versions", name, "--json"))["data"]
        active = [f"v{row['version']}" for row in versions if row["state"] != "withdrawn"]
        assert active == [one["version"] for one in json.loads(gto(repository.root, "show", name, "--json"))]
    return listed


@pytest.mark.parametrize("made_by", ["gto", "repo"])
def test_what_gto_shows_before_is_what_actum_lists_after(lived: Path, tmp_path: Path, made_by: str) -> None:
    lives = Repository(Path(shutil.copytree(lived / made_by, tmp_path / "repo", symlinks=True)))
    tags = lives.git("for-each-ref", "refs/tags")
    taken(lives)
    lives.commit()
    assert agree(lives, whole=True) == {"clf": {"version": "v1.1.0", "stage": {"prod": "v1.0.0"}}}
    assert lives.git("for-each-ref", "refs/tags") == tags


def test_what_stood_where_on_a_day_is_told_by_the_times_of_the_tags(lives: Repository) -> None:
    taken(lives)
    lives.commit()
    at = {5: None, 15: "1.0.0", 35: "1.1.0", 55: "1.0.0"}
    for seconds, version in at.items():
        moment = f"2020-09-13T12:{26 + (40 + seconds) // 60:02}:{(40 + seconds) % 60:02}Z"
        rows = json.loads(lives.actum("ls", "stages", "clf", "--json", "--at", moment))["data"]
        assert {row["stage"]: row.get("version") for row in rows}.get("prod") == version, moment


def test_a_version_says_its_commit_and_what_its_dvc_lock_has(lives: Repository) -> None:
    taken(lives)
    lives.commit()
    version = json.loads(lives.actum("show", "clf@v1.0.0", "--json"))["data"]["version"]
    fact = {"path": "models/clf.txt", "md5": "5bbf5a52328e7439ae6e719dfe712200", "size": 4}
    assert version["artifact"] == fact
    assert version["commit"] == lives.git("rev-parse", "clf@v1.0.0^{commit}")
    assert version["origin"] == {"system": "gto", "id": "clf@v1.0.0"}
    assert version["registered_at"] == "2020-09-13T12:26:40Z"


def test_the_records_hold_and_the_tags_need_nothing(lives: Repository) -> None:
    taken(lives)
    lives.commit()
    checked = lives.actum("check")
    assert "0 block" in checked, checked
    assert lives.actum("fsck").startswith(("clean", "note"))
    assert lives.actum("tags", "--dry-run").startswith("nothing to do")


def test_a_second_import_changes_nothing_and_new_tags_are_added(lives: Repository) -> None:
    first = taken(lives)
    assert first["taken"] == {"card": 2, "version": 4, "promotion": 6, "withdrawal": 5, "stage": 1}
    lives.commit()
    assert taken(lives)["taken"] == {}
    assert lives.git("status", "--porcelain") == ""
    tag(lives.root, "clf@v2.1.0", 200)
    tag(lives.root, "clf#prod#7", 210)
    assert taken(lives)["taken"] == {"version": 1, "promotion": 1, "stage": 1}
    lives.commit()
    assert agree(lives)["clf"] == {"version": "v2.1.0", "stage": {"prod": "v2.1.0"}}
    assert "0 block" in lives.actum("check")


def test_a_stage_whose_version_is_unassigned_has_the_one_before_again(lives: Repository) -> None:
    tag(lives.root, "clf#prod#7", 200, "clf@v1.1.0^{}")
    tag(lives.root, "clf#prod!#8", 210, "clf@v1.1.0^{}")
    taken(lives)
    lives.commit()
    assert agree(lives)["clf"]["stage"] == {"prod": "v1.0.0"}
    assert "1.0.0 -> prod, replaces 1.1.0, says gto" in lives.actum("log", "clf#prod")


def test_tags_that_gto_does_not_read_are_left_by_name(lives: Repository) -> None:
    lives.git("tag", "clf@v9.0.0")
    tag(lives.root, "release-1", 300)
    tag(lives.root, "team/clf@v1.0.0", 310)
    tag(lives.root, "clf#prod/eu#9", 320, "clf@v1.0.0^{}")
    lives.git("commit", "-q", "--allow-empty", "-m", "Nothing registered")
    tag(lives.root, "clf#prod#10", 330)
    told = {(one["what"], one["why"]): one["names"] for one in taken(lives)["left"]}
    assert told == {
        ("tag", "is lightweight: GTO does not see it"): ["clf@v9.0.0"],
        ("tag", "is none of GTO's"): ["release-1"],
        ("artifact", "its name is none that a model may have here"): ["team/clf"],
        ("tag", "its stage has a name that no stage may have here"): ["clf#prod/eu#9"],
        ("tag", "its commit has no registered version"): ["clf#prod#10"],
    }


def test_a_stage_that_was_moved_here_since_stays(lives: Repository) -> None:
    taken(lives)
    path = lives.root / "registry/clf/stages/prod.yaml"
    text = path.read_text().replace("event: ", "event: 01M8H2QTF8ER33YJAR2Z3YJ7C9 #", 1)
    path.write_text(text)
    told = {(one["what"], one["why"]): one["names"] for one in taken(lives)["left"]}
    assert told == {("stage", "was moved here since: its pointer stays"): ["clf#prod"]}
    assert path.read_text() == text


def test_a_promotion_that_is_taken_over_in_a_review_is_refused(lives: Repository) -> None:
    taken(lives)
    base = lives.commit()
    lives.git("switch", "-qc", "mine")
    tag(lives.root, "clf#prod#7", 200, "clf@v1.1.0^{}")
    tag(lives.root, "clf@v1.0.0!", 210, "clf@v1.0.0^{}")
    taken(lives)
    lives.commit()
    told = lives.actum("check", "--base", base, status=3)
    assert "version: registry/clf/versions/1.1.0.yaml is not on" in told
    assert "-withdrawal.yaml: is taken over from another registry: no review can judge it" in told


def test_what_needs_a_version_that_was_trained_here_refuses_one_that_was_not(lives: Repository) -> None:
    taken(lives)
    lives.commit()
    for words in (("rebuild", "clf@v1.0.0"), ("score", "clf#prod", "dvc.yaml")):
        assert "clf 1.0.0 was taken over from gto: how it was made is on no record" in lives.warned(*words), words


def test_without_actum_yaml_nothing_is_taken_over(lives: Repository) -> None:
    (lives.root / "actum.yaml").unlink()
    assert "has no actum.yaml" in lives.warned("import", "gto")
    assert not (lives.root / "registry").exists()


def signed(root: Path, name: str, tagger: bytes) -> None:
    """Write a tag of HEAD with any line in the place of its tagger, which git itself would not write."""
    head = git(root, "rev-parse", "HEAD")
    said = b"object %s\ntype commit\ntag %s\n%s\n\nA tag\n" % (head.encode(), name.encode(), tagger)
    made = git(root, "hash-object", "-t", "tag", "--literally", "-w", "--stdin", stdin=said)
    git(root, "update-ref", f"refs/tags/{name}", made)


@pytest.fixture
def tagged(tmp_path: Path) -> Repository:
    """One good version, of a file in git."""
    repository = begun(tmp_path / "repo")
    write(repository.root, "dvc.yaml", "artifacts:\n  clf:\n    path: clf.txt\n")
    write(repository.root, "clf.txt", "a model")
    repository.commit()
    tag(repository.root, "clf@v1.0.0", 0)
    return repository


@pytest.mark.parametrize(
    ("tagger", "why"),
    [
        (b"tagger A <a@b> 253402300800 +0000", "its tagger names a year that no date can hold"),
        (b"tagger A <a@b> 99999999999999999 +0000", "its tagger names a year that no date can hold"),
        (b"tagger A <a@b> soon", "its tagger cannot be read"),
        (b"author A <a@b> 1600000000 +0000", "its tagger cannot be read"),
    ],
)
def test_a_tag_whose_tagger_is_none_is_left_and_the_others_are_taken(
    tagged: Repository, tagger: bytes, why: str
) -> None:
    signed(tagged.root, "clf@v1.1.0", tagger)
    told = taken(tagged)
    assert [(one["what"], one["why"], one["names"]) for one in told["left"]] == [("tag", why, ["clf@v1.1.0"])]
    assert told["taken"] == {"card": 1, "version": 1}


@pytest.mark.parametrize(("name", "shown"), [(b"Bel\x07l", "Bel\\x07l"), (b"Lat\xefn", "Lat\\udcefn"), (b"", "")])
def test_a_tagger_with_any_name_is_written_so_that_it_can_be_read(tagged: Repository, name: bytes, shown: str) -> None:
    signed(tagged.root, "clf@v1.1.0", b"tagger %s <> 1600000000 +0000" % name)
    told = taken(tagged)
    assert (told["left"], told["taken"]) == ([], {"card": 1, "version": 2})
    tagged.commit()
    version = json.loads(tagged.actum("show", "clf@v1.1.0", "--json"))["data"]["version"]
    assert version["registered_by"] == {"name": shown, "email": ""}


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", ".git/config", "s3://bucket/clf"])
def test_a_version_whose_artifact_lies_elsewhere_is_taken_without_it(tagged: Repository, path: str) -> None:
    write(tagged.root, "dvc.yaml", f"artifacts:\n  clf:\n    path: {path}\n")
    tagged.commit()
    tag(tagged.root, "clf@v1.1.0", 10)
    told = taken(tagged)
    assert [(one["what"], one["names"]) for one in told["left"]] == [("artifact of a version", ["clf@v1.1.0"])]
    assert told["taken"] == {"card": 1, "version": 2}
    tagged.commit()
    version = json.loads(tagged.actum("show", "clf@v1.1.0", "--json"))["data"]["version"]
    assert "artifact" not in version


def test_a_dvc_lock_with_a_false_digest_costs_its_version_the_artifact_alone(tagged: Repository) -> None:
    lock = "schema: '2.0'\nstages:\n  t:\n    cmd: t\n    outs:\n    - {path: clf.txt, md5: no md5, size: 1}\n"
    write(tagged.root, "dvc.lock", lock)
    tagged.commit()
    tag(tagged.root, "clf@v1.1.0", 10)
    told = taken(tagged)
    assert [(one["what"], one["names"]) for one in told["left"]] == [("artifact of a version", ["clf@v1.1.0"])]
    assert told["taken"] == {"card": 1, "version": 2}


def test_a_card_that_cannot_be_one_is_left_and_the_versions_are_taken(tmp_path: Path) -> None:
    repository = begun(tmp_path / "repo")
    write(repository.root, "sub/dvc.yaml", "artifacts:\n  clf:\n    path: ../clf.txt\n")
    write(repository.root, "clf.txt", "a model")
    repository.commit()
    tag(repository.root, "sub=clf@v1.0.0", 0)
    told = taken(repository)
    assert [(one["what"], one["names"]) for one in told["left"]] == [("card", ["clf"])]
    assert told["taken"] == {"version": 1}


def test_a_tag_with_a_counter_of_any_length_is_no_end_of_an_import(tagged: Repository) -> None:
    head = tagged.git("rev-parse", "HEAD")
    name = f"clf#prod#{5000 * '9'}"
    packed = tagged.root / ".git/packed-refs"  # a name that is too long for a file
    packed.write_text(f"{head} refs/tags/{name}\n")
    told = taken(tagged)
    assert [(one["what"], one["why"], one["names"]) for one in told["left"]] == [("tag", "is none of GTO's", [name])]
    assert told["taken"] == {"card": 1, "version": 1}
