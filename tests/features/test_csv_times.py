"""Times of a CSV source are read where ISO 8601 writes them so, alike on every machine; nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from actum.errors import UserError
from tests.features.work_tree import WorkTree, times

SOURCE: dict[str, Any] = {"path": "data/events.csv", "event_at": "happened_at"}
LEVEL: dict[str, Any] = {"name": "level", "type": "float"}
SEEN: dict[str, Any] = {"name": "happened_at", "type": "timestamp"}
MEND = "write 2013-04-18, 2013-04-18 22:00:00 or 2013-04-18T22:00:00Z in a stage, or name it in source.missing"
ONE_FORM = "write all of them in one form in a stage"


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("labels", {"tank": ["a", "b"], "at": times(7, 7)})
    tree.set(["level"])
    return tree


def given(
    tree: WorkTree, happened_at: Sequence[str], features: Sequence[dict[str, Any]] = (LEVEL,), **source: Any
) -> None:
    rows = [f"{tank},{at},{level}" for tank, at, level in zip("abcdef", happened_at, range(1, 7), strict=False)]
    (tree.root / "data/events.csv").write_text("\n".join(["tank,happened_at,level", *rows]) + "\n")
    tree.view("tanks", features, entity=["tank"], source={**SOURCE, **source})


@pytest.mark.parametrize(
    ("written", "zone", "read"),
    [
        (["2013-01-01"], "UTC", ["2013-01-01 00:00"]),
        (["2013-01-01 05:00", "2013-01-01T05:00"], "UTC", ["2013-01-01 05:00"] * 2),
        (
            ["2013-01-01 05:00:07.5", "2013-01-01T05:00:07.123456"],
            "UTC",
            ["2013-01-01 05:00:07.5", "2013-01-01 05:00:07.123456"],
        ),
        (["2013-01-01 05:00:00.5"], "America/New_York", ["2013-01-01 10:00:00.5"]),
        (
            ["2013-01-01T05:00:00Z", "2013-01-01 05:00:00.000001+01"],
            "",
            ["2013-01-01 05:00", "2013-01-01 04:00:00.000001"],
        ),
        (
            ["2013-01-01T05:00+0530", "2013-01-01T05:00:00-05:30"],
            "Europe/Rome",
            ["2012-12-31 23:30", "2013-01-01 10:30"],
        ),
    ],
)
def test_times_are_read_as_iso_8601_writes_them(
    tanks: WorkTree, written: list[str], zone: str, read: list[str]
) -> None:
    given(tanks, written, [SEEN], **({"time_zone": zone} if zone else {}))
    tanks.table("labels", {"tank": list("ab")[: len(written)], "at": times(*[40] * len(written))})
    tanks.set(["happened_at"])

    found = tanks.build()["happened_at"]

    assert found == [datetime.fromisoformat(f"{each}+00:00") for each in read]


REFUSED: dict[str, tuple[list[str], str, str]] = {
    "zones in some rows only": (
        ["2013-01-01T05:00:00Z", "2013-01-01 05:00:00"],
        "2013-01-01 05:00:00, which is a time without a zone, where 2013-01-01T05:00:00Z is a time with a zone",
        ONE_FORM,
    ),
    "dates with times": (
        ["2013-01-01 05:00:00", "2013-01-02"],
        "2013-01-02, which is a date, where 2013-01-01 05:00:00 is a time without a zone",
        ONE_FORM,
    ),
    "days and months in an order that nobody knows": (
        ["03/04/2013"],
        "03/04/2013, which is no time as ISO 8601 writes one",
        MEND,
    ),
    "one among many": (
        ["2013-01-01 05:00", "", "05/16/2013 05:00", "x"],
        "05/16/2013 05:00, which is no time as ISO 8601 writes one",
        MEND,
    ),
    "a month of one digit": (["2013-1-1"], "2013-1-1, which is no time as ISO 8601 writes one", MEND),
    "a zone by name": (
        ["2013-01-01 05:00:00 Europe/Rome"],
        "2013-01-01 05:00:00 Europe/Rome, which is no time as ISO 8601 writes one",
        MEND,
    ),
    "a zone that would be left out": (
        ["2013-01-01 05:00:00 UTC"],
        "2013-01-01 05:00:00 UTC, which is no time as ISO 8601 writes one",
        MEND,
    ),
    "a day that never was": (
        ["2013-01-01", "2013-02-30"],
        "2013-02-30, which is no time as ISO 8601 writes one",
        MEND,
    ),
    "finer than a microsecond": (
        ["2013-01-01 01:00:00.1234567"],
        "2013-01-01 01:00:00.1234567, which is finer than a microsecond",
        "round them in a stage",
    ),
    "finer than a microsecond, with a zone": (
        ["2013-01-01T01:00:00.123456789Z"],
        "2013-01-01T01:00:00.123456789Z, which is finer than a microsecond",
        "round them in a stage",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_time_by_iso_8601_is_refused_with_file_column_and_value(case: str, tanks: WorkTree) -> None:
    written, told, hint = REFUSED[case]
    given(tanks, written, time_zone="America/New_York")

    assert refusal(tanks) == (f"features/tanks.yaml:7: source.event_at: happened_at of events.csv holds {told}", hint)


def test_a_feature_that_is_a_time_is_refused_alike(tanks: WorkTree) -> None:
    given(tanks, ["2013-01-01"], [{"name": "filled", "type": "timestamp", "of": "day"}], time_zone="UTC")
    (tanks.root / "data/events.csv").write_text("tank,happened_at,day\na,2013-01-01,03/04/2013\n")
    tanks.set(["filled"])

    told = "day of events.csv holds 03/04/2013, which is no time as ISO 8601 writes one"
    assert refusal(tanks) == (f"features/tanks.yaml:12: features[0].of: {told}", MEND)


def test_what_is_no_time_may_be_text(tanks: WorkTree) -> None:
    given(tanks, ["2013-01-01"], [{"name": "day", "type": "string"}], time_zone="UTC")
    (tanks.root / "data/events.csv").write_text("tank,happened_at,day\na,2013-01-01,03/04/2013\n")
    tanks.set(["day"])

    assert tanks.build()["day"] == ["03/04/2013", None]


def test_a_file_among_several_is_named(tanks: WorkTree) -> None:
    given(tanks, ["2013-01-01T05:00:00Z"], path="data/*.csv")
    (tanks.root / "data/later.csv").write_text("tank,happened_at,level\nb,2013-01-01 05:00:00,2\n")

    told = "2013-01-01 05:00:00, which is a time without a zone, where 2013-01-01T05:00:00Z is a time with a zone"
    assert refusal(tanks) == (
        f"features/tanks.yaml:7: source.event_at: happened_at of later.csv holds {told}",
        ONE_FORM,
    )


def test_the_zone_of_the_machine_does_not_show(tanks: WorkTree) -> None:
    """In processes of their own: a process asks for its zone once."""
    given(tanks, ["2013-01-01 01:30:00", "2013-01-01 02:30:00"], time_zone="America/New_York")
    made = []
    for zone in ("UTC", "America/New_York"):
        out = tanks.root / f"{zone.replace('/', '-')}.parquet"
        words = ["-m", "actum.features", "build", "features/sets/asked.yaml", str(out)]
        subprocess.run([sys.executable, *words], cwd=tanks.root, env={**os.environ, "TZ": zone}, check=True)
        made.append(out.read_bytes())

    assert made[0] == made[1]
    assert pq.read_table(out)["level"].to_pylist() == [1.0, None]


def refusal(tree: WorkTree) -> tuple[str, str]:
    with pytest.raises(UserError) as refused:
        tree.build()
    return str(refused.value), refused.value.hint
