"""What a promotion rests on is on the evidence branch as it came: a worse verdict cannot be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from actum import layout
from actum.cli.main import main
from actum.evidence import add_evidence
from actum.filing import read_record, write_record
from actum.git import writing
from actum.records.event import Event
from tests.promotion.release_project import ANA, NOW, POLICY, Project, attestation

BRANCH, REF = layout.EVIDENCE_BRANCH, layout.EVIDENCE_REF
RESTS = "what a promotion rests on must be whole"


@pytest.fixture
def proved(project: Project) -> Project:
    """A promotion may rest on a rebuild that is a day old; a later one came out otherwise."""
    project.write(layout.policy("churn"), POLICY + "evidence: {rebuild: bytes}\n")
    project.commit()
    attest(project, "bytes", NOW - timedelta(days=2))
    return project


def attest(project: Project, level: str, at: datetime = NOW) -> str:
    version = project.store("main").version("churn", "1.0.0")
    assert version is not None
    event = Event(
        schema="event/1",
        id=project.ids.new(),
        kind="attestation",
        model="churn",
        recorded_at=at,
        effective_at=at,
        clock="real",
        by=ANA,
        attestation=attestation(version, level),
    )
    path = layout.event("churn", event.id, event.kind)
    add_evidence(project.repo, {path: write_record(event, path=path)}, "attest")
    return path


def push(project: Project, changes: dict[str, bytes | None], *parents: str) -> None:
    """Do to the branch what no command of ours does, at origin, where no reviewer looks."""
    held = project.git("rev-parse", REF)
    commit = writing.commit_files(project.repo, held, changes, "change")
    if parents:
        tree = project.git("rev-parse", f"{commit}^{{tree}}")
        words = [word for parent in parents for word in ("-p", parent)]
        commit = project.git("commit-tree", tree, *words, "-m", "change")
    publish(project, commit)


def publish(project: Project, commit: str = REF) -> None:
    project.git("update-ref", f"refs/remotes/origin/{BRANCH}", commit)
    project.git("update-ref", "-d", REF)


def promoted(project: Project) -> Project:
    assert project.promote().event is not None
    return project


def found(project: Project) -> list[tuple[str, str, str]]:
    checked = project.check(head="promote/churn/production")
    return [(one.kind, one.path, one.message) for one in checked.objections]


def test_what_came_and_stayed_is_clean(proved: Project) -> None:
    attest(proved, "bytes")
    publish(proved)
    assert found(promoted(proved)) == []


def test_a_bad_verdict_that_was_removed_is_missed(proved: Project) -> None:
    path = attest(proved, "different")
    assert proved.promote().commit is None, "the latest verdict closes the gate"
    push(proved, {path: None})
    name = f"{BRANCH}:{path}"
    assert found(promoted(proved)) == [("evidence-changed", name, f"was removed since it came; {RESTS}")]


def test_a_bad_verdict_that_was_edited_is_noticed(proved: Project) -> None:
    path = attest(proved, "different")
    data = proved.repo.read(REF, path)
    assert data is not None
    push(proved, {path: data.replace(b"level: different", b"level: bytes")})
    name = f"{BRANCH}:{path}"
    assert found(promoted(proved)) == [("evidence-changed", name, f"was edited since it came; {RESTS}")]


def test_the_same_bytes_put_back_mend_it(proved: Project) -> None:
    path = attest(proved, "state")
    attest(proved, "bytes", NOW + timedelta(minutes=1))
    data = proved.repo.read(REF, path)
    assert read_record(path, data or b"").attestation.level == "state"
    push(proved, {path: None})
    proved.git("update-ref", REF, f"refs/remotes/origin/{BRANCH}")
    push(proved, {path: data})
    assert found(promoted(proved)) == []


def test_a_merge_whose_first_parent_never_had_it_hides_nothing(proved: Project) -> None:
    """Along first parents such a branch only ever grew."""
    path = attest(proved, "different")
    before = proved.git("rev-parse", REF)
    root = proved.git("commit-tree", proved.git("rev-parse", f"{before}~1^{{tree}}"), "-m", "A beginning of one's own")
    push(proved, {path: None}, root, before)
    tip = proved.git("rev-parse", f"refs/remotes/origin/{BRANCH}")
    assert proved.repo.is_ancestor(before, tip)
    name = f"{BRANCH}:{path}"
    assert found(promoted(proved)) == [("evidence-changed", name, f"was removed since it came; {RESTS}")]
    pushed = proved.check(head=f"origin/{BRANCH}", base=before)
    removed = f"was removed in {tip[:10]}; evidence is only ever added to"
    assert (name, removed) in {(one.path, one.message) for one in pushed.objections}


def test_a_promotion_that_rests_on_no_rebuild_is_let_be(proved: Project) -> None:
    push(proved, {attest(proved, "different"): None})
    proved.write(layout.policy("churn"), POLICY)
    proved.commit()
    assert found(promoted(proved)) == []


def test_the_command_refuses_it(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    path = attest(proved, "different")
    push(proved, {path: None})
    promoted(proved)
    assert main(["-C", str(proved.root), "check", "--head", "promote/churn/production"]) == 3
    line = f"block  {BRANCH}:{path}: was removed since it came; {RESTS} (git log --all -- '{path}')"
    assert line in capsys.readouterr().out.splitlines()
