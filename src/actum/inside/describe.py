"""Worker: say what a model file holds: format, fitted state, and its answers on the probe set."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError
from actum.inside.fingerprint import fingerprint_of
from actum.inside.frames import Input, frame_of, inputs_of
from actum.inside.scoring import predictions_digest, requested_model, scores
from actum.inside.tables import input_values, missing_columns, read_table


def describe(request: Request) -> dict[str, Any]:
    """Return format and state, and the probe's answers or the problem that prevented them."""
    trusted, allowed = request.texts("trusted"), request.flag("allow_pickle")
    loaded = requested_model(request, trusted=trusted, allow_pickle=allowed)
    answer: dict[str, Any] = {"format": loaded.format, "state": fingerprint_of(loaded.model), "probe": None}
    place = request.optional_text("probe")
    if place is None:
        return answer
    try:
        answers = scores(loaded.model, probe_frame(Path(place), inputs_of(request)))
    except ModelError as error:
        return {**answer, "probe_problem": str(error)}
    return {**answer, "probe": {"rows": len(answers), "predictions": predictions_digest(answers)}}


def probe_frame(path: Path, inputs: Sequence[Input]) -> Any:
    """Read the inputs of every row of a probe set.

    Raises:
        ModelError: the probe lacks columns, all of them named, or its cells are not what the inputs declare.
    """
    lacking = missing_columns(path, [item.name for item in inputs])
    if lacking:
        raise ModelError(f"{path}: the probe lacks {', '.join(lacking)}")
    table = read_table(path, [item.name for item in inputs])
    columns = [input_values(table, item) for item in inputs]
    names = [item.name for item in inputs]
    return frame_of([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)], inputs)


if __name__ == "__main__":
    sys.exit(run(describe))
