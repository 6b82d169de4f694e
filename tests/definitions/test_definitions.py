"""What a set of views means: names, order, and digests that hold still."""

from __future__ import annotations

from typing import Any

import pytest

from actum.definitions.definitions import DefinitionError, Definitions
from actum.definitions.soundness import require_sound, require_sound_set
from actum.errors import NotFoundError
from actum.records.codec import FieldError
from tests.definitions.views import FLIGHTS, computed, defined, feature, mean, taken, view

DELAYS = view("delays", mean("delay_{over}", "dep_delay", kind="float") | {"over": ["3h", "7d"]})
DERIVED = computed(
    "derived",
    feature("ratio", "delay_3h / delay_7d"),
    feature("worse", "ratio > 1 and asked_at is not null", kind="bool"),
    request=[{"name": "asked_at", "type": "timestamp"}],
)


def digest(*features: dict[str, Any], **rest: Any) -> str:
    """Return the digest of the first feature of a view from flights."""
    made = view("v", *features, **rest)
    return defined(made).digest(made.features[0].names()[0])


def test_each_window_is_a_variable_of_its_own() -> None:
    found = defined(DELAYS).variables
    assert [(one.id, one.over_s, one.place) for one in found.values()] == [
        ("feature/delays.delay_3h", 10_800, 0),
        ("feature/delays.delay_7d", 604_800, 0),
    ]


def test_variables_come_after_what_they_read_and_each_once() -> None:
    both = defined(DERIVED, DELAYS)
    assert [one.name for one in both.in_order(["worse", "ratio"])] == ["delay_3h", "delay_7d", "ratio", "worse"]
    worse = both.variable("worse")
    assert (both.needs(worse), both.requests_of(worse)) == (("ratio",), {"asked_at": "timestamp"})
    assert both.readers("delay_3h") == ("ratio",)


def test_a_set_makes_use_of_what_gives_its_keys_too() -> None:
    planes = view("planes", feature("tail", "tailnum", kind="string"))
    both = defined(DELAYS, DERIVED, planes)
    made = taken("s", "ratio", keys={"origin": "tail", "other": "a_column"})
    assert [one.name for one in both.of_set(made)] == ["delay_3h", "delay_7d", "ratio", "tail"]
    assert both.keys_of(made) == ("tail",)


# Golden: a version of ten years ago pins these. One that moves is a change of meaning, or a bug.
LATEST = view(
    "latest",
    feature("status", "case when seq > 1.5 then upper(trim(state)) end", kind="string"),
    entity=["origin", "carrier"],
    ttl="2d",
    source={
        "path": "data/states-*.csv",
        "keys": {"carrier": "Unique Carrier"},
        "event_at": "at",
        "known_after": "15m",
        "time_zone": "America/New_York",
        "ambiguous": "last",
        "where": ["state not in ('X', 'Y')", "hour(at, 'America/New_York') between 6 and 22"],
        "order_by": ["seq"],
    },
)
STATIC = view("static", feature("seats", kind="int"), source={"connect": "duckdb://planes.db", "table": "planes"})
GOLDEN = {
    "delay_3h": "sha256:92408b765d20d55ae8511e3171b8396b56061db4c93288223ba931b334b87929",
    "delay_7d": "sha256:20e3d0fb3be66dfb10062e1a195b36d9c60395b8671ed7bf3b722e6312bfc0f5",
    "ratio": "sha256:7d7c37e39cd81668a9d50b744d688e1a2841f3c6ea16eb4703648e1b4870f42e",
    "worse": "sha256:161db8aee47c0579d67390bafb25b5663e00466303c90339fba315095e562a93",
    "status": "sha256:e32657643ecebff63930f4220f5cd3aec22c88d4316aaade9027e48297d29fe8",
    "seats": "sha256:e3a74339d5533afa0d9e84820f7d0bb3899637494fd4db12d3791cc0a19bc1ed",
}


def test_digests_hold_still() -> None:
    assert defined(DELAYS, DERIVED, LATEST, STATIC).digests_of(GOLDEN) == GOLDEN


