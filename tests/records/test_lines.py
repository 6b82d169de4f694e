"""What lists tell of a record is the record's own, and comes back from JSON as it was."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from actum.records.forms import Person
from actum.records.lines import EventLine, VersionLine, line_of
from tests.records import samples
from tests.records.samples import FULL, LEAST

VERSIONS = {"least": LEAST["model-version"], "full": FULL["model-version"]}
TAKEN = {"least taken over": LEAST["imported-version"], "full taken over": FULL["imported-version"]}
EVENTS = {kind: FULL[kind] for kind in ("promotion", "attestation", "seal", "approval", "withdrawal")}


@pytest.mark.parametrize(
    "record", [*VERSIONS.values(), *TAKEN.values(), *EVENTS.values()], ids=[*VERSIONS, *TAKEN, *EVENTS]
)
def test_a_line_comes_back_as_it_was(record: Any) -> None:
    line = line_of(record)
    assert type(line).from_row(record.model, json.loads(json.dumps(line.row()))) == line


@pytest.mark.parametrize("record", VERSIONS.values(), ids=VERSIONS)
def test_a_versions_line_has_its_own_fields(record: Any) -> None:
    line = VersionLine.of(record)
    for name in (field.name for field in fields(line) if field.name != "imported"):
        assert getattr(line, name) == getattr(record, name)
    assert not line.imported


def test_the_line_of_a_version_that_was_taken_over_says_so() -> None:
    least, full = map(VersionLine.of, TAKEN.values())
    assert (least.imported, least.registered_at, least.registered_by) == (True, samples.LATER, None)
    assert (full.imported, full.registered_at, full.registered_by) == (True, samples.NOON, samples.ANA)


@pytest.mark.parametrize("kind", EVENTS)
def test_an_events_line_has_the_fields_of_event_and_body(kind: str) -> None:
    event = EVENTS[kind]
    body = getattr(event, kind)
    line = EventLine.of(event)
    for name in ("model", "id", "kind", "recorded_at", "effective_at"):
        assert getattr(line, name) == getattr(event, name)
    for name in ("version", "stage", "replaces", "supersedes"):
        assert getattr(line, name) == getattr(body, name, None)


def test_a_person_without_a_name_keeps_none() -> None:
    version = samples.version(registered_by=Person(name="", email="ana@example.org"), metrics={"auc": 1.0, "n": 2e300})
    line = VersionLine.from_row("churn", json.loads(json.dumps(VersionLine.of(version).row())))
    assert (line.registered_by, line.metrics) == (version.registered_by, version.metrics)
