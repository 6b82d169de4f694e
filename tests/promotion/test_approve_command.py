"""`actum approve` as it is typed, and how the reads tell an approval."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.cli.main import main
from actum.promotion.landing import land
from tests.promotion.approving import SIGNERS, Court, bytes_of, commit_to, edited, origin_of
from tests.promotion.release_project import NOW
from tests.real_git import git

TO = ("--to", "production")


class Typed:
    """Run commands in the project as somebody."""

    def __init__(self, court: Court, capsys: pytest.CaptureFixture[str]) -> None:
        self.court, self._capsys = court, capsys

    def __call__(self, name: str, *words: str | Path) -> tuple[int, str, str]:
        self.court.be(name)
        self._capsys.readouterr()
        status = main(["-C", str(self.court.project.root), *map(str, words)])
        return status, *self._capsys.readouterr()

    def json(self, name: str, *words: str | Path) -> Any:
        status, out, err = self(name, *words, "--json")
        assert status == 0, err
        return json.loads(out)

    def key(self, name: str) -> tuple[str, str]:
        return "--key", str(self.court.keys[name].path)


@pytest.fixture
def typed(court: Court, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(court, capsys)


def approvals(court: Court) -> list[str]:
    ref = layout.approvals_ref(court.pending().plan.digest)
    repo = court.project.repo
    return sorted(repo.tree(ref)) if repo.resolve(ref) else []


def test_what_is_approved_is_shown_before_it_is_signed(typed: Typed, court: Court) -> None:
    status, out, err = typed("rosa", "approve", "churn@v1.1.0", *TO, *typed.key("rosa"))
    plan = court.pending().plan.digest
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0] == "churn 1.1.0 -> production (the first)   2 block, 0 warn"
    assert lines[1].split() == ["champion", "challenger"]
    assert lines[2].split()[:2] == ["remote", "ok"]
    assert lines[3].split() == ["auc", "0.71", "ok", "0.71", "against", "at", "least", "0.68"]
    assert [line.split()[:3] for line in lines if line.startswith("approv") and "BLOCK" in line] == [
        ["approvals", "BLOCK", "0"],
        ["approval:model-risk", "BLOCK", "0"],
    ]
    tip = court.pending().head.commit[:10]
    assert lines[-8:] == [
        "  rebuilt    never",
        "  approvals  2 people, 1 of model-risk, SSH-signed; no author counts",
        "  changed    everything: it is the first",
        "  roll back  none: it is the first",
        f"  plan       {plan}",
        "  policy     churn",
        f"proposed by ana on promote/churn/production, commit {tip}",
        f"approved: churn 1.1.0 -> production by rosa@example.org, {layout.approvals_ref(plan)}",
    ]
    assert len(approvals(court)) == 1


def test_a_moment_that_the_promotion_names_is_shown_and_is_part_of_the_plan(typed: Typed, court: Court) -> None:
    plan = court.pending().plan.digest
    court.project.promote("churn@v1.1.0", effective_at=NOW + timedelta(days=30))
    status, out, _ = typed("rosa", "approve", "churn@v1.1.0", *TO, *typed.key("rosa"), "--dry-run")
    assert (status, [line.split() for line in out.splitlines() if "holds from" in line]) == (
        0,
        [["holds", "from", "2024-06-01", "09:30", "UTC"]],
    )
    assert court.pending().plan.digest != plan


def test_the_model_alone_is_whatever_waits(typed: Typed, court: Court) -> None:
    assert typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))[0] == 0
    assert len(approvals(court)) == 1


def test_git_signs_with_its_own_key(typed: Typed, court: Court) -> None:
    court.project.git("config", "gpg.format", "ssh")
    court.project.git("config", "user.signingKey", str(court.keys["rosa"].path) + ".pub")
    assert typed("rosa", "approve", "churn", *TO)[0] == 0
    assert len(approvals(court)) == 1


def test_without_a_key_it_is_said_what_to_type(typed: Typed, court: Court) -> None:
    status, _, err = typed("rosa", "approve", "churn", *TO)
    assert status == 1
    assert err.startswith("error: git names no key to sign with\nhint: git config gpg.format ssh && ")
    assert approvals(court) == []


def test_repeating_it_says_so(typed: Typed) -> None:
    typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))
    status, out, _ = typed("rosa", "approve", "churn", *TO, "--key", "/nowhere")
    assert (status, out.splitlines()[-1]) == (0, "nothing to do: it is on record already")
    status, out, _ = typed("ben", "approve", "churn", *TO, "--withdraw")
    assert (status, out.splitlines()[-1]) == (0, "nothing to do: there is no approval of yours to take back")


def test_a_dry_run_shows_and_signs_nothing(typed: Typed, court: Court) -> None:
    status, out, _ = typed("rosa", "approve", "churn", *TO, *typed.key("rosa"), "--dry-run")
    assert (status, out.splitlines()[-1]) == (0, "dry run: nothing was signed or written")
    assert approvals(court) == []


def test_the_author_is_refused_with_3(typed: Typed, court: Court) -> None:
    status, _, err = typed("ana", "approve", "churn", *TO, *typed.key("ana"))
    because = "ana@example.org trained, registered or proposed churn 1.1.0, and may not approve it"
    assert (status, err) == (3, f"error: {because}\nhint: ask somebody else to approve it\n")
    assert approvals(court) == []


def test_a_program_reads_all_of_it(typed: Typed, court: Court) -> None:
    told = typed.json("rosa", "approve", "churn@v1.1.0", *TO, *typed.key("rosa"), "--comment", "seen")
    data, waiting = told["data"], court.pending()
    assert told["schema"] == "approve-result/1"
    assert {name: data[name] for name in ("model", "stage", "version", "replaces", "policy", "dry_run", "pushed")} == {
        "model": "churn",
        "stage": "production",
        "version": "1.1.0",
        "replaces": None,
        "policy": "churn",
        "dry_run": False,
        "pushed": False,
    }
    assert (data["plan"], data["promotion"], data["head"]) == (
        waiting.plan.digest,
        waiting.event.id,
        waiting.head.commit,
    )
    (event,) = data["approvals"]
    assert (event["approval"]["comment"], event["approval"]["principal"]) == ("seen", "rosa@example.org")
    assert data["commit"] == court.project.repo.resolve(data["ref"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("churn#production", *TO), "'churn#production' is no version"),
        (("run/01HWV1ZEG00000000000000003", *TO), "'run/01HWV1ZEG00000000000000003' is no version"),
        (("churn", "--to", "a/b"), "--to 'a/b' is no name of a stage"),
        (("churn", *TO, "--from-github", "x.json", "--withdraw"), "--from-github takes over what others said"),
        (("churn", *TO, "--from-github", "x.json", "--comment", "x"), "--from-github takes over what others said"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(words: tuple[str, ...], said: str, typed: Typed) -> None:
    status, _, err = typed("rosa", "approve", *words)
    assert status == 2
    assert said in err


def test_a_comment_with_control_characters_is_refused(typed: Typed, court: Court) -> None:
    assert typed("rosa", "approve", "churn", *TO, *typed.key("rosa"), "--comment", "a\x1b[2Kb")[0] == 1
    assert approvals(court) == []


def test_push_needs_an_origin(typed: Typed, court: Court) -> None:
    status, _, err = typed("rosa", "approve", "churn", *TO, *typed.key("rosa"), "--push")
    assert (status, err.splitlines()[0]) == (1, "error: there is no remote origin to push to")
    assert approvals(court) == []


def test_push_brings_it_to_origin_also_the_second_time(typed: Typed, court: Court, tmp_path: Path) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    ref = layout.approvals_ref(court.pending().plan.digest)
    status, _, err = typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))
    assert (status, err) == (0, f"next: git push origin {ref}  # or the same command with --push\n")
    assert git(origin, "for-each-ref", "refs/actum/approvals") == ""
    assert typed("rosa", "approve", "churn", *TO, "--push")[0] == 0
    assert git(origin, "rev-parse", ref) == court.project.repo.resolve(ref)


def test_a_reviewer_approves_from_a_clone_of_their_own(typed: Typed, court: Court, tmp_path: Path) -> None:
    origin = origin_of(court.project, tmp_path / "origin")
    court.project.git("push", "-q", "origin", "promote/churn/production")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    court.be("rosa")
    assert main(["-C", str(clone), "approve", "churn", *TO, *typed.key("rosa"), "--push"]) == 0
    court.be("ben")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(origin), str(other))
    assert main(["-C", str(other), "approve", "churn", *TO, *typed.key("ben"), "--push"]) == 0
    ref = layout.approvals_ref(court.pending().plan.digest)
    assert len(git(origin, "ls-tree", "-r", "--name-only", ref).splitlines()) == 2


def test_reviews_of_the_forge_are_taken_from_a_file(typed: Typed, court: Court, tmp_path: Path) -> None:
    item = {"id": 1, "user": {"login": "rosa-r"}, "state": "APPROVED", "submitted_at": "2026-01-02T10:10:00Z"}
    item |= {"commit_id": court.pending().head.commit, "html_url": "https://forge.example/1"}
    stranger = item | {"user": {"login": "who"}}
    listed = tmp_path / "reviews.json"
    listed.write_text(json.dumps([item, stranger]))
    words = ("approve", "churn", *TO, "--from-github", listed)
    status, out, _ = typed("ana", *words, "--dry-run")
    assert (status, out.splitlines()[-1]) == (0, "dry run: nothing was signed or written")
    status, out, err = typed("ana", *words)
    assert status == 0
    assert out.splitlines()[-1].startswith("approved: churn 1.1.0 -> production by rosa@example.org, refs/actum/")
    assert err == "warning: who: has no address in signing.logins of actum.yaml on main\n"
    assert typed("ana", *words)[1].splitlines()[-1] == "nothing to do: no review says anything new"


def test_a_file_of_reviews_that_is_not_there_or_malformed_is_said(typed: Typed, tmp_path: Path) -> None:
    status, _, err = typed("ana", "approve", "churn", *TO, "--from-github", tmp_path / "gone.json")
    assert (status, err.splitlines()[0]) == (1, f"error: there is no file {tmp_path / 'gone.json'}")
    listed = tmp_path / "reviews.json"
    listed.write_text('[{"id": 1, "state": "APPROVED", "user": {"login": "a"}}]')
    status, _, err = typed("ana", "approve", "churn", *TO, "--from-github", listed)
    assert (status, err.splitlines()[0]) == (1, f"error: {listed}: [0].submitted_at: is required")


def test_the_log_tells_an_approval_and_whether_it_is_verified(typed: Typed, court: Court) -> None:
    typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))
    _, out, _ = typed("ana", "log", "churn#production")
    (line,) = (line for line in out.splitlines() if "approved" in line)
    assert "churn 1.1.0 -> production approved by rosa@example.org, signed, verified  rosa  not merged" in line
    court.on_trunk(SIGNERS, court.keys["ben"].line())
    _, out, _ = typed("ana", "log", "churn@v1.1.0")
    (line,) = (line for line in out.splitlines() if "approved" in line)
    assert "signed, not verified: unknown key: no key of rosa@example.org is listed" in line


def test_what_landed_is_told_as_merged(typed: Typed, court: Court) -> None:
    typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))
    court.merge()
    land(court.project.store())
    (told,) = (one for one in typed.json("ana", "log", "churn")["data"] if one["kind"] == "approval")
    assert told["what"] == "churn 1.1.0 -> production approved by rosa@example.org, signed, verified"
    assert told["merged"] is True


def test_a_withdrawal_is_told_as_one(typed: Typed) -> None:
    typed("rosa", "approve", "churn", *TO, *typed.key("rosa"))
    status, out, _ = typed("rosa", "approve", "churn", *TO, *typed.key("rosa"), "--withdraw")
    assert (status, out.splitlines()[-1].split(", refs")[0]) == (
        0,
        "withdrawn: churn 1.1.0 -> production by rosa@example.org",
    )
    _, out, _ = typed("ana", "log", "churn")
    assert "churn 1.1.0 -> production: rosa@example.org takes the approval back, verified" in out


def test_one_approval_is_shown_whole(typed: Typed, court: Court) -> None:
    told = typed.json("rosa", "approve", "churn", *TO, *typed.key("rosa"), "--comment", "looked at the slices")
    (event,) = told["data"]["approvals"]
    _, out, _ = typed("ana", "show", f"event/{event['id']}")
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == f"event/{event['id']}  approval  not merged"
    facts = dict(line.split("  ", 1) for line in lines[1:])
    assert {name: value.strip() for name, value in facts.items() if name not in ("when", "bytes")} == {
        "what": "churn 1.1.0 -> production approved by rosa@example.org, signed",
        "by": "rosa",
        "plan": court.pending().plan.digest,
        "principal": "rosa@example.org",
        "comment": "looked at the slices",
        "standing": "verified",
    }
    shown = typed.json("ana", "show", f"event/{event['id']}")["data"]
    assert (shown["standing"], shown["merged"]) == ("verified", False)


def test_an_approval_that_was_edited_is_shown_as_such(typed: Typed, court: Court) -> None:
    event = edited(court.signed(court.event_of("rosa"), "rosa"), comment="yes, really")
    court.put(event)
    shown = typed.json("ana", "show", f"event/{event.id}")["data"]
    assert shown["standing"].startswith("not verified: malformed: it does not fit what it stands over")


def test_without_ssh_keygen_a_read_goes_on(
    typed: Typed, court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = court.signed(court.event_of("rosa"), "rosa")
    court.put(event)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to("/usr/bin/git")
    monkeypatch.setenv("PATH", str(tools))
    assert os.environ["PATH"] == str(tools)
    shown = typed.json("ana", "show", f"event/{event.id}")["data"]
    assert shown["standing"] == "not verified: ssh-keygen is not installed"


def test_an_approval_on_the_branch_is_told_once(typed: Typed, court: Court) -> None:
    event = court.signed(court.event_of("rosa"), "rosa")
    court.put(event)
    commit_to(court.project, "refs/heads/promote/churn/production", bytes_of(event))
    court.project.git("switch", "-q", "promote/churn/production")
    told = [one for one in typed.json("ana", "log", "churn")["data"] if one["kind"] == "approval"]
    assert [(one["id"], one["merged"]) for one in told] == [(f"event/{event.id}", False)]