SAME: dict[str, tuple[Any, Any]] = {
    "another name": (digest(mean("a", "dep_delay")), digest(mean("b", "dep_delay"))),
    "words, unit, sensitivity": (
        digest(mean("a")),
        digest(mean("a", description="x", unit="min", sensitivity="personal")),
    ),
    "owner and description of the view": (digest(mean("a")), digest(mean("a"), owner="ben", description="x")),
    "the column of its name": (digest(mean("a", "a")), digest(mean("a"))),
    "other features beside it": (digest(mean("a")), digest(mean("a"), feature("b"))),
    "the order of features": (
        digest(mean("a"), feature("b")),
        defined(view("v", feature("b"), mean("a"))).digest("a"),
    ),
    "the spelling of an expression": (digest(mean("a", "x + y")), digest(mean("a", "(y)+x"))),
    "the unit of a window": (digest(mean("a", over="60m")), digest(mean("a", over="1h"))),
    "the order of fields": (
        digest(mean("a")),
        digest(dict(reversed(mean("a").items())), source=dict(reversed(FLIGHTS.items()))),
    ),
    "the order of conditions": (
        digest(mean("a"), source=FLIGHTS | {"where": ["x", "y > 1"]}),
        digest(mean("a"), source=FLIGHTS | {"where": ["1 < y and x"]}),
    ),
    "the name of the entity": (
        digest(mean("a")),
        digest(mean("a"), entity=["airport"], source=FLIGHTS | {"keys": {"airport": "origin"}}),
    ),
    "the order of the entity": (
        digest(mean("a"), entity=["origin", "dest"]),
        digest(mean("a"), entity=["dest", "origin"]),
    ),
    "known when it happens": (
        digest(mean("a"), source={"path": "p", "event_at": "t"}),
        digest(mean("a"), source={"path": "p", "event_at": "t", "known_at": "t"}),
    ),
    "ttl where a window counts": (digest(mean("a")), digest(mean("a"), ttl="1d")),
    "order_by where every row counts": (
        digest(mean("a")),
        digest(mean("a"), source=FLIGHTS | {"order_by": ["seq"]}),
    ),
    "the zone's ambiguity where there is no zone": (
        digest(mean("a")),
        digest(mean("a"), source=FLIGHTS | {"ambiguous": "first"}),
    ),
    "last, said or not": (
        digest(feature("a", aggregate="last")),
        digest(feature("a")),
    ),
}

