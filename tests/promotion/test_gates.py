from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actum.gates import good_until, is_closed, judge, latest_attestation
from actum.records.event import Attestation, Event, Finding
from actum.records.policy import Evidence, Policy, Threshold
from tests.records import samples

NOW = datetime(2026, 11, 23, tzinfo=UTC)
UNTIL = datetime(2027, 2, 21, tzinfo=UTC)
DAYS = 90
FOR_EVER, AUGUST = datetime(9999, 12, 31, tzinfo=UTC), datetime(2026, 8, 24, tzinfo=UTC)


def policy(*thresholds: Threshold, rebuild: str = "none") -> Policy:
    return Policy(schema="policy/1", policy="p", thresholds=thresholds, evidence=Evidence(rebuild=rebuild))  # type: ignore[arg-type]


def rebuilt(level: str, expires: datetime = UNTIL, at: datetime = NOW, **more: Any) -> Event:
    facts: dict[str, Any] = {"version": "1.0.0", "level": level, "expires_at": expires, "stages_run": 4, "stages": 4}
    body = Attestation(**(facts | more))
    return samples.event(kind="attestation", promotion=None, attestation=body, recorded_at=at, effective_at=at)


AUC = Threshold(metric="auc", at_least=0.68)
BRIER = Threshold(metric="brier", at_most=0.14)


@pytest.mark.parametrize(
    ("gate", "value", "outcome", "because"),
    [
        (AUC, 0.71, "passed", "0.71 against at least 0.68"),
        (AUC, 0.68, "passed", "0.68 against at least 0.68"),
        (AUC, 0.6, "failed", "0.6 against at least 0.68"),
        (AUC, 0.67999999999, "failed", "0.67999999999 against at least 0.68"),
        (AUC, float("nan"), "failed", "nan against at least 0.68"),
        (BRIER, 0.14, "passed", "0.14 against at most 0.14"),
        (BRIER, 0.2, "failed", "0.2 against at most 0.14"),
        (BRIER, float("nan"), "failed", "nan against at most 0.14"),
    ],
)
def test_a_metric_is_held_against_its_bound(gate: Threshold, value: float, outcome: str, because: str) -> None:
    found = judge(policy(gate), "production", {gate.metric: value}, rebuilt=None, valid_days=DAYS, now=NOW)
    assert found == (Finding(gate=gate.metric, outcome=outcome, because=because),)  # type: ignore[arg-type]


def test_a_gate_that_nobody_measured_is_closed() -> None:
    (found,) = judge(policy(AUC), "production", {"brier": 0.1}, rebuilt=None, valid_days=DAYS, now=NOW)
    assert found == Finding(gate="auc", outcome="missing", because="no run measured it, at least 0.68 is asked")
    assert is_closed(found)


def test_a_threshold_counts_only_at_its_stages() -> None:
    only = Threshold(metric="auc", at_least=0.9, stages=("production",))
    assert judge(policy(only), "staging", {}, rebuilt=None, valid_days=DAYS, now=NOW) == ()
    assert len(judge(policy(only), "production", {}, rebuilt=None, valid_days=DAYS, now=NOW)) == 1


@pytest.mark.parametrize(
    ("wanted", "attestation", "outcome", "because"),
    [
        ("bytes", None, "missing", "nobody rebuilt it, bytes is asked"),
        ("bytes", rebuilt("bytes"), "passed", "bytes against at least bytes, good until 2027-02-21"),
        ("state", rebuilt("bytes"), "passed", "bytes against at least state, good until 2027-02-21"),
        ("bytes", rebuilt("state"), "failed", "state against at least bytes"),
        ("tolerance", rebuilt("different"), "failed", "different against at least tolerance"),
        ("bytes", rebuilt("bytes", NOW), "failed", "bytes, but expired 2026-11-23"),
        ("bytes", rebuilt("bytes", FOR_EVER), "passed", "bytes against at least bytes, good until 2027-02-21"),
        ("bytes", rebuilt("bytes", FOR_EVER, AUGUST), "failed", "bytes, but expired 2026-11-22"),
        (
            "bytes",
            rebuilt("bytes", overrides={"OPENBLAS_CORETYPE": "Nehalem"}),
            "missing",
            "rebuilt with OPENBLAS_CORETYPE overridden, which proves nothing",
        ),
    ],
)
def test_a_rebuild_must_reach_its_level_and_be_fresh(
    wanted: str, attestation: Event | None, outcome: str, because: str
) -> None:
    found = judge(policy(rebuild=wanted), "production", {}, rebuilt=attestation, valid_days=DAYS, now=NOW)
    assert found == (Finding(gate="rebuild", outcome=outcome, because=because),)  # type: ignore[arg-type]


def test_a_policy_that_asks_for_no_rebuild_says_nothing_of_it() -> None:
    assert judge(policy(), "production", {}, rebuilt=rebuilt("different"), valid_days=DAYS, now=NOW) == ()


def test_a_card_may_let_an_attestation_hold_longer_than_there_are_dates() -> None:
    assert good_until(rebuilt("bytes", UNTIL), 10**12) == UNTIL


SUBJECT = {"subject": [{"digest": {"sha256": samples.SHA.removeprefix("sha256:")}}]}


def attested(number: int, at: datetime, level: str = "bytes") -> Event:
    event = rebuilt(level, UNTIL, at, statement=SUBJECT)
    return replace(event, id=f"01JDC8{number:020}")


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ((attested(1, NOW), attested(2, AUGUST)), 1),  # whatever ids say: they are made up as easily as times
        ((attested(2, NOW), attested(1, NOW)), 2),
        ((attested(1, AUGUST), attested(2, NOW, "different")), 2),
        ((attested(1, NOW + timedelta(minutes=5)),), 1),
        ((attested(1, AUGUST), attested(2, NOW + timedelta(minutes=5, seconds=1))), 1),
        ((attested(1, FOR_EVER),), None),
    ],
)
def test_the_latest_attestation_counts_and_none_from_the_future(events: tuple[Event, ...], wanted: int | None) -> None:
    found = latest_attestation(samples.version(version="1.0.0"), events, NOW)
    assert (int(found.id[6:]) if found else None) == wanted
