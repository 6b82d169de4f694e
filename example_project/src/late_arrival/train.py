"""Stage 3: fit the pipeline on the training window and save it as canonical skops."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from inputs import INPUTS, KEY, MOMENT, NUMBERS, WORDS
from project import read_params
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from times import local_midnight

from actum.models import save

MODEL = Path("models/late-arrival.skops")


def make_pipeline(model: dict[str, Any], seed: int) -> Pipeline:
    """Build the unfitted pipeline that params.yaml asks for. Trees take missing numbers as they are."""
    weight = model["class_weight"]
    if model["kind"] == "linear":
        options = model["linear"]
        numbers: Any = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
        classifier: Any = LogisticRegression(
            C=options["c"], max_iter=options["max_iter"], tol=1e-8, solver="newton-cholesky", class_weight=weight
        )
    elif model["kind"] == "boosting":
        options = model["boosting"]
        numbers = "passthrough"
        classifier = HistGradientBoostingClassifier(
            max_iter=options["trees"],
            learning_rate=options["learning_rate"],
            max_leaf_nodes=options["max_leaves"],
            min_samples_leaf=options["min_leaf"],
            l2_regularization=options["l2"],
            early_stopping=False,
            class_weight=weight,
            random_state=seed,
        )
    else:
        raise SystemExit(f"params.yaml: model.kind: is {model['kind']!r}, wanted linear or boosting")
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", numbers, list(NUMBERS)), ("words", words, list(WORDS))])
    return Pipeline([("columns", columns), ("classifier", classifier)])


def training_rows(features: pd.DataFrame, outcomes: pd.DataFrame, window: dict[str, str]) -> pd.DataFrame:
    """Keep offers made inside the window whose outcome was known when it closed."""
    start, end = local_midnight(window["from"]), local_midnight(window["until"])
    table = features.merge(outcomes[[KEY, "claim", "known_at"]], on=KEY, validate="one_to_one")
    return table[(table[MOMENT] >= start) & (table[MOMENT] < end) & (table["known_at"] <= end)]


def main() -> None:
    """Train on the window of params.yaml; a solver that did not converge is an error."""
    params = read_params()
    warnings.simplefilter("error", ConvergenceWarning)
    features, outcomes = pd.read_parquet("data/features.parquet"), pd.read_parquet("data/outcomes.parquet")
    rows = training_rows(features, outcomes, params["train"])
    pipeline = make_pipeline(params["model"], params["seed"])
    pipeline.fit(rows[list(INPUTS)], rows["claim"])
    MODEL.parent.mkdir(exist_ok=True)
    print(f"{len(rows):,} offers, {rows['claim'].mean():.1%} claims, {save(pipeline, MODEL)}")


if __name__ == "__main__":
    main()
