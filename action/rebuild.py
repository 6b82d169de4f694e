"""The step `rebuild`: rebuild what stands at a stage before its attestation expires; leave the proof in a bundle.

Runs the pipelines of the repository, so its job has no right to write: another one pushes the bundle.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import runner

EVIDENCE = "actum/evidence"
RENEW_BEFORE = timedelta(days=14)


def main() -> int:
    """Return 3 when a version came out below what its card asks for, 4 when one could not be rebuilt."""
    runner.bring("+refs/actum/*:refs/actum/*", f"+refs/heads/{EVIDENCE}:refs/remotes/origin/{EVIDENCE}")
    statuses = [0]
    for version in runner.words("ACTUM_MODEL") or _due(datetime.now(UTC)):
        with runner.foreign_words():
            statuses.append(runner.actum("rebuild", version, keep=False).returncode)
        if statuses[-1]:
            runner.annotate(
                "error", f"{version}: actum rebuild ended with status {statuses[-1]}", title="actum rebuild"
            )
    bundle = os.environ["ACTUM_BUNDLE"]
    runner.set_outputs({"bundle": bundle if _bundle(bundle) else ""})
    return max(statuses)


def _due(now: datetime) -> list[str]:
    """Return the versions that stand at a stage and whose best attestation ends soon, or is not there."""
    rows = _asked("ls", "stages")
    standing = sorted({f"{row['model']}@v{row['version']}" for row in rows if row.get("version")})
    return [version for version in standing if _ends(version) < now + RENEW_BEFORE]


def _ends(version: str) -> datetime:
    held = [one for one in _asked("show", version)["attestations"] if one["level"] != "different"]
    ends = (datetime.fromisoformat(one["expires_at"]) for one in held if not one.get("overridden"))
    return max(ends, default=datetime.min.replace(tzinfo=UTC))


def _asked(*words: str) -> Any:
    done = runner.actum(*words, "--json")
    if done.returncode:
        with runner.foreign_words():
            print(done.stderr, file=sys.stderr)
        sys.exit(done.returncode)
    return json.loads(done.stdout)["data"]


def _bundle(path: str) -> bool:
    """Write what is new on the evidence branch to a file; there may be nothing."""
    local, remote = (
        runner.git("rev-parse", "--verify", "--quiet", ref).stdout.strip()
        for ref in (
            f"refs/heads/{EVIDENCE}",
            f"refs/remotes/origin/{EVIDENCE}",
        )
    )
    if not local or local == remote:
        return False
    since = [f"^{remote}"] if remote else []
    return runner.git("bundle", "create", "--quiet", path, f"refs/heads/{EVIDENCE}", *since).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
