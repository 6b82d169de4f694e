from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from actum import layout
from actum.checking.findings import KINDS
from actum.cli.main import main
from actum.dvc.tracked import write_tracked
from actum.errors import UserError
from actum.names import ULID
from tests.promotion.release_project import NOW, POLICY, SETTINGS, Project

V1 = layout.version("churn", "1.0.0")
POINTER = layout.stage("churn", "production")


def on_branch(project: Project, **promotion: object) -> tuple[str, str]:
    """Check out an honest promotion; return the event's path and the branch."""
    outcome = project.promote(**promotion)  # type: ignore[arg-type]
    assert outcome.event is not None
    project.git("switch", "-q", outcome.branch)
    return layout.event("churn", outcome.event.id, "promotion"), outcome.branch


def trunk(project: Project) -> str:
    return f"main ({project.git('rev-parse', 'main')[:10]})"


def forge(project: Project, path: str, **fields: object) -> None:
    project.record(path, replace(project.read(path), **fields))


def forge_promotion(project: Project, path: str, **fields: object) -> None:
    event = project.read(path)
    project.record(path, replace(event, promotion=replace(event.promotion, **fields)))


def kinds(project: Project, **where: object) -> set[str]:
    return {kind for _, kind, _, _ in project.found(**where)}


def test_an_honest_promotion_is_clean(project: Project) -> None:
    on_branch(project)
    checked = project.check()
    assert (checked.objections, checked.records, checked.moves, checked.whole) == ((), 2, 1, False)


def test_it_stays_clean_while_the_trunk_goes_on_with_other_things(project: Project) -> None:
    _, branch = on_branch(project)
    project.git("switch", "-q", "main")
    project.write("README.md", "unrelated\n")
    project.commit()
    project.git("switch", "-q", branch)
    assert project.found() == []


def test_the_trunk_itself_is_checked_whole(project: Project) -> None:
    project.promoted()
    checked = project.check()
    assert (checked.objections, checked.whole, checked.records) == ((), True, 9)


def test_a_merge_can_be_judged_after_the_fact(project: Project) -> None:
    project.promoted()
    checked = project.check(base="HEAD^1")
    assert (checked.objections, checked.moves) == ((), 1)


def test_an_edited_version_file_is_refused(project: Project) -> None:
    project.begin("work")
    forge(project, V1, metrics={"auc": 0.99, "brier": 0.01})
    project.commit()
    assert project.found() == [
        ("block", "record-immutable", V1, "was edited; what is on record never changes"),
    ]
    assert project.check().objections[0].hint == f"git checkout {project.git('rev-parse', 'main')[:10]} -- '{V1}'"


def test_a_removed_run_is_refused(project: Project) -> None:
    project.begin("work")
    path = project.store().paths("run")[0]
    project.git("rm", "-q", path)
    project.commit()
    assert project.found() == [("block", "record-immutable", path, "was removed; what is on record never changes")]


def test_a_record_that_is_a_link_is_refused(project: Project) -> None:
    project.begin("work")
    path = layout.version("churn", "2.0.0")
    (project.root / path).symlink_to("1.1.0.yaml")
    project.commit()
    assert project.found() == [("block", "not-a-file", path, "is a symbolic link, must be a regular file")]


SEALED = "decisions/churn/01HW0000000000000000000000.parquet.dvc"


