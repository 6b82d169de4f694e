"""What a version answers for a holdout: the score job's numbers to the bit, in the holdout's order, or a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actum.inside.answers import answers
from actum.inside.digests import digest_of
from actum.inside.frames import column_of, frame_of, frame_of_columns, inputs_of
from actum.inside.score import score
from actum.inside.tables import input_column, input_values, read_table
from actum.models import save
from tests.inside.asking import INPUTS, Ask
from tests.inside.make_models import TRUSTED, flights, lateness, linear

ROWS = 9000  # three batches


def boosting(table: Any) -> Any:
    """Return fitted trees that take missing numbers, and words, as they are."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numbers = ["delay", "humidity", "hour", "is_holiday"]
    columns = ColumnTransformer([("numbers", "passthrough", numbers), ("words", words, ["carrier"])])
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=30, random_state=0))
    return model.fit(table, lateness(table))


def table_of(rows: int) -> Any:
    """Return every kind of column with gaps, a key and a moment: what a pipeline leaves behind."""
    import pandas as pd

    table = flights(rows)
    hours = table["hour"].astype("Int64").where(table.index % 13 != 0)
    at = pd.date_range("2013-07-01", periods=rows, freq="min", tz="UTC")
    return table.assign(hour=hours, is_holiday=table["is_holiday"] == 1, id=[f"B6-{n}" for n in range(rows)], at=at)


def with_flags_missing(table: Any) -> Any:
    return table.assign(is_holiday=table["is_holiday"].astype("boolean").where(table.index % 29 != 0))


@pytest.fixture
def features(tmp_path: Path) -> Path:
    table_of(ROWS).to_parquet(tmp_path / "features.parquet")
    return tmp_path / "features.parquet"


@pytest.fixture
def request_for(saved: dict[str, Any], features: Path, tmp_path: Path) -> dict[str, Any]:
    """Ask the linear model about every third row, backwards."""
    table = table_of(ROWS)[["id", "at"]].iloc[::-3]
    table.assign(late=1).to_parquet(tmp_path / "holdout.parquet", index=False)
    files = {"features": str(features), "holdout": str(tmp_path / "holdout.parquet"), "out": str(tmp_path / "a.npz")}
    return {**saved, **files, "inputs": INPUTS, "key": "id", "moment": "at", "slices": ["carrier"]}


