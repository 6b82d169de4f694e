"""The job that may push evidence takes a bundle from another job, and pushes it only if it adds attestations."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.action.steps import Job
from tests.real_git import git, write

BRANCH = "actum/evidence"
OLD = "registry/churn/events/01ARZ3NDEKTSV4RRFFQ69G5FAV-attestation.yaml"
NEW = "registry/churn/events/01BX5ZZKBKACTAV9WEVGEMMVRZ-attestation.yaml"
PROMOTION = "registry/churn/events/01BX5ZZKBKACTAV9WEVGEMMVRZ-promotion.yaml"
Change = Callable[[Path], None]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with a trunk and one attestation on the evidence branch."""
    root = tmp_path / "first"
    root.mkdir()
    git(root, "init", "-q")
    write(root, "README.md", "x")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    git(root, "switch", "-q", "--orphan", BRANCH)
    write(root, OLD, "old\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Attest")
    git(root, "switch", "-q", "main")
    git(tmp_path, "clone", "-q", "--bare", str(root), "origin.git")
    return tmp_path / "origin.git"


def publish(origin: Path, tmp_path: Path, change: Change | None, *, anew: bool = False) -> Job:
    """Make a bundle of a change of the evidence branch in one clone, and run the step in another."""
    for name in ("maker", "checkout"):
        git(tmp_path, "clone", "-q", str(origin), name)
    maker, bundle = tmp_path / "maker", tmp_path / "temp/actum-evidence/actum-evidence.bundle"
    bundle.parent.mkdir(parents=True)
    if change is not None:
        git(maker, "switch", "-q", "--orphan" if anew else "-c", BRANCH, *([] if anew else [f"origin/{BRANCH}"]))
        change(maker)
        git(maker, "add", "--all")
        git(maker, "commit", "-qm", "Change")
        since = [] if anew or not git(maker, "branch", "-r", "--list", f"origin/{BRANCH}") else [f"^origin/{BRANCH}"]
        git(maker, "bundle", "create", "-q", str(bundle), f"refs/heads/{BRANCH}", *since)
    return Job(tmp_path / "checkout", tmp_path / "temp", dict(os.environ)).run(command="evidence")


def add(path: str, data: str = "new\n") -> Change:
    return lambda root: write(root, path, data)


def test_a_new_attestation_is_pushed(origin: Path, tmp_path: Path) -> None:
    job = publish(origin, tmp_path, add(NEW))
    assert (job.status, job.annotations) == (0, []), job.said
    assert git(origin, "ls-tree", "-r", "--name-only", BRANCH).split() == [OLD, NEW]
    assert [name for name, _ in job.uses] == ["actions/download-artifact@v4"]


def test_the_first_attestation_begins_the_branch(origin: Path, tmp_path: Path) -> None:
    git(origin, "branch", "-qD", BRANCH)
    job = publish(origin, tmp_path, add(NEW), anew=True)
    assert job.status == 0, job.said
    assert git(origin, "ls-tree", "-r", "--name-only", BRANCH).split() == [NEW]


def test_what_others_added_meanwhile_stays(origin: Path, tmp_path: Path) -> None:
    approval = NEW.replace("attestation", "approval")

    def both(root: Path) -> None:
        write(root, NEW, "new\n")
        git(tmp_path, "clone", "-q", "-b", BRANCH, str(origin), "other")
        write(tmp_path / "other", approval, "meanwhile\n")
        git(tmp_path / "other", "add", ".")
        git(tmp_path / "other", "commit", "-qm", "Approve")
        git(tmp_path / "other", "push", "-q")

    job = publish(origin, tmp_path, both)
    assert job.status == 0, job.said
    assert git(origin, "ls-tree", "-r", "--name-only", BRANCH).split() == [OLD, approval, NEW]
    assert git(origin, "log", "-1", "--format=%an %s", BRANCH) == "github-actions[bot] Join evidence"


def test_without_a_bundle_there_is_nothing_to_push(origin: Path, tmp_path: Path) -> None:
    job = publish(origin, tmp_path, None)
    assert (job.status, "nothing new to attest" in job.said) == (0, True)


def removed(root: Path) -> None:
    (root / OLD).unlink()
    write(root, NEW, "new\n")


def linked(root: Path) -> None:
    (root / NEW).symlink_to("/etc/passwd")


BAD: dict[str, tuple[Change, str]] = {
    "edited": (add(OLD, "better\n"), f"'{OLD}': was there already, and was changed or removed"),
    "removed": (removed, f"'{OLD}': was there already, and was changed or removed"),
    "promotion": (add(PROMOTION), f"'{PROMOTION}': is no attestation"),
    "workflow": (add(".github/workflows/x.yml"), "'.github/workflows/x.yml': is no attestation"),
    "link": (linked, f"'{NEW}': is no attestation"),
    "large": (add(NEW, "x" * (2 << 20)), f"'{NEW}': is too large for an attestation"),
    "odd name": (add("registry/a/events/x\n::error::y.yaml"), "'registry/a/events/x\\n::error::y.yaml': is no"),
}


@pytest.mark.parametrize("what", BAD)
def test_anything_but_a_new_attestation_is_refused(origin: Path, tmp_path: Path, what: str) -> None:
    change, words = BAD[what]
    before = git(origin, "rev-parse", BRANCH)
    job = publish(origin, tmp_path, change)
    assert (job.status, git(origin, "rev-parse", BRANCH)) == (3, before), job.said
    assert [words in line for line in job.annotations] == [True], job.said


def test_a_rewritten_branch_is_refused(origin: Path, tmp_path: Path) -> None:
    def both(root: Path) -> None:
        write(root, OLD, "old\n")
        write(root, NEW, "new\n")

    job = publish(origin, tmp_path, both, anew=True)
    assert (job.status, "does not go on from what is at origin" in job.annotations[0]) == (3, True)


def test_a_bundle_that_is_none_is_an_error(origin: Path, tmp_path: Path) -> None:
    (tmp_path / "temp/actum-evidence").mkdir(parents=True)
    (tmp_path / "temp/actum-evidence/actum-evidence.bundle").write_bytes(b"no bundle")
    git(tmp_path, "clone", "-q", str(origin), "checkout")
    job = Job(tmp_path / "checkout", tmp_path / "temp", dict(os.environ)).run(command="evidence")
    assert job.status == 4
    assert job.annotations[0].startswith("::error title=actum evidence::the evidence was not pushed: ")
