"""The index changes nothing but time: the same words with it, without it, and while it is being filled."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.git.repository import Git
from tests.index.conftest import INDEX, Actum, without_index
from tests.index.grown import BEN, Grown, Link
from tests.real_git import git
from tests.records import samples

READS = (
    ("ls",),
    ("ls", "--json"),
    ("ls", "versions", "--json"),
    ("ls", "versions", "m0", "--sort", "-auc", "--limit", "5"),
    ("ls", "stages"),
    ("ls", "events", "m1", "--json"),
    ("ls", "--at", "2026-01-01T02:00:00Z", "--json"),
    ("show", "m0"),
    ("show", "m1", "--json"),
    ("show", "m0@v1.3.0", "--json"),
    ("show", "m0#production"),
    ("log",),
    ("log", "m0@v2.0.0", "--json"),
    ("log", "m1#staging", "--limit", "0"),
    ("diff", "m0@v1.0.0", "m0"),
    ("show", "m9"),
)
Step = Callable[[Grown], object]


def a_version_more(grown: Grown) -> None:
    grown.commit({layout.version("m0", "10.0.0"): grown.version("m0", "10.0.0")})


def an_amended_commit(grown: Grown) -> None:
    grown.commit({layout.version("m0", "11.0.0"): grown.version("m0", "11.0.0")}, parent="main~1")


def a_promotion(grown: Grown) -> None:
    version = grown.version("m1", "30.0.0")
    grown.commit({layout.version("m1", "30.0.0"): version} | grown.moved(grown.promotion(version, "production")))


def a_branch_that_is_checked_out(grown: Grown) -> None:
    one = {layout.version("m1", "31.0.0"): grown.version("m1", "31.0.0"), **grown.attestation("m1", "1.1.0")}
    grown.commit(one | {layout.card("m7"): samples.card(model="m7")}, ref="refs/heads/work", parent="main")
    git(grown.repo.root, "symbolic-ref", "HEAD", "refs/heads/work")


def a_trunk_that_went_on(grown: Grown) -> None:
    grown.commit({layout.version("m1", "32.0.0"): grown.version("m1", "32.0.0")})


def evidence(grown: Grown) -> None:
    refused = grown.moved(grown.promotion(grown.version("m0", "1.0.0"), "production"))  # it promotes nothing
    found = {path: one for number in range(40) for path, one in grown.attestation("m0", f"1.{number % 10}.0").items()}
    grown.commit(found | refused, ref=layout.EVIDENCE_REF)


def evidence_that_parted(grown: Grown) -> None:
    theirs = f"refs/remotes/origin/{layout.EVIDENCE_BRANCH}"
    grown.commit(grown.attestation("m1", "1.1.0"), ref=theirs, parent=layout.EVIDENCE_REF)
    grown.commit(grown.attestation("m1", "1.2.0"), ref=layout.EVIDENCE_REF)


def malformed_records(grown: Grown) -> None:
    event = grown.ulid()
    grown.commit(
        {
            layout.version("m0", "1.4.0"): b"schema: model-version/1\nmodel: [\n",
            layout.version("m0", "1.5.0"): grown.version("m0", "1.6.0"),
            layout.version("m0", "1.7.0"): Link("1.6.0.yaml"),
            layout.version("m1", "\u00fc"): b"schema: model-version/1\n",
            layout.event("m1", event, "promotion"): b"schema: event/1\nid: nonsense\n",
            layout.stage("m0", "staging"): b"schema: stage/1\n",
            layout.card("m1"): b"schema: model/1\nmodel: m1\n",
        }
    )


def the_link_becomes_what_it_named(grown: Grown) -> None:
    grown.commit({layout.version("m0", "1.7.0"): grown.version("m0", "1.7.0")})


def a_model_less_and_a_copy_of_one(grown: Grown) -> None:
    listed = grown.repo.tree("main", "registry/m0")
    copied = {path.replace("m0", "m2"): grown.repo.blobs([it.blob])[it.blob] for path, it in listed.items()}
    gone = dict.fromkeys(grown.repo.tree("main", "registry/m1"))
    grown.commit({**gone, **copied})


def the_first_commit_again(grown: Grown) -> None:
    git(grown.repo.root, "update-ref", "refs/heads/main", git(grown.repo.root, "rev-list", "--max-parents=0", "main"))
    git(grown.repo.root, "symbolic-ref", "HEAD", "refs/heads/main")


def a_waiting_approval(grown: Grown) -> None:
    event = replace(samples.approval(), model="m0", by=BEN)
    grown.commit({layout.event("m0", event.id, "approval"): event}, ref=layout.approvals_ref("a" * 64))


STORY: tuple[Step, ...] = (
    a_version_more,
    an_amended_commit,
    a_promotion,
    a_branch_that_is_checked_out,
    a_trunk_that_went_on,
    evidence,
    evidence_that_parted,
    malformed_records,
    the_link_becomes_what_it_named,
    a_waiting_approval,
    a_model_less_and_a_copy_of_one,
    the_first_commit_again,
)


def test_every_read_says_the_same_with_it_and_without_it_through_a_whole_story(grown: Grown, actum: Actum) -> None:
    root = grown.repo.root
    assert actum(root, "ls").status == 0
    assert (root / INDEX).is_file()
    for step in STORY:
        step(grown)
        with without_index(root):
            plain = {words: actum(root, *words) for words in READS}
        learning = {words: actum(root, *words) for words in READS}
        assert learning == plain, step.__name__  # the first read learns, the others know
        assert actum(root, *READS[0]) == plain[READS[0]], step.__name__


def test_a_deleted_index_says_the_same_and_comes_back(grown: Grown, actum: Actum) -> None:
    root = grown.repo.root
    malformed_records(grown)
    before = {words: actum(root, *words) for words in READS}
    (root / INDEX).unlink()
    assert {words: actum(root, *words) for words in READS} == before
    assert (root / INDEX).is_file()


@pytest.mark.parametrize("seed", range(2))
def test_any_revision_of_a_random_history_reads_the_same(seed: int, grown: Grown, actum: Actum) -> None:
    chance, root = random.Random(seed), grown.repo.root
    for _ in range(8):
        grown.commit(_random_changes(chance, grown))
    revisions = git(root, "rev-list", "main").split()
    chance.shuffle(revisions)
    for revision in (*revisions, *revisions[:3]):
        for words in (("ls", "versions", "--json"), ("ls", "events", "--json"), ("show", "m0")):
            asked = (*words, "--at", revision)
            with without_index(root):
                plain = actum(root, *asked)
            assert actum(root, *asked) == plain


def _random_changes(chance: random.Random, grown: Grown) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    known = sorted(Git(grown.repo.root).tree("main", "registry"))
    for path in chance.sample(known, 4):
        changes[path] = chance.choice((None, b"schema: none\n", Link("elsewhere")))
    for _ in range(chance.randrange(4)):
        model, number = f"m{chance.randrange(2)}", f"{chance.randrange(20)}.{chance.randrange(20)}.0"
        version = grown.version(model, number)
        changes |= {layout.version(model, number): version}
        changes |= grown.moved(grown.promotion(version, chance.choice(("staging", "production"))))
    return changes


def test_what_is_known_is_not_read_from_git_again(grown: Grown, actum: Actum) -> None:
    root = grown.repo.root
    assert actum(root, "ls").status == 0
    old = grown.repo.tree("main", "registry/m0/versions", "registry/m1/versions")
    grown.commit({layout.version("m0", "10.0.0"): grown.version("m0", "10.0.0")})
    _lose(root, {entry.blob for entry in old.values()})
    printed = actum(root, "ls", "versions", "m0", "--json")
    assert (printed.status, '"warnings": []' in printed.out) == (0, True)
    assert printed.out.count('"id": "m0@v') == 53
    with without_index(root):
        assert "git has lost object" in actum(root, "ls", "versions", "m0").err


def _lose(root: Path, blobs: set[str]) -> None:
    """Remove objects for good."""
    kept = [line.split()[0] for line in git(root, "rev-list", "--objects", "--all").splitlines()]
    wanted = "\n".join(one for one in kept if one not in blobs)
    packed = git(root, "pack-objects", "-q", ".git/kept", stdin=wanted.encode())
    for path in (root / ".git/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    for path in (root / ".git").glob(f"kept-{packed}.*"):
        path.rename(root / ".git/objects/pack" / path.name.replace("kept-", "pack-"))


def test_what_git_has_lost_is_not_learnt(grown: Grown, actum: Actum) -> None:
    root = grown.repo.root
    path = layout.version("m0", "1.0.0")
    blob = grown.repo.tree("main", path)[path].blob
    data = grown.repo.blobs([blob])[blob]
    _lose(root, {blob})
    assert "git has lost object" in actum(root, "ls").err
    git(root, "hash-object", "-w", "--stdin", stdin=data)
    assert actum(root, "ls").err == ""


def test_a_few_records_are_not_worth_an_index(tmp_path: Path) -> None:
    few = Grown(tmp_path / "few")
    few.begin(versions=5, events=4)
    script = "import sys; from actum.cli.main import main; assert main(['ls']) == 0; sys.exit('sqlite3' in sys.modules)"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # it uses sqlite3
    assert subprocess.run([sys.executable, "-c", script], cwd=few.repo.root, env=plain, check=False).returncode == 0
    assert not (few.repo.root / ".actum").exists()
