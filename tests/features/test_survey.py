"""What the sources say of views, and which features are the same on the data though their definitions are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actum.features.processing import process
from actum.features.survey import survey
from actum.vetting.data import data_remarks
from tests.definitions.views import computed, defined, view
from tests.definitions.views import feature as feature_of
from tests.features.work_tree import WorkTree, times

SOURCE = {"path": "data/flights.parquet", "event_at": "left_at"}
ROWS = 120


@pytest.fixture
def flights(tree: WorkTree) -> WorkTree:
    """Departures of two airports, one every half hour."""
    tree.table(
        "flights",
        {
            "origin": ["JFK", "LGA"] * (ROWS // 2),
            "left_at": times(*(row / 2 for row in range(ROWS))),
            "delay": pa.array([(row * 37 % 101) / 2 for row in range(ROWS)], pa.float64()),
            "seats": pa.array([100 + row % 7 for row in range(ROWS)], pa.int64()),
            "carrier": ["B6", "UA", "AA"] * (ROWS // 3),
            "nothing": pa.array([None] * ROWS, pa.float64()),
        },
    )
    return tree


def delays(*features: dict[str, Any], name: str = "delays", **rest: Any) -> dict[str, Any]:
    told = {"schema": "feature-view/1", "view": name, "owner": "ana", "entity": ["origin"], "source": SOURCE}
    return told | rest | {"features": list(features)}


def feature(name: str, of: str, kind: str = "float", **rest: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "of": of, **rest}


def mean(name: str, of: str, over: str = "3h", **rest: Any) -> dict[str, Any]:
    return feature(name, of, aggregate="mean", over=[over], **rest)


def asked(tree: WorkTree, *views: Mapping[str, Any]) -> dict[str, Any]:
    return survey({"root": str(tree.root), "views": list(views), "processed": None})


def problems(tree: WorkTree, *views: Mapping[str, Any]) -> list[tuple[list[Any], str]]:
    return [(one["at"], one["problem"]) for told in asked(tree, *views)["views"] for one in told["problems"]]


def test_a_view_that_fits_its_source_has_no_problem(flights: WorkTree) -> None:
    assert problems(flights, delays(mean("delay_3h", "delay"), feature("carrier", "carrier", "string"))) == []


def test_every_unknown_column_and_every_wrong_type_is_told_where_it_stands(flights: WorkTree) -> None:
    features = (
        mean("a", "delay"),
        mean("b", "dealy"),
        mean("c", "carrier"),
        feature("d", "seats", "string"),
        feature("e", "delay + carrier"),
    )
    found = problems(flights, delays(*features))
    assert [at for at, _ in found] == [["features", index, "type" if index == 3 else "of"] for index in (1, 2, 3, 4)]
    said = ("dealy, did you mean delay?", "is string, mean takes numbers", "is int, must be string", "takes numbers")
    assert [problem for (_, problem), words in zip(found, said, strict=True) if words not in problem] == []


@pytest.mark.parametrize(
    ("source", "at", "problem"),
    [
        ({"event_at": "left"}, ["source", "event_at"], "no column of data/flights.parquet is called left"),
        ({"known_at": "carrier"}, ["source", "known_at"], "carrier is"),
        ({"where": ["delay"]}, ["source", "where", 0], "is float, must be a condition"),
        (
            {"keys": {"origin": "from"}},
            ["source", "keys", "origin"],
            "no column of data/flights.parquet is called from",
        ),
        ({"path": "data/flight.parquet"}, ["source", "path"], "no file is called data/flight.parquet"),
    ],
)
def test_what_concerns_the_whole_view_is_told_once(
    flights: WorkTree, source: dict[str, Any], at: list[Any], problem: str
) -> None:
    found = problems(flights, delays(mean("a", "delay"), mean("b", "seats"), source=SOURCE | source))
    assert len(found) == 1, found
    assert found[0][0] == at
    assert found[0][1].startswith(problem)


def test_a_view_at_fault_hides_no_other(flights: WorkTree) -> None:
    told = asked(flights, delays(mean("a", "dealy"), name="bad"), delays(mean("b", "delay")))
    assert [(view["view"], len(view["problems"])) for view in told["views"]] == [("bad", 1), ("delays", 0)]
    assert told["values"].keys() == {"b"}


def test_the_same_values_have_one_fingerprint_whatever_else_their_views_compute(flights: WorkTree) -> None:
    share = feature("late_share", "delay > 30", aggregate="share", over=["3h"])
    copied = mean("late_rate", "case when delay > 30 then 1.0 else 0.0 end")
    near = feature("late_or_just_late", "delay >= 30", aggregate="share", over=["3h"])
    airports = {"entity": ["airport"], "source": SOURCE | {"keys": {"airport": "origin"}}}
    values = asked(
        flights,
        delays(share, mean("seats_1d", "seats", over="1d"), near),
        delays(copied, mean("other", "delay * seats", over="5h"), name="punctuality", **airports),
    )["values"]
    assert values["late_share"] == values["late_rate"] != values["late_or_just_late"]
    fingerprints = [one["fingerprint"] for one in values.values()]
    assert len(set(fingerprints)) == len(fingerprints) - 1


def test_the_order_of_rows_is_not_in_a_fingerprint(flights: WorkTree) -> None:
    asked_for = delays(mean("a", "delay"), feature("b", "carrier", "string"))
    before = asked(flights, asked_for)["values"]
    table = pq.read_table(flights.root / "data/flights.parquet")
    flights.table("flights", {name: table[name][::-1] for name in table.column_names})
    assert asked(flights, asked_for)["values"] == before


def test_what_never_varies_is_compared_with_nothing(flights: WorkTree) -> None:
    told = asked(flights, delays(feature("x", "1.0"), feature("y", "nothing"), feature("z", "nothing + 1")))
    assert (told["values"], told["alike"]) == ({}, [])


def test_the_same_in_another_unit_goes_together_also_across_views(flights: WorkTree) -> None:
    hours = mean("delay_h", "delay / 60")
    airports = {"entity": ["airport"], "source": SOURCE | {"keys": {"airport": "origin"}}}
    told = asked(
        flights, delays(mean("delay_min", "delay"), mean("seats_3h", "seats")), delays(hours, name="h", **airports)
    )
    assert [(pair["a"], pair["b"], round(pair["correlation"], 9)) for pair in told["alike"]] == [
        ("delay_h", "delay_min", 1.0)
    ]


def test_logs_that_a_stage_has_processed_are_compared_instead_of_computed(flights: WorkTree) -> None:
    several = [
        mean("delay_min", "delay"),
        mean("seats_5h", "seats", over="5h"),
        feature("carrier", "carrier", "string"),
    ]
    flights.view("delays", several, entity=["origin"], source=SOURCE, owner="ana")
    process(flights.root / "data/views", ["delays"], start=flights.root, threads=2)
    (flights.root / "data/views/delays/5h.json").unlink()
    alone = asked(flights, delays(*several))
    views = {"root": str(flights.root), "views": [delays(*several)], "processed": "data/views"}
    read = survey(views)
    assert (alone.pop("logs"), read.pop("logs")) == ({"computed": 3, "read": 0}, {"computed": 2, "read": 1})
    assert read == alone


def test_static_sources_are_compared_too(flights: WorkTree) -> None:
    flights.table("airports", {"origin": ["JFK", "LGA", "EWR"], "runways": [4, 2, 3], "gates": [128, 72, 121]})
    static = {"source": {"path": "data/airports.parquet"}}
    values = asked(
        flights,
        delays(feature("runways", "runways", "int"), feature("gates", "gates", "int"), name="a", **static),
        delays(feature("strips", "runways + 0", "int"), name="b", **static),
    )["values"]
    assert values["runways"] == values["strips"] != values["gates"]
    assert values["runways"]["rows"] == 3


def test_an_empty_request_has_an_answer(flights: WorkTree) -> None:
    assert asked(flights) == {"views": [], "values": {}, "alike": [], "logs": {"computed": 0, "read": 0}}


def test_the_answer_becomes_remarks_but_for_what_equal_digests_say_already() -> None:
    definitions = defined(
        view("v", feature_of("a", "x"), feature_of("b", "x"), feature_of("c", "x + 0"), feature_of("d", "y")),
        computed("w", feature_of("e", "a * 2")),
    )
    same = {"rows": 1200, "fingerprint": "f"}
    told = {
        "views": [{"view": "v", "problems": [{"at": ["source", "path"], "problem": "no file", "hint": "dvc pull"}]}],
        "values": {"a": same, "b": same, "c": same, "d": {"rows": 3, "fingerprint": "f"}},
        "alike": [{"a": "a", "b": "d", "correlation": -0.99951}],
    }
    found = [(one.kind, one.weight, one.path, one.at, one.message, one.hint) for one in data_remarks(definitions, told)]
    assert found == [
        ("feature-source", "block", "features/v.yaml", ("source", "path"), "no file", "dvc pull"),
        (
            "feature-alike",
            "warn",
            "features/v.yaml",
            ("features", 2),
            "c has the values of feature/v.a in all 1,200 rows: is it another variable?",
            "",
        ),
        (
            "feature-alike",
            "warn",
            "features/v.yaml",
            ("features", 3),
            "d goes with feature/v.a (r = -0.9995): is it the same in another unit?",
            "",
        ),
    ]
