"""What the tool and the jobs of this package say to each other: a request file in, a response file out.

    python -P -m actum.features.<job> REQUEST.json RESPONSE.json

``{"ok": true, ...}`` and exit 0, or ``{"ok": false, "error": ..., "hint": ...}`` and exit 1, as for the jobs of
``actum.inside``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actum import files
from actum.definitions.definitions import Definitions
from actum.errors import UserError
from actum.records.codec import decode
from actum.records.view import FeatureView

Job = Callable[[Mapping[str, Any]], dict[str, Any]]
_PACKAGES = {"ibis": "ibis-framework[duckdb]", "yaml": "pyyaml"}


def run(job: Job) -> int:
    """Answer the request file named first with the response file named second; return the exit status."""
    asked, answered = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        answer = {"ok": True, **job(json.loads(asked.read_bytes()))}
    except UserError as error:
        answer = {"ok": False, "error": str(error), "hint": error.hint}
    except ModuleNotFoundError as error:
        package = _PACKAGES.get(str(error.name), error.name)
        hint = f"write {package} into requirements.in, actum lock, git commit, actum run"
        answer = {"ok": False, "error": f"the locked environment has no module {error.name}", "hint": hint}
    files.replace(answered, (json.dumps(answer, ensure_ascii=False, allow_nan=False) + "\n").encode())
    return 0 if answer["ok"] else 1


def definitions_in(request: Mapping[str, Any]) -> Definitions:
    """Return the views that a request brings along: those of a commit, whatever the work tree has."""
    return Definitions.of(decode(FeatureView, view) for view in request["views"])