OTHER: dict[str, tuple[Any, Any]] = {
    "type": (digest(feature("a")), digest(feature("a", kind="int"))),
    "expression": (digest(mean("a", "x")), digest(mean("a", "x + 0"))),
    "aggregate": (digest(mean("a")), digest(mean("a") | {"aggregate": "max"})),
    "window": (digest(mean("a", over="3h")), digest(mean("a", over="4h"))),
    "window or none": (
        digest(feature("a", aggregate="last", over=["3h"])),
        digest(feature("a", aggregate="last")),
    ),
    "ttl of the latest": (digest(feature("a")), digest(feature("a"), ttl="1d")),
    "order_by of the latest": (digest(feature("a")), digest(feature("a"), source=FLIGHTS | {"order_by": ["seq"]})),
    "order of order_by": (
        digest(feature("a"), source=FLIGHTS | {"order_by": ["x", "y"]}),
        digest(feature("a"), source=FLIGHTS | {"order_by": ["y", "x"]}),
    ),
    "source": (digest(mean("a")), digest(mean("a"), source=FLIGHTS | {"path": "data/other.parquet"})),
    "condition": (digest(mean("a")), digest(mean("a"), source=FLIGHTS | {"where": ["not cancelled"]})),
    "time": (digest(mean("a")), digest(mean("a"), source=FLIGHTS | {"event_at": "arrived_at"})),
    "availability": (digest(mean("a")), digest(mean("a"), source=FLIGHTS | {"known_at": "told_at"})),
    "delay of availability": (
        digest(mean("a"), source={"path": "p", "event_at": "t", "known_after": "1h"}),
        digest(mean("a"), source={"path": "p", "event_at": "t", "known_after": "2h"}),
    ),
    "zone": (
        digest(mean("a"), source=FLIGHTS | {"time_zone": "UTC"}),
        digest(mean("a"), source=FLIGHTS | {"time_zone": "Europe/Rome"}),
    ),
    "entity": (digest(mean("a")), digest(mean("a"), entity=["origin", "dest"])),
    "two keys that change places": (
        digest(mean("a"), entity=["origin", "dest"]),
        digest(mean("a"), entity=["origin", "dest"], source=FLIGHTS | {"keys": {"origin": "dest", "dest": "origin"}}),
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_what_decides_no_value_is_not_in_the_digest(what: str) -> None:
    assert SAME[what][0] == SAME[what][1]


@pytest.mark.parametrize("what", OTHER)
def test_what_decides_a_value_is_in_the_digest(what: str) -> None:
    assert OTHER[what][0] != OTHER[what][1]


def test_a_computed_feature_is_known_by_what_it_reads_not_by_its_name() -> None:
    def ratio(base: str, of: str, over: str = "3h") -> str:
        return defined(view("v", mean(base, "x", over)), computed("c", feature("r", of))).digest("r")

    assert ratio("a", "a * 2") == ratio("b", "2 * b")
    assert ratio("a", "a * 2") != ratio("a", "a * 2", "4h")


def test_another_name_for_a_feature_is_the_same_feature() -> None:
    both = defined(view("v", mean("a")), computed("c", feature("b", "a"), feature("c", "a", kind="int")))
    assert both.digest("b") == both.digest("a") != both.digest("c")


def test_a_request_value_is_known_by_its_name_and_type() -> None:
    def of(name: str, kind: str) -> str:
        return defined(computed("c", feature("f", f"{name} * 2"), request=[{"name": name, "type": kind}])).digest("f")

    assert len({of("amount", "float"), of("amount", "int"), of("sum_asked", "float")}) == 3


def test_features_that_go_round_in_a_circle_are_refused() -> None:
    round_ = defined(
        computed("c", feature("a", "b + 1"), feature("b", "case when x then a end"), feature("x", "1 = 1"))
    )
    with pytest.raises(DefinitionError) as caught:
        round_.digest("a")
    assert str(caught.value) == "features/c.yaml: features[0].of: goes round in a circle: a -> b -> a"
    assert round_.digest("x")


def test_a_name_that_nobody_defines_is_refused_where_it_is_read() -> None:
    lost = defined(DELAYS, computed("c", feature("a", "delay_3 + 1")))
    with pytest.raises(DefinitionError) as caught:
        lost.digest("a")
    told = "features/c.yaml: features[0].of: reads delay_3, which is neither a feature nor in request"
    assert str(caught.value) == f"{told}, did you mean delay_3h?"
    with pytest.raises(NotFoundError, match=r"^no view defines the feature dealy_3h, did you mean delay_3h\?$"):
        lost.digest("dealy_3h")


def test_of_a_name_defined_twice_both_definitions_are_kept() -> None:
    twice = defined(view("b", mean("a", "x")), view("a", mean("a", "y")))
    assert [one.id for one in twice.every] == ["feature/a.a", "feature/b.a"]
    assert twice.variable("a").view.view == "a"
    digests = [twice.digest_of(one) for one in twice.every]
    assert digests == [digest(mean("a", "y")), digest(mean("a", "x"))]


@pytest.mark.parametrize(
    ("made", "refusal"),
    [
        (view("v", feature("b"), mean("a", "x +")), "features/v.yaml: features[1].of: 'x +' ends too early"),
        (
            view("v", feature("a"), source=FLIGHTS | {"where": ["x", ";"]}),
            "features/v.yaml: source.where[1]: ';': ';' at 1 is not expected here",
        ),
        (
            view("v", feature("a"), source=FLIGHTS | {"time_zone": "Europe/Roma"}),
            "features/v.yaml: source.time_zone: 'Europe/Roma' is no time zone, did you mean Europe/Rome?",
        ),
    ],
)
def test_a_view_whose_text_says_nothing_is_refused(made: Any, refusal: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        require_sound(made)
    assert str(caught.value) == refusal


def test_the_zone_of_a_sets_moments_must_be_one() -> None:
    labels = {"path": "l.csv", "moment": "at", "time_zone": "EDT5"}
    with pytest.raises(DefinitionError, match=r"^features/sets/s\.yaml: labels\.time_zone: 'EDT5' is no time zone"):
        require_sound_set(taken("s", "a", labels=labels))


COMPUTED: dict[str, Any] = {"source": None}
REFUSED: tuple[Any, ...] = (
    ((), {}, "features: is empty: a view defines at least one feature"),
    ((feature("a"), feature("a")), {}, "features[1].name: gives 'a', as features[0] does"),
    (
        (mean("a_{over}", "x") | {"over": ["3h"]}, feature("a_3h")),
        {},
        "features[1].name: gives 'a_3h', as features[0] does",
    ),
    ((feature("A"),), {}, "features[0].name: is 'A', must be small letters, digits and _, at most 63"),
    ((feature("{over}a"),), {}, "features[0].name: is '{over}a', must be small letters, digits and _, at most 63"),
    ((feature("a_{over}_{over}"),), {}, "features[0].name: is 'a_{over}_{over}', must hold {over} once"),
    ((mean("a_{over}"),), {}, "features[0].of: is required where the name holds {over}: no column is called so"),
    ((feature("a_{over}", "x"),), {}, "features[0].name: is 'a_{over}', has no window for {over}"),
    (
        (mean("a" * 60 + "_{over}", "x", "100d"),),
        {},
        f"features[0].name: gives {'a' * 60 + '_100d'!r}, must give names of at most 63 characters",
    ),
    (
        (mean("a") | {"over": ["3h", "7d"]},),
        {},
        "features[0].name: is 'a', must hold {over} where there are several windows",
    ),
    ((mean("a_{over}", "x") | {"over": ["60m", "1h"]},), {}, "features[0].over[1]: is '1h', the same span as '60m'"),
    (
        (mean("a") | {"over": ["0h"]},),
        {},
        "features[0].over[0]: is '0h', must be 1 to 99999 of s, m, h, d or w, such as 30m, 3h or 7d",
    ),
    ((mean("a") | {"over": []},), {}, "features[0].over: is needed by mean"),
    ((feature("a", over=["3h"]),), {}, "features[0].aggregate: is needed with over"),
    ((mean("a", kind="int"),), {}, "features[0].type: is 'int', mean gives float"),
    ((mean("a") | {"aggregate": "count"},), {}, "features[0].type: is 'float', count gives int"),
    ((mean("a", kind="string") | {"aggregate": "sum"},), {}, "features[0].type: is 'string', sum gives float or int"),
    ((feature("a"),), {"entity": []}, "entity: is required in a view with a source"),
    ((feature("a"),), {"entity": ["x", "x"]}, "entity[1]: is 'x' again"),
    (
        (feature("a"),),
        {"request": [{"name": "x", "type": "int"}]},
        "request: is given, but the view has a source: compute from both in a view of its own",
    ),
    ((feature("a"),), {"source": FLIGHTS | {"keys": {"dest": "d"}}}, "source.keys.dest: is none of the view's entity"),
    ((feature("a"),), {"source": {"path": "p"}, "ttl": "1d"}, "source.event_at: is required by ttl and by windows"),
    ((mean("a"),), {"source": {"path": "p"}}, "source.event_at: is required by ttl and by windows"),
    ((feature("a"),), {"source": {}}, "source: needs one of path and connect"),
    ((feature("a"),), {"source": {"path": "p", "connect": "c"}}, "source: needs one of path and connect"),
    ((feature("a"),), {"source": {"connect": "c"}}, "source: needs connect and table together"),
    (
        (feature("a"),),
        {"source": {"connect": "pg://ana:secret@db/x", "table": "t"}},
        "source.connect: holds a password, which git would keep for ever",
    ),
    (
        (feature("a"),),
        {"source": FLIGHTS | {"known_after": "1h"}},
        "source: needs at most one of known_at and known_after",
    ),
    (
        (feature("a"),),
        {"source": {"path": "p", "known_after": "1h"}},
        "source: says since when rows are known, but not when they happened: event_at is missing",
    ),
    ((feature("a"),), {"source": {"path": "../p"}}, "source.path: is '../p', must be a path inside the repository"),
    ((feature("a"),), {"source": FLIGHTS | {"zone": "UTC"}}, "source.zone: is not known here, did you mean time_zone?"),
    ((feature("a"),), COMPUTED, "features[0].of: is required in a view without a source"),
    ((mean("a"),), COMPUTED, "features[0].aggregate: is given, but the view has no source"),
    ((feature("a", "x"),), COMPUTED | {"ttl": "1d"}, "ttl: is given, but the view has no source"),
    (
        (feature("a", "x"),),
        COMPUTED | {"request": [{"name": "a", "type": "int"}]},
        "features[0].name: gives 'a', as request does",
    ),
    ((feature("a", "x"),), COMPUTED | {"request": [{"name": "x", "type": "int"}] * 2}, "request[1].name: is 'x' again"),
)


@pytest.mark.parametrize(("features", "rest", "refusal"), REFUSED)
def test_a_view_that_cannot_be_is_refused(features: Any, rest: Any, refusal: str) -> None:
    with pytest.raises(FieldError) as caught:
        view("v", *features, **rest)
    assert str(caught.value) == refusal


@pytest.mark.parametrize(
    ("rest", "refusal"),
    [
        ({"features": []}, "features: is empty"),
        ({"features": ["a", "b", "a"]}, "features[2]: is 'a' again"),
        ({"features": ["A"]}, "features[0]: is 'A', must be small letters, digits and _, at most 63"),
        ({"lables": {}}, "lables: is not known here, did you mean labels?"),
    ],
)
def test_a_set_that_cannot_be_is_refused(rest: Any, refusal: str) -> None:
    with pytest.raises(FieldError) as caught:
        taken("s", "a", **rest)
    assert str(caught.value) == refusal


def test_there_may_be_no_views_at_all() -> None:
    assert (Definitions.of(()).every, Definitions.of(()).digests_of(())) == ((), {})
