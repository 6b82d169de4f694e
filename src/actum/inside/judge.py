"""Worker: judge the answers of a challenger beside those of a champion; the response is a record ``judged/1``."""

from __future__ import annotations

import datetime as dt
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

from actum.inside.drawing import Comparison, Draws, Figure, Sides, compare
from actum.inside.envelope import Request, run
from actum.inside.errors import ModelError
from actum.inside.figures import Answers, Rule, Task, calibration, histogram
from actum.inside.frames import Input, column_of
from actum.inside.matching import Coded, instants
from actum.inside.scoring import predictions_digest
from actum.inside.tables import decoded, input_column, read_table, rfc3339

SCHEMA = "judged/1"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def judge(request: Request) -> dict[str, Any]:
    """Return the judgement; ``champion`` may be absent or null, and then there are no intervals and no flips."""
    sides = sides_of(request)
    listed = [Request(item, place=f"{request.place}.slices[{n}]") for n, item in enumerate(request.items("slices"))]
    slices = [_coded(item, sides.rows) for item in listed]
    terms = _terms(request, sides)
    champion = {"champion": request.part("champion").text("artifact")} if sides.champion else {}
    spread = [(name, of) for name, of in sides.by_name().items() if sides.task == "binary" and of.are_probabilities]
    return {
        "schema": SCHEMA,
        "holdout": request.text("holdout_md5"),
        "challenger": request.part("challenger").text("artifact"),
        **champion,
        "rows": sides.rows,
        **_positives(sides, sides.challenger.labels),
        **window(Path(request.text("holdout")), request.optional_text("moment")),
        "draws": terms.count,
        "seed": terms.seed,
        "confidence": terms.confidence,
        **measured(sides, slices, terms),
        "calibration": {name: calibration(answers) for name, answers in sides.by_name().items()},
        "scores": {name: histogram(answers) for name, answers in spread},
        "flips": flips(sides),
    }


def _terms(request: Request, sides: Sides) -> Draws:
    confidence = request.optional_number("confidence")
    if confidence is None or not 0 < confidence < 1:
        place = f"{request.place}.confidence"
        raise ModelError(f"{place}: a number between 0 and 1 was wanted, found {confidence!r}")
    count = request.whole("draws", least=1)
    return Draws(count=count if sides.champion else 0, seed=request.whole("seed"), confidence=confidence)


def measured(sides: Sides, slices: Sequence[Coded], terms: Draws) -> dict[str, Any]:
    """Return ``figures`` of all rows and ``slices``; the same draws serve all of them."""
    import numpy as np

    comparisons = [Comparison(sides, codes) for codes in (np.zeros(sides.rows, int), *(one.codes for one in slices))]
    compare(comparisons, sides.rows, terms)
    (everything,), *cut = (comparison.figures(terms.confidence) for comparison in comparisons)
    listed = [
        _slice(sides, one, code, figures)
        for one, comparison, groups in zip(slices, comparisons[1:], cut, strict=True)
        for code, figures in zip(comparison.present, groups, strict=True)
    ]
    return {"figures": [_told(name, figure) for name, figure in everything.items()], "slices": listed}


def window(holdout: Path, name: str | None) -> dict[str, str]:
    """Return between which moments the rows lie; nothing where no column has their moments.

    Raises:
        ModelError: the column holds no moments, or some that no date can hold.
    """
    if name is None:
        return {}
    table = read_table(holdout, [name])
    ticks = instants(table, name)
    try:
        first, last = (_EPOCH + dt.timedelta(microseconds=int(tick)) for tick in (ticks.min(), ticks.max()))
    except OverflowError as error:
        raise ModelError(f"{table.place}: column {name} holds a moment outside the years 1 to 9999") from error
    return {"first_moment": rfc3339(first), "last_moment": rfc3339(last)}


def flips(sides: Sides, among: Any = ...) -> dict[str, int]:
    """Return how many decisions differ, ``from->to``; nothing without a decision rule or without a champion."""
    if sides.champion is None or sides.rule is None:
        return {}
    rule = sides.rule
    old, new = (answers.scores[among] >= rule.threshold for answers in (sides.champion, sides.challenger))
    return {
        f"{rule.below}->{rule.at_or_above}": int((~old & new).sum()),
        f"{rule.at_or_above}->{rule.below}": int((old & ~new).sum()),
    }


