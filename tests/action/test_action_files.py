"""The action and the workflows that ``init`` writes: their form, their rights, and nothing that is made up."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from actum.beginning.ci import FOLDER, WORKFLOWS, Ci, additions
from tests.action.dangers import PRIVILEGED, dangers
from tests.action.steps import ACTION, ROOT

BIN = Path(sys.executable).parent
SETTINGS = b'schema: settings/1\nproject: {name: shop, owner: ana@example.org}\nenvironment: {python: "3.11"}\n'
GITHUBS = ("actions/checkout", "actions/upload-artifact", "actions/download-artifact")
SCRIPTS = sorted((ROOT / "action").glob("*.py"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A repository with the workflows as they are written where it is known where actum lives."""
    added = additions(tmp_path, {"actum.yaml": SETTINGS}, Ci(forge="github", action="acme/actum@v0"))
    for path, data in added.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def workflow(root: Path, name: str) -> dict[Any, Any]:
    read = yaml.safe_load((root / FOLDER / name).read_text())
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_gives_rights_or_secrets_to_code_that_nobody_reviewed(name: str, written: Path) -> None:
    assert list(dangers(workflow(written, name))) == []


PULL, PUSH = "on: pull_request\npermissions: {}\njobs: ", "on: push\npermissions: {}\njobs: "
AFTER = "on: {workflow_run: {workflows: [x]}}\npermissions: {}\njobs: "
CHECKOUT = "{uses: actions/checkout@v4, with: {persist-credentials: false}}"
BAD = {
    "pull_request_target": "on: pull_request_target\npermissions: {}\njobs: {a: {steps: []}}",
    "brings code": AFTER + "{a: {steps: [" + CHECKOUT + "]}}",
    "where a token may write": AFTER + "{a: {steps: [{run: gh pr checkout 1}]}}",
    "a token may write": "on: issue_comment\npermissions: {}\njobs: {a: {steps: [{uses: acme/actum@v0}]}}",
    "may write beside": "on: pull_request\npermissions: {contents: write}\njobs: {a: {steps: []}}",
    "beside the code": PULL + "{a: {permissions: {pull-requests: write}, steps: []}}",
    "has a secret": PULL + "{a: {env: {KEY: '${{ secrets.KEY }}'}, steps: []}}",
    "whatever rights": "on: push\njobs: {a: {steps: []}}",
    "while it runs": PUSH + "{a: {permissions: write-all, steps: [{uses: b/actum@v0, with: {command: rebuild}}]}}",
    "leaves its token": PUSH + "{a: {steps: [{uses: actions/checkout@v4}]}}",
    "pastes a value": PUSH + "{a: {steps: [{run: 'echo ${{ github.ref }}'}]}}",
}


@pytest.mark.parametrize("words", BAD)
def test_each_danger_is_found_where_there_is_one(words: str) -> None:
    assert [words in found for found in dangers(yaml.safe_load(BAD[words]))] == [True]


def test_only_the_comment_is_privileged_and_it_does_nothing_else(written: Path) -> None:
    texts = {name: (written / FOLDER / name).read_text() for name in WORKFLOWS}
    privileged = [name for name, text in texts.items() if any(f"{trigger}:" in text for trigger in PRIVILEGED)]
    assert privileged == ["actum-comment.yml"]
    comment = workflow(written, "actum-comment.yml")
    steps = comment["jobs"]["comment"]["steps"]
    assert steps == [{"uses": "acme/actum@v0", "with": {"command": "comment"}}]
    assert comment["permissions"] == {}
    assert comment["jobs"]["comment"]["permissions"] == {"actions": "read", "pull-requests": "write"}


def test_the_comment_waits_for_the_check_by_its_name(written: Path) -> None:
    triggers = workflow(written, "actum-comment.yml")[True]  # YAML 1.1 takes "on" for true
    assert triggers == {
        "workflow_run": {"workflows": [workflow(written, "actum-check.yml")["name"]], "types": ["completed"]}
    }


def test_the_check_sees_the_whole_history_and_can_only_read(written: Path) -> None:
    check = workflow(written, "actum-check.yml")
    assert (check["permissions"], check[True]) == ({"contents": "read"}, {"pull_request": None})
    assert check["jobs"]["check"]["steps"][0]["with"] == {
        "fetch-depth": 0,
        "fetch-tags": True,
        "persist-credentials": False,
    }


def test_github_takes_them_by_its_own_schemas(written: Path) -> None:
    workflows = [str(written / FOLDER / name) for name in WORKFLOWS]
    for schema, files in (("workflows", workflows), ("actions", [str(ROOT / "action.yml")])):
        words = [str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.github-{schema}", *files]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing_in_its_strictest_mood(written: Path) -> None:
    policy = {"rules": {"unpinned-uses": {"config": {"policies": {"*": "ref-pin"}}}}}  # by SHA is for who looked at one
    (written / "zizmor.yml").write_text(yaml.safe_dump(policy))
    (written / "action.yml").write_bytes((ROOT / "action.yml").read_bytes())
    words = [
        "--offline",
        "--no-progress",
        "--persona",
        "auditor",
        "--config",
        str(written / "zizmor.yml"),
        str(written),
    ]
    done = subprocess.run([str(BIN / "zizmor"), *words], capture_output=True, text=True, check=False)
    assert (done.returncode, "completed" in done.stderr) == (0, True), done.stdout + done.stderr
    assert "No findings to report" in done.stdout


def test_every_script_is_one_that_bash_reads() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert len(scripts) == 6
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script


def test_every_input_is_used_and_every_one_that_is_used_is_described() -> None:
    steps = yaml.safe_dump(ACTION["runs"])
    assert set(re.findall(r"inputs\.([\w-]+)", steps)) == ACTION["inputs"].keys()
    assert all(about["description"] for about in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    commands = set(re.findall(r"inputs\.command == '(\w+)'", steps))
    assert commands == {"check", "comment", "tags", "rebuild", "evidence"}  # install is what all but two begin with
    assert all(word in ACTION["inputs"]["command"]["description"] for word in {*commands, "install"})


def test_no_commit_is_made_up_and_pinning_is_asked_for(written: Path) -> None:
    for name in WORKFLOWS:
        text = (written / FOLDER / name).read_text()
        assert "Pin each action by the commit SHA" in text
        assert re.findall(r"uses: \S+@[0-9a-f]{40}", text) == []
        assert set(re.findall(r"uses: (\S+)@(\S+)", text)) <= {(of, "v4") for of in GITHUBS} | {("acme/actum", "v0")}


def test_the_scripts_of_the_action_need_nothing_but_python() -> None:
    own = {path.stem for path in SCRIPTS}
    for path in SCRIPTS:
        tree = ast.parse(path.read_text())
        plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        foreign = {name.partition(".")[0] for name in plain | named} - sys.stdlib_module_names - own
        assert foreign == set(), path.name


@pytest.mark.parametrize("script", ["comment.py", "evidence.py", "api.py", "runner.py"])
def test_what_may_write_runs_nothing_that_a_pull_request_brought(script: str) -> None:
    text = (ROOT / "action" / script).read_text()
    assert re.findall(r"pickle|eval\(|exec\(|shell=True|os\.system|extractall|importlib", text) == []