def test_what_keeps_sealed_decisions_or_artifacts_of_runs_stays_as_it_is(project: Project) -> None:
    kept = ("runs/2024/05/01HW0000000000000000000001/plot.png.dvc", SEALED)
    for number, path in enumerate(kept):
        project.write(path, write_tracked(Path(path).name.removesuffix(".dvc"), str(number) * 32, 10))
    project.commit()
    project.begin("work")
    project.git("rm", "-q", kept[0])
    project.write(kept[1], (project.root / kept[1]).read_text().replace("1" * 32, "a" * 32))
    project.commit()
    assert project.found() == [
        ("block", "record-immutable", kept[1], "was edited; what is on record never changes"),
        ("block", "record-immutable", kept[0], "was removed; what is on record never changes"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1" * 32, "../../../../etc/passwd", "md5"),
        ("path: 01HW", "path: ../../../01HW", "names other than"),
        ("path: 01HW", "path: other/01HW", "names other than"),
    ],
)
def test_a_file_of_dvc_beside_our_records_names_what_it_lies_beside(
    project: Project, old: str, new: str, said: str
) -> None:
    project.begin("work")
    told = write_tracked("01HW0000000000000000000000.parquet", "1" * 32, 10).decode()
    project.write(SEALED, told.replace(old, new))
    project.commit()
    ((weight, kind, path, message),) = project.found()
    assert (weight, kind, path) == ("block", "record-invalid", SEALED)
    assert said in message


def test_the_card_of_a_model_on_record_stays(project: Project) -> None:
    project.begin("work")
    card = layout.card("churn")
    project.git("rm", "-q", card)
    project.write(f"{card}/d/f", "in its place")
    project.commit()
    found = [one for one in project.found() if one[2] == card]
    assert found == [("block", "reference-lost", card, "is not there, and 2 records of churn are")]


def test_an_event_that_became_a_link_is_refused(project: Project) -> None:
    event = project.promoted()
    project.begin("work")
    path = layout.event("churn", event.id, "promotion")
    (project.root / path).unlink()
    (project.root / path).symlink_to("/etc/hostname")
    project.commit()
    found = project.found()
    assert ("block", "not-a-file", path, "is a symbolic link, must be a regular file") in found
    words = "was replaced by something other than a file; what is on record never changes"
    assert ("block", "record-immutable", path, words) in found


def test_a_submodule_among_the_policies_is_refused(project: Project) -> None:
    project.begin("work")
    head = project.git("rev-parse", "HEAD")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{head},policies/other")
    project.git("commit", "-qm", "x")
    assert project.found() == [("block", "not-a-file", "policies/other", "is a submodule, must be a regular file")]


def test_a_record_under_a_foreign_name_is_refused(project: Project) -> None:
    project.begin("work")
    copy = layout.version("churn", "3.0.0")
    project.write(copy, (project.root / V1).read_bytes())
    project.commit()
    message = "says it is churn 1.0.0, but lies where churn 3.0.0 belongs"
    assert project.found() == [("block", "record-invalid", copy, message)]


def test_every_fault_of_a_record_is_said_with_its_line(project: Project) -> None:
    project.begin("work")
    project.write("policies/churn.yaml", "schema: policy/1\npolicy: churn\nevidnce: {}\nthresholds:\n  - {metric: 3}\n")
    project.commit()
    found = project.check().objections
    assert {one.kind for one in found} == {"record-invalid"}
    assert ("policies/churn.yaml", 3, "evidnce: is not known here, did you mean evidence?") in {
        (one.path, one.line, one.message) for one in found
    }


def test_a_huge_record_is_refused_without_being_read(project: Project) -> None:
    project.begin("work")
    path = layout.policy("huge")
    project.write(path, b"#" * (1 << 20) + b"\n")
    project.commit()
    assert project.found() == [("block", "record-large", path, "has 1,048,577 bytes, must have at most 1,048,576")]


def test_a_misspelt_record_is_warned_about(project: Project) -> None:
    project.begin("work")
    project.write("registry/churn/versions/1.2.0.yml", "x: 1\n")
    project.commit()
    path = "registry/churn/versions/1.2.0.yml"
    assert project.found() == [("warn", "record-unknown", path, "is no record that actum knows: nothing reads it")]


def test_an_event_id_is_used_once(project: Project) -> None:
    path, _ = on_branch(project)
    ulid = ULID.search(path)
    assert ulid is not None
    twin = layout.event("other", ulid[0], "promotion")
    project.record(twin, replace(project.read(path), model="other"))
    project.commit()
    found = project.found()
    assert ("block", "event-twice", path, f"has the id of {twin}") in found
    assert ("block", "event-twice", twin, f"has the id of {path}") in found


