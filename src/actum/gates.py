"""What a policy asks of a version at a stage, gate by gate. Pure: values in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from actum import digests, moments
from actum.records.event import Attestation, Event, Finding, Verdict, reaches
from actum.records.policy import Evidence, Policy, Threshold
from actum.records.version import ModelVersion

REBUILD = "rebuild"


def judge(
    policy: Policy,
    stage: str,
    metrics: Mapping[str, float],
    *,
    evidence: Evidence | None = None,
    rebuilt: Event | None,
    valid_days: int,
    now: datetime,
) -> tuple[Finding, ...]:
    """Return one finding for each gate that the policy sets at this stage, in its order.

    Args:
        metrics: As the version's run measured them.
        evidence: What is asked of models of this risk tier; the policy's own where absent.
        rebuilt: The latest attestation of this very version, None when there is none.
        valid_days: For how long the card lets an attestation hold, whatever that says itself.
        now: The moment at which an attestation must still hold.
    """
    counting = (gate for gate in policy.thresholds if not gate.stages or stage in gate.stages)
    found = [_threshold(gate, metrics.get(gate.metric)) for gate in counting]
    wanted = (evidence or policy.evidence).rebuild
    if wanted != "none":
        found.append(_rebuild(wanted, rebuilt, valid_days, now))
    return tuple(found)


def latest_attestation(version: ModelVersion, events: Iterable[Event], now: datetime) -> Event | None:
    """Return the newest attestation that is about this version's very bytes, whatever it says of them.

    One that says it was recorded in the future does not count: it would outlast and hide every honest one.
    """
    latest = now + moments.CLOCKS_MAY_DIFFER_BY
    about = [
        event
        for event in events
        if event.attestation and event.recorded_at <= latest and is_about(event.attestation, version)
    ]
    return max(about, key=lambda event: (event.recorded_at, event.id), default=None)


def good_until(event: Event, valid_days: int) -> datetime:
    """Return when an attestation ends: when it says so itself, but never later than the card allows."""
    assert event.attestation is not None
    return min(event.attestation.expires_at, event.recorded_at + timedelta(days=min(valid_days, moments.MOST_DAYS)))


def attested(event: Event | None, valid_days: int) -> str:
    """Return what an attestation says and for how long, in words; "" where there is none."""
    if event is None or event.attestation is None:
        return ""
    until = good_until(event, valid_days)
    return f"{event.attestation.level}, {event.recorded_at:%Y-%m-%d}, good until {until:%Y-%m-%d}"


def is_about(attestation: Attestation, version: ModelVersion) -> bool:
    """Whether it counts for this version: no overrides; one of equal bytes ran every stage and names these bytes."""
    if attestation.version != version.version or attestation.overrides:
        return False
    if attestation.level != "bytes":
        return True
    if attestation.stages_run != attestation.stages:
        return False
    subjects = attestation.statement.get("subject")
    wanted = version.artifact.sha256.removeprefix(digests.SHA256)
    named = [item.get("digest") for item in subjects if isinstance(item, dict)] if isinstance(subjects, list) else []
    return {"sha256": wanted} in named


def is_closed(finding: Finding) -> bool:
    """Whether the finding stops a promotion."""
    return finding.outcome in ("failed", "missing")


def _threshold(gate: Threshold, value: float | None) -> Finding:
    bound, words = (gate.at_least, "at least") if gate.at_least is not None else (gate.at_most, "at most")
    assert bound is not None
    if value is None:
        return Finding(gate=gate.metric, outcome="missing", because=f"no run measured it, {words} {bound:g} is asked")
    # Written so that NaN, which compares false with everything, fails.
    holds = value >= bound if gate.at_least is not None else value <= bound
    shown, limit = _apart(value, bound)
    return Finding(
        gate=gate.metric, outcome="passed" if holds else "failed", because=f"{shown} against {words} {limit}"
    )


def _apart(value: float, bound: float) -> tuple[str, str]:
    """Write two figures shortly, but never two different ones alike: 0.67999999 is not 0.68."""
    short = f"{value:g}", f"{bound:g}"
    return (repr(value), repr(bound)) if short[0] == short[1] and value != bound else short


def _rebuild(wanted: Verdict, event: Event | None, valid_days: int, now: datetime) -> Finding:
    if event is None or event.attestation is None:
        return Finding(gate=REBUILD, outcome="missing", because=f"nobody rebuilt it, {wanted} is asked")
    rebuilt, until = event.attestation, good_until(event, valid_days)
    if rebuilt.overrides:
        because = f"rebuilt with {', '.join(sorted(rebuilt.overrides))} overridden, which proves nothing"
        return Finding(gate=REBUILD, outcome="missing", because=because)
    reached = f"{rebuilt.level} against at least {wanted}"
    if not reaches(rebuilt.level, wanted):
        return Finding(gate=REBUILD, outcome="failed", because=reached)
    if until <= now:
        return Finding(gate=REBUILD, outcome="failed", because=f"{rebuilt.level}, but expired {until:%Y-%m-%d}")
    return Finding(gate=REBUILD, outcome="passed", because=f"{reached}, good until {until:%Y-%m-%d}")
