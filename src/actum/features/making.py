"""The job of ``actum features build``: a training set as a stage would build it.

The request is ``{"set": FILE, "out": FILE, "engine": NAME, "views": FOLDER or null}``, paths absolute; the answer is
described in ``actum.publishing.training``, which reads it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actum.features.answering import run
from actum.features.training import write_training_set


def make(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the training set, and say what is in it."""
    views = Path(request["views"]) if request["views"] else None
    found = write_training_set(Path(request["set"]), Path(request["out"]), engine=request["engine"], views=views)
    return {
        "rows": found.table.num_rows,
        "features": found.features,
        "computed": found.computed,
        "read": found.read,
        "lacking": list(found.lacking),
    }


if __name__ == "__main__":
    sys.exit(run(make))
