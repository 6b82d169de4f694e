"""The same flight at the same moment: what training says, what is materialized, and what is scored, is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from actum import files, layout, moments
from actum.decisions import parquet
from actum.decisions.leaves import decision_of
from actum.decisions.seals import body
from actum.definitions.definitions import variables_of
from actum.features.engines import Engine
from actum.features.opening import opened
from actum.features.reading import read_views
from actum.features.shelf import Shelf
from actum.features.training import write_training_set
from actum.online.lookup import Lookup
from actum.online.sqlite import SqliteStore
from actum.online.store import Column, Publication, Published, microseconds_of
from actum.records.codec import decode, encode
from actum.records.feature_set import FeatureSet
from tests.flight_features import EVENING, FLIGHTS, LABELS, PLANES, SET, VIEWS, flights, offers, planes
from tests.scored_project import Loans

BEFORE_ALL = datetime(2013, 4, 1, tzinfo=UTC)
MOMENTS = [
    datetime(2013, 4, 16, 11, 0, tzinfo=UTC),
    moments.parse(EVENING),
    datetime(2013, 4, 18, 4, 5, tzinfo=UTC),  # at night: windows run empty
]
LATER = [timedelta(minutes=30), timedelta(hours=2, minutes=7), timedelta(hours=26)]
FEATURES = SET["features"]


def asked(table: pd.DataFrame, times: list[datetime]) -> pd.DataFrame:
    """Return rows that ask at each moment: flights of that day, and two of whom nothing was ever seen."""
    rows = offers(table).iloc[::90].drop(columns="offered_at")
    never = rows.head(2).assign(origin=["XYZ", None], carrier=[None, "ZZ"], offer=["never", "nobody"])
    together = [pd.concat([rows, never]).assign(offered_at=pd.Timestamp(at).as_unit("us")) for at in times]
    found = pd.concat(together, ignore_index=True)
    return found.assign(offer=found["offer"] + "-" + found.groupby("offer").cumcount().astype(str))


def tree(root: Path, table: pd.DataFrame, labels: pd.DataFrame) -> Path:
    """Lay a work tree out: views, set, sources, labels."""
    (root / "data").mkdir(parents=True)
    table.to_parquet(root / FLIGHTS, index=False)
    planes().to_csv(root / PLANES, index=False)
    labels.to_parquet(root / LABELS, index=False)
    for path, record in {**{layout.view(n): v for n, v in VIEWS.items()}, layout.feature_set("late"): SET}.items():
        files.replace(root / path, files.write_yaml(record))
    return root


def trained(root: Path) -> list[dict[str, Any]]:
    """Return the training rows of a work tree, in the order of its labels."""
    write_training_set(root / layout.feature_set("late"), root / "trained.parquet")
    rows: list[dict[str, Any]] = pq.ParquetFile(root / "trained.parquet").read().select(FEATURES).to_pylist()
    return rows


def materialize(root: Path, store: Path, until: datetime, engine: Engine) -> None:
    """Publish every view as it stands at a moment, as the command does."""
    shelf, definitions = Shelf(root=root, engine=engine, scratch=root), read_views(root)
    publications = []
    for view in definitions.views.values():
        if view.source is None:
            continue
        log, place = shelf.log_of(view, known_until=microseconds_of(until)), root / f"{view.view}.log.parquet"
        log.write(engine, place)
        published = Published(
            view=view.view,
            entity=tuple(Column(name=name, type=kind) for name, kind in log.entity.items()),
            features=tuple(
                Column(name=one.name, type=one.type, digest=definitions.digest(one.name)) for one in variables_of(view)
            ),
            until=until,
            commit="0" * 40,
            at=until,
            engine="duckdb",
        )
        rows = [tuple(row.values()) for row in pq.ParquetFile(place).read().to_pylist()]
        publications.append(Publication(published=published, rows=rows))
    SqliteStore(store).write(publications)


def looked_up(root: Path, store: Path, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what a server would be told for the rows."""
    lookup = Lookup(store, read_views(root), decode(FeatureSet, SET))
    given = rows.astype(object).where(rows.notna(), None)
    keys = given[["origin", "carrier", "flight"]].to_dict("records")
    requests = given[["leaves_at", "distance"]].to_dict("records")
    return [one.values for one in lookup.many(keys, requests, list(rows["offered_at"].dt.to_pydatetime()))]


