"""The evidence branch is only ever added to, and only by evidence."""

from __future__ import annotations

import pytest

from actum import layout
from actum.cli.main import main
from actum.evidence import add_evidence
from actum.filing import write_record
from actum.git import writing
from actum.records.event import Event
from tests.promotion.release_project import ANA, NOW, Project, attestation

BRANCH = layout.EVIDENCE_BRANCH
ORIGIN = f"refs/remotes/origin/{BRANCH}"


def attested(project: Project) -> str:
    """Add an attestation as a rebuild does; return its path."""
    version = project.store("main").version("churn", "1.0.0")
    assert version is not None
    event = Event(
        schema="event/1",
        id=project.ids.new(),
        kind="attestation",
        model="churn",
        recorded_at=NOW,
        effective_at=NOW,
        clock="real",
        by=ANA,
        attestation=attestation(version),
    )
    path = layout.event("churn", event.id, event.kind)
    add_evidence(project.repo, {path: write_record(event, path=path)}, "attest")
    return path


def change(project: Project, path: str, data: bytes | None) -> str:
    """Do to the branch what no command of ours does; return the commit, shortly."""
    held = project.repo.resolve(layout.EVIDENCE_REF)
    commit = writing.commit_files(project.repo, held, {path: data}, "change")
    writing.move_ref(project.repo, layout.EVIDENCE_REF, commit, expected=held)
    return commit[:10]


def published(project: Project) -> None:
    """Let origin have what is here."""
    project.git("update-ref", ORIGIN, layout.EVIDENCE_REF)


def test_what_was_added_is_clean_in_a_check_of_anything(project: Project) -> None:
    attested(project)
    published(project)
    attested(project)
    assert project.found() == []
    assert project.found(head=BRANCH) == []


@pytest.mark.parametrize(("data", "words"), [(b"x: 1\n", "was edited"), (None, "was removed")])
@pytest.mark.parametrize("is_published", [False, True])
def test_what_is_there_stays_as_it_came(project: Project, data: bytes | None, words: str, is_published: bool) -> None:
    path = attested(project)
    attested(project)
    if is_published:
        published(project)
    commit = change(project, path, data)
    message = f"{words} in {commit}; evidence is only ever added to"
    found = ("block", "evidence-changed", f"{BRANCH}:{path}", message)
    assert project.found() == [found]
    assert project.check().objections[0].hint == f"git show {commit}"
    assert found in project.found(head=BRANCH)


def test_a_promotion_does_not_travel_there(project: Project) -> None:
    attested(project)
    path = layout.version("churn", "9.0.0")
    commit = change(project, path, b"x: 1\n")
    message = f"was added in {commit}; only attestations, seals, decisions and monitoring travel there"
    assert project.found() == [("block", "evidence-foreign", f"{BRANCH}:{path}", message)]


def test_an_edit_that_origin_has_already_is_not_this_checkouts(project: Project) -> None:
    path = attested(project)
    change(project, path, b"x: 1\n")
    published(project)
    attested(project)
    assert project.found() == []


def test_two_that_went_on_apart_are_clean_until_they_disagree(project: Project) -> None:
    attested(project)
    common = project.git("rev-parse", BRANCH)
    theirs = attested(project)
    published(project)
    project.git("update-ref", layout.EVIDENCE_REF, common)
    attested(project)
    assert project.found() == []
    project.git("update-ref", layout.EVIDENCE_REF, common)
    change(project, theirs, b"x: 1\n")
    message = "is not what origin has under that name"
    assert project.found() == [("block", "evidence-changed", f"{BRANCH}:{theirs}", message)]


def test_two_that_began_apart_and_were_joined_are_clean(project: Project) -> None:
    theirs = attested(project)
    first = project.git("rev-parse", BRANCH)
    project.git("update-ref", "-d", layout.EVIDENCE_REF)
    ours = attested(project)
    project.git("update-ref", ORIGIN, first)
    assert project.repo.merge_base(ORIGIN, BRANCH) is None
    assert project.found() == []
    joined = attested(project)
    assert len(project.repo.parents(project.repo.parents(project.git("rev-parse", BRANCH))[0])) == 2
    assert set(project.repo.tree(BRANCH)) == {theirs, ours, joined}
    assert project.found() == []
    assert project.found(head=BRANCH) == []


def test_a_push_is_judged_from_where_the_branch_stood_before(project: Project) -> None:
    path = attested(project)
    change(project, path, b"x: 1\n")
    attested(project)
    before = project.git("rev-parse", BRANCH)
    attested(project)
    kinds = {kind for _, kind, _, _ in project.found(head=BRANCH, base=before)}
    assert kinds == {"record-invalid"}  # the edit is history; that what it left is no record, is not


def test_the_first_push_of_the_branch_is_judged_whole(project: Project) -> None:
    path = attested(project)
    assert project.found(head=BRANCH, base="0" * 40) == []
    commit = change(project, path, None)
    message = f"was removed in {commit}; evidence is only ever added to"
    found = [("block", "evidence-changed", f"{BRANCH}:{path}", message)]
    assert project.found(head=BRANCH, base="0" * 40) == found


def test_a_branch_that_was_rewritten_is_refused_with_what_it_lost(project: Project) -> None:
    attested(project)
    common = project.git("rev-parse", BRANCH)
    path = attested(project)
    before = project.git("rev-parse", BRANCH)
    project.git("update-ref", layout.EVIDENCE_REF, common)
    attested(project)
    assert project.found(head=BRANCH, base=before) == [
        ("block", "evidence-changed", BRANCH, f"was rewritten: {before[:10]} is not in its history"),
        (
            "block",
            "evidence-changed",
            f"{BRANCH}:{path}",
            f"was removed since {before[:10]}; evidence is only ever added to",
        ),
    ]


def test_a_link_on_the_branch_is_refused(project: Project) -> None:
    attested(project)
    project.git("switch", "-q", BRANCH)
    (project.root / "decisions").mkdir()
    (project.root / "decisions" / "all").symlink_to("/etc")
    project.git("add", "decisions")
    project.git("commit", "-qm", "link")
    assert project.found() == [
        ("block", "not-a-file", "decisions/all", "is a link or a submodule, must be a regular file")
    ]


def test_the_branch_itself_can_be_checked_where_it_is_pushed_to(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = attested(project)
    head = project.git("rev-parse", BRANCH)[:10]
    assert main(["-C", str(project.root), "check", "--head", BRANCH]) == 0
    said = f"clean: all records of {head} against its own history: 0 block, 0 warn\n"
    assert capsys.readouterr().out == said
    project.git("switch", "-q", "--detach", BRANCH)
    assert main(["-C", str(project.root), "check"]) == 0
    assert capsys.readouterr().out == said
    commit = change(project, path, None)
    assert main(["-C", str(project.root), "check", "--head", BRANCH]) == 3
    assert capsys.readouterr().out == (
        f"block  {BRANCH}:{path}: was removed in {commit}; evidence is only ever added to (git show {commit})\n"
        f"refused: all records of {commit} against its own history: 1 block, 0 warn\n"
    )
