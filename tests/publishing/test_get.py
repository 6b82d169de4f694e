"""``actum features get``: what a person at a terminal is told, by which store, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actum import files
from actum.cli.main import main
from actum.git.repository import Git
from tests.online.online_views import AT_REQUEST, DELAYS, PLANES, filled
from tests.real_git import git, write

SETTINGS = """\
schema: settings/1
project: {name: delays, owner: ana@example.org}
environment: {python: "3.11", platform: linux-x86_64}
"""
SET: dict[str, Any] = {
    "schema": "feature-set/1",
    "set": "late",
    "labels": {"path": "data/labels.parquet", "moment": "at"},
    "features": ["delay_mean_3h", "plane_age", "is_jet"],
    "keys": {"origin": "from", "tailnum": "last_tail"},
}


@pytest.fixture
def project(repo: Git) -> Path:
    """A repository with views, a set, and a store of what they were at noon."""
    write(repo.root, "actum.yaml", SETTINGS)
    for view in (DELAYS, PLANES, AT_REQUEST):
        write(repo.root, f"features/{view['view']}.yaml", files.write_yaml(view))
    write(repo.root, "features/sets/late.yaml", files.write_yaml(SET))
    git(repo.root, "add", ".")
    git(repo.root, "commit", "-qm", "Begin")
    filled(repo.root / ".actum/online.sqlite")
    return repo.root


def get(project: Path, *words: str) -> int:
    return main(["-C", str(project), "features", "get", *words])


def test_an_entity_is_looked_up_by_its_keys_in_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get(project, "delays", "JFK", "--at", "2013-04-18T14:30:00Z") == 0
    assert capsys.readouterr().out == (
        "  origin         JFK\n"
        "  departures_3h  0\n"
        "  delay_mean_3h  missing\n"
        "  last_tail      N1\n"
        "known until 2013-04-18 12:00Z, 2 h 30 min before\n"
    )


def test_features_of_a_request_take_keys_and_values_by_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("at_request", "origin=JFK", "tailnum=N1", "--request", "minutes=5", "--request", "leaves_at=2013-04-19")
    assert get(project, *asked, "--at", "2013-04-18T12:00:00Z", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "features-looked-up/1"
    assert answer["data"]["features"] == {"expected_min": 35.5, "hour": 20, "plane_age": 14}
    assert (answer["data"]["until"], answer["data"]["age_s"]) == ("2013-04-18T12:00:00Z", 0.0)
    assert answer["data"]["given"]["leaves_at"] == "2013-04-19T00:00:00Z"


def test_a_set_asks_for_what_its_labels_would_bring(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--set", "late", "from=JFK", "leaves_at=2013-04-19", "--at", "2013-04-18T12:00:00Z", "--json")
    assert get(project, *asked) == 0
    assert json.loads(capsys.readouterr().out)["data"]["features"] == {
        "delay_mean_3h": 30.5,
        "plane_age": 14,
        "is_jet": True,
    }


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("delays",), 2, "origin not given; wanted: origin (string)"),
        (("delays", "JFK", "LGA"), 2, "2 keys given, delays wants 1: origin"),
        (("delays", "JFK", "x=1"), 2, "x is not asked for; wanted: origin (string)"),
        (("delays", "origin=JFK", "origin=LGA"), 2, "origin is given twice"),
        (("at_request", "JFK"), 2, "1 key given, at_request has none: write NAME=VALUE"),
        (
            ("at_request", "origin=JFK", "tailnum=", "minutes=five", "leaves_at="),
            2,
            "minutes: 'five' is no number",
        ),
        (("late",), 1, "features/late.yaml is not committed; there are: at_request, delays, planes"),
        (("--set", "later"), 1, "features/sets/later.yaml is not committed"),
        ((), 2, "neither a view nor a set is named"),
    ],
)
def test_what_cannot_be_asked_is_said(
    project: Path, words: tuple[str, ...], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert get(project, *words, "--at", "2013-04-18T12:00:00Z") == status
    assert f"error: {message}\n" in capsys.readouterr().err


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(
    ("minutes", "message"),
    [
        ("inf", "minutes: is infinite"),
        ("1000", "features/at_request.yaml: features[0].of: far: is infinite, a feature is a finite number"),
    ],
)
def test_what_is_infinite_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], minutes: str, message: str, form: list[str]
) -> None:
    far = {**AT_REQUEST, "features": [{"name": "far", "type": "float", "of": "exp(minutes)"}]}
    write(project, "features/at_request.yaml", files.write_yaml(far))
    git(project, "commit", "-qam", "How far it is")
    words = ("at_request", "--request", f"minutes={minutes}", "--at", "2013-04-18T12:00:00Z")
    assert get(project, *words, *form) == 1
    assert f"error: {message}\n" in capsys.readouterr().err


def test_a_moment_before_what_the_store_holds_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get(project, "delays", "JFK", "--at", "2013-04-18T11:59:00Z") == 1
    assert "knows what holds from 2013-04-18T12:00:00Z on, not what held at" in capsys.readouterr().err


def test_a_store_of_other_definitions_than_those_checked_out_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, "features/delays.yaml", files.write_yaml({**DELAYS, "ttl": "2h"}))
    git(project, "commit", "-qam", "The last aircraft is forgotten")
    assert get(project, "delays", "JFK") == 1
    said = capsys.readouterr().err
    assert f"training-serving skew: {project}/.actum/online.sqlite does not hold last_tail by these definitions" in said
    assert "hint: actum features materialize delays --store" in said


def test_no_store_and_a_damaged_one_are_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get(project, "delays", "JFK", "--store", str(project / "none.sqlite")) == 1
    assert "there is no online store" in capsys.readouterr().err
    (project / ".actum/online.sqlite").write_bytes(b"x" * 5000)
    assert get(project, "delays", "JFK") == 1
    assert ".actum/online.sqlite: is no online store" in capsys.readouterr().err
