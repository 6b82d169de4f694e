from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actum import layout
from actum.cli.main import main
from actum.errors import NotFoundError, UserError
from actum.filing import write_record
from actum.git import writing
from actum.records.event import Event, Finding, Promotion
from tests.promotion.release_project import ANA, CARD, NOW, POLICY, SETTINGS, Project, attestation


def state(project: Project) -> tuple[str, ...]:
    """What a promotion must not touch: HEAD, branch, index, work tree."""
    index = (project.root / ".git" / "index").read_bytes().hex()
    return project.git("symbolic-ref", "HEAD"), project.git("rev-parse", "HEAD"), index, project.git("status", "-s")


def closed(project: Project, what: str = "churn@v1.0.0", to: str = "production", **order: object) -> list[Finding]:
    outcome = project.promote(what, to, **order)
    assert outcome.commit is None
    assert project.git("branch", "--list", "promote/*") == ""
    return list(outcome.plan.blocks)


def change(project: Project, path: str, old: str, new: str) -> None:
    text = (project.root / path).read_text()
    assert old in text
    project.write(path, text.replace(old, new))
    project.commit()


def test_a_promotion_is_one_commit_on_its_own_branch_and_touches_nothing_else(project: Project) -> None:
    project.begin("work")
    project.write("rows.txt", "unfinished\n")
    project.write("staged.txt", "staged\n")
    project.git("add", "staged.txt")
    before = state(project)
    outcome = project.promote()
    assert state(project) == before
    assert outcome.commit == project.git("rev-parse", "promote/churn/production")
    assert project.repo.parents(outcome.commit) == (project.git("rev-parse", "main"),)
    assert outcome.event is not None
    event = layout.event("churn", outcome.event.id, "promotion")
    assert project.repo.changed("main", outcome.commit) == {layout.stage("churn", "production"): "A", event: "A"}


def test_the_event_says_what_was_found_and_the_pointer_names_it(project: Project) -> None:
    event = project.promoted()
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    assert event.promotion is not None
    remote = event.promotion.findings[0]
    assert re.fullmatch(r"models/churn.bin is in storage, 4 bytes, sound", remote.because)
    assert event == Event(
        schema="event/1",
        id=event.id,
        kind="promotion",
        model="churn",
        recorded_at=NOW,
        effective_at=NOW,
        clock="real",
        by=ANA,
        promotion=Promotion(
            stage="production",
            version="1.0.0",
            artifact=version.artifact.sha256,
            plan=event.promotion.plan,
            policy="churn",
            findings=(
                remote,
                Finding(gate="auc", outcome="passed", because="0.7 against at least 0.68"),
                Finding(gate="brier", outcome="passed", because="0.15 against at most 0.2"),
            ),
        ),
    )
    pointer = project.pointer()
    assert (pointer.version, pointer.event, pointer.supersedes) == ("1.0.0", event.id, None)


def test_the_next_promotion_supersedes_the_standing_one(project: Project) -> None:
    first = project.promoted()
    second = project.promoted("churn", now=NOW + timedelta(hours=1))
    assert second.promotion is not None
    assert (second.promotion.version, second.promotion.replaces) == ("1.1.0", "1.0.0")
    assert second.promotion.supersedes == project.pointer().supersedes == first.id


