"""Worker: score a recorded batch again, whole as it was, and take one decision of it apart."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from actum.inside.contributions import contributions_of
from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError
from actum.inside.frames import Value, frame_of, typed_inputs_of
from actum.inside.scoring import in_training_order, requested_model, scores

_UNEXPLAINED: dict[str, Any] = {"contributions": None, "base": None, "link": None}


def replay(request: Request) -> dict[str, Any]:
    """Return the score of row ``index`` of the batch, and what each input contributed to it."""
    loaded = requested_model(request, trusted=request.texts("trusted"), allow_pickle=request.flag("allow_pickle"))
    rows, index = request.items("rows"), request.whole("index")
    if index >= len(rows):
        raise ModelError(f"{request.place}.index: {index} of {len(rows)} rows")
    frame = frame_of(rows, typed_inputs_of(request))
    score = float(scores(loaded.model, frame)[index])
    return {"score": score, **_explained(loaded.model, frame, index, rows[index])}


def _explained(model: Any, frame: Any, index: int, row: Mapping[str, Value]) -> dict[str, Any]:
    try:
        found = contributions_of(model, in_training_order(model, frame), index)
    except ModelError as error:
        return {**_UNEXPLAINED, "contribution_problem": str(error)}
    listed = [
        {"input": name, "value": value, "contribution": found.shares.get(name, 0.0)} for name, value in row.items()
    ]
    return {"contributions": listed, "base": found.base, "link": found.link, "contribution_problem": None}


if __name__ == "__main__":
    sys.exit(run(replay))
