"""Two models' answers on made-up rows, and the figures as others compute them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from actum.inside.answers import packed
from actum.inside.drawing import Comparison, Draws, Figure, Sides, compare
from actum.inside.figures import Answers, Rule
from actum.inside.matching import Coded
from actum.inside.scoring import predictions_digest

RULE = Rule(threshold=0.35, at_or_above="declined", below="offered")
DIGEST = {"champion": "sha256:" + "a" * 64, "challenger": "sha256:" + "b" * 64}


def two_models(rows: int, chance: np.random.Generator, *, certainty: float = 1.0) -> Sides:
    """Return a champion that knows one of two causes, and states it more or less certainly, and a challenger."""
    x = chance.normal(size=(rows, 2))
    labels = (chance.random(rows) < _chance(x[:, 0] + 0.7 * x[:, 1] - 1)).astype(float)
    champion, challenger = _chance(certainty * (1.1 * x[:, 0] - 0.9)), _chance(0.9 * x[:, 0] + 0.65 * x[:, 1] - 1)
    return sides(labels, champion, challenger)


def sides(labels: Any, champion: Any, challenger: Any) -> Sides:
    return Sides(
        challenger=Answers(labels=labels, scores=challenger),
        champion=Answers(labels=labels, scores=champion),
        task="binary",
        rule=RULE,
    )


def judged(one: Sides, *, draws: int, seed: int = 1, codes: Any = None) -> list[dict[str, Figure]]:
    """Return the figures of each group, of all rows where *codes* are absent."""
    comparison = Comparison(one, np.zeros(one.rows, dtype=int) if codes is None else codes)
    terms = Draws(count=draws, seed=seed, confidence=0.95)
    compare([comparison], one.rows, terms)
    return comparison.figures(terms.confidence)


def differences(figures: dict[str, Figure]) -> dict[str, float]:
    return {name: one.challenger - one.champion for name, one in figures.items() if one.champion is not None}


def request_in(folder: Path, one: Sides, **columns: Any) -> dict[str, Any]:
    """Write what the job ``judge`` reads and return its request; *columns* are slices, a text a row."""
    import pandas as pd

    pd.DataFrame({"late": one.challenger.labels}).to_parquet(folder / "holdout.parquet")
    coded = []
    for name, texts in columns.items():
        values, codes = np.unique(np.array(texts, dtype=str), return_inverse=True)
        coded.append(Coded(column=name, values=tuple(values.tolist()), codes=codes))
    asked: dict[str, Any] = {"champion": None}
    for name, answers in one.by_name().items():
        (folder / f"{name}.npz").write_bytes(packed(answers.scores, coded))
        place, told = str(folder / f"{name}.npz"), predictions_digest(answers.scores)
        asked[name] = {"artifact": DIGEST[name], "answers": place, "predictions": told}
    listed = [
        {"column": item.column, "values": list(item.values), "answers": asked["challenger"]["answers"], "row": row}
        for row, item in enumerate(coded)
    ]
    rule = {"threshold": RULE.threshold, "at_or_above": RULE.at_or_above, "below": RULE.below}
    return {
        **asked,
        "holdout": str(folder / "holdout.parquet"),
        "holdout_md5": "0" * 32,
        "label": "late",
        "task": one.task,
        "rule": rule if one.rule else None,
        "slices": listed,
        "draws": 200,
        "seed": 1,
        "confidence": 0.95,
    }


def by_sklearn(labels: Any, scores: Any, signs: Any) -> dict[str, float]:
    """Return every figure as scikit-learn and plain means have it. ``signs``: of each row's calibration bin."""
    from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

    above = scores >= RULE.threshold
    return {
        "auc": roc_auc_score(labels, scores),
        "brier": brier_score_loss(labels, scores),
        "log_loss": log_loss(labels, scores, labels=[0, 1]),
        "calibration_error": float(np.mean(signs * (scores - labels))),
        "accuracy": accuracy_score(labels, above),
        "declined_share": float(above.mean()),
        "offered_share": float((~above).mean()),
    }


def calibration_error(labels: Any, scores: Any) -> float:
    """Return the expected calibration error from scikit-learn's own curve over ten bins of equal rows."""
    from sklearn.calibration import calibration_curve

    realised, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    rows = np.bincount(bin_of(scores), minlength=10)
    return float((rows[rows > 0] * abs(realised - predicted)).sum() / len(scores))


def signs_of(labels: Any, scores: Any) -> Any:
    """Return for each row whether its bin predicts too much (1) or too little (-1)."""
    bins = bin_of(scores)
    return np.sign(np.bincount(bins, weights=scores - labels))[bins]


def bin_of(scores: Any) -> Any:
    """Bins as ``sklearn.calibration.calibration_curve`` has them."""
    return np.searchsorted(np.percentile(scores, np.linspace(0, 1, 11)[1:-1] * 100), scores)


def _chance(logit: Any) -> Any:
    return 1 / (1 + np.exp(-logit))
