"""``actum features check``: one name for one thing, an owner for each, and leave where it is about persons."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.feature_project import CARD, DEPARTURES, FeatureProject
from tests.vocabulary.conftest import Actum

Golden = Callable[[str, str], None]
# The mean delay of three hours, its fields in another order and everything spelt otherwise.
COPIED = """\
schema: feature-view/1
view: punctuality
owner: ben@example.org
features:
- description: how late they are here
  over: [180m]
  aggregate: mean
  of: (dep_delay)
  type: float
  name: mean_delay_min
source:
  where: ["not (cancelled)"]
  keys: {airport: origin}
  known_at: departed_at
  event_at: scheduled_at
  path: data/flights.parquet
entity: [airport]
"""
RENAMED = """\
- name: late_share
  type: float
  of: 30 < dep_delay
  aggregate: share
  over: [3h]
  description: share of late flights
"""
NEAR_MISS = """\
- name: late_or_just_late_3h_share
  type: float
  of: dep_delay >= 30
  aggregate: share
  over: [3h]
  description: share of flights that left half an hour late or later
"""


def blocks(actum: Actum) -> list[str]:
    status, out, _ = actum("features", "check", "--no-data")
    found = [line.removeprefix("block  ") for line in out.splitlines() if line.startswith("block")]
    assert status == (3 if found else 0)
    return found


def test_the_example_is_clean_but_for_what_nobody_uses(actum: Actum, golden: Golden) -> None:
    status, out, _ = actum("features", "check", "--no-data")
    assert status == 0
    golden("check", out)


def test_two_planted_duplicates_are_found_and_a_near_miss_is_not(
    project: FeatureProject, actum: Actum, golden: Golden
) -> None:
    project.write("features/punctuality.yaml", COPIED)
    project.write("features/departures.yaml", DEPARTURES + RENAMED + NEAR_MISS)
    golden("check-duplicates", actum("features", "check", "--no-data")[1])
    status, out, _ = actum("features", "check", "--no-data", "--json")
    found = [(one["kind"], one["path"]) for one in json.loads(out)["data"]["findings"] if one["weight"] == "block"]
    assert (status, found) == (
        3,
        [("feature-same", "features/departures.yaml"), ("feature-same", "features/punctuality.yaml")],
    )


def test_one_name_with_two_meanings_is_an_error(project: FeatureProject, actum: Actum) -> None:
    same = COPIED.replace("mean_delay_min", "origin_delay_3h_min")
    for text, means in ((same, "the same"), (same.replace("180m", "4h"), "something else")):
        project.write("features/punctuality.yaml", text)
        told = f"origin_delay_3h_min is in features/departures.yaml too, and means {means} there"
        assert blocks(actum) == [f"features/punctuality.yaml: line 5: {told}"]


def test_a_circle_is_told_once_and_so_is_a_name_that_nobody_defines(project: FeatureProject, actum: Actum) -> None:
    project.edit(
        "features/calendar.yaml",
        ("origin_delay_3h_min - origin_delay_7d_min", "plane_age_y * 2.0"),
        ("- plane_year", "- cast(trend as int)"),
        ("hour(scheduled_at,", "plane_yeer + hour(scheduled_at,"),
    )
    assert blocks(actum) == [
        (
            "features/calendar.yaml: line 8: reads plane_yeer, which is neither a feature nor in request, did you mean"
            " plane_year? (actum ls features)"
        ),
        "features/calendar.yaml: line 16: goes round in a circle: trend -> plane_age_y -> trend",
    ]


def test_types_that_do_not_go_together_are_found_without_data(project: FeatureProject, actum: Actum) -> None:
    project.edit(
        "features/calendar.yaml",
        ("origin_delay_3h_min - origin_delay_7d_min", "origin_delay_3h_min - length(plane_year)"),
        ("\"hour(scheduled_at, 'America/New_York')\"", "origin_delay_3h_min + 1"),
    )
    assert blocks(actum) == [
        "features/calendar.yaml: line 8: hour: is float, must be int: write cast(... as int)",
        "features/calendar.yaml: line 16: trend: length takes string, not int",
    ]


def test_a_request_value_has_one_type_and_a_name_of_its_own(project: FeatureProject, actum: Actum) -> None:
    project.write(
        "features/more.yaml",
        """\