def test_a_pointer_that_moved_under_you_is_refused(project: Project) -> None:
    on_branch(project, what="churn@v1.1.0")
    project.git("branch", "-m", "mine")
    project.git("switch", "-q", "main")
    other = project.promoted(now=NOW)
    project.git("switch", "-q", "mine")
    found = project.found(now=NOW + timedelta(hours=1))
    message = f"supersedes: is nothing, on {trunk(project)} stands {other.id}"
    assert ("block", "pointer-moved", POINTER, message) in found
    assert {kind for _, kind, _, _ in found} == {"pointer-moved", "promotion-plan"}


def test_who_planned_one_version_cannot_merge_another(project: Project) -> None:
    path, _ = on_branch(project)
    other = project.store().version("churn", "1.1.0")
    assert other is not None
    forge(project, POINTER, version="1.1.0", artifact=other.artifact.sha256)
    forge_promotion(project, path, version="1.1.0", artifact=other.artifact.sha256)
    project.commit()
    assert kinds(project) == {"promotion-plan", "promotion-evidence"}


def test_pointer_and_event_must_say_the_same(project: Project) -> None:
    path, _ = on_branch(project)
    forge(project, POINTER, version="1.1.0")
    project.commit()
    event = ULID.search(path)
    assert event is not None
    found = project.found()
    message = f"version: is 1.1.0, event {event[0]} says 1.0.0"
    assert ("block", "pointer-event", POINTER, message) in found


def test_an_artifact_that_is_not_the_versions_is_refused(project: Project) -> None:
    path, _ = on_branch(project)
    forged = "sha256:" + "0" * 64
    forge(project, POINTER, artifact=forged)
    forge_promotion(project, path, artifact=forged)
    project.commit()
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    message = f"artifact: is {forged[:15]}, {V1} says {version.artifact.sha256[:15]}"
    assert project.found() == [("block", "pointer-version", POINTER, message)]


def test_a_promotion_is_used_once(project: Project) -> None:
    first = project.promoted()
    project.promoted("churn@v1.1.0", now=NOW + timedelta(hours=1))
    project.begin("back")
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    forge(project, POINTER, version="1.0.0", artifact=version.artifact.sha256, event=first.id, supersedes=None)
    project.commit()
    found = project.found(now=NOW + timedelta(hours=2))
    assert ("block", "pointer-event", POINTER, f"event {first.id} is not new: a promotion is used once") in found


def test_the_policy_of_the_branch_judges_nothing(project: Project) -> None:
    """The branch lowers the bar and promotes a version that the trunk's policy refuses."""
    project.write("policies/churn.yaml", POLICY.replace("0.68", "0.8"))
    strict = project.commit()
    project.write("policies/churn.yaml", POLICY)
    project.commit()
    path, _ = on_branch(project)
    found = project.found(base=strict)
    assert ("block", "promotion-gate", path, "auc: failed, 0.7 against at least 0.8") in found
    wanted = {"promotion-plan", "promotion-gate", "promotion-evidence", "promotion-judge"}
    assert kinds(project, base=strict) == wanted


def test_findings_that_were_made_up_are_refused(project: Project) -> None:
    path, _ = on_branch(project)
    event = project.read(path)
    better = tuple(
        replace(f, because="0.99 against at least 0.68") if f.gate == "auc" else f for f in event.promotion.findings
    )
    forge_promotion(project, path, findings=better)
    project.commit()
    assert project.found() == [
        (
            "block",
            "promotion-evidence",
            path,
            "auc: the event says passed, 0.99 against at least 0.68; the policy on the base does not",
        ),
        (
            "block",
            "promotion-evidence",
            path,
            "auc: the policy on the base says passed, 0.7 against at least 0.68; the event does not",
        ),
    ]


