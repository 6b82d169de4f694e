"""Worker: compare two models on a probe set: state, answers, and the decisions that change at the threshold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from actum.inside.describe import probe_frame
from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError
from actum.inside.fingerprint import fingerprint_of
from actum.inside.frames import inputs_of
from actum.inside.scoring import predictions_digest, requested_model, scores


def compare(request: Request) -> dict[str, Any]:
    """Return what differs between ``left`` and ``right``: state, and their answers where there is a probe."""
    trusted, allowed = request.texts("trusted"), request.flag("allow_pickle")
    left, right = (
        requested_model(request.part(side), trusted=trusted, allow_pickle=allowed).model for side in ("left", "right")
    )
    found: dict[str, Any] = {"states_equal": fingerprint_of(left) == fingerprint_of(right)}
    place = request.optional_text("probe")
    if place is None:
        return found
    try:
        return {**found, **_answers(left, right, probe_frame(Path(place), inputs_of(request)), request)}
    except ModelError as error:  # rows that neither model takes say nothing about their states
        return {**found, "probe_problem": str(error)}


def _answers(left: Any, right: Any, frame: Any, request: Request) -> dict[str, Any]:
    """Compare what two models answer; a decision is ``score >= threshold``."""
    import numpy as np

    threshold = request.optional_number("threshold")
    answers = scores(left, frame), scores(right, frame)
    return {
        "predictions_equal": predictions_digest(answers[0]) == predictions_digest(answers[1]),
        "max_abs_difference": float(np.abs(answers[0] - answers[1]).max()),
        "flips": None if threshold is None else int(((answers[0] >= threshold) != (answers[1] >= threshold)).sum()),
        "rows": len(frame),
    }


if __name__ == "__main__":
    sys.exit(run(compare))
