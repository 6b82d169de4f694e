"""A rebuild that says nothing new writes nothing new, and one that carries the date on does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actum.rebuild.repeating import standing
from actum.records.event import Attestation, Event
from actum.records.forms import Person

ANA, BEN = Person(name="Ana", email="ana@example.org"), Person(name="Ben", email="ben@example.org")
NOON = datetime(2030, 5, 2, 12, tzinfo=UTC)


def attested(number: int, at: datetime = NOON, *, valid_days: int = 90, by: Person = ANA, **changes: Any) -> Event:
    built = {"buildDefinition": {"code": "a"}, "runDetails": {"builder": "actum", "metadata": {"at": at.isoformat()}}}
    said: dict[str, Any] = {"version": "1.0.0", "level": "bytes", "stages_run": 3, "stages": 3}
    said |= {"expires_at": at + timedelta(days=valid_days), "statement": {"subject": ["m"], "predicate": built}}
    return Event(
        schema="event/1",
        id=f"01JDC8{number:020}",
        kind="attestation",
        model="tiny",
        recorded_at=at,
        effective_at=at,
        clock="real",
        by=by,
        attestation=Attestation(**{**said, **changes}),
    )


OLD = attested(1)


@pytest.mark.parametrize(
    "new",
    [attested(2), attested(2, NOON + timedelta(hours=11))],
    ids=["at once", "the same day"],
)
def test_the_same_said_again_by_the_same_person_on_the_same_day_is_needless(new: Event) -> None:
    assert standing(new, [OLD], valid_days=90) == OLD


@pytest.mark.parametrize(
    "new",
    [
        attested(2, NOON + timedelta(hours=12)),
        attested(2, NOON - timedelta(hours=1)),
        attested(2, by=BEN),
        attested(2, level="state"),
        attested(2, stages_run=2),
        attested(2, version="1.1.0"),
        attested(2, statement={"subject": ["another"]}),
    ],
    ids=[
        "another day",
        "before it",
        "another person",
        "another level",
        "fewer stages",
        "another version",
        "other bytes",
    ],
)
def test_whatever_differs_is_worth_a_new_one(new: Event) -> None:
    assert standing(new, [OLD], valid_days=90) is None


def test_an_attestation_whose_life_is_half_over_is_carried_on() -> None:
    short = attested(1, valid_days=1)
    assert standing(attested(2, NOON + timedelta(hours=11), valid_days=1), [short], valid_days=1) == short
    late = attested(1, NOON.replace(hour=0), valid_days=1)
    assert standing(attested(2, NOON, valid_days=1), [late], valid_days=1) is None
    # The card grants a longer life now.
    assert standing(attested(2, valid_days=181), [OLD], valid_days=181) is None


def test_a_verdict_that_was_another_in_between_is_not_passed_over() -> None:
    other = replace(attested(2, NOON + timedelta(hours=1)), attestation=attested(2, level="different").attestation)
    assert standing(attested(3, NOON + timedelta(hours=2)), [OLD, other], valid_days=90) is None
    assert standing(attested(3), [], valid_days=90) is None
