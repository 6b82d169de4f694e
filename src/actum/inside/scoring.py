"""What a model answers for a frame: one number a row, and the digest by which answers are compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from actum.inside.digests import digest_of
from actum.inside.envelope import Request
from actum.inside.errors import ModelError
from actum.inside.opening import LoadedModel, open_model

_REFUSED = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What estimators raise on rows they cannot take."""


def requested_model(request: Request, *, trusted: Sequence[str], allow_pickle: bool) -> LoadedModel:
    """Load the model a request names by ``model`` and ``sha256``; the digest is never optional here."""
    place, digest = request.text("model"), request.text("sha256")
    return open_model(place, expected_digest=digest, trusted=trusted, allow_pickle=allow_pickle)


def scores(model: Any, frame: Any) -> Any:
    """Return one float64 a row: P(positive class), else the decision value, else the prediction.

    Raises:
        ModelError: the model does not take these columns or rows, or answers with anything but one number a row.
    """
    import numpy as np

    ordered = in_training_order(model, frame)
    try:
        with warnings.catch_warnings():  # a model fitted on arrays has no names to check, which is no fault
            warnings.filterwarnings("ignore", message="X has feature names", category=UserWarning)
            answer = _answer(model, ordered)
    except _REFUSED as error:
        raise ModelError(f"the model does not take these rows: {type(error).__name__}: {error}") from error
    if answer.shape != (len(frame),) or answer.dtype.kind not in "fiub":
        raise ModelError(f"the model answers with {answer.dtype} {answer.shape}, wanted one number a row")
    values = np.ascontiguousarray(answer, dtype="<f8")
    if not np.isfinite(values).all():
        raise ModelError(f"the model answers row {int(np.argmin(np.isfinite(values)))} with no finite number")
    return values


def predictions_digest(values: Any) -> str:
    """Digest answers as little-endian float64, in row order."""
    import numpy as np

    return digest_of(np.ascontiguousarray(values, dtype="<f8").tobytes())


def _answer(model: Any, frame: Any) -> Any:
    import numpy as np

    if hasattr(model, "predict_proba"):
        answer = np.asarray(model.predict_proba(frame))
        if answer.ndim != 2 or answer.shape[1] != 2:
            raise ModelError(f"the model tells {answer.shape[-1]} classes apart, wanted two")
        return answer[:, 1]
    for method in ("decision_function", "predict"):
        if hasattr(model, method):
            return np.asarray(getattr(model, method)(frame))
    raise ModelError(f"{type(model).__name__} predicts nothing: no predict_proba, decision_function or predict")


def in_training_order(model: Any, frame: Any) -> Any:
    """Put the columns in the order the model was fitted with, where it knows; refuse when it needs others."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return frame
    wanted = [str(name) for name in names]
    lacking = [name for name in wanted if name not in frame.columns]
    if lacking:
        raise ModelError(f"the model was trained with {', '.join(lacking)}, which the inputs lack")
    return frame[wanted]