def sides_of(request: Request) -> Sides:
    """Read labels and answers.

    Raises:
        ModelError: labels that the task does not know, or answers for other rows than the holdout's.
    """
    task = request.text("task")
    if task not in get_args(Task):
        raise ModelError(f"{request.place}.task: {task!r} is none of {', '.join(get_args(Task))}")
    labels = labels_of(Path(request.text("holdout")), request.text("label"), cast(Task, task))
    asked = [request.part(name) for name in ("challenger", "champion") if request.fields.get(name) is not None]
    answers = [Answers(labels=labels, scores=_scores(side, len(labels))) for side in asked]
    return Sides(
        challenger=answers[0],
        champion=answers[1] if len(answers) > 1 else None,
        task=cast(Task, task),
        rule=_rule(request.part("rule")) if request.fields.get("rule") is not None else None,
    )


def labels_of(path: Path, name: str, task: Task) -> Any:
    """Return what became of each row, as floats; true and false are 1 and 0."""
    import numpy as np
    import pyarrow as pa

    table = read_table(path, [name])
    kind = Input(name=name, type="bool" if pa.types.is_boolean(decoded(table, name).type) else "float")
    labels = column_of(input_column(table, kind), kind)
    if absent := int(np.isnan(labels).sum()):
        raise ModelError(f"{table.place}: column {name} is null in {absent} rows")
    strange = labels[(labels != 0) & (labels != 1)]
    if task == "binary" and len(strange):
        told = f"column {name} must be 0 or 1, found {strange[0]:g} and so on in {len(strange)} rows"
        raise ModelError(f"{table.place}: {told}", hint="write task: regression under holdout: of the card")
    return labels


def _scores(side: Request, rows: int) -> Any:
    """Return the scores that a version gave: those of its own response, whoever ran between it and us."""
    import numpy as np

    place, scores = side.text("answers"), _array(side, "scores")
    if scores.shape != (rows,) or scores.dtype != np.float64 or not np.isfinite(scores).all():
        raise ModelError(f"{place}: holds {scores.dtype} {scores.shape}, wanted a finite score for each of {rows} rows")
    if predictions_digest(scores) != side.text("predictions"):
        raise ModelError(f"{place}: holds other scores than {side.text('predictions')}")
    return scores


def _coded(item: Request, rows: int) -> Coded:
    place, codes, values = item.text("answers"), _array(item, "codes"), item.texts("values")
    row = item.whole("row")
    if codes.ndim != 2 or codes.shape[1] != rows or not row < len(codes) or codes.dtype.kind != "i":
        raise ModelError(f"{place}: holds {codes.dtype} {codes.shape}, wanted slice {row} of {rows} rows")
    if not ((codes[row] >= 0) & (codes[row] < len(values))).all():
        raise ModelError(f"{place}: holds slices that {item.place} gives no value for")
    return Coded(column=item.text("column"), values=values, codes=codes[row])


def _array(request: Request, name: str) -> Any:
    import numpy as np

    place = request.text("answers")
    try:
        with np.load(place, allow_pickle=False) as held:
            return held[name]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{place}: holds no {name}: {type(error).__name__}: {error}") from error


def _rule(request: Request) -> Rule:
    threshold = request.optional_number("threshold")
    if threshold is None:
        raise ModelError(f"{request.place}.threshold: is required")
    return Rule(threshold=threshold, at_or_above=request.text("at_or_above"), below=request.text("below"))


def _slice(sides: Sides, one: Coded, code: int, figures: dict[str, Figure]) -> dict[str, Any]:
    among = one.codes == code
    return {
        "column": one.column,
        "value": one.values[code],
        "rows": int(among.sum()),
        **_positives(sides, sides.challenger.labels[among]),
        "figures": [_told(name, figure, error=figure.error) for name, figure in figures.items()],
        "flips": flips(sides, among),
    }


def _told(name: str, figure: Figure, **more: float | None) -> dict[str, Any]:
    """What is not defined is left out: a record says nothing it does not know."""
    told = {"challenger": figure.challenger, "champion": figure.champion, "low": figure.low, "high": figure.high}
    return {"metric": name, **{key: value for key, value in {**told, **more}.items() if value is not None}}


def _positives(sides: Sides, labels: Any) -> dict[str, int]:
    return {"positives": int(labels.sum())} if sides.task == "binary" else {}


if __name__ == "__main__":
    sys.exit(run(judge))
