from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from actum import layout
from actum.cli.main import main
from actum.errors import ToolFailedError
from actum.git import writing
from actum.tags import TagPlan, fetch_tags, plan_tags, push_tags, write_tags
from tests.promotion.release_project import NOW, PIPELINE, Project

AT = int(NOW.timestamp())


def plan(project: Project, now: int = AT) -> TagPlan:
    return plan_tags(project.store(), now=now)


def write(project: Project, now: int = AT) -> list[str]:
    made = plan(project, now)
    write_tags(project.repo, made.missing)
    return [tag.name for tag in made.missing]


def remarks(project: Project) -> list[tuple[str, str, str]]:
    return [(one.weight, one.subject, one.message) for one in plan(project).remarks]


def times(project: Project) -> dict[str, int]:
    listed = project.git("for-each-ref", "--format=%(refname:short) %(taggerdate:unix)", "refs/tags")
    return {name: int(at) for name, _, at in (line.partition(" ") for line in listed.splitlines())}


def result(project: Project, number: str) -> str:
    version = project.store().version("churn", number)
    assert version is not None
    return version.result_commit


def live(project: Project) -> list[str]:
    """1.0.0 to staging, to production, 1.1.0 to production, and back to 1.0.0."""
    steps = [("1.0.0", "staging"), ("1.0.0", "production"), ("1.1.0", "production"), ("1.0.0", "production")]
    events = []
    for hour, (number, stage) in enumerate(steps):
        events.append(project.promoted(f"churn@v{number}", stage, now=NOW + timedelta(hours=hour)).id)
    return events