def written(request: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    with np.load(request["out"], allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("kind", ["linear", "boosting"])
def test_the_answers_are_those_of_the_score_job_to_the_bit(ask: Ask, tmp_path: Path, kind: str, form: str) -> None:
    model = linear(flights(400)) if kind == "linear" else boosting(flights(400))
    named = {"model": str(tmp_path / "m"), "sha256": save(model, tmp_path / "m"), "trusted": list(TRUSTED)}
    table = table_of(ROWS) if kind == "linear" else with_flags_missing(table_of(ROWS))
    path, out = tmp_path / f"t.{form}", tmp_path / "out.ndjson"
    table.to_parquet(path) if form == "parquet" else table.to_csv(path, index=False)
    asked = {**named, "inputs": INPUTS, "key": "id", "moment": "at"}
    assert ask(score, {**asked, "table": str(path), "out": str(out)})["batches"] == 3
    request = {**asked, "features": str(path), "holdout": str(path), "out": str(tmp_path / "a.npz")}
    answer = ask(answers, request)
    found = written(request)["scores"]
    assert found.tolist() == [json.loads(line)["score"] for line in out.read_text().splitlines()]
    assert len(set(found.tolist())) > 100
    assert answer == {
        "ok": True,
        "rows": ROWS,
        "predictions": digest_of(found.tobytes()),
        "slices": [],
        "absent": [],
    }


def test_whole_columns_make_the_frame_that_recorded_rows_make(features: Path) -> None:
    from actum.inside.envelope import Request

    with_flags_missing(table_of(ROWS)).to_parquet(features)
    inputs = inputs_of(Request({"inputs": INPUTS}))
    table = read_table(features, [item.name for item in inputs])
    names = [item.name for item in inputs]
    values = [input_values(table, item) for item in inputs]
    by_row = frame_of([dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)], inputs)
    whole = frame_of_columns({item.name: column_of(input_column(table, item), item) for item in inputs})
    assert list(whole.dtypes) == list(by_row.dtypes)
    for name in names:
        one, other = whole[name].to_numpy(), by_row[name].to_numpy()
        if name == "carrier":
            assert [repr(value) for value in one] == [repr(value) for value in other]
        else:
            assert one.tobytes() == other.tobytes()


def test_rows_come_in_the_holdouts_order_whatever_the_order_of_the_features(
    ask: Ask, request_for: dict[str, Any], features: Path
) -> None:
    ask(answers, request_for)
    straight = written(request_for)
    table_of(ROWS).sample(frac=1.0, random_state=3).to_parquet(features)
    ask(answers, request_for)
    mixed = written(request_for)
    assert (mixed["scores"] == straight["scores"]).all()
    assert (mixed["codes"] == straight["codes"]).all()


def test_slices_are_told_by_name_and_row_by_row(ask: Ask, request_for: dict[str, Any]) -> None:
    answer = ask(answers, {**request_for, "slices": ["carrier", "is_holiday", "hour", "gate"]})
    table = table_of(ROWS).iloc[::-3]
    assert answer["absent"] == ["gate"]
    told = {one["column"]: one["values"] for one in answer["slices"]}
    assert told["carrier"] == ["(missing)", "AA", "B6", "DL", "UA"]
    assert told["is_holiday"] == ["false", "true"]
    assert told["hour"] == sorted(["(missing)", *map(str, range(24))])
    codes = written(request_for)["codes"]
    assert [told["carrier"][code] for code in codes[0]] == table["carrier"].fillna("(missing)").tolist()
    assert [told["hour"][code] for code in codes[2]] == table["hour"].astype("string").fillna("(missing)").tolist()


def test_a_slice_that_the_holdout_pins_itself_is_taken_from_there(ask: Ask, request_for: dict[str, Any]) -> None:
    table = table_of(ROWS)[["id", "at"]].iloc[::-3].assign(carrier="pinned\x1b")
    table.to_parquet(request_for["holdout"], index=False)
    assert ask(answers, request_for)["slices"] == [{"column": "carrier", "values": ["pinned\\x1b"]}]


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_a_moment_is_the_same_in_any_unit_and_zone_and_in_text(
    ask: Ask, request_for: dict[str, Any], tmp_path: Path, unit: str
) -> None:
    wanted = ask(answers, request_for)
    table = table_of(ROWS)[["id", "at"]].iloc[::-3]
    table = table.assign(at=table["at"].dt.tz_convert("America/New_York").dt.as_unit(unit))
    table.to_parquet(request_for["holdout"], index=False)
    assert ask(answers, request_for) == wanted
    table.to_csv(tmp_path / "holdout.csv", index=False)
    assert ask(answers, {**request_for, "holdout": str(tmp_path / "holdout.csv")}) == wanted


def test_features_without_the_moment_are_taken_at_their_word(
    ask: Ask, request_for: dict[str, Any], features: Path
) -> None:
    table_of(ROWS).drop(columns="at").to_parquet(features)
    assert ask(answers, request_for)["rows"] == 3000


def test_whole_number_keys_of_any_width_and_in_csv_are_the_same_keys(
    ask: Ask, request_for: dict[str, Any], features: Path, tmp_path: Path
) -> None:
    numbered = table_of(ROWS).assign(id=range(ROWS))
    numbered.astype({"id": "int32"}).to_parquet(features)
    rows = numbered[["id", "at"]].iloc[::-3]
    rows.to_parquet(request_for["holdout"], index=False)
    first = ask(answers, request_for)
    rows.to_csv(tmp_path / "holdout.csv", index=False)
    assert ask(answers, {**request_for, "holdout": str(tmp_path / "holdout.csv")}) == first


def damage(problem: str, features: Any, holdout: Any) -> tuple[Any, Any]:
    """Return both tables with one thing wrong."""
    import pandas as pd

    some = holdout.index.isin(holdout.index[[5, 7]])
    late = {"at": features["at"] + pd.Timedelta(seconds=1)}
    return {
        "not covered": (features[features.index > 5], holdout),
        "features twice": (pd.concat([features, features[:2]]), holdout),
        "holdout twice": (features, pd.concat([holdout, holdout[:1]])),
        "null key": (features, holdout.assign(id=holdout["id"].where(~some))),
        "other keys": (features.assign(id=range(len(features))), holdout),
        "other moment": (features.assign(**late), holdout),
        "too fine": (features, holdout.assign(at=holdout["at"].astype("datetime64[ns, UTC]") + pd.Timedelta("1ns"))),
        "no zone": (features, holdout.assign(at=holdout["at"].dt.tz_localize(None))),
        "null moment": (features, holdout.assign(at=holdout["at"].where(~some))),
        "no input": (features.drop(columns=["delay", "hour"]), holdout),
        "no key": (features, holdout.drop(columns="id")),
        "infinite": (features.assign(delay=float("inf")), holdout),
        "inexact": (features.assign(hour=2**53 + 1), holdout),
        "no row": (features, holdout[:0]),
        "many slices": (features.assign(carrier=features["id"]), holdout),
    }[problem]


REFUSALS = {
    "not covered": "{features}: has no row for 2 of the 3000 keys of {holdout}, first 'B6-5', 'B6-2'",
    "features twice": "{features}: column id: 2 keys stand more than once, first 'B6-0'",
    "holdout twice": "{holdout}: column id: 1 keys stand more than once, first 'B6-8999'",
    "null key": "{holdout}: column id is null in 2 rows",
    "other keys": "{features}: column id is int64, but string in {holdout}",
    "other moment": "{features}: column at is not that of {holdout} in 3000 rows, first 'B6-8999'",
    "too fine": "{holdout}: column at holds moments finer than a microsecond",
    "no zone": "{holdout}: column at holds moments without a time zone",
    "null moment": "{holdout}: column at is null in 2 rows",
    "no input": "{features}: has no column delay, hour",
    "no key": "{holdout}: has no column id",
    "infinite": "{features}: column delay holds an infinite value",
    "inexact": "input hour: an integer beyond 2^53 is not exact",
    "no row": "{holdout}: holds no row",
    "many slices": "{features}: column carrier has 3000 values, at most 200 slices of a column are looked at",
}


@pytest.mark.parametrize("problem", REFUSALS)
def test_what_cannot_be_answered_is_refused_by_name(ask: Ask, request_for: dict[str, Any], problem: str) -> None:
    table = table_of(ROWS)
    features, holdout = damage(problem, table, table[["id", "at"]].iloc[::-3])
    features.to_parquet(request_for["features"])
    holdout.to_parquet(request_for["holdout"], index=False)
    answer = ask(answers, request_for)
    assert (answer["ok"], answer["error"]) == (False, REFUSALS[problem].format(**request_for))
    assert not Path(request_for["out"]).exists()


def test_a_model_of_other_bytes_a_pickle_and_an_unreviewed_type_are_refused(
    ask: Ask, request_for: dict[str, Any], tmp_path: Path
) -> None:
    import joblib

    other = "sha256:" + "0" * 64
    said = ask(answers, {**request_for, "sha256": other})["error"]
    assert said == f"{request_for['model']}: {request_for['sha256']} found, {other} wanted"
    joblib.dump({"a": 1}, tmp_path / "m.joblib")
    pickled = {"model": str(tmp_path / "m.joblib"), "sha256": digest_of((tmp_path / "m.joblib").read_bytes())}
    said = ask(answers, {**request_for, **pickled})["error"]
    assert said.endswith("file runs code when it is loaded, and that is not allowed here")
    save(boosting(flights(200)), tmp_path / "m")
    strange = {"model": str(tmp_path / "m"), "sha256": digest_of((tmp_path / "m").read_bytes()), "trusted": []}
    assert "holds types that nobody has reviewed: " in ask(answers, {**request_for, **strange})["error"]
