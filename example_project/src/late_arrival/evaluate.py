"""Stage 4: judge the saved model on a window that it has not seen; write metrics.json and two plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from inputs import INPUTS, KEY, MOMENT
from numpy.typing import NDArray
from project import read_params
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from times import local_midnight
from train import MODEL

from actum.models import load

BINS = 10
DIGITS = 6  # metrics are rounded for people and for git; what is compared to the bit is the model

Floats = NDArray[np.float64]


def evaluation_rows(features: pd.DataFrame, outcomes: pd.DataFrame, params: dict[str, Any]) -> pd.DataFrame:
    """Keep the offers of the evaluation window. It must not touch the training window."""
    seen, window = params["train"], params["evaluate"]
    if window["from"] < seen["until"] and seen["from"] < window["until"]:
        raise SystemExit(f"params.yaml: evaluate {window} overlaps train {seen}: a model is not judged on what it saw")
    start, end = local_midnight(window["from"]), local_midnight(window["until"])
    inside = features[(features[MOMENT] >= start) & (features[MOMENT] < end)]
    return inside.merge(outcomes[[KEY, "claim"]], on=KEY, validate="one_to_one")


def calibration(claim: Floats, score: Floats) -> pd.DataFrame:
    """Compare predicted and realised share of claims in ten equal-width bins of the score; empty bins are left out."""
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    rows = pd.DataFrame({"bin": bins, "predicted": score, "realised": claim, "n": 1})
    return rows.groupby("bin").agg({"predicted": "mean", "realised": "mean", "n": "sum"}).reset_index()


def thresholds(claim: Floats, score: Floats) -> pd.DataFrame:
    """What each threshold from 0 to 1 would decline, and whom: one row per hundredth."""
    grid = np.arange(101) / 100
    declined = score[None, :] >= grid[:, None]
    claims, others = claim.sum(), (1 - claim).sum()
    hit = (declined * claim).sum(axis=1)
    total = declined.sum(axis=1)
    return pd.DataFrame(
        {
            "threshold": grid,
            "declined_share": total / len(score),
            "true_positive_rate": hit / claims,
            "false_positive_rate": (total - hit) / others,
        }
    )


def measure(claim: Floats, score: Floats, decline_at: float) -> dict[str, float | int | None]:
    """Return the metrics by name. ``declined_claim_share`` is None when nothing was declined."""
    bins = calibration(claim, score)
    declined = score >= decline_at
    metrics: dict[str, float | None] = {
        "auc": roc_auc_score(claim, score),
        "brier": brier_score_loss(claim, score),
        "log_loss": log_loss(claim, score),
        "calibration_error": float((bins["n"] * (bins["predicted"] - bins["realised"]).abs()).sum() / len(score)),
        "claim_share": claim.mean(),
        "declined_share": declined.mean(),
        "declined_claim_share": claim[declined].mean() if declined.any() else None,
    }
    rounded = {name: None if value is None else round(float(value), DIGITS) for name, value in metrics.items()}
    return {**rounded, "n": len(score)}


def main() -> None:
    """Score the evaluation window and write what came of it."""
    params = read_params()
    features, outcomes = pd.read_parquet("data/features.parquet"), pd.read_parquet("data/outcomes.parquet")
    rows = evaluation_rows(features, outcomes, params)
    # load() trusts the types that policies/trusted-types.txt lists, and no others.
    score = load(MODEL).predict_proba(rows[list(INPUTS)])[:, 1]
    claim = rows["claim"].to_numpy(float)
    metrics = measure(claim, score, params["cover"]["decline_at"])
    plots = Path("plots")
    plots.mkdir(exist_ok=True)
    for name, table in (("calibration", calibration(claim, score)), ("thresholds", thresholds(claim, score))):
        table.round(DIGITS).to_csv(plots / f"{name}.csv", index=False, lineterminator="\n")
    Path("metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
