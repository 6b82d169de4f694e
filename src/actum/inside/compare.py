"""Worker: compare two models on a probe set: state, answers, and the decisions that change at the threshold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from actum.inside.describe import probe_frame
from actum.inside.envelope import Request, run
from actum.inside.fingerprint import fingerprint_of
from actum.inside.frames import inputs_of
from actum.inside.scoring import predictions_digest, requested_model, scores


def compare(request: Request) -> dict[str, Any]:
    """Return what differs between ``left`` and ``right``; a decision is ``score >= threshold``."""
    import numpy as np

    trusted, allowed = request.texts("trusted"), request.flag("allow_pickle")
    left, right = (
        requested_model(request.part(side), trusted=trusted, allow_pickle=allowed).model for side in ("left", "right")
    )
    frame = probe_frame(Path(request.text("probe")), inputs_of(request))
    threshold = request.optional_number("threshold")
    answers = scores(left, frame), scores(right, frame)
    states = fingerprint_of(left), fingerprint_of(right)
    digests = predictions_digest(answers[0]), predictions_digest(answers[1])
    return {
        "states_equal": states[0] == states[1],
        "predictions_equal": digests[0] == digests[1],
        "max_abs_difference": float(np.abs(answers[0] - answers[1]).max()),
        "flips": None if threshold is None else int(((answers[0] >= threshold) != (answers[1] >= threshold)).sum()),
        "rows": len(frame),
        "left": {"state": states[0], "predictions": digests[0]},
        "right": {"state": states[1], "predictions": digests[1]},
    }


if __name__ == "__main__":
    sys.exit(run(compare))
