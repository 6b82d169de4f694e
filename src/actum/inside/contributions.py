"""Exact additive contributions of each input to a linear model's decision.

A decision is ``intercept + sum(w * z)`` over the features ``z`` that preprocessing makes of the inputs. Each feature
has a *reference* ``z0`` that stands for the ordinary case: the training mean where a scaler knows it, every level of a
one-hot group alike (so the group is centred by its mean coefficient), zero where nothing is known. Then
``contribution = sum(w * (z - z0))`` over the features of one input, and ``base = intercept + sum(w * z0)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from actum.inside.errors import ModelError

TOLERANCE = 1e-9
_LINKS = {
    "LogisticRegression": "logit",
    "LogisticRegressionCV": "logit",
    "LinearRegression": "identity",
    "Ridge": "identity",
    "RidgeCV": "identity",
    "Lasso": "identity",
    "LassoCV": "identity",
    "ElasticNet": "identity",
    "ElasticNetCV": "identity",
}
_AFFINE = ("MinMaxScaler", "MaxAbsScaler", "RobustScaler")


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """One column on its way through preprocessing: the input it stems from, and its value in the ordinary case."""

    source: str
    reference: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Contributions:
    """A decision taken apart: ``base + sum(shares.values())`` is the decision on the scale of ``link``."""

    link: str
    base: float
    shares: dict[str, float]


def contributions_of(model: Any, frame: Any, row: int) -> Contributions:
    """Take apart the decision on one row of a scored frame.

    Raises:
        ModelError: not a linear model, preprocessing that mixes inputs or is unknown, or a sum that is not exact.
    """
    import numpy as np

    steps, final = _parts(model)
    name = type(final).__name__
    if name not in _LINKS or np.atleast_2d(final.coef_).shape[0] != 1:
        raise ModelError(f"not a linear model: {name}")
    features = _through(steps, [Feature(source=str(column)) for column in frame.columns])
    prepared = _dense(model[:-1].transform(frame) if steps else frame)[row].astype(np.float64)
    weights = np.ravel(final.coef_).astype(np.float64)
    if not len(features) == len(prepared) == len(weights):
        raise ModelError(f"not taken apart: {len(features)} features foreseen, {len(prepared)} made")
    references = np.array([feature.reference for feature in features])
    parts = weights * (prepared - references)
    shares = dict.fromkeys((str(column) for column in frame.columns), 0.0)
    for feature, part in zip(features, parts.tolist(), strict=True):
        shares[feature.source] += part
    base = float(np.ravel(final.intercept_)[0] + weights @ references)
    _check_sum(model, frame, row, base + sum(shares.values()), _LINKS[name])
    return Contributions(link=_LINKS[name], base=base, shares=shares)


def _check_sum(model: Any, frame: Any, row: int, total: float, link: str) -> None:
    decide = model.decision_function if link == "logit" else model.predict
    decision = float(decide(frame)[row])
    if not abs(total - decision) <= TOLERANCE * max(1.0, abs(decision)):
        raise ModelError(f"not taken apart: the contributions sum to {total!r}, the model decides {decision!r}")


def _parts(model: Any) -> tuple[list[Any], Any]:
    """Split a pipeline into preprocessing and final estimator; any other model is its own final estimator."""
    steps = getattr(model, "steps", None)
    return ([step for _, step in steps[:-1]], steps[-1][1]) if steps else ([], model)


def _dense(table: Any) -> Any:
    import numpy as np

    return table.toarray() if hasattr(table, "toarray") else np.asarray(table)


def _through(steps: Sequence[Any], features: list[Feature]) -> list[Feature]:
    for step in steps:
        features = _after(step, features)
    return features


def _after(step: Any, features: list[Feature]) -> list[Feature]:
    """Follow features through one preprocessing step."""
    name = type(step).__name__
    if step is None or step == "passthrough" or (name == "FunctionTransformer" and step.func is None):
        return features
    if name == "Pipeline":
        return _through([inner for _, inner in step.steps], features)
    known = {
        "ColumnTransformer": _after_columns,
        "StandardScaler": _after_standard_scaler,
        "SimpleImputer": _after_imputer,
        "OneHotEncoder": _after_one_hot,
        **dict.fromkeys(_AFFINE, _after_affine),
    }
    if name not in known:
        raise ModelError(f"not a linear model: nothing is known of the step {name}")
    return known[name](step, features)


def _after_columns(step: Any, features: list[Feature]) -> list[Feature]:
    """Follow each part of a ColumnTransformer, in the order of its output."""
    made: list[tuple[int, list[Feature]]] = []
    for name, part, columns in step.transformers_:
        place = step.output_indices_[name]
        if (isinstance(part, str) and part == "drop") or place.start == place.stop:
            continue
        made.append((place.start, _after(part, _chosen(step, columns, features))))
    return [feature for _, group in sorted(made, key=lambda item: item[0]) for feature in group]


def _chosen(step: Any, columns: Any, features: list[Feature]) -> list[Feature]:
    """Return the features a ColumnTransformer's part was fitted on: named, numbered, masked or a slice."""
    import numpy as np

    if isinstance(columns, slice) and isinstance(columns.start or columns.stop, (int, type(None))):
        return features[columns]
    picked = np.atleast_1d(np.asarray(columns))
    if picked.dtype.kind == "b":
        return [feature for feature, taken in zip(features, picked, strict=True) if taken]
    if picked.dtype.kind in "iu":
        return [features[int(index)] for index in picked]
    positions = {str(name): index for index, name in enumerate(getattr(step, "feature_names_in_", ()))}
    if not all(str(name) in positions for name in picked):
        raise ModelError("not a linear model: a ColumnTransformer whose columns cannot be told")
    return [features[positions[str(name)]] for name in picked]