def shown(project: Project, *words: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", project.gto(*words))


def test_tags_sit_on_result_commits_in_the_order_of_promotions(project: Project) -> None:
    events = live(project)
    one, two = result(project, "1.0.0"), result(project, "1.1.0")
    made = plan(project)
    assert [(tag.name, tag.commit, tag.at - AT, tag.event) for tag in made.missing] == [
        ("churn@v1.0.0", one, 0, ""),
        ("churn@v1.1.0", two, 1, ""),
        ("churn#staging#1", one, 2, events[0]),
        ("churn#production#2", one, 3, events[1]),
        ("churn#production#3", two, 4, events[2]),
        ("churn#production#4", one, 5, events[3]),
    ]
    assert (made.present, made.remarks) == ((), ())


def test_written_tags_are_annotated_and_strictly_later_than_any_before(project: Project) -> None:
    live(project)
    names = write(project)
    assert {project.git("cat-file", "-t", name) for name in names} == {"tag"}
    assert [times(project)[name] - AT for name in names] == [0, 1, 2, 3, 4, 5]
    project.promoted("churn@v1.1.0", now=NOW + timedelta(hours=9))
    # A clock that stands still, or was set back, must not put an older tag first.
    assert write(project, now=AT - 3600) == ["churn#production#5"]
    assert times(project)["churn#production#5"] - AT == 6


def test_a_second_call_finds_what_the_first_wrote(project: Project) -> None:
    live(project)
    names = write(project)
    again = plan(project, now=AT + 100)
    assert (again.missing, sorted(again.present), again.remarks) == ((), sorted(names), ())


def test_gto_and_dvc_agree_with_the_registry(project: Project) -> None:
    live(project)
    write(project)
    assert json.loads(shown(project, "show", "churn#production", "--json"))[0]["version"] == "v1.0.0"
    table = shown(project, "show", "churn")
    assert re.search(r"v1\.0\.0 .*(production, staging|staging, production)", table)
    history = json.loads(shown(project, "history", "churn", "--ascending", "--json"))
    assert [(one["event"], one["version"], one.get("stage")) for one in history] == [
        ("registration", "v1.0.0", None),
        ("registration", "v1.1.0", None),
        ("assignment", "v1.0.0", "staging"),
        ("assignment", "v1.0.0", "production"),
        ("assignment", "v1.1.0", "production"),
        ("assignment", "v1.0.0", "production"),
    ]
    for words, rows in (
        (("--rev", "v1.0.0"), "one\n"),
        (("--rev", "v1.1.0"), "two\n"),
        (("--stage", "production"), "one\n"),
    ):
        out = project.root.parent / "-".join(words).strip("-")
        project.dvc("artifacts", "get", ".", "churn", *words, "-o", str(out))
        assert out.read_text() == rows


def test_a_squashed_result_is_still_delivered(project: Project) -> None:
    """The result commit is on no branch; the tag, like the ref, keeps it."""
    project.begin("work")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--squash", "work")
    project.commit("squashed")
    project.git("branch", "-qD", "work")
    write(project)
    assert project.git("branch", "--contains", "churn@v1.2.0") == ""
    out = project.root.parent / "got"
    project.dvc("artifacts", "get", ".", "churn", "--rev", "v1.2.0", "-o", str(out))
    assert out.read_text() == "three\n"


def test_only_what_the_trunk_says_is_tagged(project: Project) -> None:
    project.promote()
    assert [tag.name for tag in plan(project).missing] == ["churn@v1.0.0", "churn@v1.1.0"]


def test_foreign_and_lightweight_tags_are_warned_about_and_stop_nothing(project: Project) -> None:
    live(project)
    project.git("tag", "churn@v1.1.0", result(project, "1.1.0"))
    project.git("tag", "churn#production#7", "HEAD")
    project.git("tag", "-a", "-m", "by hand", "churn#staging#9", "HEAD")
    project.git("tag", "-a", "-m", "by hand", "churning@v1.0.0", "HEAD")
    made = plan(project)
    assert [tag.name for tag in made.missing][:3] == ["churn@v1.0.0", "churn#staging#10", "churn#production#11"]
    said = {(one.weight, one.subject): one.message for one in made.remarks}
    assert said["warn", "churn@v1.1.0"] == "is lightweight: GTO and DVC do not see it"
    assert said["warn", "churn#production#7"] == "is lightweight: GTO and DVC do not see it"
    words = "is not from the records; where it is the newest, GTO and DVC go by it"
    assert said["warn", "churn#staging#9"] == words
    assert ("warn", "churning@v1.0.0") not in said
    assert {one.weight for one in made.remarks} == {"warn"}


def test_one_commit_holds_one_version(project: Project) -> None:
    run = project.store().run(project.store().version("churn", "1.1.0").run)  # type: ignore[union-attr]
    assert run is not None
    project.git("switch", "-q", "--detach", result(project, "1.1.0"))
    twin = project.register("1.1.1", run)
    project.git("switch", "-q", "main")
    project.record(layout.version("churn", "1.1.1"), twin)
    project.commit()
    commit = result(project, "1.1.0")
    assert twin.result_commit == commit
    because = f"its commit {commit[:10]} has churn@v1.1.0 already; GTO takes one version a commit"
    assert remarks(project) == [("block", "churn@v1.1.1", because)]
    assert "churn@v1.1.1" not in write(project)


def test_a_result_commit_that_is_not_here_is_a_finding(project: Project, tmp_path: Path) -> None:
    project.promoted()
    path = layout.version("churn", "1.0.0")
    gone = "ab" * 20
    text = (project.root / path).read_text().replace(result(project, "1.0.0"), gone)
    project.write(path, text)
    project.commit()
    event = project.pointer().event
    assert remarks(project) == [
        ("block", "churn@v1.0.0", f"its result commit {gone[:10]} is not here"),
        ("warn", "churn#production", f"cannot be tagged for event {event}: version 1.0.0 has no tag of ours"),
    ]


def test_a_commit_with_other_content_is_not_tagged(project: Project) -> None:
    path = layout.version("churn", "1.0.0")
    other = result(project, "1.1.0")
    project.write(path, (project.root / path).read_text().replace(result(project, "1.0.0"), other))
    project.commit()
    assert ("block", "churn@v1.0.0", f"commit {other[:10]} does not hold what the version pins") in remarks(project)


def test_a_tag_that_was_moved_is_a_finding(project: Project) -> None:
    project.git("tag", "-a", "-m", "forged", "churn@v1.0.0", result(project, "1.1.0"))
    one, two = result(project, "1.0.0")[:10], result(project, "1.1.0")[:10]
    because = f"is on {two}, the version's result commit is {one}"
    assert ("block", "churn@v1.0.0", because) in remarks(project)


def test_a_tag_that_names_the_event_of_another_stage_is_a_finding(project: Project) -> None:
    event = project.promoted()
    write(project)
    project.git("tag", "-d", "churn#production#1")
    project.git("tag", "-a", "-m", f"forged\n\nEvent: {event.id}", "churn#staging#1", result(project, "1.0.0"))
    because = f"names event {event.id}, which is a promotion to production"
    assert remarks(project) == [("block", "churn#staging#1", because)]


def test_a_late_tag_does_not_put_an_old_version_back(project: Project) -> None:
    events = live(project)
    write(project)
    project.git("tag", "-d", "churn#production#3")
    because = f"has no tag for event {events[2]}; one written now would put 1.1.0 back there"
    assert remarks(project) == [("warn", "churn#production", because)]
    assert write(project) == []


def test_a_model_that_dvc_yaml_does_not_name_is_warned_about(project: Project) -> None:
    project.write("dvc.yaml", PIPELINE.replace("  churn:\n    path: models/churn.bin", "  other:\n    path: rows.txt"))
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    because = "dvc artifacts get will not find it: dvc.yaml has no artifacts.churn at its commit"
    assert remarks(project) == [("warn", "churn@v1.2.0", because)]
    assert "churn@v1.2.0" in write(project)


def with_origin(project: Project) -> Project:
    """Give the project an origin, and return a second clone of it."""
    origin, clone = project.root.parent / "origin.git", project.root.parent / "clone"
    project.git("clone", "-q", "--bare", str(project.root), str(origin))
    project.git("remote", "add", "origin", str(origin))
    project.git("fetch", "-q", "origin")
    project.git("clone", "-q", str(origin), str(clone))
    return Project(clone, project.env, project.ids)


def at_origin(project: Project) -> list[str]:
    out = project.git("ls-remote", "--tags", "--refs", "origin")
    return sorted(line.partition("refs/tags/")[2] for line in out.splitlines())


def test_tags_are_pushed_and_a_second_clone_has_nothing_to_do(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    live(project)
    clone = with_origin(project)
    assert main(["-C", str(project.root), "tags", "--push"]) == 0
    assert at_origin(project) == sorted(tag for tag in times(project))
    assert len(at_origin(project)) == 6
    capsys.readouterr()
    assert main(["-C", str(clone.root), "tags", "--push"]) == 0
    assert capsys.readouterr().out == "nothing to do: 6 tags are there\n"


def test_a_tag_that_origin_refuses_is_taken_back(project: Project) -> None:
    live(project)
    clone = with_origin(project)
    late = plan(clone)
    write_tags(clone.repo, late.missing)
    early = plan(project, now=AT + 50)
    write_tags(project.repo, early.missing)
    push_tags(project.repo, early)
    with pytest.raises(ToolFailedError) as caught:
        push_tags(clone.repo, late)
    assert caught.value.hint == "actum tags --push: it begins with what origin has now"
    assert clone.git("tag", "--list") == ""
    fetch_tags(clone.repo)
    assert plan(clone).missing == ()


def test_a_dry_run_says_what_is_missing_and_writes_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(project.root), "tags", "-n"]) == 0
    one, two = result(project, "1.0.0")[:10], result(project, "1.1.0")[:10]
    assert capsys.readouterr().out == f"  churn@v1.0.0  {one}  churn 1.0.0\n  churn@v1.1.0  {two}  churn 1.1.0\n"
    assert project.git("tag", "--list") == ""


