"""Runs as a DataFrame: the types that a notebook wants, and warnings for what is left out."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas
import pytest

from actum import layout
from actum.errors import NotFoundError, UsageError
from actum.querying.frames import frame
from tests.columns.logged import Logged

ABOUT = ("metrics", "params", "committed", "sta")
SCRIPT: dict[str, Any] = {"kind": "script", "finished_at": None, "status": "interrupted"}


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    made = Logged(tmp_path / "repo")
    made.start(5)
    made.add(made.run(metrics={"auc": "NaN", "loss": "Infinity"}, params={"seed": 7, "huge": 2**70, "layers": [1, 2]}))
    made.beside(made.run(metrics={"auc": 0.99}, params={"model.kind": "new"}, **SCRIPT))
    return made


def test_columns_have_the_types_that_their_values_have(logged: Logged) -> None:
    found = frame(logged.repo.root)
    assert len(found) == 7
    kinds = {name: str(kind) for name, kind in found.dtypes.items() if str(name).startswith(ABOUT)}
    assert kinds == {
        "status": "object",
        "started_at": "datetime64[us, UTC]",
        "params.model.kind": "object",
        "params.model.depth": "Int64",
        "params.seed": "Int64",
        "params.huge": "object",
        "params.layers": "object",
        "metrics.auc": "float64",
        "metrics.rows": "Int64",
        "metrics.loss": "float64",
        "committed": "bool",
    }
    newest = found.iloc[0]
    assert (newest["metrics.auc"], newest["params.model.kind"], newest["committed"]) == (0.99, "new", False)
    assert pandas.isna(newest["params.seed"])
    assert pandas.isna(newest["finished_at"])
    assert found["params.huge"][1] == 2**70
    assert found["params.layers"][1] == [1, 2]
    assert found["metrics.loss"][1] == float("inf")
    assert pandas.isna(found["metrics.auc"][1])


def test_filter_order_limit_and_columns_are_those_of_the_command(logged: Logged) -> None:
    found = frame(logged.repo.root, where="auc > 0.5", sort="-auc", limit=2, columns=["id", "metrics.auc"])
    assert list(found) == ["id", "metrics.auc"]
    assert list(found["metrics.auc"]) == [0.99, 0.796]
    with pytest.raises(UsageError, match="did you mean metrics"):
        frame(logged.repo.root, sort="-metrics.auk")
    with pytest.raises(NotFoundError):
        frame(logged.repo.root.parent)


def test_what_cannot_be_read_is_warned_of(logged: Logged) -> None:
    path = layout.run(logged.ulid(), logged.now)
    logged.commit({path: b"{"})
    with pytest.warns(UserWarning, match=path):
        assert len(frame(logged.repo.root)) == 7


def test_only_a_metric_of_that_name_is_a_number(logged: Logged) -> None:
    logged.add(logged.run(tags={"team": "NaN"}, params={"missing": "Infinity"}, metrics={"auc": "NaN"}))
    (found,) = frame(logged.repo.root, where="tags.team = 'NaN' and params.missing = 'Infinity'").to_dict("records")
    assert (found["tags.team"], found["params.missing"]) == ("NaN", "Infinity")
    assert math.isnan(found["metrics.auc"])


def test_runs_of_one_second_are_sorted_by_their_fractions(logged: Logged) -> None:
    begun = [logged.now + timedelta(days=1, milliseconds=part) for part in (500, 0, 250)]
    logged.add(*(logged.run(started_at=at, finished_at=at) for at in begun))
    found = frame(logged.repo.root, sort="-started_at", limit=3)
    assert found["started_at"].tolist() == sorted(begun, reverse=True)
