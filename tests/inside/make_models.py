"""Fit one model of each kind that must be byte-stable; as a script, save them and print their digests.

python make_models.py FOLDER
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actum.models import save

TRUSTED = (
    "numpy.dtype",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""What has to be trusted beyond the own list of one skops or another to load them all."""


def flights(rows: int) -> Any:
    """Return a made-up table: two numbers with gaps, a whole number, a word with gaps, a flag."""
    import numpy as np
    import pandas as pd

    chance = np.random.default_rng(7)
    delay = chance.normal(20.0, 15.0, rows)
    delay[::17] = np.nan
    carrier = chance.choice(np.array(["B6", "UA", "DL", "AA"], dtype=object), rows)
    carrier[::23] = np.nan
    return pd.DataFrame(
        {
            "delay": delay,
            "humidity": chance.uniform(0.0, 100.0, rows),
            "hour": chance.integers(0, 24, rows).astype(float),
            "carrier": pd.Series(carrier, dtype=object),
            "is_holiday": (chance.random(rows) < 0.1).astype(float),
        }
    )


def lateness(table: Any) -> Any:
    """Return a label that depends on the table, and a bit on chance."""
    import numpy as np

    noise = np.random.default_rng(11).normal(0.0, 1.0, len(table))
    return (0.05 * table["delay"].fillna(20.0) + 0.1 * (table["carrier"] == "B6") + noise > 1.2).astype(int)


def preprocessing(**encoder: Any) -> Any:
    """Return a transformer of every column of ``flights``, with each kind of step that can be taken apart."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder(**{"handle_unknown": "ignore", **encoder})
    )
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [
            ("words", words, ["carrier"]),
            ("numbers", numbers, ["hour", "delay"]),
            ("plain", "passthrough", ["is_holiday"]),
            ("unused", "drop", ["humidity"]),
        ]
    )


def linear(table: Any) -> Any:
    """Return a fitted logistic regression on all of ``flights``."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    model = Pipeline([("prepare", preprocessing()), ("decide", LogisticRegression(max_iter=500))])
    return model.fit(table, lateness(table))


def kinds() -> Iterator[tuple[str, Any]]:
    """Yield every kind, fitted."""
    from sklearn.cluster import KMeans
    from sklearn.datasets import make_classification
    from sklearn.decomposition import PCA
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC

    x, y = make_classification(200, 6, random_state=0)
    yield "logreg", LogisticRegression().fit(x, y)
    yield "forest", RandomForestClassifier(5, random_state=0, n_jobs=2).fit(x, y)
    yield "hist", HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, y)
    yield "boosting", GradientBoostingClassifier(n_estimators=4, random_state=0).fit(x, y)
    yield "pipeline", linear(flights(200))
    yield "kmeans", KMeans(3, n_init=2, random_state=0).fit(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ten steps do not converge
        yield "mlp", MLPClassifier((5,), max_iter=10, random_state=0).fit(x, y)
    yield "svc", SVC().fit(x, y)
    yield "pca", PCA(3, random_state=0).fit(x)


def main(folder: Path) -> None:
    """Save every kind into ``folder``; print their digests as JSON."""
    print(json.dumps({name: save(model, folder / f"{name}.skops") for name, model in kinds()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