def test_a_version_cannot_be_registered_and_promoted_in_one_change(project: Project) -> None:
    project.begin("work")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    project.git("branch", "-f", "main", "HEAD")
    on_branch(project, what="churn@v1.2.0")
    project.git("branch", "-f", "main", "main~4")
    found = project.found()
    where = layout.version("churn", "1.2.0")
    base = project.git("rev-parse", "main")[:10]
    assert ("block", "pointer-version", POINTER, f"version: {where} is not on {base}, or malformed") in found


def test_a_version_that_was_swapped_on_the_trunk_is_not_promoted(project: Project) -> None:
    """Whoever may push to the trunk past the check still meets the next one."""
    two = project.store().version("churn", "1.1.0")
    one = project.store().version("churn", "1.0.0")
    assert one is not None
    assert two is not None
    _, branch = on_branch(project)
    project.git("switch", "-q", "main")
    forge(project, V1, artifact=two.artifact)
    project.commit()
    project.git("switch", "-q", branch)
    found = [(path, message) for _, kind, path, message in project.found() if kind == "version-run"]
    registered = project.repo.introduced("main", V1)
    assert registered is not None
    own, swapped = one.artifact, two.artifact
    messages = (
        f"artifact.md5: is {swapped.md5}, run/{one.run} says {own.md5}",
        f"artifact.sha256: is {swapped.sha256[:15]}, run/{one.run} says {own.sha256[:15]}",
        f"was edited after it was registered ({registered[:10]})",
    )
    assert found == [(V1, f"{message}, on {trunk(project)}") for message in messages]


def test_the_trunk_itself_says_that_a_version_was_swapped(project: Project) -> None:
    two = project.store().version("churn", "1.1.0")
    one = project.store().version("churn", "1.0.0")
    assert one is not None
    assert two is not None
    forge(project, V1, run=two.run, artifact=two.artifact, code_commit=two.code_commit, metrics=two.metrics,
          result_commit=two.result_commit)  # fmt: skip
    project.commit()
    message = f"result_commit: is {two.result_commit[:10]}, {layout.version_ref('churn', '1.0.0')} keeps "
    assert project.found() == [("block", "version-run", V1, message + one.result_commit[:10])]


def test_a_past_that_never_was_is_refused(project: Project) -> None:
    path, _ = on_branch(project)
    forge(project, path, effective_at=NOW - timedelta(days=30))
    project.commit()
    message = "effective_at: 2024-04-02 09:30 was past when it was recorded"
    assert ("block", "promotion-time", path, message) in project.found()
    assert kinds(project) == {"promotion-time", "promotion-plan"}, "nor is it what was planned"


def test_a_clock_of_its_own_is_refused(project: Project) -> None:
    path, _ = on_branch(project)
    forge(project, path, clock="simulated", recorded_at=NOW + timedelta(days=1), effective_at=NOW + timedelta(days=1))
    project.commit()
    assert project.found() == [
        ("block", "promotion-time", path, "clock: is simulated, actum.yaml says real"),
        ("block", "promotion-time", path, "recorded_at: 2024-05-03 09:30 is yet to come"),
    ]


def test_a_promotion_is_not_older_than_its_version(project: Project) -> None:
    """Both times of an event can be forged together; the version's own is on the base."""
    path, _ = on_branch(project)
    forge(project, path, recorded_at=NOW - timedelta(days=30), effective_at=NOW - timedelta(days=30))
    project.commit()
    message = "recorded_at: is before 2024-05-02 09:30, when the version was registered"
    late = "effective_at: 2024-04-02 09:30 is 30 days past, and it did not stand then"
    assert project.found() == [("block", "promotion-time", path, message), ("warn", "promotion-time", path, late)]


def test_a_promotion_far_ahead_would_close_the_stage_for_good(project: Project) -> None:
    path, _ = on_branch(project, effective_at=NOW + timedelta(days=366))
    assert project.found() == []
    forge(project, path, effective_at=NOW + timedelta(days=366, minutes=1))
    project.commit()
    message = "effective_at: 2025-05-03 09:31 is more than 366 days ahead"
    assert ("block", "promotion-time", path, message) in project.found()
    assert kinds(project) == {"promotion-time", "promotion-plan"}, "nor is it what was planned"


