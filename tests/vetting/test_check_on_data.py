"""``actum features check`` in the locked environment of a project, on real flights."""

from __future__ import annotations

import json
import subprocess

import pytest

from actum.cli.main import main
from actum.vetting.data import survey
from actum.vetting.processed import processed_views
from tests.flight_features import definitions, workshop
from tests.real_git import git
from tests.scored_project import Loans

WORSE = """\
schema: feature-view/1
view: punctuality
description: Delays once more, by somebody who did not look
owner: ben@example.org
entity: [origin]
source: {path: data/flights.parquet, event_at: departed_at, keys: {origin: origin}}
features:
  - name: late_rate_3h
    type: float
    of: case when dep_delay > 30 then 1.0 when dep_delay <= 30 then 0.0 end
    aggregate: mean
    over: [3h]
    description: rate of late flights
  - name: delay_h
    type: float
    of: dep_delay / 60.0
    aggregate: mean
    over: [1h]
    description: mean delay in hours
  - {name: wheels, type: int, of: wheel_count, description: wheels}
"""


Found = tuple[str, str, str]


def found(airline: Loans, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[Found]]:
    """Return the exit status, and kind, path and message of what the sources say."""
    capsys.readouterr()
    status = main(["-C", str(airline.root), "features", "check", "--json"])
    findings = json.loads(capsys.readouterr().out)["data"]["findings"]
    asked = [one for one in findings if one["kind"] in ("feature-source", "feature-alike", "feature-unsurveyed")]
    return status, [(one["kind"], one["path"], one["message"]) for one in asked]


def test_the_sources_are_asked_in_the_locked_environment(airline: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    path = "features/punctuality.yaml"
    (airline.root / path).write_text(WORSE)
    status, (refused,) = found(airline, capsys)
    assert (status, refused[:2]) == (3, ("feature-source", path))
    assert refused[2].startswith("no column of data/flights.parquet is called wheel_count")
    other = "feature/punctuality.late_rate_3h"
    (airline.root / path).write_text(WORSE.rpartition("  - {name: wheels")[0])
    assert found(airline, capsys) == (
        0,
        [
            (
                "feature-alike",
                "features/departures.yaml",
                "delay_mean_1h goes with feature/punctuality.delay_h (r = 1.0000): is it the same in another unit?",
            ),
            (
                "feature-alike",
                "features/departures.yaml",
                f"late_share_3h has the values of {other} in all 5,836 rows: is it another variable?",
            ),
        ],
    )


def test_sources_that_cannot_be_asked_are_no_good_sources(airline: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    (airline.root / "requirements.lock").unlink()
    git(airline.root, "rm", "--quiet", "--cached", "requirements.lock")
    told = "the sources could not be asked: requirements.lock is not committed"
    assert found(airline, capsys) == (3, [("feature-unsurveyed", "features", told)])
    assert main(["-C", str(airline.root), "features", "check", "--no-data"]) == 0


PIPELINE = """\
stages:
  views:
    cmd:
    - mkdir -p data/views
    - python -m actum.features process --threads 2 ../data/views departures
    wdir: models
    deps: [../data/flights.parquet]
    outs:
    - ../data/views: {persist: true}
"""


def test_what_a_stage_has_processed_is_asked_instead_of_the_sources(airline: Loans) -> None:
    root, shop = airline.root, workshop(airline.root)
    (root / "dvc.yaml").write_text(PIPELINE)
    assert processed_views(root, ["."]) is None  # not made yet
    command = [str(shop.prepared.environment.executable), "-m", "actum.features", "process", "data/views", "departures"]
    subprocess.run(command, cwd=root, env=dict(shop.prepared.env), capture_output=True, check=True)
    assert processed_views(root, ["elsewhere", "."]) == "data/views"
    without, read = (survey(shop, definitions(), folder) for folder in (None, "data/views"))
    # Windows of an hour, three hours and a day; the other four parts are computed as ever.
    assert without.pop("logs") == {"computed": 7, "read": 0}
    assert read.pop("logs") == {"computed": 4, "read": 3}
    assert read == without
