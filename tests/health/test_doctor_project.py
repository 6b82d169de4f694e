"""actum.yaml, trunk, trusted types, interpreter, lock: each broken for real."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest

from actum.environment.machine import cpu_flags
from actum.environment.pins import limits
from actum.health.computing import look_at_computing
from actum.health.finding import Finding, note, wrong
from actum.health.project import look_at_project, read_settings
from actum.records.settings import EnvironmentSettings, Settings
from tests.health.healthy_project import Project, bad

CARD = "schema: model/1\nmodel: late\nowner: ana@example.org\nartifact: models/late.skops\n"


def settings_of(project: Project) -> Settings:
    settings, _ = read_settings(project.repo)
    assert settings is not None
    return settings


def look(project: Project) -> list[Finding]:
    settings, found = read_settings(project.repo)
    return bad([*found, *(look_at_project(project.repo, settings) if settings else ())])


def compute(project: Project, **changes: str) -> list[Finding]:
    settings = replace(settings_of(project).environment, **changes)  # type: ignore[arg-type]
    return bad(look_at_computing(project.repo, settings, project.env))


def edit(project: Project, old: str, new: str) -> None:
    text = (project.root / "actum.yaml").read_text()
    assert old in text
    project.write("actum.yaml", text.replace(old, new))


def test_a_repository_without_actum_yaml_is_no_project(project: Project) -> None:
    (project.root / "actum.yaml").unlink()
    assert look(project) == [wrong("project", "actum.yaml is not there", "actum init")]


def test_a_malformed_actum_yaml_is_told_by_its_line(project: Project) -> None:
    edit(project, "phase: pilot", "fase: pilot")
    [finding] = look(project)
    assert finding.says == "actum.yaml:10: project.fase: is not known here, did you mean phase?"
    assert finding.mend == "mend actum.yaml as the message says"


def test_commands_read_what_is_committed_so_a_change_that_is_not_is_a_finding(project: Project) -> None:
    edit(project, "phase: pilot", "phase: production")
    says = "actum.yaml is not committed as it is, commands read what is committed"
    assert look(project) == [wrong("project", says, "git commit actum.yaml")]


def test_an_owner_who_was_never_written_is_a_finding(project: Project) -> None:
    edit(project, "owner: ana@example.org", 'owner: "TODO: the address of who answers for it"')
    project.git("commit", "-qam", "nobody")
    [finding] = look(project)
    assert finding.says == "actum.yaml: project.owner says 'TODO: the address of who answers for it'"


def test_a_simulated_clock_is_said(project: Project) -> None:
    edit(project, "clock: real", "clock: simulated")
    project.git("commit", "-qam", "demo")
    assert look(project) == [note("clock", "actum.yaml says clock: simulated, as a demo or a back-fill does")]


def test_a_trunk_that_is_no_branch_is_a_finding(project: Project) -> None:
    edit(project, "trunk: main", "trunk: master")
    project.git("commit", "-qam", "trunk")
    mend = "git fetch origin master  # or name the branch that is: trunk: in actum.yaml"
    assert look(project) == [wrong("trunk", "the trunk master is neither a branch here nor at origin", mend)]
    project.git("branch", "master")
    assert look(project) == []


def test_a_list_of_trusted_types_that_git_does_not_hold_is_a_finding(project: Project) -> None:
    path = "policies/trusted-types.txt"
    project.git("rm", "-q", "--cached", path)
    project.git("commit", "-qm", "forgot it")
    mend = f"git add {path} && git commit"
    assert look(project) == [wrong("trusted types", f"{path} is not committed", mend)]
    (project.root / path).unlink()
    assert look(project) == [wrong("trusted types", f"{path} is not there", "actum init")]


def test_what_is_still_to_be_written_in_a_card_is_worth_knowing(project: Project) -> None:
    (project.root / "registry" / "late").mkdir(parents=True)
    path = "registry/late/model.yaml"
    project.commit(path, CARD + "purpose: 'TODO: what for'  # TODO: never mind\n")
    assert look(project) == [note("card", f"{path}: still to be written: line 5", f"write it, git add {path}")]


def test_a_card_that_commands_could_not_read_is_wrong(project: Project) -> None:
    (project.root / "registry" / "late").mkdir(parents=True)
    path = "registry/late/model.yaml"
    project.write(path, CARD + "imputs: []\n")
    [finding] = look(project)
    assert finding.says == f"{path}:5: imputs: is not known here, did you mean inputs?"
    project.write(path, CARD + "policy: late\n")
    assert look(project) == [
        wrong("card", f"{path} is not committed", f"git add {path} && git commit"),
        note("card", f"{path} names the policy late, policies/late.yaml is not there", "write policies/late.yaml"),
    ]


def test_an_interpreter_that_is_not_here_is_named_with_those_that_are(project: Project) -> None:
    [finding] = compute(project, python="3.11.99")
    assert finding.check == "interpreter"
    assert finding.says.startswith("Python 3.11.99 is not on this machine; found: 3.")
    assert platform.python_version() in finding.says
    assert finding.mend.startswith("uv python install 3.11.99")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("red==1.0\n", "requirements.lock: line 1: red==1.0 has no hash"),
        ("--index-url x\n", "requirements.lock: line 1: holds the option --index-url"),
        ("red>=1.0\n", "requirements.lock: line 1: 'red>=1.0' is not NAME==VERSION"),
    ],
)
def test_a_lock_that_a_hand_edited_is_a_finding_and_git_has_the_old_one(project: Project, text: str, says: str) -> None:
    project.write("requirements.lock", text)
    [finding] = compute(project)
    assert finding.says == says
    assert finding.mend == "git checkout HEAD -- requirements.lock  # or rm requirements.lock && actum lock"
    project.mend(finding)
    assert compute(project) == []


def test_a_lock_that_is_not_there_or_not_committed_is_a_finding(project: Project) -> None:
    project.git("rm", "-q", "--cached", "requirements.lock")
    project.git("commit", "-qm", "forgot it")
    mend = "git add requirements.lock && git commit"
    assert compute(project) == [wrong("lock", "requirements.lock is not committed", mend)]
    (project.root / "requirements.lock").unlink()
    mend = "actum lock && git add requirements.lock && git commit"
    assert compute(project) == [wrong("lock", "requirements.lock is not there", mend)]


def test_a_lock_that_is_not_what_its_source_asks_for_is_worth_knowing(project: Project) -> None:
    project.commit("requirements.in", "red>=2\nblue\n")
    mend = "actum lock && git add requirements.lock && git commit"
    assert compute(project) == [
        note("lock", "requirements.lock has red 1.0, requirements.in asks for >=2", mend),
        note("lock", "requirements.lock has no blue, which requirements.in asks for", mend),
    ]


def test_a_lock_without_what_the_models_will_need_is_worth_knowing(project: Project) -> None:
    (project.root / "registry" / "late").mkdir(parents=True)
    project.commit("registry/late/model.yaml", CARD)
    says = "requirements.lock has no skops, without which late cannot be saved and loaded"
    assert compute(project) == [note("lock", says, "write it into requirements.in, then actum lock")]


def test_a_lock_that_git_ignores_is_not_committed(project: Project) -> None:
    project.git("rm", "-q", "--cached", "requirements.lock")
    project.commit(".gitignore", "*.lock\n")
    assert [finding.says for finding in compute(project)] == ["requirements.lock is not committed"]


def test_another_platform_can_read_and_not_compute(project: Project) -> None:
    [finding] = compute(project, platform="darwin-arm64")
    assert (finding.check, finding.state) == ("platform", "note")
    assert finding.says.startswith("the project computes on darwin-arm64, this machine is ")


def test_the_limits_of_this_machine_s_pin_are_told(project: Project) -> None:
    here: EnvironmentSettings = settings_of(project).environment
    told = [finding.says for finding in compute(project) if finding.check == "platform"]
    assert told == list(limits(cpu_flags(), here.platform))


def test_settings_that_are_a_link_are_wrong_though_they_can_be_read(project: Project) -> None:
    path = project.root / "actum.yaml"
    path.rename(project.root / "elsewhere.yaml")
    path.symlink_to("elsewhere.yaml")
    mend = 'cp --remove-destination "$(readlink -f actum.yaml)" actum.yaml && git commit actum.yaml'
    assert look(project) == [wrong("project", "actum.yaml is a link, must be a regular file", mend)]