def known_by(table: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Return the flights as they were known at a moment: what happened or became known later is not there."""
    left = table[table["departed_at"] <= moment].copy()
    left["landed_at"] = left["landed_at"].where(left["landed_at"] <= moment)
    return left


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return flights()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with opened("duckdb", threads=1) as running:
        yield running


def test_the_training_row_and_the_materialized_row_of_a_moment_are_equal(
    table: pd.DataFrame, tmp_path: Path, engine: Engine
) -> None:
    rows = asked(table, MOMENTS)
    root, store = tree(tmp_path / "tree", table, rows), tmp_path / "online.sqlite"
    expected = trained(root)
    found = []
    for moment in MOMENTS:  # into one store, which keeps only what the last one left
        materialize(root, store, moment, engine)
        found += looked_up(root, store, rows[rows["offered_at"] == pd.Timestamp(moment)])
    assert repr(found) == repr(expected)
    seen = {name: {row[name] is None for row in found} for name in FEATURES if not name.startswith("departures")}
    assert [name for name, kinds in seen.items() if kinds == {True}] == [], "every feature is there for some row"


def test_between_two_materializations_a_lookup_says_what_training_would_by_what_was_known(
    table: pd.DataFrame, tmp_path: Path, engine: Engine
) -> None:
    known = MOMENTS[1]
    rows = asked(table, [known + later for later in LATER])
    root, store = tree(tmp_path / "then", known_by(table, known), rows), tmp_path / "online.sqlite"
    expected = trained(root)
    whole = tree(tmp_path / "now", table, rows)
    materialize(whole, store, known, engine)
    assert repr(looked_up(whole, store, rows)) == repr(expected)


def test_at_a_moment_before_all_data_everybody_is_as_one_never_seen(
    table: pd.DataFrame, tmp_path: Path, engine: Engine
) -> None:
    rows = asked(table, [BEFORE_ALL])
    root, store = tree(tmp_path / "tree", table, rows), tmp_path / "online.sqlite"
    materialize(root, store, BEFORE_ALL, engine)
    found = looked_up(root, store, rows)
    assert repr(found) == repr(trained(root))
    nothing = {"departures_1h": 0, "departures_1d": 0, "carriers_3h": 0, "delay_mean_1h": None, "seats": None}
    assert all({name: row[name] for name in nothing} == nothing for row in found)


def test_what_is_scored_is_what_was_trained_built_or_looked_up(
    served: Loans, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = asked(table, [MOMENTS[1]]).drop(columns="late")
    rows.to_parquet(served.root / "cases.parquet", index=False)
    expected = trained(tree(served.root.parent / "tree", table, rows.assign(late=0)))
    order = ("score", "late@v1.0.0", "cases.parquet", "--local", "--json")
    capsys.readouterr()
    assert served.actum(*order) == 0
    built = json.loads(capsys.readouterr().out)["data"]["supplied"]
    (seal,) = [body(event) for event in served.head.events("late") if event.seal]
    segment = parquet.rows(served.object(seal.md5))
    decisions = {one.key: dict(one.inputs) for one in (decision_of(row, "segment") for row in segment)}
    assert [decisions[key] for key in rows["offer"]] == expected
    assert seal.supplied
    assert encode(seal.supplied) == built
    assert (built["how"], built["set"], built["inputs"]) == ("built", "late", FEATURES)
    assert [fact["path"] for fact in built["sources"]] == [FLIGHTS, PLANES]

    assert served.actum(*order, "--store", ".actum/online.sqlite") == 0
    again = json.loads(capsys.readouterr().out)["data"]
    assert (again["supplied"]["how"], again["supplied"]["until"]) == ("looked up", EVENING)
    assert again["supplied"]["sha256"] == built["sha256"]
    assert not again["new"], "the same rows with the same inputs are decided already"
