"""What docs/ci.md tells people to copy is sound: YAML that the forges take, shell that bash reads, words that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from actum.checking.staged import RULES
from actum.cli.lint import command as lint

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ci.md").read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def block(word: str) -> str:
    (found,) = (str(text) for _, text in BLOCKS if word in text)
    return found


def test_gitlab_takes_its_pipeline_by_its_own_schema(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(block("GIT_DEPTH"))
    words = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run([*words, str(tmp_path / ".gitlab-ci.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", [text for kind, text in BLOCKS if kind == "sh"])
def test_each_script_is_one_that_bash_reads(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_hook_and_every_rule_is_described() -> None:
    config = yaml.safe_load(block("actum-validate\n"))
    assert [hook["id"] for hook in config["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]
    rows = re.findall(r"^\| ([\w-]+) \|.*\| `(actum-[\w-]+)` \|$", PAGE, re.M)
    assert rows == list(zip(RULES, [hook["id"] for hook in HOOKS], strict=True))


def test_every_option_of_lint_is_shown() -> None:
    options = {name for option in lint.params for name in option.opts if name.startswith("--")} - {"--json"}
    assert [name for name in sorted(options) if f"actum lint {name}" not in PAGE] == []


def test_the_workflow_that_is_shown_uses_the_action_by_its_own_words() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = yaml.safe_load(block("OWNER/actum@v0"))
    assert steps[1]["with"].keys() <= action["inputs"].keys()
    assert set(re.findall(r"steps\.actum\.outputs\.(\w+)", str(steps))) <= action["outputs"].keys()
