"""Look-ups: what a server is told about an entity at a moment, and when it is told nothing but why."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actum.definitions.definitions import DefinitionError
from actum.environment.wing import build_wing
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.online.lookup import Lookup, SkewError
from actum.online.sqlite import SqliteStore
from actum.online.store import StoreError
from actum.records.codec import decode
from actum.records.feature_set import FeatureSet
from tests.online.online_views import (
    AIRCRAFT,
    AT_REQUEST,
    DELAYS,
    JFK,
    LGA,
    NOON,
    PLANES,
    definitions,
    filled,
    hours,
    publication,
)

LEAVES = datetime(2013, 4, 19, 2, 30, tzinfo=UTC)
ALL = ("departures_3h", "delay_mean_3h", "last_tail", "expected_min", "hour")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    filled(tmp_path / "online.sqlite")
    return tmp_path / "online.sqlite"


def feature_set(features: tuple[str, ...], keys: dict[str, str]) -> FeatureSet:
    labels = {"path": "data/labels.parquet", "moment": "at"}
    raw = {"schema": "feature-set/1", "set": "late", "labels": labels, "features": features, "keys": keys}
    return decode(FeatureSet, raw, strict=True)


def test_what_is_stored_and_what_a_request_brings_come_together(place: Path) -> None:
    lookup = Lookup(place, definitions(), ALL)
    assert lookup.given == {"origin": "string", "minutes": "float", "leaves_at": "timestamp"}
    found = lookup.one({"origin": "JFK"}, {"minutes": 5, "leaves_at": LEAVES}, NOON)
    assert found.values == {
        "departures_3h": 2,
        "delay_mean_3h": 30.5,
        "last_tail": "N1",
        "expected_min": 35.5,
        "hour": 22,
    }
    assert list(found.values) == list(ALL)


def test_the_passing_of_time_alone_changes_what_is_found(place: Path) -> None:
    lookup = Lookup(place, definitions(), ["departures_3h", "delay_mean_3h"])
    later = lookup.one({"origin": "JFK"}, at=NOON + hours(2.5))
    assert later.values == {"departures_3h": 0, "delay_mean_3h": None}
    assert (later.until, later.age) == (NOON, hours(2.5))


@pytest.mark.parametrize("key", ["EWR", None, float("nan")], ids=["never seen", "null", "NaN"])
def test_of_an_entity_never_seen_counts_are_0_and_the_rest_is_missing(place: Path, key: Any) -> None:
    found = Lookup(place, definitions(), ALL).one({"origin": key}, {"minutes": 5, "leaves_at": None}, NOON)
    assert found.values == {
        "departures_3h": 0,
        "delay_mean_3h": None,
        "last_tail": None,
        "expected_min": 5.0,
        "hour": None,
    }


def test_a_feature_may_give_the_key_of_another_view(place: Path) -> None:
    keys = {"tailnum": "last_tail", "origin": "from", "leaves_at": "checked_at"}
    taken = feature_set(("built", "is_jet", "checked_at", "plane_age", "last_tail"), keys)
    lookup = Lookup(place, definitions(), taken)
    assert lookup.given == {"from": "string"}
    assert lookup.one({"from": "JFK", "to": "LAX"}, at=NOON).values == {
        "built": 1999,
        "is_jet": True,
        "checked_at": NOON,
        "plane_age": 14,
        "last_tail": "N1",
    }
    assert lookup.one({"from": "EWR"}, at=NOON).values == dict.fromkeys(taken.features)


def test_a_feature_of_the_name_of_a_key_gives_it_to_a_set_and_names_alone_are_asked_by_the_key(tmp_path: Path) -> None:
    features = [*DELAYS["features"][:2], {"name": "tailnum", "type": "string"}]
    delays, store = {**DELAYS, "features": features}, SqliteStore(tmp_path / "online.sqlite")
    store.write([publication(delays, JFK), publication(PLANES, AIRCRAFT)])
    known = definitions(delays, PLANES)
    taken = feature_set(("built",), {})
    assert known.keys_of(taken) == ("tailnum",)

    of_a_set, by_key = Lookup(store, known, taken), Lookup(store, known, ["built"])

    assert (of_a_set.given, by_key.given) == ({"origin": "string"}, {"tailnum": "string"})
    assert of_a_set.one({"origin": "JFK"}, at=NOON).values == by_key.one({"tailnum": "N1"}, at=NOON).values


def test_many_answers_keep_their_order_and_come_from_one_state(place: Path) -> None:
    lookup = Lookup(place, definitions(), ["departures_3h"])
    keys = [{"origin": one} for one in ("LGA", "JFK", "EWR", "JFK")]
    times = [NOON, NOON, NOON, NOON + hours(1)]
    assert [one.values["departures_3h"] for one in lookup.many(keys, at=times)] == [0, 2, 0, 1]
    assert [one.at for one in lookup.many(keys, at=times)] == times


@pytest.mark.parametrize(
    ("keys", "request_", "message"),
    [
        ({}, {}, "origin is not given, which delays needs (string)"),
        ({"origin": 5}, {}, "origin: is 5, delays wants text"),
        ({"origin": "JFK"}, {"leaves_at": LEAVES}, "minutes is not given, which expected_min needs (float)"),
        ({"origin": "JFK"}, {"minutes": "5"}, "minutes: is '5', expected_min wants a number"),
        ({"origin": "JFK"}, {"minutes": float("inf")}, "minutes: is infinite"),
        ({"origin": "JFK"}, {"minutes": np.float32("-inf")}, "minutes: is infinite"),
        ({"origin": "JFK"}, {"minutes": True}, "minutes: is True, expected_min wants a number"),
        (
            {"origin": "JFK"},
            {"minutes": 1, "leaves_at": LEAVES.replace(tzinfo=None)},
            "leaves_at: 2013-04-19T02:30:00 has no time zone",
        ),
        (
            {"origin": "JFK"},
            {"minutes": 1, "leaves_at": "2013-04-19"},
            "leaves_at: is '2013-04-19', hour wants a moment with its time zone",
        ),
    ],
)
def test_what_is_not_given_or_of_another_type_is_refused_by_name(
    place: Path, keys: dict[str, Any], request_: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as refused:
        Lookup(place, definitions(), ALL).one(keys, request_, NOON)
    assert str(refused.value) == message


def test_values_of_numpy_are_values(place: Path) -> None:
    found = Lookup(place, definitions(), ["expected_min"]).one(
        {"origin": np.str_("JFK")}, {"minutes": np.int64(5)}, NOON
    )
    assert repr(found.values) == "{'expected_min': 35.5}"


def test_a_moment_that_the_store_no_longer_knows_is_refused(place: Path) -> None:
    lookup = Lookup(place, definitions(), ["departures_3h"])
    with pytest.raises(StoreError) as refused:
        lookup.one({"origin": "JFK"}, at=NOON - timedelta(microseconds=1))
    assert str(refused.value) == (
        f"{place}: knows what holds from 2013-04-18T12:00:00Z on, not what held at 2013-04-18T11:59:59.999999Z"
    )
    static = Lookup(place, definitions(), ["built"])
    assert static.one({"tailnum": "N1"}, at=datetime(1900, 1, 1, tzinfo=UTC)).values == {"built": 1999}


def test_a_store_older_than_asked_for_is_refused(place: Path) -> None:
    lookup = Lookup(place, definitions(), ["departures_3h"], max_age=hours(1))
    assert lookup.one({"origin": "JFK"}, at=NOON + hours(1)).values == {"departures_3h": 1}
    with pytest.raises(StoreError, match=r"knows nothing after .*, 2:00:00 before .*; at most 1:00:00 was asked for"):
        lookup.one({"origin": "JFK"}, at=NOON + hours(2))


def test_definitions_that_a_version_does_not_pin_are_refused_by_name(place: Path) -> None:
    pinned = definitions().digests_of(ALL)
    Lookup(place, definitions(), ALL, expected=pinned)
    other = definitions(DELAYS, PLANES, {**AT_REQUEST, "features": [{**AT_REQUEST["features"][0], "of": "minutes"}]})
    with pytest.raises(SkewError) as refused:
        Lookup(place, other, ALL[:4], expected=pinned)
    assert refused.value.features == ("expected_min",)
    assert "expected_min does not mean here what the model was trained with" in str(refused.value)
    taken = feature_set(("built",), {"tailnum": "last_tail"})
    with pytest.raises(SkewError, match="last_tail"):
        Lookup(place, definitions(), taken, expected=definitions().digests_of(["built"]))


def _of_landed_flights() -> dict[str, Any]:
    return {**DELAYS, "source": {**DELAYS["source"], "where": ["landed"]}}


def test_a_store_made_by_other_definitions_is_refused_when_it_is_opened(place: Path) -> None:
    with pytest.raises(SkewError) as refused:
        Lookup(place, definitions(_of_landed_flights(), PLANES), ["built", "departures_3h", "last_tail"])
    assert refused.value.features == ("departures_3h", "last_tail")
    assert refused.value.hint == f"actum features materialize delays --store {place}"


def test_a_store_published_anew_underneath_is_read_anew_or_refused(place: Path) -> None:
    lookup = Lookup(place, definitions(), ["departures_3h"])
    later = NOON + hours(4)
    SqliteStore(place).write([publication(DELAYS, [("JFK", 5, 7, 1.0, None)], until=later)])
    assert lookup.one({"origin": "JFK"}, at=later) == ({"departures_3h": 7}, later, later)
    SqliteStore(place).write([publication(_of_landed_flights(), [*JFK, *LGA], until=later)])
    for _ in range(2):
        with pytest.raises(SkewError):
            lookup.one({"origin": "JFK"}, at=later)
    SqliteStore(place).write([publication(DELAYS, JFK, until=later)])
    assert lookup.one({"origin": "JFK"}, at=later).values == {"departures_3h": 0}


def test_what_the_store_lacks_names_the_command_that_brings_it(place: Path) -> None:
    other = {**DELAYS, "view": "arrivals", "features": [{"name": "arrivals", "type": "int"}]}
    with pytest.raises(StoreError) as refused:
        Lookup(place, definitions(DELAYS, other), ["arrivals"])
    assert str(refused.value) == f"{place}: has no view arrivals"
    assert refused.value.hint == f"actum features materialize arrivals --store {place}"
    with pytest.raises(NotFoundError, match="the feature departure_3h, did you mean departures_3h"):
        Lookup(place, definitions(), ["departure_3h"])


def test_what_a_view_calls_its_key_may_change_and_nothing_is_mixed_up(tmp_path: Path) -> None:
    def flown(**keys: str) -> dict[str, Any]:
        source = {"path": "data/flights.parquet", "event_at": "departed_at", "keys": keys}
        features = [{"name": "flown_last", "type": "int", "of": "flight"}]
        return {**DELAYS, "view": "flown", "entity": list(keys), "source": source, "features": features}

    before, renamed = flown(start="origin", end="dest"), flown(b="origin", a="dest")
    turned, exchanged = flown(a="dest", b="origin"), flown(start="dest", end="origin")
    store = SqliteStore(tmp_path / "flown.sqlite")
    store.write([publication(before, [("JFK", "LAX", 1, 11)], keys=("string", "string"))])
    for view in (before, renamed, turned):
        columns = {"JFK": "origin", "LAX": "dest"}
        names = {column: name for name, column in view["source"]["keys"].items()}
        keys = {names[column]: airport for airport, column in columns.items()}
        assert Lookup(store, definitions(view), ["flown_last"]).one(keys, at=NOON).values == {"flown_last": 11}
    with pytest.raises(SkewError):
        Lookup(store, definitions(exchanged), ["flown_last"])


@pytest.mark.parametrize("key", ["JF\ud800", "", "JFK\x00", "\U0001f6eb"])
def test_any_text_may_be_asked_for(place: Path, key: str) -> None:
    found = Lookup(place, definitions(), ["departures_3h"]).one({"origin": key}, at=NOON)
    assert found.values == {"departures_3h": 0}


def test_a_moment_without_a_time_zone_is_refused(place: Path) -> None:
    with pytest.raises(UserError, match="at: 2013-04-18T12:00:00 has no time zone"):
        Lookup(place, definitions(), ["departures_3h"]).one({"origin": "JFK"}, at=NOON.replace(tzinfo=None))


def test_keys_that_go_round_in_a_circle_or_are_of_another_type_are_refused(place: Path) -> None:
    with pytest.raises(InvalidRecordError, match="keys: they go round in a circle: last_tail -> last_tail"):
        Lookup(place, definitions(), feature_set(("last_tail",), {"origin": "last_tail"}))
    with pytest.raises(InvalidRecordError, match=r"keys\.tailnum: departures_3h is int, planes wants string"):
        Lookup(place, definitions(), feature_set(("built",), {"tailnum": "departures_3h"}))


def test_what_cannot_be_computed_names_the_feature(place: Path) -> None:
    features = [{"name": "big", "type": "int", "of": "departures_3h * 9223372036854775807"}]
    lookup = Lookup(place, definitions(DELAYS, {**AT_REQUEST, "features": features}), ["big"])
    with pytest.raises(InvalidRecordError, match="big: a whole number becomes larger than 64 bits hold"):
        lookup.one({"origin": "JFK"}, at=NOON)
    features = [{"name": "odd", "type": "int", "of": "last_tail + 1"}]
    with pytest.raises(DefinitionError) as refused:
        Lookup(place, definitions(DELAYS, {**AT_REQUEST, "features": features}), ["odd"])
    assert str(refused.value) == "features/at_request.yaml: features[0].of: + takes numbers, not string"


def test_a_server_needs_the_wing_and_the_standard_library_alone(place: Path, tmp_path: Path) -> None:
    wing = tmp_path / "wing.zip"
    wing.write_bytes(build_wing())
    (tmp_path / "delays.json").write_text(json.dumps(DELAYS))
    script = f"""
import json, sys
from datetime import datetime, UTC
from pathlib import Path
sys.path.insert(0, {str(wing)!r})
from actum.features import Lookup
from actum.definitions.definitions import Definitions
from actum.records.codec import decode
from actum.records.view import FeatureView
view = decode(FeatureView, json.loads(Path({str(tmp_path / "delays.json")!r}).read_text()))
lookup = Lookup(Path({str(place)!r}), Definitions.of([view]), ["delay_mean_3h"])
print(lookup.one({{"origin": "JFK"}}, at=datetime(2013, 4, 18, 12, tzinfo=UTC)).values)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{'delay_mean_3h': 30.5}\n", "")