def test_a_version_that_stands_already_is_nothing_to_do(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.promoted()
    assert main(["-C", str(project.root), "promote", "churn@v1.0.0", "--to", "production"]) == 0
    assert capsys.readouterr().out == "nothing to do: churn 1.0.0 stands at production since 2024-05-02\n"


def test_everything_that_blocks_is_said_at_once_and_nothing_is_written(project: Project) -> None:
    change(project, "registry/churn/model.yaml", "owner: ana@example.org", 'owner: " "')
    change(project, "registry/churn/model.yaml", "applications: [checkout]\n", "")
    change(project, "policies/churn.yaml", "at_least: 0.68", "at_least: 0.8")
    change(project, "policies/churn.yaml", "metric: brier", "metric: gini")
    assert closed(project, effective_at=NOW - timedelta(days=1)) == [
        Finding(gate="owner", outcome="missing", because="registry/churn/model.yaml names no owner"),
        Finding(
            gate="application",
            outcome="missing",
            because="registry/churn/model.yaml names no application that uses it",
        ),
        Finding(
            gate="effective-at",
            outcome="failed",
            because="2024-05-01 09:30 is past; only with clock: simulated in actum.yaml",
        ),
        Finding(gate="auc", outcome="failed", because="0.7 against at least 0.8"),
        Finding(gate="gini", outcome="missing", because="no run measured it, at most 0.2 is asked"),
    ]


def test_a_version_that_only_a_branch_has_cannot_be_promoted(project: Project) -> None:
    project.begin("work")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    (finding,) = closed(project, "churn@v1.2.0")
    because = "registry/churn/versions/1.2.0.yaml is not on the trunk (main): merge it first"
    assert finding == Finding(gate="version", outcome="missing", because=because)


def test_card_and_policy_of_the_checkout_do_not_count(project: Project) -> None:
    project.begin("work")
    change(project, "policies/churn.yaml", "at_least: 0.68", "at_least: 0.99")
    assert project.promote().commit is not None


def test_a_stage_that_the_settings_do_not_name_is_refused(project: Project) -> None:
    (finding,) = closed(project, to="prod")
    because = "prod is none of the stages in actum.yaml: staging, production"
    assert finding == Finding(gate="stage", outcome="failed", because=because)


def test_a_policy_that_the_card_names_must_be_there(project: Project) -> None:
    project.git("rm", "-q", "policies/churn.yaml")
    project.commit()
    (finding,) = closed(project)
    because = "policies/churn.yaml is not on the trunk, the card names it"
    assert finding == Finding(gate="policy", outcome="missing", because=because)


def test_an_application_must_be_described(project: Project) -> None:
    change(project, "registry/churn/model.yaml", "[checkout]", "[checkout, mail]")
    (finding,) = closed(project)
    because = "registry/churn/model.yaml names mail, which actum.yaml does not describe"
    assert finding == Finding(gate="application", outcome="missing", because=because)


def object_in_remote(project: Project) -> str:
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    return version.artifact.md5


def test_bytes_that_the_remote_lacks_block(project: Project) -> None:
    md5 = object_in_remote(project)
    (project.remote / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    (finding,) = closed(project)
    because = f"storage has no object {md5} for models/churn.bin"
    assert finding == Finding(gate="remote", outcome="missing", because=because)


def test_bytes_of_the_right_size_and_wrong_content_block(project: Project) -> None:
    md5 = object_in_remote(project)
    place = project.remote / "files" / "md5" / md5[:2] / md5[2:]
    place.chmod(0o644)
    place.write_bytes(b"eno\n")
    (finding,) = closed(project)
    because = f"object {md5} for models/churn.bin in storage is corrupt: its bytes are not the version's"
    assert finding == Finding(gate="remote", outcome="failed", because=because)


def test_a_remote_that_is_no_folder_is_said_to_be_unchecked(project: Project) -> None:
    project.write(".dvc/config", "[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n")
    project.commit()
    outcome = project.promote()
    because = "s was not checked here: s3://bucket/x is no folder"
    assert list(outcome.plan.warnings) == [Finding(gate="remote", outcome="warned", because=because)]
    assert outcome.commit is not None


def test_without_a_remote_nobody_else_can_get_the_model(project: Project) -> None:
    project.write(".dvc/config", "")
    project.commit()
    (finding,) = closed(project)
    assert finding.because == ".dvc/config: names no default remote: nobody else can get models/churn.bin"


def test_a_back_fill_needs_a_simulated_clock_and_says_so(project: Project) -> None:
    past = datetime(2013, 4, 1, tzinfo=UTC)
    change(project, "actum.yaml", "clock: real", "clock: simulated")
    event = project.promoted(effective_at=past)
    assert (event.clock, event.effective_at, event.recorded_at) == ("simulated", past, NOW)


def test_a_promotion_cannot_take_effect_before_the_standing_one(project: Project) -> None:
    project.write("actum.yaml", SETTINGS.replace("clock: real", "clock: simulated"))
    project.commit()
    project.promoted(effective_at=datetime(2013, 4, 1, tzinfo=UTC))
    outcome = project.promote("churn@v1.1.0", effective_at=datetime(2013, 3, 1, tzinfo=UTC))
    because = "2013-03-01 00:00 is before the promotion that stands took effect, 2013-04-01 00:00"
    assert outcome.plan.blocks == (Finding(gate="effective-at", outcome="failed", because=because),)


def test_an_attestation_counts_from_the_evidence_branch_and_only_about_these_bytes(project: Project) -> None:
    project.write("policies/churn.yaml", POLICY + "evidence: {rebuild: bytes}\n")
    project.commit()
    first, other = project.store().version("churn", "1.0.0"), project.store().version("churn", "1.1.0")
    assert first is not None
    assert other is not None
    forged = attestation(other)
    attest(
        project, forged.__class__(**{name: getattr(forged, name) for name in forged.__slots__} | {"version": "1.0.0"})
    )
    (finding,) = closed(project)
    assert finding == Finding(gate="rebuild", outcome="missing", because="nobody rebuilt it, bytes is asked")
    attest(project, attestation(first))
    outcome = project.promote()
    said = Finding(gate="rebuild", outcome="passed", because="bytes against at least bytes, good until 2024-07-31")
    assert outcome.plan.findings[-1] == said


def test_an_attestation_holds_no_longer_than_the_card_on_the_trunk_lets_it(project: Project) -> None:
    project.write("policies/churn.yaml", POLICY + "evidence: {rebuild: bytes}\n")
    change(project, "registry/churn/model.yaml", "policy: churn", "policy: churn\nrebuild: {valid_days: 1}")
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    attest(project, attestation(version, expires_at=datetime(9999, 1, 1, tzinfo=UTC)))
    good = Finding(gate="rebuild", outcome="passed", because="bytes against at least bytes, good until 2024-05-03")
    assert project.promote(dry_run=True).plan.findings[-1] == good
    project.begin("work")
    change(project, "registry/churn/model.yaml", "valid_days: 1", "valid_days: 9999")
    (finding,) = closed(project, now=NOW + timedelta(days=1))
    assert finding == Finding(gate="rebuild", outcome="failed", because="bytes, but expired 2024-05-03")


def test_an_attestation_from_the_future_is_none(project: Project) -> None:
    project.write("policies/churn.yaml", POLICY + "evidence: {rebuild: bytes}\n")
    project.commit()
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    attest(project, attestation(version), NOW + timedelta(days=300))
    (finding,) = closed(project)
    assert finding == Finding(gate="rebuild", outcome="missing", because="nobody rebuilt it, bytes is asked")


V1 = layout.version("churn", "1.0.0")


def forge(project: Project, **fields: object) -> None:
    """Edit version 1.0.0 on the trunk, past every check."""
    project.record(V1, replace(project.read(V1), **fields))
    project.commit("forge")


def because(project: Project) -> list[tuple[str, str]]:
    return [(finding.gate, finding.because) for finding in closed(project)]


def test_a_version_that_its_run_did_not_make_is_not_promoted(project: Project) -> None:
    one, two = project.read(V1), project.read(layout.version("churn", "1.1.0"))
    registered = project.git("log", "-1", "--format=%H", "--", V1)
    forge(project, artifact=two.artifact)
    assert because(project) == [
        ("version", f"artifact.md5: is {two.artifact.md5}, run/{one.run} says {one.artifact.md5}"),
        ("version", f"artifact.sha256: is {two.artifact.sha256[:15]}, run/{one.run} says {one.artifact.sha256[:15]}"),
        ("version", f"was edited after it was registered ({registered[:10]})"),
    ]


def test_a_version_that_became_another_altogether_is_not_promoted(project: Project) -> None:
    one, two = project.read(V1), project.read(layout.version("churn", "1.1.0"))
    registered = project.git("log", "-1", "--format=%H", "--", V1)
    forge(project, **{name: getattr(two, name) for name in two.__slots__ if name != "version"})
    ref = layout.version_ref("churn", "1.0.0")
    assert because(project) == [
        ("version", f"result_commit: is {two.result_commit[:10]}, {ref} keeps {one.result_commit[:10]}"),
        ("version", f"was edited after it was registered ({registered[:10]})"),
    ]


def test_a_version_whose_run_is_gone_is_not_promoted(project: Project) -> None:
    run = project.read(V1).run
    project.git("rm", "-q", layout.run(run, NOW))
    project.commit()
    assert because(project) == [("version", f"run: run/{run} is not on record, nobody vouches for the version")]


def test_a_dry_run_says_that_a_version_was_swapped(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    two = project.read(layout.version("churn", "1.1.0"))
    run = project.read(V1).run
    forge(project, artifact=replace(project.read(V1).artifact, size=two.artifact.size + 1))
    assert main(["-C", str(project.root), "promote", "churn@v1.0.0", "--to", "production", "-n"]) == 3
    out = re.sub(" +", " ", capsys.readouterr().out)
    assert f"version BLOCK artifact.size: is 5, run/{run} says 4\n" in out


def test_a_promotion_a_year_ahead_is_refused(project: Project) -> None:
    far = NOW + timedelta(days=366, minutes=1)
    (finding,) = closed(project, effective_at=far)
    told = "2025-05-03 09:31 is more than 366 days ahead"
    assert finding == Finding(gate="effective-at", outcome="failed", because=told)
    assert project.promote(effective_at=far - timedelta(minutes=1)).commit is not None


def attest(project: Project, body: object, at: datetime = NOW) -> None:
    event = Event(
        schema="event/1",
        id=project.ids.new(),
        kind="attestation",
        model="churn",
        recorded_at=at,
        effective_at=at,
        clock="real",
        by=ANA,
        attestation=body,  # type: ignore[arg-type]
    )
    path = layout.event("churn", event.id, "attestation")
    held = project.repo.resolve(layout.EVIDENCE_REF)
    commit = writing.commit_files(project.repo, held, {path: write_record(event, path=path)}, "attest")
    writing.move_ref(project.repo, layout.EVIDENCE_REF, commit, expected=held)


def test_the_evidence_branch_promotes_nothing(project: Project) -> None:
    path = layout.version("churn", "9.0.0")
    forged = (
        (project.root / layout.version("churn", "1.0.0")).read_bytes().replace(b'version: "1.0.0"', b'version: "9.0.0"')
    )
    commit = writing.commit_files(project.repo, None, {path: forged}, "forge")
    writing.move_ref(project.repo, layout.EVIDENCE_REF, commit, expected=None)
    assert [finding.gate for finding in closed(project, "churn@v9.0.0")] == ["version"]
    assert project.promote("churn").plan.wanted == "1.1.0"


def test_a_living_branch_is_replaced(project: Project) -> None:
    first = project.promote()
    second = project.promote("churn@v1.1.0")
    assert (first.replaced, second.replaced) == (False, True)
    assert project.git("rev-list", "--count", "main..promote/churn/production") == "1"
    assert project.store("promote/churn/production").pointers("churn")["production"].version == "1.1.0"


def test_a_branch_with_other_work_is_not_replaced(project: Project) -> None:
    project.promote()
    project.git("switch", "-q", "promote/churn/production")
    project.write("notes.txt", "mine\n")
    commit = project.commit()
    project.git("switch", "-q", "main")
    with pytest.raises(UserError) as caught:
        project.promote("churn@v1.1.0")
    told = f"branch promote/churn/production holds commit {commit[:10]}, which is no promotion of churn to production"
    assert str(caught.value) == told
    assert project.git("rev-parse", "promote/churn/production") == commit


def test_a_branch_that_is_checked_out_does_not_move_under_its_checkout(project: Project) -> None:
    project.promote()
    project.git("switch", "-q", "promote/churn/production")
    with pytest.raises(UserError, match=r"^promote/churn/production is checked out in .*: it would move under it$"):
        project.promote("churn@v1.1.0")


def test_a_merged_branch_is_used_again(project: Project) -> None:
    project.promoted()
    assert project.promote("churn@v1.1.0", now=NOW + timedelta(hours=1)).replaced


def test_without_a_trunk_nothing_is_promoted(project: Project) -> None:
    change(project, "actum.yaml", "trunk: main", "trunk: release")
    with pytest.raises(
        NotFoundError, match=r"^the trunk release, named in actum\.yaml, is neither here nor at origin$"
    ):
        project.promote()


def test_the_plan_is_about_content_and_not_about_commits(project: Project) -> None:
    project.write(layout.card("churn"), CARD + "holdout: {path: holdout.csv, label: left, features: rows.txt}\n")
    project.commit()
    digest = project.promote().plan.digest
    project.write("README.md", "unrelated\n")
    project.commit()
    assert project.promote(now=NOW + timedelta(days=1)).plan.digest == digest
    for path, data in (
        ("policies/churn.yaml", POLICY + "# stricter soon\n"),
        ("registry/churn/holdout.csv.dvc", "outs: []\n"),
    ):
        project.write(path, data)
        project.commit()
        changed = project.promote().plan.digest
        assert changed != digest
        digest = changed
    assert project.promote(to="staging").plan.digest != digest
    assert project.promote("churn@v1.1.0").plan.digest != digest


def test_promote_shows_the_plan_and_says_what_comes_next(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.promoted()
    assert main(["-C", str(project.root), "promote", "churn", "--to", "production"]) == 0
    out, err = capsys.readouterr()
    commit = project.git("rev-parse", "promote/churn/production")[:10]
    event = project.store("promote/churn/production").events("churn")[-1]
    assert event.promotion is not None
    assert out == (
        "churn 1.1.0 -> production (replaces 1.0.0)   0 block, 0 warn\n"
        "          champion  challenger\n"
        "remote                          ok  models/churn.bin is in storage, 4 bytes, sound\n"
        "rollback                        ok  1.0.0 can be returned to\n"
        "auc       0.7       0.71        ok  0.71 against at least 0.68\n"
        "brier     0.15      0.14        ok  0.14 against at most 0.2\n"
        "  rebuilt    never\n"
        "  approvals  none asked\n"
        "  changed    code 1: rows.txt (training)\n"
        "             same: params, data, environment, packages\n"
        "  roll back  actum promote churn --to production --back\n"
        f"  plan       {event.promotion.plan}\n"
        "  policy     churn\n"
        f"written to promote/churn/production, commit {commit}\n"
        "pull request: Promote churn 1.1.0 to production; its text: .actum/promotions/churn-production.md\n"
    )
    assert err == (
        "next: git switch promote/churn/production\n      actum check\n      git switch main\n"
        "      git merge --no-ff promote/churn/production\n      actum tags\n"
    )


def test_a_refusal_is_exit_status_3_and_a_dry_run_writes_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(project.root), "promote", "churn", "--to", "staging", "-n", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["data"]["version"], said["data"]["dry_run"]) == ("promote-result/1", "1.1.0", True)
    change(project, "policies/churn.yaml", "0.68", "0.8")
    assert main(["-C", str(project.root), "promote", "churn", "--to", "staging"]) == 3
    assert "BLOCK  0.71 against at least 0.8" in capsys.readouterr().out
    assert project.git("branch", "--list", "promote/*") == ""
