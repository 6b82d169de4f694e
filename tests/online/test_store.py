"""The SQLite store: what it keeps, that it is published whole or not at all, and what it refuses by name."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actum.errors import NotFoundError
from actum.online.sqlite import SqliteStore
from actum.online.store import Change, StoreError
from tests.online.online_views import AIRCRAFT, COMMIT, DELAYS, JFK, LGA, NOON, PLANES, filled, hours, publication, us

FEATURES = ("departures_3h", "delay_mean_3h", "last_tail")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "online store's.sqlite"


def test_a_read_takes_the_last_row_at_or_before_its_moment(place: Path) -> None:
    filled(place)
    store = SqliteStore(place)
    at = {after: store.read("delays", FEATURES, ("JFK",), us(hours(after))) for after in (-2, -1, 0.99, 1, 1.5, 2, 9)}
    assert at == {
        -2: None,
        -1: (2, 30.5, "N1"),
        0.99: (2, 30.5, "N1"),
        1: (1, 11.0, "N1"),
        1.5: (1, 11.0, "N1"),
        2: (0, None, "N1"),
        9: (0, None, "N1"),
    }
    many = store.read_many("delays", FEATURES[1:], [("LGA",), ("EWR",), ("JFK",)], us())
    assert many == [(None, "N2"), None, (30.5, "N1")]


def test_values_come_back_with_their_types_and_to_the_bit(place: Path) -> None:
    odd = [("N1", 5, -(2**63), False, -1), ("N2", 5, 2**63 - 1, True, 0), ("N3", 5, None, None, None)]
    floats = [("a", 1, 0, -0.0, "'\"\n\x00é"), ("b", 1, 0, 5e-324, ""), ("c", 1, 0, float("inf"), None)]
    store = SqliteStore(place)
    store.write([publication(PLANES, odd), publication(DELAYS, [*floats, ("d", 1, 0, float("nan"), "x")])])
    planes = store.read_many("planes", ("built", "is_jet", "checked_at"), [(row[0],) for row in odd], 9)
    assert [(key, 5, *values) for (key, *_), values in zip(odd, planes, strict=True) if values] == odd
    assert [type(value) for value in planes[1] or ()] == [int, bool, int]
    delays = store.read_many("delays", FEATURES, [("a",), ("b",), ("c",), ("d",)], 9)
    assert repr(delays) == repr([*(tuple(row[2:]) for row in floats), (0, None, "x")])


def test_what_a_store_says_of_itself_is_there_for_sqlite3_too(place: Path) -> None:
    filled(place)
    about = SqliteStore(place).meta()["delays"]
    assert (about.until, about.commit, about.engine, about.rows) == (NOON, COMMIT, "duckdb 2.0.0", 4)
    assert about.digests == publication(DELAYS, []).published.digests
    with sqlite3.connect(place) as plain:
        shown = plain.execute("SELECT view, until, source_commit, rows FROM _views").fetchall()
        columns = plain.execute("SELECT name, type FROM _columns WHERE view = 'planes' ORDER BY place").fetchall()
    plain.close()
    assert shown == [("delays", "2013-04-18T12:00:00Z", COMMIT, 4), ("planes", "2013-04-18T12:00:00Z", COMMIT, 2)]
    assert columns == [("tailnum", "string"), ("built", "int"), ("is_jet", "bool"), ("checked_at", "timestamp")]


def test_only_what_changed_is_written(place: Path) -> None:
    assert [(change.written, change.rewritten) for change in filled(place)] == [(4, True), (2, True)]
    later = NOON + hours(3)
    rows = [
        ("JFK", us(hours(2)), 0, None, "N1"),
        ("LGA", us(hours(2)), 1, 4.0, "N3"),
        ("LGA", us(hours(5)), 0, None, "N3"),
    ]
    (change,) = SqliteStore(place).write([publication(DELAYS, rows, until=later)])
    assert change == Change(view="delays", rows=3, written=2, removed=3, rewritten=False)
    assert SqliteStore(place).read("delays", FEATURES, ("LGA",), us(hours(3))) == (1, 4.0, "N3")
    (again,) = SqliteStore(place).write([publication(DELAYS, rows, until=later)])
    assert (again.written, again.removed, again.rows) == (0, 0, 3)
    assert SqliteStore(place).meta()["planes"].rows == 2


def test_another_meaning_rewrites_the_view(place: Path) -> None:
    filled(place)
    features = [{**DELAYS["features"][0], "over": ["4h"]}, *DELAYS["features"][1:]]
    (change,) = SqliteStore(place).write([publication({**DELAYS, "features": features}, [*JFK, *LGA])])
    assert change == Change(view="delays", rows=4, written=4, removed=0, rewritten=True)


def test_a_reader_sees_all_views_of_a_call_or_none_and_keeps_what_it_began_with(place: Path) -> None:
    filled(place)
    reader = SqliteStore(place)
    with reader as before:
        newer = [publication(DELAYS, LGA, until=NOON + hours(1)), publication(PLANES, [], until=NOON + hours(1))]
        SqliteStore(place).write(newer)
        assert reader.read("delays", FEATURES, ("JFK",), us()) == (2, 30.5, "N1")
        assert reader.read("planes", ("built",), ("N1",), us()) == (1999,)
    with reader as after:
        assert reader.read("delays", FEATURES, ("JFK",), us()) is None
        assert reader.read("planes", ("built",), ("N1",), us()) is None
    assert before != after


def test_a_file_that_was_made_anew_is_noticed(place: Path) -> None:
    filled(place)
    reader = SqliteStore(place)
    with reader as before:
        pass
    for path in place.parent.glob(f"{place.name}*"):
        path.unlink()
    SqliteStore(place).write([publication(PLANES, AIRCRAFT)])
    with reader as after:
        assert set(reader.meta()) == {"planes"}
    assert before != after
    place.unlink()
    with pytest.raises(NotFoundError, match="there is no online store"), reader:
        pass


def test_a_store_does_not_go_back_in_time(place: Path) -> None:
    filled(place)
    with pytest.raises(StoreError) as refused:
        SqliteStore(place).write([publication(PLANES, []), publication(DELAYS, [], until=NOON - hours(1))])
    assert str(refused.value) == (
        f"{place}: knows planes until 2013-04-18T12:00:00Z, later than 2013-04-18T11:00:00Z".replace("planes", "delays")
    )
    assert SqliteStore(place).meta()["planes"].rows == 2, "nothing of the call was published"


@pytest.mark.parametrize(
    "rows",
    [
        [("JFK", 1, 2.5, 1.0, "N1")],
        [("JFK", 1, 2, 1, "N1")],
        [(None, 1, 2, 1.0, "N1")],
        [("JFK", 1, 2, 1.0, "N1"), ("JFK", 1, 2, 1.0, "N1")],
    ],
    ids=["a float for an int", "an int for a float", "a key that is missing", "a moment twice"],
)
def test_rows_of_another_form_than_said_publish_nothing(place: Path, rows: list[tuple[Any, ...]]) -> None:
    filled(place)
    with pytest.raises(StoreError, match="nothing was published"):
        SqliteStore(place).write([publication(DELAYS, rows)])
    assert SqliteStore(place).read("delays", FEATURES, ("JFK",), us()) == (2, 30.5, "N1")


def test_a_second_writer_waits_and_is_then_refused(place: Path) -> None:
    filled(place)
    first = sqlite3.connect(place, isolation_level=None)
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as refused:
        SqliteStore(place, busy_s=0.05).write([publication(DELAYS, [])])
    assert str(refused.value) == f"{place}: another process is publishing to it"
    first.execute("COMMIT")
    first.close()
    assert SqliteStore(place).write([publication(DELAYS, [])])[0].removed == 4


def _damaged(place: Path) -> None:
    filled(place)
    data = bytearray(place.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[size : 2 * size] = random.Random(5).randbytes(size)
    place.write_bytes(data)


def _cut(place: Path) -> None:
    filled(place)
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 2])


def _newer(place: Path) -> None:
    filled(place)
    with sqlite3.connect(place) as plain:
        plain.execute("PRAGMA user_version = 7")
    plain.close()


def _foreign(place: Path) -> None:
    with sqlite3.connect(place) as plain:
        plain.execute("CREATE TABLE customers (name TEXT)")
    plain.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda place: place.write_bytes(b"PAR1" + bytes(2000)), "is no online store"),
        (_foreign, "is a database of something else"),
        (_damaged, "is damaged: "),
        (_cut, "is damaged: "),
        (_newer, "is of form 7, this actum knows 1"),
    ],
    ids=["no database", "another database", "a page of noise", "cut in half", "a newer form"],
)
def test_what_is_no_whole_store_of_ours_is_neither_read_nor_written(place: Path, make: Any, message: str) -> None:
    make(place)
    before = place.read_bytes()
    for use in (lambda: SqliteStore(place).meta(), lambda: SqliteStore(place).write([publication(DELAYS, JFK)])):
        with pytest.raises(StoreError) as refused:
            use()
        assert str(refused.value).startswith(f"{place}: {message}")
    assert place.read_bytes() == before


def test_no_store_and_an_empty_one_name_the_command_that_makes_it(place: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no online store") as absent:
        SqliteStore(place).meta()
    assert absent.value.hint.startswith("actum features materialize --store ")
    place.touch()
    with pytest.raises(NotFoundError, match="nothing is published there yet"):
        SqliteStore(place).meta()
    assert filled(place)[0].rows == 4


def test_names_that_a_table_cannot_have_are_refused(place: Path) -> None:
    named_since = [{**DELAYS["features"][2], "name": "since"}]
    with pytest.raises(StoreError, match="delays has more than one column since"):
        SqliteStore(place).write([publication({**DELAYS, "features": named_since}, [])])
    with pytest.raises(StoreError, match="SQLite keeps names such as sqlite_delays for itself"):
        SqliteStore(place).write([publication({**DELAYS, "view": "sqlite_delays"}, [])])
    assert not place.exists()


_WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from actum.online.sqlite import SqliteStore
from tests.online.online_views import DELAYS, NOON, PLANES, publication
path, number = Path(sys.argv[1]), 0
while True:
    number += 1
    at = NOON + timedelta(seconds=number)
    rows = [(f"K{n}", 1, number, float(number), None) for n in range(2_000)]
    print(number, flush=True)
    SqliteStore(path).write(
        [publication(DELAYS, rows, until=at), publication(PLANES, [("N1", 1, number, None, None)], until=at)]
    )
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_state_of_all_views(place: Path) -> None:
    chance, seen = random.Random(7), set()
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", _WRITER, str(place)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        try:
            store = SqliteStore(place)
            with store:
                until = {view.until for view in store.meta().values()}
                keys = [(f"K{n}",) for n in range(2_000)]
                counts = {row and row[0] for row in store.read_many("delays", ("departures_3h",), keys, us())}
                counts |= set(store.read("planes", ("built",), ("N1",), us()) or ())
        except NotFoundError:
            continue  # it was killed before it had published anything
        (number,) = counts
        assert isinstance(number, int)
        assert until == {NOON + timedelta(seconds=number)}
        seen.add(number)
        place.unlink()
        for left in place.parent.glob(f"{place.name}-*"):
            left.unlink()
    assert seen, "no writer lived long enough to publish"