def test_findings_are_exit_status_3_and_the_rest_is_written(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.git("tag", "-a", "-m", "forged", "churn@v1.0.0", "HEAD")
    assert main(["-C", str(project.root), "tags", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], [tag["name"] for tag in said["data"]["missing"]]) == ("tags/1", ["churn@v1.1.0"])
    assert project.git("tag", "--list") == "churn@v1.0.0\nchurn@v1.1.0"


def test_a_pipeline_in_a_folder_has_its_folder_in_the_tag(project: Project) -> None:
    """GTO and DVC find ``sub/mod:churn`` by the tag ``sub/mod=churn@v...``."""
    path = layout.version("churn", "1.1.0")
    project.write(path, (project.root / path).read_text().replace("pipeline: .", "pipeline: sub/mod"))
    project.commit()
    assert [tag.name for tag in plan(project).missing] == ["churn@v1.0.0", "sub/mod=churn@v1.1.0"]


def test_one_bad_record_does_not_stop_the_other_tags(project: Project) -> None:
    path = layout.version("churn", "1.0.0")
    project.write(path, "schema: model-version/1\n")
    project.commit()
    assert remarks(project) == [("block", path, "model: is required")]
    assert write(project) == ["churn@v1.1.0"]


def test_a_promotion_that_is_not_on_record_is_a_finding(project: Project) -> None:
    event = project.promoted()
    project.git("rm", "-q", layout.event("churn", event.id, "promotion"))
    project.commit()
    assert remarks(project) == [("block", "churn#production", f"its promotion {event.id} is not on record")]


def test_the_evidence_branch_is_tagged_for_nothing(project: Project) -> None:
    path = layout.version("churn", "9.0.0")
    data = (project.root / layout.version("churn", "1.0.0")).read_bytes().replace(b'"1.0.0"', b'"9.0.0"')
    commit = writing.commit_files(project.repo, None, {path: data}, "forge")
    writing.move_ref(project.repo, layout.EVIDENCE_REF, commit, expected=None)
    assert main(["-C", str(project.root), "tags"]) == 0
    assert project.git("tag", "--list") == "churn@v1.0.0\nchurn@v1.1.0"
    assert subprocess.run(["git", "-C", project.root, "fsck"], check=False, capture_output=True).returncode == 0