schema: feature-view/1
view: more
owner: ben@example.org
request:
- {name: scheduled_at, type: string}
- {name: trend, type: float}
features:
- {name: more, type: float, of: trend + length(scheduled_at), description: no}
""",
    )
    assert blocks(actum) == [
        "features/more.yaml: line 5: scheduled_at is string, in features/calendar.yaml it is timestamp",
        "features/more.yaml: line 6: trend is the name of feature/calendar.trend too",
    ]


def test_a_set_asks_only_for_what_there_is(project: FeatureProject, actum: Actum) -> None:
    project.edit("features/sets/late-arrival.yaml", ("- trend\n", "- trendy\nkeys: {orgin: from, tailnum: tail}\n"))
    assert blocks(actum) == [
        (
            "features/sets/late-arrival.yaml: line 9: trendy is defined by no view, did you mean trend?"
            " (actum ls features)"
        ),
        (
            "features/sets/late-arrival.yaml: line 10: orgin is asked for by none of its features (they ask for origin,"
            " scheduled_at, tailnum)"
        ),
    ]


def test_keys_that_are_given_in_a_circle_are_found(project: FeatureProject, actum: Actum) -> None:
    project.edit("features/sets/late-arrival.yaml", ("- trend\n", "- trend\nkeys: {tailnum: plane_year}\n"))
    assert blocks(actum) == ["features/sets/late-arrival.yaml: line 10: goes round in a circle: tailnum -> tailnum"]


def test_nobody_answers_for_a_view_without_an_owner(project: FeatureProject, actum: Actum) -> None:
    project.edit("features/planes.yaml", ("owner: ben@example.org\n", ""))
    assert blocks(actum) == ["features/planes.yaml: line 2: has no owner: nobody answers for its features"]


@pytest.mark.parametrize("how", ["directly", "through another", "as a key"])
def test_a_feature_about_persons_needs_leave_however_it_is_used(
    project: FeatureProject, actum: Actum, how: str
) -> None:
    through = ""
    if how == "directly":
        project.edit("features/sets/late-arrival.yaml", ("- trend\n", "- trend\n- plane_owner\n"))
    elif how == "through another":
        project.edit("features/calendar.yaml", ("origin_delay_7d_min\n", "cast(length(plane_owner) as float)\n"))
        through = " (for trend)"
    else:
        project.edit("features/sets/late-arrival.yaml", ("- trend\n", "- trend\nkeys: {origin: plane_owner}\n"))
    told = f"takes plane_owner{through}, which is personal, and sensitive does not name it"
    assert blocks(actum) == [
        f"registry/late-arrival/model.yaml: line 5: {told} (if the model may, name plane_owner under sensitive)"
    ]
    project.write("registry/late-arrival/model.yaml", CARD + "sensitive: [plane_owner]\n")
    assert blocks(actum) == []


def test_a_card_names_a_set_and_features_that_are_there(project: FeatureProject, actum: Actum) -> None:
    card = CARD.replace("features: late-arrival", "features: early-arrival") + "sensitive: [age]\n"
    project.write("registry/late-arrival/model.yaml", card)
    assert blocks(actum) == [
        "registry/late-arrival/model.yaml: line 5: features/sets/early-arrival.yaml is not there",
        "registry/late-arrival/model.yaml: line 6: age is defined by no view",
    ]


def test_what_cannot_be_read_is_told_with_its_line_and_hides_nothing(project: FeatureProject, actum: Actum) -> None:
    project.edit("features/departures.yaml", ("dep_delay > 30", "dep_delay >"))
    project.edit("features/planes.yaml", ("owner: ben@example.org\n", ""))
    found = blocks(actum)
    assert found[0] == "features/departures.yaml: line 21: features[1].of: 'dep_delay >' ends too early"
    assert "features/planes.yaml: line 2: has no owner: nobody answers for its features" in found


def test_json_says_the_same(project: FeatureProject, actum: Actum) -> None:
    project.edit("features/planes.yaml", ("owner: ben@example.org\n", ""))
    status, out, err = actum("features", "check", "--no-data", "--json")
    told = json.loads(out)
    assert (status, err, told["schema"]) == (3, "", "features-check/1")
    assert told["data"]["findings"][0] == {
        "kind": "feature-unowned",
        "weight": "block",
        "path": "features/planes.yaml",
        "line": 2,
        "field": "view",
        "message": "has no owner: nobody answers for its features",
        "hint": None,
    }
    assert {name: told["data"][name] for name in ("views", "features", "sets", "clean")} == {
        "views": 3,
        "features": 8,
        "sets": 1,
        "clean": False,
    }


def test_a_repository_without_features_is_clean(project: FeatureProject, actum: Actum) -> None:
    for path in ("features/departures.yaml", "features/planes.yaml", "features/calendar.yaml"):
        (project.root / path).unlink()
    (project.root / "features/sets/late-arrival.yaml").unlink()
    project.write("registry/late-arrival/model.yaml", CARD.replace("features: late-arrival\n", ""))
    assert actum("features", "check", "--no-data") == (0, "clean: 0 features in 0 views, 0 sets: 0 block, 0 warn\n", "")
