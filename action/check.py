"""The step `check`: judge the change, and say it where people look: annotations, the job's page, a report."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import runner

REPORT = "actum-report.md"
VERDICTS = {0: "clean", 3: "refused"}
_PROMOTION = re.compile(r"registry/[^/]+/events/[0-9A-Z]{26}-promotion\.yaml")
_PLAN = re.compile(r"^  plan: (sha256:[0-9a-f]{64})$", re.M)
_MOST_SHOWN = 900_000  # GitHub takes 1 MiB a step


def main() -> int:
    """Return the exit status of the check."""
    report = Path(os.environ["RUNNER_TEMP"], REPORT)
    runner.bring("+refs/actum/*:refs/actum/*")
    base = os.environ.get("ACTUM_BASE") or _base_of_event()
    words = ["--base", base] if base else []
    words += ["--allow-pickle"] if os.environ.get("ACTUM_ALLOW_PICKLE") == "true" else []
    done = runner.actum("check", *words, "--report", str(report), "--json")
    verdict = VERDICTS.get(done.returncode, "failed")
    found = _answer(done.stdout)
    for one in found.get("findings", ()):
        _annotate(one)
    if verdict == "failed":
        runner.annotate("error", f"actum check did not come to an end:\n{done.stderr[-2000:]}", title="actum check")
        report.write_text(_failure(done.returncode, done.stderr), encoding="utf-8")
    with runner.foreign_words():
        print(done.stderr, end="", file=sys.stderr, flush=True)
        print(f"{verdict}: {len(found.get('findings', ()))} findings against {base or 'the trunk'}")
    told = report.read_text(encoding="utf-8", errors="replace")
    if copy := os.environ.get("ACTUM_REPORT"):
        Path(copy).write_text(told, encoding="utf-8")
    runner.summarise(told if len(told) < _MOST_SHOWN else told[:_MOST_SHOWN] + "\n\n(cut off: see the artifact)")
    runner.set_outputs({"verdict": verdict, "plan": _plans(found), "report": copy or str(report)})
    return done.returncode


def _base_of_event() -> str:
    """Return what a pull request wants to be merged into; "" for any other event: the trunk then judges."""
    branch = os.environ.get("GITHUB_BASE_REF", "")
    return f"origin/{branch}" if branch else ""


def _answer(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _annotate(one: dict[str, Any]) -> None:
    hint = f"\n{one['hint']}" if one.get("hint") else ""
    level = {"block": "error", "warn": "warning"}.get(one["weight"], "notice")
    runner.annotate(level, one["message"] + hint, file=one["path"], line=one.get("line"), title=f"actum {one['kind']}")


def _plans(found: dict[str, Any]) -> str:
    """Return the digests of the plans that the change carries, one a line: which are right, the check itself says."""
    since = found.get("base", "").rpartition("(")[2].rstrip(")")
    if not since:
        return ""
    words = ("diff", "--name-only", "--diff-filter=A", "--no-renames", "-z", f"{since}...HEAD", "--", "registry")
    new = [path for path in runner.git(*words).stdout.split("\0") if _PROMOTION.fullmatch(path)]
    shown = (runner.git("show", f"HEAD:{path}").stdout for path in new)
    return "\n".join(sorted({digest for text in shown for digest in _PLAN.findall(text)}))


def _failure(code: int, stderr: str) -> str:
    fence = "\n".join(f"    {line}" for line in stderr[-4000:].splitlines())
    return f"### actum check: failed\n\nIt ended with status {code}, so nothing was judged.\n\n{fence}\n"


if __name__ == "__main__":
    sys.exit(main())