def test_a_promotion_that_waited_for_its_merge_is_warned_about(project: Project) -> None:
    path, _ = on_branch(project)
    assert project.found(now=NOW + timedelta(days=1)) == []
    message = "effective_at: 2024-05-02 09:30 is 3 days past, and it did not stand then"
    assert project.found(now=NOW + timedelta(days=3)) == [("warn", "promotion-time", path, message)]


def test_a_promotion_without_a_pointer_would_rewrite_the_past(project: Project) -> None:
    path, _ = on_branch(project)
    project.git("rm", "-q", POINTER)
    project.commit()
    assert project.found() == [("block", "promotion-alone", path, "no pointer names it")]


def test_a_pointer_does_not_vanish(project: Project) -> None:
    project.promoted()
    project.begin("work")
    project.git("rm", "-q", POINTER)
    project.commit()
    assert project.found() == [("block", "pointer-removed", POINTER, "was removed")]


def test_bytes_that_left_the_remote_since_are_noticed(project: Project) -> None:
    on_branch(project)
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    md5 = version.artifact.md5
    (project.remote / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    message = f"artifact: storage has no object {md5} for models/churn.bin"
    assert project.found() == [("block", "promotion-remote", POINTER, message)]


EVIL = "[core]\n    remote = evil\n['remote \"evil\"']\n    url = ../../evil\n"


def lost_to(project: Project, folder: str) -> str:
    """Take the artifact of 1.0.0 out of the remote, and put it somewhere else; return what must be said of it."""
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    md5 = version.artifact.md5
    shutil.copytree(project.remote, project.root.parent / folder)
    (project.remote / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    return f"artifact: storage has no object {md5} for models/churn.bin"


def test_the_remote_of_the_base_is_asked_and_not_that_of_the_branch(project: Project) -> None:
    """The branch names a folder of its author's that has the object; everybody else's remote has lost it."""
    on_branch(project)
    lost = lost_to(project, "evil")
    project.write(".dvc/config", EVIL)
    project.commit()
    assert project.found() == [
        ("block", "promotion-judge", ".dvc/config", f"changes beside {POINTER}, which the remote judges"),
        ("block", "promotion-remote", POINTER, lost),
    ]


def test_what_lies_in_the_checkout_uncommitted_names_no_remote(project: Project) -> None:
    on_branch(project)
    lost = lost_to(project, "evil")
    project.write(".dvc/config", EVIL)
    assert project.found() == [("block", "promotion-remote", POINTER, lost)]


def test_a_local_configuration_that_came_with_the_branch_is_not_read(project: Project) -> None:
    on_branch(project)
    lost = lost_to(project, "evil")
    project.write(".dvc/config.local", EVIL)
    assert project.found() == []  # it is this machine's own
    project.git("add", "--force", ".dvc/config.local")
    project.commit()
    assert project.found() == [
        ("block", "promotion-judge", ".dvc/config.local", f"changes beside {POINTER}, which the remote judges"),
        ("block", "promotion-remote", POINTER, lost),
    ]


def test_a_lock_that_changed_without_a_run_names_actum_run(project: Project) -> None:
    project.begin("work")
    project.write("rows.txt", "four\n")
    project.dvc("repro", "-q")
    project.commit()
    assert project.found() == [("block", "lock-without-run", "dvc.lock", "no run on record made what it says of train")]
    assert project.check().objections[0].hint == "actum run"


def test_a_run_of_a_dirty_work_tree_vouches_for_no_lock(registered: Project) -> None:
    run = registered.store("work").version("churn", "1.2.0")
    assert run is not None
    registered.git("rm", "-q", layout.version("churn", "1.2.0"))
    forge(registered, layout.run(run.run, NOW), dirty=True)
    registered.commit()
    message = f"only run/{run.run}, of a dirty work tree, made what it says of train"
    assert registered.found() == [("block", "lock-without-run", "dvc.lock", message)]
    assert registered.check().objections[0].hint == "git commit your changes, then actum run"


def test_a_lock_that_was_there_before_the_first_run_stops_nobody(project: Project) -> None:
    project.write("rows.txt", "four\n")
    project.dvc("repro", "-q")
    project.commit()
    message = "no run on record made what it says of train"
    assert project.found() == [("warn", "lock-without-run", "dvc.lock", message)]
    project.begin("work")
    project.write("README.md", "unrelated\n")
    project.commit()
    assert project.found() == []


def test_a_foreign_file_name_reaches_neither_terminal_nor_markup(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.begin("work")
    project.write("runs/\x1b[2J|`<b>@all.json", "{}")
    project.commit()
    report = project.root.parent / "report.md"
    assert main(["-C", str(project.root), "check", "--report", str(report)]) == 0
    head, base = (project.git("rev-parse", name)[:10] for name in ("HEAD", "main"))
    assert capsys.readouterr().out == (
        "warn   runs/\\x1b[2J|`<b>@all.json: is no record that actum knows: nothing reads it\n"
        f"clean: 0 changed records of {head} against main ({base}): 0 block, 1 warn\n"
    )
    assert report.read_text() == (
        "### actum check: clean\n\n"
        f"0 changed records of {head} against main ({base}): 0 block, 1 warn\n\n"
        "| | file | finding |\n|---|---|---|\n"
        r"| warn | <code>runs/\\x1b\[2J\|\`&lt;b&gt;&#64;all.json</code>"
        " | is no record that actum knows: nothing reads it |\n"
    )


def test_a_finding_is_exit_status_3_and_has_a_stable_id(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.begin("work")
    forge(project, V1, metrics={})
    project.commit()
    assert main(["-C", str(project.root), "check"]) == 3
    assert capsys.readouterr().out.splitlines()[-1].startswith("refused: 1 changed record of ")
    assert main(["-C", str(project.root), "check", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "check/1"
    assert [finding["kind"] for finding in said["data"]["findings"]] == ["record-immutable"]
    assert said["data"]["clean"] is False


def test_a_clean_check_is_one_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    head = project.git("rev-parse", "HEAD")[:10]
    assert main(["-C", str(project.root), "check"]) == 0
    assert capsys.readouterr().out == f"clean: all records of {head} against main ({head}): 0 block, 0 warn\n"


def test_a_shallow_clone_says_so(project: Project, tmp_path: Path) -> None:
    project.begin("work")
    project.write("a", "a")
    project.commit()
    project.git("clone", "-q", "--depth", "1", "--no-single-branch", f"file://{project.root}", str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", project.env, project.ids)
    clone.git("switch", "-q", "work")
    with pytest.raises(UserError) as caught:
        clone.check()
    assert str(caught.value).endswith("this clone is shallow")
    assert caught.value.hint == "git fetch --unshallow"


def test_a_broken_policy_on_the_base_is_a_finding(project: Project) -> None:
    on_branch(project)
    project.git("switch", "-qc", "broken", "main")
    project.write("policies/churn.yaml", "schema: policy/1\n")
    broken = project.commit()
    project.git("switch", "-q", "promote/churn/production")
    found = project.found(base=broken)
    assert ("block", "settings-invalid") in {(weight, kind) for weight, kind, _, _ in found}


def test_the_settings_of_the_branch_name_no_stage(project: Project) -> None:
    project.write("actum.yaml", SETTINGS.replace("[staging, production]", "[staging]"))
    narrow = project.commit()
    project.write("actum.yaml", SETTINGS)
    project.commit()
    on_branch(project)
    message = "stage: production is none of staging (actum.yaml)"
    assert ("block", "promotion-gate", POINTER, message) in project.found(base=narrow)


def test_every_kind_of_finding_is_used() -> None:
    rooms = (Path(__file__).parents[2] / "src/actum" / room for room in ("checking", "flow", "vocabulary"))
    source = "".join(path.read_text() for room in rooms for path in room.glob("*.py"))
    assert [kind for kind in KINDS if source.count(f'"{kind}"') < 2] == []
