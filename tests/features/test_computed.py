"""What is computed from a request is in a training set what a server computes, whatever the numbers are."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from actum import moments
from actum.errors import UserError
from actum.features.materialize import materialize
from actum.features.reading import read_views
from actum.online.lookup import Lookup
from actum.records.codec import encode
from tests.features.work_tree import START, WorkTree
from tests.online.online_views import filled

NUMBERS = [None, float("nan"), -0.0, 0.0, -0.5, 0.001, 1.5, -2.5, 1000.0]
REQUEST: dict[str, dict[str, str]] = {
    "float": {
        "nan": "exp(x) - exp(x)",
        "minus": "-x",
        "plus": "x + y",
        "times": "x * y",
        "over": "x / y",
        "rest": "x % y",
        "up": "ceil(x)",
        "down": "floor(x)",
        "root": "sqrt(x)",
        "first": "coalesce(exp(x) - exp(x), y)",
        "low": "least(x, -y)",
        "high": "greatest(-x, y)",
        "unless": "nullif(-x, y)",
        "either": "case when x > y then exp(x) - exp(x) else -x end",
        "as_it_is": "x",
        "nothing": "-0.0",
    },
    "int": {"cut": "cast(x as int)"},
    "bool": {"more": "exp(x) - exp(x) > y", "gone": "exp(x) - exp(x) is null", "told": "cast(x as bool)"},
}
FEATURES: dict[str, dict[str, str]] = {
    "float": {
        "same": "nan",
        "again": "-minus",
        "sum": "nan + minus",
        "instead": "coalesce(nan, 7.0)",
        "least_of": "least(nan, up, 3.0)",
        "part": "1 / minus",
        "size": "abs(rest)",
    },
    "int": {"whole": "cast(nan as int)"},
    "bool": {"big": "nan > 5", "lost": "nan is null", "equal": "minus = up", "true": "cast(nan as bool)"},
}
NAMES = [name for view in (REQUEST, FEATURES) for texts in view.values() for name in texts]


def _features(texts: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind, "of": of} for kind, each in texts.items() for name, of in each.items()]


def _bits(rows: list[dict[str, Any]]) -> list[str]:
    return [repr({name: row[name] for name in NAMES}) for row in rows]


@pytest.mark.parametrize("engine", ["duck", "spark"])
def test_training_and_serving_agree_to_the_bit_on_what_is_computed(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tree = WorkTree(tmp_path, request.getfixturevalue(engine))
    pairs = list(product(NUMBERS, NUMBERS))
    columns = dict(zip("xy", map(list, zip(*pairs, strict=True)), strict=True))
    tree.table("labels", {"at": [START] * len(pairs), **{name: pa.array(each) for name, each in columns.items()}})
    tree.view("asked", _features(REQUEST), request=[{"name": name, "type": "float"} for name in "xy"])
    tree.view("derived", _features(FEATURES))
    tree.set(NAMES, labels={"keep": []})

    built = tree.build()

    filled(tmp_path / "online.sqlite")
    lookup = Lookup(tmp_path / "online.sqlite", read_views(tmp_path), NAMES)
    served = [lookup.one({}, {"x": x, "y": y}, START).values for x, y in pairs]
    assert _bits([{name: built[name][row] for name in NAMES} for row in range(len(pairs))]) == _bits(served)


@pytest.mark.parametrize("engine", ["duck", "spark"])
@pytest.mark.parametrize(("x", "of"), [(1000.0, "exp(x)"), (1e300, "-x * 1e300"), (1.5, "x / 5e-324")])
def test_a_computed_feature_that_becomes_infinite_is_refused_in_training_and_serving(
    x: float, of: str, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tree = WorkTree(tmp_path, request.getfixturevalue(engine))
    tree.table("labels", {"at": [START] * 2, "x": [x, None]})
    features = [{"name": "endless", "type": "float", "of": of}, {"name": "far", "type": "bool", "of": f"{of} > 5"}]
    tree.view("asked", features, request=[{"name": "x", "type": "float"}])
    tree.set(["endless"], labels={"keep": []})
    with pytest.raises(UserError) as refused:
        tree.build()
    where = "features/asked.yaml:9: features[0].of"
    assert str(refused.value) == f"{where}: {of} is infinite in 1 row, a feature is a finite number"

    filled(tmp_path / "online.sqlite")
    lookup = Lookup(tmp_path / "online.sqlite", read_views(tmp_path), ["endless"])
    with pytest.raises(UserError) as refused:
        lookup.one({}, {"x": x}, START)
    assert (
        str(refused.value) == "features/asked.yaml: features[0].of: endless: is infinite, a feature is a finite number"
    )

    tree.set(["far"], labels={"keep": []})
    by_request = Lookup(tmp_path / "online.sqlite", read_views(tmp_path), ["far"]).one({}, {"x": x}, START)
    assert by_request.values == {"far": tree.build()["far"][0]}


@pytest.mark.parametrize("engine", ["duck", "spark"])
def test_a_whole_number_that_grows_too_large_is_refused_by_its_line(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tree = WorkTree(tmp_path, request.getfixturevalue(engine))
    tree.table("labels", {"at": [START], "tank": ["a"], "x": [2**62]})
    tree.table("tanks", {"tank": ["a"], "i": [2**62]})
    kind, hint = {"type": "int"}, "whole numbers end at 64 bits: write cast(... as float)"
    asked = [{"name": "same", "of": "x", **kind}, {"name": "grown", "of": "x * 3", **kind}]
    tree.view("asked", asked, request=[{"name": "x", **kind}])
    source = {"path": "data/tanks.parquet"}
    tree.view(
        "tanks",
        [{"name": "there", "of": "i", **kind}, {"name": "more", "of": "i + i", **kind}],
        entity=["tank"],
        source=source,
    )
    for features, where, expression in (
        (["same", "grown"], "features/asked.yaml:11: features[1].of", "x * 3"),
        (["there", "more"], "features/tanks.yaml:12: features[1].of", "i + i"),
    ):
        tree.set(features, labels={"keep": []})
        with pytest.raises(UserError) as refused:
            tree.build()
        assert str(refused.value).startswith(f"{where}: {expression} grows too large: ")
        assert refused.value.hint == hint

    filled(tmp_path / "online.sqlite")
    lookup = Lookup(tmp_path / "online.sqlite", read_views(tmp_path), ["grown"])
    with pytest.raises(UserError) as refused:
        lookup.one({}, {"x": 2**62}, START)
    problem = "grown: a whole number becomes larger than 64 bits hold"
    assert (str(refused.value), refused.value.hint) == (f"features/asked.yaml: features[1].of: {problem}", hint)


def test_what_grows_too_large_is_not_materialized_and_the_view_is_named(tree: WorkTree) -> None:
    tree.table("tanks", {"tank": ["a"], "i": [2**62]})
    features = [{"name": "more", "type": "int", "of": "i + i"}]
    tree.view("tanks", features, entity=["tank"], source={"path": "data/tanks.parquet"})
    views = [encode(view) for view in read_views(tree.root).views.values()]
    with pytest.raises(UserError) as refused:
        materialize({"root": tree.root, "views": views, "until": moments.write(START), "out": tree.root})
    assert str(refused.value).startswith("features/tanks.yaml: ")
    assert refused.value.hint == "whole numbers end at 64 bits: write cast(... as float)"
