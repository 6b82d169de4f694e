"""The workers: describe, score, replay and compare agree on how a row becomes a frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actum.inside.compare import compare
from actum.inside.describe import describe
from actum.inside.digests import digest_of
from actum.inside.replay import replay
from actum.inside.score import score
from actum.models import fingerprint, save
from tests.inside.asking import INPUTS, Ask
from tests.inside.make_models import TRUSTED, flights, lateness, preprocessing

NAMES = [str(item["name"]) for item in INPUTS]


def offers(rows: int) -> Any:
    """Return a table to decide: inputs in another order, a key, a moment in UTC, a label to carry along."""
    import pandas as pd

    table = flights(rows)
    table = table[table.columns[::-1]].assign(
        id=[f"B6-{n}" for n in range(rows)],
        at=pd.date_range("2013-07-01", periods=rows, freq="h", tz="America/New_York"),
        late=lateness(table),
    )
    return table.astype({"is_holiday": bool})


@pytest.fixture
def request_for(saved: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A complete request to score ``offers.parquet``."""
    offers(50).to_parquet(tmp_path / "offers.parquet")
    return {
        **saved,
        "table": str(tmp_path / "offers.parquet"),
        "inputs": INPUTS,
        "key": "id",
        "moment": "at",
        "keep": ["late"],
        "batch_rows": 8,
        "out": str(tmp_path / "out.ndjson"),
    }


