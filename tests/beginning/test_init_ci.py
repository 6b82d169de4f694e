"""What a repository at a forge has besides: workflows that are written once, and owners that are kept up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from actum.beginning.ci import UNKNOWN, WORKFLOWS, action_of
from actum.beginning.owners import BEGIN, END, lines_of, with_block
from tests.beginning.beginning_project import Actum, everything, git

FILES = [f".github/workflows/{name}" for name in WORKFLOWS]
SETTINGS = """\
schema: settings/1
project: {name: shop, owner: ana@example.org}
environment: {python: "3.11"}
groups:
  - {name: model-risk, members: [rita@example.org, max@example.org]}
  - {name: idle, members: [tom@example.org]}
signing: {logins: {rita-h: Rita@example.org}}
trunk: "release/1"
"""
POLICY = "schema: policy/1\npolicy: churn\napprovals: {at_least: 1, groups: [{group: model-risk}]}\n"
TIERED = "schema: policy/1\npolicy: fraud\ntiers: {high: {approvals: {groups: [{group: idle}]}}}\n"


def card(model: str, owner: str, policy: str = "") -> str:
    named = f"policy: {policy}\n" if policy else ""
    return f"schema: model/1\nmodel: {model}\nowner: {owner}\nartifact: models/{model}.skops\n{named}"


@pytest.fixture
def project(tmp_path: Path, adopted: Path) -> Path:
    """A repository that was adopted, with two models."""
    texts = {
        "actum.yaml": SETTINGS,
        "policies/churn.yaml": POLICY,
        "policies/fraud.yaml": TIERED,
        "registry/churn/model.yaml": card("churn", "bob@example.org", "churn"),
        "registry/fraud/model.yaml": card("fraud", "'TODO: the address of who answers for it'", "fraud"),
    }
    for path, text in texts.items():
        (adopted / path).parent.mkdir(parents=True, exist_ok=True)
        (adopted / path).write_text(text)
    return adopted


OWNED = f"""\
{BEGIN}
/actum.yaml ana@example.org
/.github/ ana@example.org
/policies/ @rita-h max@example.org tom@example.org
/registry/ ana@example.org
/registry/churn/ bob@example.org
/registry/churn/stages/ bob@example.org @rita-h max@example.org
# /registry/fraud/ 'TODO: the address of who answers for it' is neither an address nor @account
/registry/fraud/stages/ tom@example.org
{END}
"""


def test_it_lists_what_it_wrote_and_the_second_time_changes_nothing(project: Path, actum: Actum) -> None:
    before = everything(project)
    said = actum("init", "--ci", "github", cwd=project)
    wrote = [line.removeprefix("wrote ") for line in said.out.splitlines() if line.startswith("wrote .github")]
    assert (said.code, wrote) == (0, [*FILES, ".github/CODEOWNERS"])
    after = everything(project)
    assert {path: after[path] for path in before} == before
    assert (project / ".github/CODEOWNERS").read_text() == OWNED
    assert any("git add" in line and FILES[0] in line for line in said.err.splitlines())
    again = actum("init", "--ci", "github", cwd=project)
    assert (again.code, everything(project)) == (0, after)
    assert again.out.startswith("nothing to do: ")


def test_without_the_option_nothing_of_it_is_written(project: Path, actum: Actum) -> None:
    actum("init", cwd=project)
    assert not (project / ".github").exists()


def test_a_dry_run_says_the_same_and_writes_nothing(project: Path, actum: Actum) -> None:
    before = everything(project)
    said = actum("init", "--ci", "github", "-n", cwd=project)
    assert [f"would write {path}" in said.out for path in FILES] == [True] * len(FILES)
    assert everything(project) == before


def test_the_workflows_name_the_trunk_and_leave_open_what_nobody_can_tell(project: Path, actum: Actum) -> None:
    said = actum("init", "--ci", "github", cwd=project)
    texts = {path: (project / path).read_text() for path in FILES}
    assert yaml.safe_load(texts[FILES[2]])[True]["push"]["branches"] == ["release/1"]
    assert [text.count(f"uses: {UNKNOWN}\n") for text in texts.values()] == [1, 1, 1, 2, 1]
    assert any("in place of OWNER/actum@v0 in .github/workflows" in line for line in said.err.splitlines())
    assert [word for text in texts.values() for word in ("ACTION", "TRUNK") if word in text] == []


def test_a_workflow_that_is_there_stays_as_it_is(project: Path, actum: Actum) -> None:
    place = project / FILES[0]
    place.parent.mkdir(parents=True)
    place.write_text("name: ours\n")
    actum("init", "--ci", "github", cwd=project)
    assert place.read_text() == "name: ours\n"


@pytest.mark.parametrize("where", ["CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS"])
def test_the_lines_of_people_stay_where_they_are(project: Path, actum: Actum, where: str) -> None:
    place = project / where
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"*   @everyone\xff # no newline")
    said = actum("init", "--ci", "github", cwd=project)
    assert f"brought up to date {where}, between our markers" in said.out.splitlines()
    assert place.read_bytes() == b"*   @everyone\xff # no newline\n\n" + OWNED.encode()
    assert len(list(project.rglob("CODEOWNERS"))) == 1

    place.write_bytes(place.read_bytes().replace(b"/actum.yaml ana", b"/actum.yaml eve") + b"\n/mine @me\n")
    (project / "registry/churn/model.yaml").write_text(card("churn", "'@carol'", "churn"))
    assert "would bring up to date" in actum("init", "--ci", "github", "-n", cwd=project).out
    told = actum("init", "--ci", "github", "--json", cwd=project).json["data"]
    assert told["outdated"] == [where]
    carols = OWNED.replace("bob@example.org", "@carol").encode()
    assert place.read_bytes() == b"*   @everyone\xff # no newline\n\n" + carols + b"\n/mine @me\n"


def test_line_ends_of_windows_stay_ones() -> None:
    once = with_block(b"* @a\r\n", ["/x @b"], where="CODEOWNERS")
    assert once.replace(b"\r\n", b"") == once.replace(b"\n", b"").replace(b"\r", b"")
    assert with_block(once, ["/x @b"], where="CODEOWNERS") == once


@pytest.mark.parametrize("text", [f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_a_marker_that_lost_the_other_one_is_refused_before_anything_is_written(
    project: Path, actum: Actum, text: str
) -> None:
    (project / "CODEOWNERS").write_text(text)
    before = everything(project)
    said = actum("init", "--ci", "github", cwd=project)
    assert said.code == 1
    assert said.err.splitlines()[-1] == "hint: delete these lines from CODEOWNERS, then actum init --ci github"
    assert everything(project) == before


def test_a_card_that_cannot_be_read_is_said_before_anything_is_written(project: Path, actum: Actum) -> None:
    (project / "registry/churn/model.yaml").write_text("schema: model/1\nmodel: churn\nownr: x\n")
    before = everything(project)
    said = actum("init", "--ci", "github", cwd=project)
    assert (said.code, "registry/churn/model.yaml:3: ownr: is not known here" in said.err) == (1, True)
    assert everything(project) == before


def test_a_new_project_begins_with_all_of_it(tmp_path: Path, actum: Actum) -> None:
    said = actum("init", "shop", "--model", "churn", "--ci", "github", cwd=tmp_path)
    assert said.code == 0, said.err
    owned = (tmp_path / "shop/.github/CODEOWNERS").read_text()
    assert "/registry/churn/ ana@example.org\n" in owned
    git(tmp_path / "shop", "add", ".")
    assert actum("lint", cwd=tmp_path / "shop").code == 0


def test_an_owner_cannot_smuggle_a_line_in() -> None:
    odd = 'schema: settings/1\nproject: {name: shop, owner: "a@b.org\\n* @mallory"}\nenvironment: {python: "3.11"}\n'
    assert [line for line in lines_of({"actum.yaml": odd.encode()}) if "\n" in line or line.startswith("*")] == []


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("url", "revision", "action"),
    [
        ("https://github.com/acme/actum.git", "v0.1.0", f"acme/actum@{COMMIT} # v0.1.0"),
        ("https://github.com/acme/actum", None, f"acme/actum@{COMMIT}"),
        ("ssh://git@github.com/acme/actum.git", COMMIT, f"acme/actum@{COMMIT}"),
        ("https://github.com/acme/actum", "x\ny: z", f"acme/actum@{COMMIT}"),
        ("https://example.org/acme/actum.git", "v0.1.0", UNKNOWN),
        ("https://github.com/acme/actum/../../evil", "v0", UNKNOWN),
    ],
)
def test_who_installed_actum_from_git_has_its_very_commit(url: str, revision: str | None, action: str) -> None:
    asked = {"requested_revision": revision} if revision else {}
    assert action_of(json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT, **asked}})) == action


@pytest.mark.parametrize("told", [None, "", "[]", "no json", '{"url": "file:///here", "dir_info": {"editable": true}}'])
def test_nobody_guesses_where_actum_lives(told: str | None) -> None:
    assert action_of(told) == UNKNOWN
