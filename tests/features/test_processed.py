"""Logs are computed once for all sets, and what is kept is never believed blindly."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from actum.errors import UserError
from actum.features.building import Built, built
from actum.features.processing import Processed, process
from actum.features.reading import read_wanted
from tests.features.work_tree import WorkTree, times

FEATURES: list[dict[str, Any]] = [
    {"name": "level", "type": "float"},
    {"name": "seen_{over}", "type": "int", "aggregate": "count", "over": ["2h", "5h"]},
    {"name": "sum_2h", "type": "float", "of": "level", "aggregate": "sum", "over": ["2h"]},
    {"name": "last_5h", "type": "float", "of": "level", "aggregate": "last", "over": ["5h"]},
]
EVENTS = {"tank": ["a", "a", "b"], "happened_at": times(1, 3, 2), "known_at": times(4, 3, 2), "level": [0.3, 0.1, 0.2]}
SOURCE = {"path": "data/events.parquet", "event_at": "happened_at", "known_at": "known_at"}
LOGS = ("tanks/2h", "tanks/5h", "tanks/latest", "tanks/latest-5h")


@pytest.fixture
def tanks(tree: WorkTree) -> WorkTree:
    tree.table("events", EVENTS)
    tree.table("labels", {"tank": ["a", "b"], "at": times(3, 2.5)})
    tree.table("others", {"tank": ["a", "b", "a"], "at": times(4.5, 9, 3.5)})
    (tree.root / "data/makers.csv").write_text("tank,maker\na,Ask\nb,NA\n")
    tree.view("tanks", FEATURES, entity=["tank"], source=SOURCE)
    makers = {"path": "data/makers.csv", "missing": ["NA"]}
    tree.view("makers", [{"name": "maker", "type": "string"}], entity=["tank"], source=makers)
    tree.view("unused", [{"name": "never", "type": "float", "of": "level"}], entity=["tank"], source=SOURCE)
    tree.set(["level", "seen_2h", "maker"], "one")
    tree.set(["sum_2h", "level", "seen_5h", "last_5h"], "other", labels={"path": "data/others.parquet"})
    return tree


def processed(tree: WorkTree, *names: str) -> Processed:
    return process(tree.root / "views", names, start=tree.root, threads=2)


def made(tree: WorkTree, name: str, views: Path | None = None) -> Built:
    return built(read_wanted(tree.root / f"features/sets/{name}.yaml"), tree.engine, views=views)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_sets_make_use_of_is_processed_once_and_read_by_all_of_them(tanks: WorkTree) -> None:
    assert processed(tanks) == Processed(
        views=2, computed=("makers/latest", *_in_the_order_of_the_view()), kept=(), removed=0
    )
    views = tanks.root / "views"
    for name, logs in (("one", 3), ("other", 4)):
        found = made(tanks, name, views)
        assert (found.computed, found.read, found.lacking) == (0, logs, ())
        assert found.table.equals(made(tanks, name).table)


def _in_the_order_of_the_view() -> tuple[str, ...]:
    return ("tanks/latest", "tanks/2h", "tanks/5h", "tanks/latest-5h")


def test_without_a_folder_all_is_computed(tanks: WorkTree) -> None:
    assert (made(tanks, "one").computed, made(tanks, "one").read) == (1, 0)
    assert made(tanks, "one").lacking == ()


def test_a_folder_that_lacks_a_log_is_not_written_to_and_what_it_lacks_is_told(tanks: WorkTree) -> None:
    processed(tanks, "makers")
    before = digests(tanks.root / "views")
    found = made(tanks, "one", tanks.root / "views")
    assert (found.computed, found.read) == (1, 1)  # latest values need no log
    assert found.lacking == ("tanks/latest is not there", "tanks/2h is not there")
    assert found.table.equals(made(tanks, "one").table)
    assert digests(tanks.root / "views") == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"events": {**EVENTS, "level": [0.4, 0.5, 0.6]}}, "was made of another source"),
        ({"source": {**SOURCE, "where": ["level > 0.2"]}}, "has other features, or another meaning of them"),
    ],
)
def test_another_source_and_another_meaning_make_other_logs(tanks: WorkTree, change: dict[str, Any], why: str) -> None:
    processed(tanks)
    if "events" in change:
        tanks.table("events", change["events"])
    else:
        tanks.view("tanks", FEATURES, entity=["tank"], source=change["source"])
    found = made(tanks, "other", tanks.root / "views")
    assert found.lacking == tuple(f"{name} {why}" for name in _in_the_order_of_the_view())
    assert found.table.equals(made(tanks, "other").table)

    assert processed(tanks).computed == _in_the_order_of_the_view()
    assert made(tanks, "other", tanks.root / "views").computed == 0


def test_what_is_said_of_a_view_makes_no_other_log(tanks: WorkTree) -> None:
    processed(tanks)
    told = [{**one, "description": "what the gauge reads"} for one in FEATURES]
    tanks.view("tanks", told, entity=["tank"], source=SOURCE, owner="ben@example.org")
    assert processed(tanks).computed == ()


def test_one_changed_window_leaves_the_others_as_they_are(tanks: WorkTree) -> None:
    processed(tanks)
    before = digests(tanks.root / "views")
    tanks.view(
        "tanks", [*FEATURES[:2], {**FEATURES[2], "of": "level * 2"}, FEATURES[3]], entity=["tank"], source=SOURCE
    )
    assert processed(tanks).computed == ("tanks/2h",)
    after = digests(tanks.root / "views")
    assert {name for name in before if before[name] != after[name]} == {"tanks/2h.parquet", "tanks/2h.json"}


def test_the_folder_follows_from_its_inputs_whatever_was_in_it(tanks: WorkTree) -> None:
    processed(tanks)
    whole = digests(tanks.root / "views")
    tanks.set(["maker"], "other", labels={"path": "data/others.parquet"})
    tanks.set(["seen_2h"], "one")
    tanks.view("tanks", [FEATURES[1] | {"over": ["2h"], "name": "seen_2h"}], entity=["tank"], source=SOURCE)
    found = processed(tanks)
    assert (found.computed, found.kept, found.removed) == (("tanks/2h",), ("makers/latest",), 6)
    less = digests(tanks.root / "views")
    for path in (tanks.root / "views").rglob("*.*"):
        path.unlink()
    processed(tanks)
    assert digests(tanks.root / "views") == less

    tanks.view("tanks", FEATURES, entity=["tank"], source=SOURCE)
    processed(tanks)
    assert digests(tanks.root / "views") == whole


def test_a_log_with_other_bytes_than_were_written_is_computed_again(tanks: WorkTree) -> None:
    processed(tanks)
    honest = digests(tanks.root / "views")
    path = tanks.root / "views/tanks/2h.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (tanks.root / "views/makers/latest.json").write_text("{")
    told = ("makers/latest is in another form", "tanks/2h has other bytes than were written")
    assert sorted(made(tanks, "one", tanks.root / "views").lacking) == sorted(told)
    assert processed(tanks).computed == ("makers/latest", "tanks/2h")
    assert digests(tanks.root / "views") == honest


def test_latest_values_that_are_their_own_log_are_written_nowhere(tanks: WorkTree) -> None:
    known = {"path": "data/events.parquet", "event_at": "happened_at"}
    tanks.view("tanks", FEATURES[:2], entity=["tank"], source=known)
    tanks.set(["level", "seen_5h"], "other")
    assert processed(tanks, "tanks").computed == ("tanks/2h", "tanks/5h")
    found = made(tanks, "other", tanks.root / "views")
    assert (found.computed, found.read, found.lacking) == (0, 1, ())


def test_what_is_no_log_stays_and_is_in_the_way(tanks: WorkTree) -> None:
    with pytest.raises(UserError, match=r"data/events\.parquet is no log of a view, and would be in the way"):
        process(tanks.root / "data", start=tanks.root)
    assert (tanks.root / "data/labels.parquet").is_file()


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["tank"], "no view is called tank, did you mean tanks?"),
        (["asks"], "features/asks.yaml has no source: what it computes is of each request, and is not kept"),
    ],
)
def test_views_that_cannot_be_processed_are_refused_by_name(tanks: WorkTree, names: list[str], problem: str) -> None:
    tanks.view("asks", [{"name": "half", "type": "float", "of": "level / 2"}])
    with pytest.raises(UserError) as refused:
        processed(tanks, *names)
    assert str(refused.value) == problem


def test_keys_of_another_type_are_refused_by_a_log_too(tanks: WorkTree) -> None:
    processed(tanks)
    tanks.table("labels", {"tank": [1, 2], "at": times(3, 2.5)})
    with pytest.raises(UserError, match=r"features/tanks\.yaml:4: entity\[0\]: tank is string in the source, int"):
        made(tanks, "one", tanks.root / "views")
