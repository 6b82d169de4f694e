"""Run the steps of action.yml as a runner would: their shell for real, other actions only written down."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
_EXPRESSION = re.compile(r"\$\{\{ *(.+?) *\}\}")
_COMPARED = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
_OUTPUT = re.compile(r"^([\w-]+)<<(.+)\n([\s\S]*?)\n?\2\n", re.M)


@dataclass
class Job:
    """A job with one step of ours. ``uses``: other actions that it came to, with what they were given."""

    workspace: Path
    temp: Path
    env: Mapping[str, str]
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    uses: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    said: str = ""
    status: int = 0

    def run(self, **inputs: str) -> Job:
        """Run the action with these inputs; no step after a failed one, save those that ask to be."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        self.inputs = {name: about.get("default", "") for name, about in ACTION["inputs"].items()} | given
        self.temp.mkdir(exist_ok=True)
        for step in ACTION["runs"]["steps"]:
            wanted = str(step.get("if", "true"))
            if (self.status and "cancelled()" not in wanted) or not self._holds(wanted):
                continue
            if "uses" in step:
                self.uses.append((step["uses"], {key: self._filled(text) for key, text in step["with"].items()}))
            else:
                self._shell(step)
        return self

    def file(self, name: str) -> str:
        path = self.temp / name
        return path.read_text() if path.exists() else ""

    def output(self, name: str) -> str:
        """Return an output of the action itself."""
        return self._filled(ACTION["outputs"][name]["value"])

    @property
    def annotations(self) -> list[str]:
        """Return the commands that the runner would obey: none between stop-commands and its token."""
        obeyed, token = [], ""
        for line in self.said.splitlines():
            if token:
                token = "" if line == f"::{token}::" else token
            elif line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                obeyed.append(line)
        return obeyed

    def _shell(self, step: Mapping[str, Any]) -> None:
        own = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
        env = {**self.env, "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_WORKSPACE": str(self.workspace), "CI": "true"}
        env |= {"RUNNER_TEMP": str(self.temp)} | {name: str(self.temp / file) for name, file in own.items()}
        env |= {name: self._filled(text) for name, text in step.get("env", {}).items()}
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        self.said += done.stdout
        self.status = self.status or done.returncode
        if "id" in step:
            self.outputs[step["id"]] = {name: value for name, _, value in _OUTPUT.findall(self.file("output"))}

    def _holds(self, wanted: str) -> bool:
        parts = _EXPRESSION.sub(r"\1", wanted).split(" && ")
        return all(part in ("true", "!cancelled()") or self._compared(part) for part in parts)

    def _compared(self, part: str) -> bool:
        found = _COMPARED.fullmatch(part)
        assert found is not None, part
        return (self._value(found[1]) == found[3]) is (found[2] == "==")

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self._value(found[1]), str(text))

    def _value(self, name: str) -> str:
        match name.split("."):
            case ["inputs", key]:
                return self._filled(self.inputs[key])
            case ["steps", step, "outputs", key]:
                return self.outputs.get(step, {}).get(key, "")
            case ["runner", "temp"]:
                return str(self.temp)
            case ["github", "token"]:
                return "a-token-that-opens-nothing"
        raise AssertionError(name)


def ready(temp: Path) -> Path:
    """Stand in for the step that installs: the actum of these tests, where that step would put its own."""
    temp.mkdir(exist_ok=True)
    (temp / "actum").symlink_to(Path(sys.prefix))
    return temp
