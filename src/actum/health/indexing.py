"""The index of reads: its only trouble is time, so nothing about it is ever wrong."""

from __future__ import annotations

import shlex

from actum.git.repository import Git
from actum.health.finding import Finding, note, ok
from actum.index.condition import look


def look_at_index(repo: Git) -> Finding:
    found = look(repo)
    match found.state:
        case "absent":
            return ok("index", "none yet")
        case "good":
            columns = f", {found.columns:,} columns of runs" if found.columns else ""
            return ok("index", f"{found.records:,} records{columns}, {found.size / 1e6:.1f} MB")
        case "unfit":
            return note("index", f"{found.says}; the next long read makes it anew")
        case _:
            mend = f"rm {shlex.quote(str(found.culprit))}"
            return note("index", f"{found.says}; reads do without it, and take longer", mend)