def lines_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was written to ``out``."""
    return [json.loads(line) for line in Path(request["out"]).read_text().splitlines()]


def test_describe_says_format_state_and_answers(ask: Ask, saved: dict[str, Any], fitted: Any, tmp_path: Path) -> None:
    import numpy as np

    table = flights(30)
    table.to_parquet(tmp_path / "probe.parquet")
    wanted = fitted.predict_proba(table)[:, 1]
    answer = ask(describe, {**saved, "probe": str(tmp_path / "probe.parquet"), "inputs": NAMES})
    assert answer == {
        "ok": True,
        "format": "canonical-skops/1",
        "state": fingerprint(fitted),
        "probe": {"rows": 30, "predictions": digest_of(np.asarray(wanted, dtype="<f8").tobytes())},
    }


def test_a_probe_in_csv_gives_the_same_answers_as_in_parquet(ask: Ask, saved: dict[str, Any], tmp_path: Path) -> None:
    table = flights(30)
    table.to_parquet(tmp_path / "probe.parquet")
    table.to_csv(tmp_path / "probe.csv", index=False)
    asked = [
        ask(describe, {**saved, "probe": str(tmp_path / f"probe.{kind}"), "inputs": inputs})["probe"]
        for kind in ("parquet", "csv")
        for inputs in (NAMES, [*INPUTS[:-1], {"name": "is_holiday", "type": "float"}])
    ]
    assert asked == [asked[0]] * 4


def test_a_probe_without_a_column_is_a_problem_and_no_digest(ask: Ask, saved: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "probe.parquet"
    flights(5).drop(columns=["hour", "delay"]).to_parquet(path)
    answer = ask(describe, {**saved, "probe": str(path), "inputs": NAMES})
    assert (answer["ok"], answer["probe"]) == (True, None)
    assert answer["probe_problem"] == f"{path}: the probe lacks delay, hour"


def test_describe_without_a_probe(ask: Ask, saved: dict[str, Any], fitted: Any) -> None:
    answer = ask(describe, {**saved, "probe": None, "inputs": []})
    assert answer == {"ok": True, "format": "canonical-skops/1", "state": fingerprint(fitted), "probe": None}


def test_inputs_that_were_found_beside_the_table_are_scored_as_if_it_had_them(
    ask: Ask, request_for: dict[str, Any], tmp_path: Path
) -> None:
    ask(score, {**request_for, "since": "2013-07-01T06:00:00Z"})
    whole = lines_of(request_for)
    table = offers(50)
    table.drop(columns=["hour", "delay"]).to_parquet(request_for["table"])
    table[["delay", "hour"]].to_parquet(tmp_path / "found.parquet")
    beside = {**request_for, "supplied": str(tmp_path / "found.parquet"), "supplied_inputs": ["hour", "delay"]}
    ask(score, {**beside, "since": "2013-07-01T06:00:00Z"})
    assert lines_of(request_for) == whole
    table[["delay", "hour"]].iloc[1:].to_parquet(tmp_path / "found.parquet")
    answer = ask(score, beside)
    assert answer["error"] == f"{tmp_path / 'found.parquet'}: has 49 rows, the table has 50"


def test_score_writes_a_line_a_row(ask: Ask, request_for: dict[str, Any], fitted: Any) -> None:
    answer = ask(score, {**request_for, "since": "2013-07-01T06:00:00Z", "until": "2013-07-02T00:00:00-04:00"})
    lines = lines_of(request_for)
    assert answer == {
        "ok": True,
        "rows": 22,
        "batches": 3,
        "first": "2013-07-01T06:00:00Z",
        "last": "2013-07-02T03:00:00Z",
        "sha256": digest_of(Path(request_for["out"]).read_bytes()),
    }
    table = offers(50)
    first = table.iloc[2]
    assert {**lines[0], "score": None} == {
        "key": "B6-2",
        "moment": "2013-07-01T06:00:00Z",
        "batch": 0,
        "inputs": {name: first[name] for name in NAMES},
        "kept": {"late": int(first["late"])},
        "score": None,
    }
    assert [type(lines[0]["inputs"][name]) for name in NAMES] == [float, float, int, str, bool]
    assert [line["batch"] for line in lines] == [0] * 8 + [1] * 8 + [2] * 6
    expected = fitted.predict_proba(table.iloc[2:24].astype({"is_holiday": float}))[:, 1]
    assert [line["score"] for line in lines] == pytest.approx(expected.tolist(), abs=1e-15)


def test_missing_values_are_null_and_come_back_as_missing(ask: Ask, request_for: dict[str, Any]) -> None:
    ask(score, request_for)
    table, lines = offers(50), lines_of(request_for)
    assert [line["inputs"]["delay"] is None for line in lines] == table["delay"].isna().tolist()
    assert [line["inputs"]["carrier"] is None for line in lines] == table["carrier"].isna().tolist()


def test_csv_and_parquet_give_the_same_lines(ask: Ask, request_for: dict[str, Any], tmp_path: Path) -> None:
    offers(50).to_csv(tmp_path / "offers.csv", index=False)
    keep: dict[str, Any] = {"keep": []}
    first = ask(score, {**request_for, **keep})
    assert ask(score, {**request_for, **keep, "table": str(tmp_path / "offers.csv")}) == first


def test_replaying_a_batch_gives_the_same_bits(ask: Ask, request_for: dict[str, Any], saved: dict[str, Any]) -> None:
    ask(score, request_for)
    lines = lines_of(request_for)
    for batch in (0, 6):
        members = [line for line in lines if line["batch"] == batch]
        rows = [line["inputs"] for line in members]
        for index, line in enumerate(members):
            answer = ask(replay, {**saved, "inputs": INPUTS, "rows": rows, "index": index})
            assert answer["score"] == line["score"]


def break_table(problem: str, table: Any) -> Any:
    """Return the table with one thing wrong."""
    import numpy as np

    changes = {
        "missing columns": lambda: table.drop(columns=["hour", "late"]),
        "duplicate keys": lambda: table.assign(id=["a", "a", *table["id"][2:]]),
        "null key": lambda: table.assign(id=[None, *table["id"][1:]]),
        "null moment": lambda: table.assign(at=table["at"].where(table.index != 3)),
        "naive moments": lambda: table.assign(at=table["at"].dt.tz_localize(None)),
        "infinite": lambda: table.assign(delay=np.where(table.index == 4, np.inf, table["delay"])),
        "wrong type": lambda: table.assign(delay=table["delay"].astype(str)),
        "fraction": lambda: table.assign(hour=table["hour"] + 0.5),
        "unknown dtype": lambda: table.assign(delay=[[1.0]] * len(table)),
        "unknown kept": lambda: table.assign(late=[[1.0]] * len(table)),
        "nanoseconds": lambda: table.assign(at=table["at"].astype("datetime64[ns, UTC]") + np.timedelta64(1, "ns")),
        "for ever": lambda: table.assign(at=(np.arange(len(table)) + 2**40).astype("datetime64[s]")).assign(
            at=lambda far: far["at"].dt.tz_localize("UTC")
        ),
    }
    return changes[problem]()


REFUSALS = {
    "missing columns": "has no column late, hour",
    "duplicate keys": "column id holds 1 key more than once, first 'a'",
    "null key": "column id is null in 1 row",
    "null moment": "column at is null in 1 row",
    "naive moments": "column at holds moments without a time zone",
    "infinite": "column delay holds an infinite value",
    "wrong type": "column delay is string, wanted float",
    "fraction": "column hour is not int: Float value ",
    "unknown dtype": "column delay is list<element: double>, wanted float",
    "unknown kept": "column late is list<element: double>, which no model input can be",
    "nanoseconds": "column at holds moments finer than a microsecond",
    "for ever": "column at holds a moment outside the years 1 to 9999",
}


@pytest.mark.parametrize("problem", REFUSALS)
def test_score_refuses_by_column(ask: Ask, request_for: dict[str, Any], problem: str) -> None:
    break_table(problem, offers(50)).to_parquet(request_for["table"])
    answer = ask(score, request_for)
    assert answer["ok"] is False
    assert answer["error"].startswith(f"{request_for['table']}: {REFUSALS[problem]}")
    assert not Path(request_for["out"]).exists()


def test_score_refuses_an_empty_selection_and_a_bound_without_zone(ask: Ask, request_for: dict[str, Any]) -> None:
    goes = "column at goes from 2013-07-01T04:00:00Z to 2013-07-03T05:00:00Z"
    for bounds, wanted in (
        ({"since": "2020-01-01T00:00:00Z"}, "from 2020-01-01T00:00:00Z on"),
        ({"until": "2013-01-01T02:00:00+02:00"}, "before 2013-01-01T00:00:00Z"),
        (
            {"since": "2013-07-01T04:30:00Z", "until": "2013-07-01T05:00:00Z"},
            "from 2013-07-01T04:30:00Z on and before 2013-07-01T05:00:00Z",
        ),
    ):
        said = f"{request_for['table']}: 50 rows, but none {wanted}: {goes}"
        assert ask(score, {**request_for, **bounds})["error"] == said
    naive = ask(score, {**request_for, "since": "2020-01-01T00:00:00"})
    assert naive == {
        "ok": False,
        "error": "request.since: '2020-01-01T00:00:00' has no time zone",
        "hint": "add Z or an offset such as -04:00",
    }


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_without_rows_or_without_anything_is_said_to_be_so(
    ask: Ask, request_for: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    import pandas as pd

    path, table = tmp_path / f"empty.{kind}", offers(1).iloc[:0]
    wanted = f"{path}: has columns and no row, at least one to decide about was wanted"
    for empty in (table, pd.DataFrame({name: [] for name in table.columns})):  # of any type, or of none
        empty.to_csv(path, index=False) if kind == "csv" else empty.to_parquet(path)
        assert ask(score, {**request_for, "table": str(path)})["error"] == wanted
    path.write_bytes(b"")
    said = f"{path}: is empty: it has neither columns nor rows"
    assert ask(score, {**request_for, "table": str(path)})["error"] == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2013-07-01 00:00", "'2013-07-01 00:00' has no time zone"),
        ("2013-07-01T00:00:00.1234567Z", "'2013-07-01T00:00:00.1234567Z' is not a moment"),
        ("2013-13-01T00:00:00Z", "'2013-13-01T00:00:00Z' is not a moment: month must be in 1..12"),
    ],
)
def test_a_moment_in_csv_needs_its_offset(ask: Ask, request_for: dict[str, Any], cell: str, said: str) -> None:
    table = offers(5)
    table["at"] = [*table["at"].astype(str)[:4], cell]
    table.to_csv(request_for["table"], index=False)
    assert ask(score, request_for)["error"] == f"{request_for['table']}: column at, row 5: {said}"


def test_a_word_that_others_take_for_missing_stays_a_word(ask: Ask, request_for: dict[str, Any]) -> None:
    table = offers(3).assign(carrier=["NA", "null", "nan"])
    table.to_csv(request_for["table"], index=False)
    ask(score, request_for)
    assert [line["inputs"]["carrier"] for line in lines_of(request_for)] == ["NA", "null", "nan"]


def test_contributions_of_a_linear_model_add_up(ask: Ask, saved: dict[str, Any], fitted: Any) -> None:
    import numpy as np

    table = flights(40)
    rows = json.loads(
        table.assign(hour=table["hour"].astype(int), is_holiday=table["is_holiday"] == 1).to_json(
            orient="records", double_precision=15
        )
    )
    decisions = fitted.decision_function(table)
    coefficients = fitted[-1].coef_[0]
    levels = fitted[0].named_transformers_["words"][-1].categories_[0].tolist()
    for index in (0, 1, 2, 17, 23):
        answer = ask(replay, {**saved, "inputs": INPUTS, "rows": rows, "index": index})
        assert answer["contribution_problem"] is None
        assert answer["link"] == "logit"
        parts = {part["input"]: part["contribution"] for part in answer["contributions"]}
        assert answer["base"] + sum(parts.values()) == pytest.approx(decisions[index], abs=1e-9)
        carrier = rows[index]["carrier"] or "?"
        group = coefficients[: len(levels)]
        assert parts["carrier"] == pytest.approx(group[levels.index(carrier)] - np.mean(group), abs=1e-12)
        assert parts["humidity"] == 0.0
        assert [part["value"] for part in answer["contributions"]] == [rows[index][name] for name in rows[index]]


def linear_models() -> dict[str, Any]:
    """Return linear models of other shapes, with the column names they take."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

    encoder = OneHotEncoder(drop="first", min_frequency=30, handle_unknown="ignore", sparse_output=False)
    scaled = make_pipeline(SimpleImputer(), StandardScaler(with_mean=False), MinMaxScaler())
    return {
        "bare": LogisticRegression(max_iter=2000),
        "regression": make_pipeline(RobustScaler(), MaxAbsScaler(), Ridge()),
        "mixed": make_pipeline(
            make_column_transformer(
                (scaled, [0, 2]),
                (encoder, slice(3, 4)),
                (MinMaxScaler(), [False, True, False, False, False]),
                remainder="passthrough",
            ),
            StandardScaler(),
            LogisticRegression(),
        ),
    }


