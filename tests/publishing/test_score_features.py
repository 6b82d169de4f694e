"""``actum score`` where the table lacks inputs: by which definitions, from which sources or store, what is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from actum import files, layout
from actum.digests import of_bytes
from actum.dvc.config import read_config
from actum.errors import UserError
from actum.filing import write_record
from actum.names import parse_reference
from actum.online.sqlite import SqliteStore
from actum.online.store import Publication
from actum.scoring.order import Order, decider, table
from actum.scoring.supplying import Lacking, lacking
from tests.flight_features import EVENING, FLIGHTS, LABELS, MODEL, VIEWS
from tests.real_git import git, write
from tests.scored_project import Loans

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CASES = "cases.parquet"
STORE = ("--store", ".actum/online.sqlite")


@pytest.fixture
def cases(served: Loans) -> Loans:
    """The project and its store, with a table of flights that are offered in the evening, without their features."""
    rows = pd.read_parquet(served.root / LABELS).drop(columns="late").iloc[:40]
    return tabled(served, rows.assign(offered_at=pd.Timestamp(EVENING).as_unit("us")))


def tabled(project: Loans, rows: pd.DataFrame) -> Loans:
    rows.to_parquet(project.root / CASES, index=False)
    return project


def score(project: Loans, *words: str) -> int:
    return project.actum("score", f"{MODEL}@v1.0.0", CASES, "--local", *words)


def redefined(project: Loans, view: str, **fields: Any) -> None:
    write(project.root, layout.view(view), files.write_yaml({**VIEWS[view], **fields}))
    git(project.root, "commit", "-qam", "Another meaning")


def pinned(project: Loans, digests: Mapping[str, str]) -> None:
    """Register a version that was trained with other meanings than any commit here has."""
    version = project.head.version(MODEL, "1.0.0")
    assert version
    assert version.features
    pins = replace(version.features, digests={**version.features.digests, **digests})
    path = layout.version(MODEL, "2.0.0")
    project.commit({path: write_record(replace(version, version="2.0.0", features=pins), path=path)}, "Register 2.0.0")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def missing(project: Loans, *, store: bool = False) -> Lacking | None:
    """Return what is settled of the inputs that the table lacks, before anything is computed."""
    reference, place = parse_reference(f"{MODEL}@v1.0.0"), project.root / CASES
    order = Order(reference=reference, table=place, store=project.root / STORE[1] if store else None)
    by = decider(project.head, reference, NOW)
    return lacking(by, table(project.root, place), order, project.head, read_config(project.root, os.environ))


def test_definitions_that_moved_on_do_not_touch_a_version_that_was_trained_before(cases: Loans) -> None:
    trained = cases.head.version(MODEL, "1.0.0")
    assert trained
    redefined(cases, "departures", description="other words")
    settled = missing(cases)
    assert settled
    assert settled.commit == cases.repo.head(), "the words moved on, the meaning did not"
    redefined(cases, "arrivals", ttl="1h")
    settled = missing(cases)
    assert settled
    assert settled.commit == trained.result_commit
    assert settled.definitions.views["arrivals"].ttl == "6h"


def test_where_nothing_means_what_the_version_pins_nothing_is_scored(
    cases: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    other = of_bytes(b"another meaning")
    pinned(cases, {"delay_mean_1h": other, "haul": other, "humidity": other})
    assert cases.actum("score", f"{MODEL}@v2.0.0", CASES, "--local") == 1
    assert (
        "error: training-serving skew: delay_mean_1h, haul do not mean here what the model was trained with;"
        " humidity is not defined here any more\n"
    ) in said(capsys)
    assert not (cases.root / "decisions").exists()


def test_a_store_of_another_meaning_is_refused_by_name(cases: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore(cases.root / ".actum/online.sqlite")
    arrivals = store.meta()["arrivals"]
    features = tuple(replace(one, digest=of_bytes(b"another meaning")) for one in arrivals.features)
    store.write([Publication(published=replace(arrivals, features=features), rows=[])])
    assert score(cases, *STORE) == 1
    assert "does not hold arrival_delay_last, arrival_delay_sum_1d by these definitions\n" in said(capsys)
    assert not (cases.root / "decisions").exists()


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        (
            "2013-04-18T00:17:00Z",
            f"knows nothing after {EVENING}, 3:00:00 before 2013-04-18T00:17:00Z; at most 2:00:00",
        ),
        ("2013-04-17T18:00:00Z", f"knows what holds from {EVENING} on, not what held at 2013-04-17T18:00:00Z"),
    ],
    ids=["too old", "too late"],
)
def test_a_store_that_does_not_know_the_moments_of_the_rows_is_refused(
    cases: Loans, moment: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_parquet(cases.root / CASES)
    tabled(cases, rows.assign(offered_at=pd.Timestamp(moment).as_unit("us")))
    assert score(cases, *STORE, "--max-age", "2h", "-n") == 1
    assert message in said(capsys)


def test_keys_that_the_table_lacks_or_has_in_another_type_are_refused_by_name(
    cases: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_parquet(cases.root / CASES)
    tabled(cases, rows.assign(flight=rows["flight"].astype(str)))
    assert score(cases, "-n") == 1
    assert "flight is int in the source, string where it is asked for" in said(capsys)
    assert score(cases, *STORE, "-n") == 1
    assert f"{CASES}, for the set late: flight: is '" in said(capsys)
    tabled(cases, rows.drop(columns="leaves_at"))
    assert score(cases, *STORE, "-n") == 1
    assert f"{CASES}, for the set late: leaves_at is not given, which " in said(capsys)
    tabled(cases, rows[["offered_at"]])
    assert score(cases, *STORE, "-n") == 1
    assert f"{CASES}, for the set late: origin is not given, which " in said(capsys)


def test_moments_without_a_zone_are_to_be_made_utc_in_the_table(
    cases: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_parquet(cases.root / CASES)
    local = rows["offered_at"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    tabled(cases, rows.assign(offered_at=local))
    for words in (STORE, ()):
        assert score(cases, *words, "-n") == 1
        told = said(capsys)
        assert f"{CASES}, for the set late: offered_at is a time without a time zone, so nobody knows" in told
        assert "hint: make it UTC in the table, whatever zone the set has for its labels\n" in told


def test_inputs_that_the_table_brings_are_taken_as_they_are(cases: Loans) -> None:
    brought = pd.read_parquet(cases.root / CASES).assign(seats=7, haul="long")
    settled = missing(tabled(cases, brought))
    assert settled
    inputs = [item.name for item in cases.head.card(MODEL).inputs]
    assert settled.inputs == tuple(name for name in inputs if name not in ("seats", "haul"))
    everything = tabled(cases, brought.assign(**dict.fromkeys(inputs, 1.0)))
    assert missing(everything) is None
    with pytest.raises(UserError, match="holds every input: there is nothing to look up"):
        missing(everything, store=True)


def test_a_source_that_is_not_what_is_on_record_builds_nothing_unless_that_is_allowed(
    cases: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.read_parquet(cases.root / FLIGHTS)
    rows.iloc[:-1].to_parquet(cases.root / FLIGHTS, index=False)
    assert score(cases) == 1
    assert "error: data/flights.parquet is not what is on record\n" in said(capsys)
    assert score(cases, "--allow-changed") == 0
    assert "warning: data/flights.parquet is not what is on record: inputs were built from it\n" in said(capsys)
    (seal,) = [event.seal for event in cases.head.events(MODEL) if event.seal]
    assert seal.supplied
    recorded = {fact.path: fact.sha256 for fact in seal.supplied.sources}
    assert recorded[FLIGHTS] == of_bytes((cases.root / FLIGHTS).read_bytes())
