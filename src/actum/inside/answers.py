"""Worker: what a version answers for every row of a holdout, from the features that its own pipeline made.

Each version answers in its own locked environment, and another job compares what was written here. The numbers are
those of the score job to the bit: the same arrays in the same batches.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actum.inside.digests import write_atomically
from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError
from actum.inside.frames import Input, column_of, frame_of_columns, typed_inputs_of
from actum.inside.matching import Coded, coded, refuse_other_moments, rows_of
from actum.inside.score import BATCH_ROWS
from actum.inside.scoring import predictions_digest, requested_model, scores
from actum.inside.tables import Table, input_column, missing_columns, read_table


def answers(request: Request) -> dict[str, Any]:
    """Write scores and slices in the holdout's order to ``out``; return how many rows, and the slices' values.

    A slice column is the holdout's own where it has one, else that of the features; ``absent`` names the others.
    """
    loaded = requested_model(request, trusted=request.texts("trusted"), allow_pickle=request.flag("allow_pickle"))
    inputs, slices = typed_inputs_of(request), request.texts("slices")
    features, holdout = matched(request, inputs, slices)
    told = [coded(_holding(name, holdout, features), name) for name in slices if _has(name, holdout, features)]
    values = answered(loaded.model, features, inputs)
    write_atomically(Path(request.text("out")), packed(values, told))
    return {
        "rows": len(values),
        "predictions": predictions_digest(values),
        "slices": [{"column": one.column, "values": list(one.values)} for one in told],
        "absent": [name for name in slices if not _has(name, holdout, features)],
    }


def matched(request: Request, inputs: Sequence[Input], slices: Sequence[str]) -> tuple[Table, Table]:
    """Read features and holdout, both in the holdout's order.

    Raises:
        ModelError: columns are missing, or keys or moments of the two do not agree.
    """
    key, moment = request.text("key"), request.optional_text("moment")
    places = Path(request.text("features")), Path(request.text("holdout"))
    required = [key, *(item.name for item in inputs)], [key, *([moment] if moment else [])]
    optional = [*slices, *([moment] if moment else [])]
    features, holdout = (
        read_table(place, [*names, *_there(place, optional)]) for place, names in zip(places, required, strict=True)
    )
    if not len(holdout):
        raise ModelError(f"{holdout.place}: holds no row")
    rows = rows_of(features, holdout, key)
    features = Table(place=features.place, columns=features.columns.take(rows), is_text=features.is_text)
    if moment and moment in features.columns.column_names:
        refuse_other_moments(features, holdout, moment, key)
    return features, holdout


def answered(model: Any, features: Table, inputs: Sequence[Input]) -> Any:
    """Return one float64 a row. A product of matrices may depend on how many rows it has, so the batches are fixed."""
    import numpy as np

    columns = {item.name: column_of(input_column(features, item), item) for item in inputs}
    starts = range(0, len(features), BATCH_ROWS)
    batches = ({name: column[at : at + BATCH_ROWS] for name, column in columns.items()} for at in starts)
    return np.concatenate([scores(model, frame_of_columns(batch)) for batch in batches])


def packed(values: Any, slices: Sequence[Coded]) -> bytes:
    """Return the file: scores, and one row of codes a slice column."""
    import numpy as np

    codes = np.array([one.codes for one in slices], dtype="<i4").reshape(len(slices), len(values))
    buffer = io.BytesIO()
    np.savez(buffer, scores=values, codes=codes)
    return buffer.getvalue()


def _there(path: Path, names: Sequence[str]) -> list[str]:
    lacking = missing_columns(path, names)
    return [name for name in names if name not in lacking]


def _has(name: str, *tables: Table) -> bool:
    return any(name in table.columns.column_names for table in tables)


def _holding(name: str, holdout: Table, features: Table) -> Table:
    return holdout if _has(name, holdout) else features


if __name__ == "__main__":
    sys.exit(run(answers))
