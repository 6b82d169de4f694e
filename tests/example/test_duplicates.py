"""What somebody defines a second time in the example is found, by its meaning or its values; a near miss is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from actum.cli.main import main
from actum.features.reading import read_views
from actum.features.survey import survey
from actum.records.codec import encode
from actum.vetting.data import data_remarks
from tests.real_git import git

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"
# As origin_departures, but for the names of all things.
RENAMED = """\
schema: feature-view/1
view: queues
description: how long aircraft queue
owner: ben@example.org
entity: [airport]
source: {path: data/flights.parquet, keys: {airport: origin}, event_at: departed_at}
features:
  - name: queue_3h_min
    type: float
    unit: minutes
    description: mean time in the queue, last 3 hours
    of: dep_delay
    aggregate: mean
    over: [3h]
"""
# As dest_claims, in another order and other brackets.
REORDERED = """\
features:
  - over: [1w]
    aggregate: share
    of: (1 = claim)
    description: share of claims
    type: float
    name: dest_claims_1w_share
source: {event_at: known_at, path: data/outcomes.parquet}
entity: [dest]
owner: ben@example.org
description: what became of flights, by where they went
view: airports
schema: feature-view/1
"""
# An hour more, arrivals, and delays without those who leave early: each is something else.
NEAR = """\
schema: feature-view/1
view: near
description: what is nearly there already
owner: ben@example.org
entity: [origin]
source: {path: data/flights.parquet, event_at: departed_at}
features:
  - {name: delay_4h_min, type: float, of: dep_delay, aggregate: mean, over: [4h], description: one hour more}
  - {name: arrival_delay_3h_min, type: float, of: arr_delay, aggregate: mean, over: [3h], description: of arrivals}
  - {name: wait_3h_min, type: float, of: "greatest(dep_delay, 0)", aggregate: mean, over: [3h], description: no gains}
"""
# The same share as in carrier_claims by another way: its definition does not show it, its values do.
REWRITTEN = """\
schema: feature-view/1
view: trouble
description: trouble with carriers
owner: ben@example.org
entity: [carrier]
source: {path: data/outcomes.parquet, event_at: known_at}
features:
  - name: trouble_7d
    type: float
    of: case when claim > 0 then 1.0 else 0.0 end
    aggregate: mean
    over: [7d]
    description: rate of trouble
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The example, committed, in a folder of its own."""
    root = tmp_path / "copy"
    shutil.copytree(EXAMPLE, root)
    git(root, "init", "-q")
    git(root, "add", "--all")
    git(root, "commit", "-qm", "The example")
    return root


def plant(root: Path, *views: str) -> None:
    for text in views:
        (root / f"features/{yaml.safe_load(text)['view']}.yaml").write_text(text)


def test_the_example_says_each_thing_once_and_duplicates_are_found_by_their_meaning(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(copy), "features", "check", "--no-data"]) == 0
    assert capsys.readouterr().out == "clean: 22 features in 15 views, 1 set: 0 block, 0 warn\n"
    plant(copy, RENAMED, REORDERED, NEAR, REWRITTEN)
    assert main(["-C", str(copy), "features", "check", "--no-data", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)["data"]["findings"]
    assert [(one["kind"], one["path"], one["message"]) for one in found if one["weight"] == "block"] == [
        (
            "feature-same",
            "features/dest_claims.yaml",
            "dest_claims_7d_share is feature/airports.dest_claims_1w_share under another name (digest c8716e6e)",
        ),
        (
            "feature-same",
            "features/queues.yaml",
            "queue_3h_min is feature/origin_departures.origin_delay_3h_min under another name (digest 5f85df1a)",
        ),
    ]
    assert {one["kind"] for one in found if one["weight"] == "warn"} == {"feature-dead"}


def test_duplicates_that_only_the_flights_show_are_for_people_to_look_at(
    copy: Path, spring: pd.DataFrame, zones: pd.Series, raw: Path
) -> None:
    import ingest
    from project import write_table

    flights = ingest.resolve(spring[spring["day"] <= 7], zones, 60)
    write_table(flights, copy / "data/flights.parquet")
    write_table(ingest.judge(flights, 30), copy / "data/outcomes.parquet")
    for name in ("weather", "planes"):
        shutil.copy(raw / f"{name}.csv", copy / "data/raw")
    plant(copy, NEAR, REWRITTEN)
    definitions = read_views(copy)
    views = [encode(view) for view in definitions.views.values() if view.source]
    told = survey({"root": str(copy), "views": views, "processed": None})
    same = "trouble_7d has the values of feature/carrier_claims.carrier_claims_7d_share in all 23,164 rows"
    assert [(one.kind, one.weight, one.path, one.message) for one in data_remarks(definitions, told)] == [
        ("feature-alike", "warn", "features/trouble.yaml", f"{same}: is it another variable?")
    ]
