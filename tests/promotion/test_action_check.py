"""The check of the GitHub Action: its own shell, a real repository with a real origin, good and bad promotions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actum import layout
from tests.action.steps import Job, ready
from tests.promotion.release_project import POLICY, Project

POINTER, GHOST = layout.stage("churn", "production"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
V1 = layout.version("churn", "1.0.0")


@pytest.fixture
def checkout(project: Project, tmp_path: Path) -> Project:
    """What actions/checkout leaves: a clone of origin, whole, with no credentials; refs/actum are not in it."""
    project.git("config", "receive.denyCurrentBranch", "ignore")
    project.git("clone", "-q", str(project.root), str(tmp_path / "checkout"))
    return replace(project, root=tmp_path / "checkout")


def without_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the step that installs: another test runs it, and it takes a minute."""
    from tests.action import steps

    kept = [step for step in steps.ACTION["runs"]["steps"] if not str(step.get("name", "")).startswith("Install")]
    monkeypatch.setitem(steps.ACTION, "runs", {"using": "composite", "steps": kept})


@pytest.fixture
def job(checkout: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    without_install(monkeypatch)
    env = checkout.env | {"GITHUB_BASE_REF": "main", "GITHUB_SERVER_URL": "https://example.invalid"}
    return Job(checkout.root, ready(tmp_path / "temp"), env)


def propose(project: Project, checkout: Project) -> None:
    """Merge the branch that is checked out at origin with its base, as a pull request's merge ref does."""
    branch = project.git("symbolic-ref", "--short", "HEAD")
    checkout.git("fetch", "-q")
    checkout.git("checkout", "-q", "--detach", "origin/main")
    checkout.git("merge", "-q", "--no-ff", "--no-edit", f"origin/{branch}")


def test_a_good_promotion_is_clean_and_names_its_plan(job: Job, project: Project, checkout: Project) -> None:
    outcome = project.promote(now=datetime.now(UTC))  # the check goes by the clock
    project.git("switch", "-q", outcome.branch)
    propose(project, checkout)
    job.run(command="check", report=str(job.temp / "mine.md"))
    assert (job.status, job.annotations) == (0, []), job.said
    assert outcome.event is not None
    assert outcome.event.promotion is not None
    assert (job.output("verdict"), job.output("plan")) == ("clean", outcome.event.promotion.plan)
    report = job.file("actum-report.md")
    assert report
    assert (job.file("mine.md"), job.file("summary")) == (report, report + "\n")
    assert [name for name, _ in job.uses] == ["actions/setup-python@v5", "actions/upload-artifact@v4"]
    assert job.uses[1][1]["path"] == str(job.temp / "actum-report.md")


def test_a_bad_promotion_is_refused_with_an_annotation_in_its_place(
    job: Job, project: Project, checkout: Project
) -> None:
    outcome = project.promote()
    project.git("switch", "-q", outcome.branch)
    project.write(V1, (project.root / V1).read_text().replace("0.7\n", "0.99\n"))
    project.write(layout.policy("churn"), POLICY + "evidnce: {}\n")
    project.record(POINTER, replace(project.read(POINTER), supersedes=GHOST))
    project.commit("Better")
    propose(project, checkout)
    job.run(command="check")
    assert (job.status, job.output("verdict")) == (3, "refused")
    hint = f"git checkout {project.git('rev-parse', 'main')[:10]} -- '{V1}'"
    edited = f"::error file={V1},title=actum record-immutable::was edited; what is on record never changes%0A{hint}"
    assert edited in job.annotations
    place = f"file={layout.policy('churn')},line=6,title=actum record-invalid"
    assert f"::error {place}::evidnce: is not known here, did you mean evidence?" in job.annotations
    line = (project.root / POINTER).read_text().splitlines().index(f"supersedes: {GHOST}") + 1
    place = f"file={POINTER},line={line},title=actum pointer-moved"
    base = f"origin/main ({project.git('rev-parse', 'main')[:10]})"
    again = "actum promote churn@v1.0.0 --to production"
    assert f"::error {place}::supersedes: is {GHOST}, on {base} stands nothing%0A{again}" in job.annotations
    assert job.uses[-1][0] == "actions/upload-artifact@v4"
    assert "Refused: " in job.file("summary")


def test_what_a_pull_request_says_is_never_a_command_to_the_runner(
    job: Job, project: Project, checkout: Project
) -> None:
    project.begin("work")
    project.write("registry/churn/versions/::error::x%0A::add-mask::y.yaml", "a: b\n")
    project.write(layout.policy("churn"), 'schema: policy/1\npolicy: "churn\\n::set-output name=verdict::clean"\n')
    project.commit("Trick")
    propose(project, checkout)
    job.run(command="check")
    assert job.output("verdict") == "refused"
    assert [line for line in job.annotations if not line.startswith(("::error file=", "::warning file="))] == []
    assert [line for line in job.annotations if "versions/%3A%3Aerror%3A%3Ax%250A" in line] != []


def test_modules_of_the_repository_are_never_imported_by_the_tool(
    job: Job, project: Project, checkout: Project
) -> None:
    project.begin("work")
    for name in ("yaml", "json", "click", "runner", "actum", "dvc"):
        project.write(f"{name}.py", "raise SystemExit('the pull request runs')\n")
    project.commit("Shadows")
    propose(project, checkout)
    job.run(command="check")
    assert (job.status, job.output("verdict")) == (0, "clean"), job.said


def test_the_commits_that_only_refs_of_ours_hold_are_fetched(job: Job, project: Project, checkout: Project) -> None:
    ref = layout.version_ref("churn", "1.0.0")
    assert checkout.run("git", "rev-parse", "--verify", "-q", ref, check=False).returncode == 1
    job.run(command="check")
    assert checkout.git("rev-parse", ref) == project.git("rev-parse", ref)


def test_without_a_pull_request_the_trunk_itself_is_checked(job: Job, checkout: Project) -> None:
    job.env = {name: value for name, value in job.env.items() if name != "GITHUB_BASE_REF"}
    job.run(command="check")
    assert (job.status, job.output("verdict"), job.output("plan")) == (0, "clean", "")


def test_a_check_that_cannot_be_made_is_no_verdict(job: Job, checkout: Project) -> None:
    job.run(command="check", base="origin/nowhere")
    assert (job.status, job.output("verdict")) == (1, "failed")
    assert job.annotations[0].startswith("::error title=actum check::actum check did not come to an end:%0A")
    assert job.file("actum-report.md").startswith("### actum check: failed\n\nIt ended with status 1")


@pytest.mark.parametrize(("given", "words"), [("true", ["--allow-pickle"]), ("false", []), ("yes", [])])
def test_leave_to_load_pickles_is_given_by_one_word_alone(job: Job, given: str, words: list[str]) -> None:
    """The program is this one, by way of a script that notes what it was asked."""
    (job.temp / "actum").unlink()
    (job.temp / "actum/bin").mkdir(parents=True)
    (job.temp / "actum/bin/python").symlink_to(sys.executable)
    noting = f'#!/bin/bash\necho "$@" >> "{job.temp}/asked"\nexec "{Path(sys.executable).with_name("actum")}" "$@"\n'
    (job.temp / "actum/bin/actum").write_text(noting)
    (job.temp / "actum/bin/actum").chmod(0o755)
    job.run(command="check", allow_pickle=given)
    assert job.status == 0, job.said
    assert [word for word in job.file("asked").split() if word.startswith("--allow")] == words


def test_no_artifact_is_kept_where_none_is_wanted(job: Job) -> None:
    job.run(command="check", artifact="", python_version="")
    assert job.uses == []


def test_tags_of_what_was_merged_reach_origin(job: Job, project: Project, checkout: Project) -> None:
    project.promoted()
    checkout.git("pull", "-q")
    job.run(command="tags")
    assert job.status == 0, job.said
    assert project.git("tag", "--list").split() == ["churn#production#1", "churn@v1.0.0", "churn@v1.1.0"]
    tagger = project.git("for-each-ref", "--format=%(taggername)", "refs/tags/churn@v1.0.0")
    assert tagger == "ana"
    job.run(command="tags")
    assert job.status == 0


def test_the_step_that_installs_gives_a_tool_that_checks(checkout: Project, project: Project, tmp_path: Path) -> None:
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    env = checkout.env | pip | {"GITHUB_BASE_REF": "main", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    env["PIP_NO_COMPILE"] = "1"  # of thousands of modules it imports a few
    job = Job(checkout.root, tmp_path / "temp", env).run(command="check")
    assert (job.status, job.output("verdict")) == (0, "clean"), job.said
    words = [str(job.temp / "actum/bin/actum"), "-C", str(project.root), "init", "--ci", "github"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert "wrote .github/workflows/actum-check.yml" in done.stdout.splitlines(), done.stderr
