"""What a stage does is told by the command of the same name, with the line to write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.in_process import typed


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["process"], "python -m actum.features process data/views"),
        (["process", "views", "delays"], "python -m actum.features process views delays"),
    ],
)
def test_what_a_stage_does_is_told_with_the_line_of_the_stage(words: list[str], line: str, tmp_path: Path) -> None:
    status, out, err = typed(["features", *words], cwd=tmp_path, env=os.environ)

    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert err.endswith(f" by a stage of dvc.yaml, so that it is on record\nhint: cmd: {line}, then actum run\n")
