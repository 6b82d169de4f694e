"""Where the pipelines of a work tree keep processed views: a survey computes nothing that a stage has computed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from actum import pipeline
from actum.dvc.pipeline import Stage
from actum.errors import InvalidRecordError, NotFoundError

_PROCESS = ("actum.features", "process")


def processed_views(root: Path, folders: Iterable[str]) -> str | None:
    """Return the folder that a stage of one of the pipelines writes processed views into, if it is there."""
    for folder in folders:
        try:
            described, _ = pipeline.read(root, folder)
        except (NotFoundError, InvalidRecordError):
            continue  # whoever runs or checks the pipeline is told so; the sources can be asked without it
        for stage in described.stages:
            found = next((out.path for out in stage.outs if (root / out.path).is_dir()), None)
            if found and _processes(stage):
                return found
    return None


def _processes(stage: Stage) -> bool:
    words = [word for line in stage.cmd for word in shlex.split(line)]
    return _PROCESS in pairwise(words)