@pytest.mark.parametrize("kind", ["bare", "regression", "mixed"])
def test_other_linear_models_are_taken_apart_exactly(ask: Ask, tmp_path: Path, kind: str) -> None:
    table = flights(200)
    label, names = lateness(table), NAMES if kind == "mixed" else ["humidity", "hour"]
    table["carrier"] = table["carrier"].fillna("?")
    model = linear_models()[kind].fit(table[names], label)
    named = {"model": str(tmp_path / "m"), "sha256": save(model, tmp_path / "m"), "trusted": list(TRUSTED)}
    rows = [
        {name: None if value != value else value for name, value in row.items()}
        for row in table[names].to_dict(orient="records")
    ]
    inputs = [{**item, "type": "string" if item["name"] == "carrier" else "float"} for item in INPUTS]
    inputs = [item for item in inputs if item["name"] in names]
    answer = ask(replay, {**named, "inputs": inputs, "rows": rows, "index": 17})
    decided = (model.predict if kind == "regression" else model.decision_function)(table[names])[17]
    assert answer["contribution_problem"] is None
    assert answer["link"] == ("identity" if kind == "regression" else "logit")
    total = answer["base"] + sum(part["contribution"] for part in answer["contributions"])
    assert total == pytest.approx(decided, abs=1e-9)