def _after_standard_scaler(step: Any, features: list[Feature]) -> list[Feature]:
    """The scaler knows the training mean: it is the reference, 0 after centring."""
    if step.with_mean:
        return [replace(feature, reference=0.0) for feature in features]
    if not step.with_std:
        return features
    return [
        replace(feature, reference=float(mean / scale))
        for feature, mean, scale in zip(features, step.mean_, step.scale_, strict=True)
    ]


def _after_imputer(step: Any, features: list[Feature]) -> list[Feature]:
    """A numeric fill value (mean, median) is the best reference so far; columns never seen filled are dropped."""
    kept = []
    for feature, fill in zip(features, step.statistics_, strict=True):
        missing = fill is None or (isinstance(fill, float) and math.isnan(fill))
        if missing and not step.keep_empty_features:
            continue
        is_number = not missing and step.strategy in ("mean", "median")
        kept.append(replace(feature, reference=float(fill)) if is_number else feature)
    flagged = step.indicator_.features_ if step.add_indicator else ()
    return kept + [Feature(source=features[int(index)].source) for index in flagged]


def _after_one_hot(step: Any, features: list[Feature]) -> list[Feature]:
    """Every level alike, a dropped one included, is the reference of a group."""
    made: list[Feature] = []
    rare = getattr(step, "infrequent_categories_", None) or [None] * len(features)
    dropped = [None] * len(features) if step.drop_idx_ is None else step.drop_idx_
    for feature, levels, few, gone in zip(features, step.categories_, rare, dropped, strict=True):
        count = len(levels) - (0 if few is None else len(few) - 1)
        made += [replace(feature, reference=1.0 / count)] * (count - (gone is not None))
    return made


def _after_affine(step: Any, features: list[Feature]) -> list[Feature]:
    """Scale the references as the values are scaled; a robust scaler's own median is the better reference."""
    import numpy as np

    if type(step).__name__ == "RobustScaler" and step.with_centering:
        return [replace(feature, reference=0.0) for feature in features]
    row = np.array([[feature.reference for feature in features]])
    scaled = (
        row * step.scale_ + step.min_ if hasattr(step, "min_") else row / (1.0 if step.scale_ is None else step.scale_)
    )
    return [replace(feature, reference=float(value)) for feature, value in zip(features, scaled[0], strict=True)]
