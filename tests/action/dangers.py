"""What a workflow may not do beside code that nobody has reviewed yet: each rule says what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Triggers that hand a token that may write, or secrets, to a run about a pull request.
PRIVILEGED = (
    "pull_request_target",
    "workflow_run",
    "issue_comment",
    "pull_request_review",
    "pull_request_review_comment",
)
_BRINGS_CODE = re.compile(r"\b(?:git (?:fetch|clone|pull|checkout|switch|worktree)|gh pr checkout|gh repo clone)\b")
_RUNS_CODE = ("check", "rebuild", "tags")


def dangers(workflow: dict[Any, Any]) -> Iterator[str]:
    """Yield what is wrong with a workflow, once a job."""
    triggers = _triggers(workflow)
    for name, job in workflow["jobs"].items():
        steps = job.get("steps", [])
        words = f"{job} {workflow.get('env', '')}"
        rights = job.get("permissions", workflow.get("permissions"))
        if "pull_request_target" in triggers:
            yield f"{name}: pull_request_target"
        if triggers & set(PRIVILEGED) and any(_brings_code(step) for step in steps):
            yield f"{name}: brings code where a token may write"
        if "pull_request" in triggers and _may_write(rights):
            yield f"{name}: may write beside the code of a pull request"
        if "pull_request" in triggers and "secrets." in words:
            yield f"{name}: has a secret beside the code of a pull request"
        if rights is None:
            yield f"{name}: has whatever rights the repository gives"
        commands = {str(step.get("with", {}).get("command", "")) for step in steps}
        if _may_write(rights) and "rebuild" in commands:
            yield f"{name}: may write while it runs a pipeline"
        if any("persist-credentials" not in (step.get("with") or {}) for step in steps if _is_checkout(step)):
            yield f"{name}: leaves its token in .git/config"
        if any("${{" in str(step.get("run", "")) for step in steps):
            yield f"{name}: pastes a value into a script"


def _triggers(workflow: dict[Any, Any]) -> set[str]:
    on: Any = workflow.get("on", workflow.get(True))  # YAML 1.1 takes the key on for true
    return {on} if isinstance(on, str) else set(on)


def _may_write(rights: Any) -> bool:
    return rights == "write-all" if isinstance(rights, str) else "write" in (rights or {}).values()


def _is_checkout(step: dict[Any, Any]) -> bool:
    return str(step.get("uses", "")).startswith("actions/checkout@")


def _brings_code(step: dict[Any, Any]) -> bool:
    given = str((step.get("with") or {}).get("command", "check")) if "uses" in step else ""
    return _is_checkout(step) or bool(_BRINGS_CODE.search(str(step.get("run", "")))) or given in _RUNS_CODE