def test_what_is_not_linear_says_so(ask: Ask, tmp_path: Path) -> None:
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    table = flights(60)
    for model, said in (
        (make_pipeline(preprocessing(), GradientBoostingClassifier(n_estimators=2)), "GradientBoostingClassifier"),
        (
            make_pipeline(preprocessing(sparse_output=False), PolynomialFeatures(), LogisticRegression(max_iter=5000)),
            "nothing is known of the step PolynomialFeatures",
        ),
    ):
        digest = save(model.fit(table, lateness(table)), tmp_path / "m")
        row = {"delay": 3.0, "humidity": None, "hour": 7, "carrier": "B6", "is_holiday": False}
        request = {
            "model": str(tmp_path / "m"),
            "sha256": digest,
            "trusted": list(TRUSTED),
        }
        answer = ask(replay, {**request, "inputs": INPUTS, "rows": [row], "index": 0})
        assert 0.0 < answer.pop("score") < 1.0
        assert answer == {
            "ok": True,
            "contributions": None,
            "base": None,
            "link": None,
            "contribution_problem": f"not a linear model: {said}",
        }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"index": 1}, "request.index: 1 of 1 rows"),
        ({"rows": []}, "request.index: 0 of 0 rows"),
        ({"rows": [{"delay": 1.0}]}, "rows[0]: without input carrier, hour, humidity, is_holiday"),
        ({"row": {"delay": "1.5"}}, "input delay: float was wanted, found str"),
        ({"row": {"hour": 7.0}}, "input hour: int was wanted, found float"),
        ({"row": {"hour": 2**53 + 1}}, "input hour: an integer beyond 2^53 is not exact"),
        ({"row": {"gate": 1}}, "rows[0]: gate is no input"),
        ({"inputs": NAMES}, "request.inputs: delay has no type"),
        ({"inputs": INPUTS[:1] * 2}, "request.inputs: delay is named twice"),
        (
            {"inputs": [{"name": "delay", "type": "date"}]},
            "request.inputs[0].type: 'date' is none of float, int, string, bool",
        ),
        ({"sha256": None}, "request.sha256: a string was wanted, found None"),
    ],
)
def test_replay_refuses_what_is_not_a_record(
    ask: Ask, saved: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    row = {"delay": 3.0, "humidity": None, "hour": 7, "carrier": "B6", "is_holiday": False, **change.pop("row", {})}
    answer = ask(replay, {**saved, "inputs": INPUTS, "rows": [row], "index": 0, **change})
    assert (answer["ok"], answer["error"]) == (False, said)


def test_compare_counts_the_decisions_that_change(ask: Ask, saved: dict[str, Any], fitted: Any, tmp_path: Path) -> None:
    import copy

    import numpy as np

    table = flights(60)
    table.to_parquet(tmp_path / "probe.parquet")
    other = copy.deepcopy(fitted)
    other[-1].intercept_ = other[-1].intercept_ + 0.5
    right = {"model": str(tmp_path / "other"), "sha256": save(other, tmp_path / "other")}
    probe = {"trusted": saved["trusted"], "probe": str(tmp_path / "probe.parquet"), "inputs": NAMES}
    a, b = fitted.predict_proba(table)[:, 1], other.predict_proba(table)[:, 1]
    answer = ask(compare, {"left": saved, "right": right, **probe, "threshold": 0.35})
    assert answer == {
        "ok": True,
        "states_equal": False,
        "predictions_equal": False,
        "max_abs_difference": float(np.abs(a - b).max()),
        "flips": int(((a >= 0.35) != (b >= 0.35)).sum()),
        "rows": 60,
    }
    assert answer["flips"] > 0
    same = ask(compare, {"left": saved, "right": saved, **probe, "threshold": None})
    assert (same["states_equal"], same["predictions_equal"], same["max_abs_difference"]) == (True, True, 0.0)
    assert same["flips"] is None


def test_without_a_probe_or_on_rows_that_no_model_takes_states_alone_are_compared(
    ask: Ask, saved: dict[str, Any], tmp_path: Path
) -> None:
    sides = {"left": saved, "right": saved, "trusted": saved["trusted"], "inputs": NAMES, "threshold": 0.35}
    assert ask(compare, {**sides, "probe": None}) == {"ok": True, "states_equal": True}
    path = tmp_path / "probe.parquet"
    flights(5).drop(columns=["hour"]).to_parquet(path)
    answer = ask(compare, {**sides, "probe": str(path)})
    assert answer == {"ok": True, "states_equal": True, "probe_problem": f"{path}: the probe lacks hour"}
