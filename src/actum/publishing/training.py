"""The use case of ``actum features build``: a training set of the work tree, for whoever looks before a stage does it.

The worker ``actum.features.making`` builds it in the locked environment, and says::

    {"rows": N, "features": N, "computed": N, "read": N, "lacking": [TEXT, ...]}

``computed`` and ``read`` count logs of views, ``lacking`` names those that the folder of processed views does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actum.errors import NotFoundError
from actum.git.repository import Git
from actum.progress import Teller
from actum.revisions import open_head
from actum.workshop import open_workshop

JOB = "features.making"


def build_training_set(
    repo: Git, spec: Path, out: Path, *, engine: str, views: Path | None, environ: Mapping[str, str], tell: Teller
) -> dict[str, Any]:
    """Build what *spec* describes, from views, sources and labels as they lie in the work tree.

    Returns:
        What the worker says.

    Raises:
        NotFoundError: There is no such set.
        UserError: Labels, views and sources do not fit together, or the environment lacks what builds features.
        ToolFailedError: The worker died.
    """
    if not spec.is_file():
        raise NotFoundError(f"{spec} is not there", hint="ls features/sets")
    head = open_head(repo)
    settings = head.settings().environment
    workshop = open_workshop(repo.root, head.read(settings.lock), settings, environ=environ, tell=tell)
    tell.now("building the training set")
    out.parent.mkdir(parents=True, exist_ok=True)
    order = {"set": str(spec), "out": str(out), "engine": engine, "views": str(views) if views else None}
    return workshop.ask(JOB, order)
