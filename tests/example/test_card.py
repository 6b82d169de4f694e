"""The card, the parameters and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from actum.records.card import ModelCard
from actum.records.codec import decode
from actum.records.policy import Policy
from actum.records.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / "registry/late-arrival/model.yaml").read_text()))


@pytest.fixture(scope="module")
def params() -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / "params.yaml").read_text()))


def test_the_card_names_the_inputs_of_the_model_in_order(card: dict[str, Any]) -> None:
    import inputs

    assert tuple(item["name"] for item in card["inputs"]) == inputs.INPUTS
    assert {item["name"] for item in card["inputs"] if item["type"] == "string"} == set(inputs.WORDS)
    assert (card["key"], card["moment"]) == (inputs.KEY, inputs.MOMENT)


def test_the_words_of_the_card_ask_only_for_columns_that_exist(card: dict[str, Any]) -> None:
    import inputs

    asked = set(re.findall(r"{(\w+)}", card["subject"] + " ".join(item["words"] for item in card["inputs"])))
    assert asked <= {*inputs.INPUTS, *features()["labels"]["keep"]}


def features() -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / "features/sets/late-arrival.yaml").read_text()))


def test_every_input_is_a_feature_or_comes_with_the_offer(card: dict[str, Any]) -> None:
    names = {item["name"] for item in card["inputs"]}
    assert names == {*features()["features"]} | {"origin", "carrier"}
    assert card["features"] == features()["set"]


def test_the_card_declines_where_the_parameters_do(card: dict[str, Any], params: dict[str, Any]) -> None:
    assert card["decision"]["threshold"] == params["cover"]["decline_at"]


def test_the_pipeline_declares_every_module_that_a_stage_imports() -> None:
    stages = yaml.safe_load((EXAMPLE / "dvc.yaml").read_text())["stages"]
    source = EXAMPLE / "src/late_arrival"
    own = {path.stem for path in source.glob("*.py")}

    def needed(name: str) -> set[str]:
        found = set(re.findall(r"^from (\w+) import", (source / f"{name}.py").read_text(), re.M)) & own
        return found.union(*(needed(other) for other in found)) | {name}

    for name, stage in stages.items():
        declared = {Path(path).stem for path in stage["deps"] if path.startswith("src/")}
        assert declared == needed("samples" if name == "features" else name), name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_trusted_type_is_needed_and_no_other_is(params: dict[str, Any]) -> None:
    import inputs
    import skops.io
    import train

    rows = pd.DataFrame({name: [float(n % 7) for n in range(400)] for name in inputs.NUMBERS})
    rows = rows.assign(origin="JFK", carrier=["B6", "UA"] * 200, weekday="Mon")
    held: set[str] = set()
    for kind in ("linear", "boosting"):
        for weight in (None, "balanced"):
            few = {**params["model"]["boosting"], "trees": 3}
            model = {**params["model"], "kind": kind, "class_weight": weight, "boosting": few}
            fitted = train.make_pipeline(model, params["seed"]).fit(rows, [0, 1, 1, 0] * 100)
            held.update(skops.io.get_untrusted_types(data=skops.io.dumps(fitted)))
    lines = (EXAMPLE / "policies/trusted-types.txt").read_text().splitlines()
    assert {line for line in lines if not line.startswith("#")} == held


def test_requirements_name_everything_that_the_stages_import_and_no_host() -> None:
    text = (EXAMPLE / "requirements.in").read_text()
    assert set(re.findall(r"^([\w-]+)>=", text, re.M)) == {
        "duckdb", "numpy", "pandas", "pyarrow", "pyyaml", "scikit-learn", "skops", "threadpoolctl", "tzdata",
    }  # fmt: skip
    assert "://" not in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("actum.yaml", Settings), ("registry/late-arrival/model.yaml", ModelCard), ("policies/late-arrival.yaml", Policy)],
)
def test_every_record_of_the_example_is_valid(path: str, kind: type) -> None:
    decode(kind, yaml.safe_load((EXAMPLE / path).read_text()), strict=True)


def test_the_policy_bounds_what_the_holdout_measures(card: dict[str, Any]) -> None:
    policy = decode(Policy, yaml.safe_load((EXAMPLE / "policies/late-arrival.yaml").read_text()), strict=True)
    share = f"{card['decision']['at_or_above']}_share"
    assert {margin.metric for margin in policy.margins} == {"auc", "brier", share}
    assert policy.asks_for_holdout("production")


def test_the_holdout_says_what_became_of_a_quarter_and_nothing_else(
    card: dict[str, Any], params: dict[str, Any]
) -> None:
    import inputs
    import samples

    days = pd.to_datetime(["2013-06-30T23:00", "2013-07-01T00:00", "2013-09-30T23:59", "2013-10-01T00:00"])
    moments = pd.Series(days).dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    keys = {inputs.KEY: ["a", "b", "c", "d"]}
    offers = pd.DataFrame({**keys, inputs.MOMENT: moments})
    holdout = samples.choose_holdout(offers, pd.DataFrame({**keys, "claim": [1, 0, 1, 0]}))
    assert list(holdout.columns) == [card["key"], card["moment"], card["holdout"]["label"]]
    assert holdout[inputs.KEY].tolist() == ["b", "c"]
    assert (params["evaluate"]["from"], params["evaluate"]["until"]) == ("2013-07-01", "2013-10-01")
