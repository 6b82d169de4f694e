"""What pages are written from in these tests: one promotion with all that there can be to say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actum.catalogue.consents import Consent
from actum.catalogue.differences import Change, Differences
from actum.records.card import DecisionRule, ModelCard, Risk
from actum.records.event import Figure, Finding
from actum.records.judgement import Bin, Judged, Slice, SliceFigure
from actum.records.policy import Margin
from actum.review.material import Consumer, Material

SHA = "sha256:" + "7c1e" * 16


def judged() -> Judged:
    return Judged(
        schema="judged/1",
        holdout="b" * 32,
        challenger=SHA,
        champion=SHA,
        rows=86326,
        positives=15733,
        first_moment=datetime(2013, 7, 1, 4, tzinfo=UTC),
        last_moment=datetime(2013, 10, 1, 3, tzinfo=UTC),
        draws=1000,
        seed=2013,
        confidence=0.95,
        figures=(
            Figure(metric="auc", champion=0.70612, challenger=0.78691, low=0.0763, high=0.0842),
            Figure(metric="brier", champion=0.14911, challenger=0.11701, low=-0.0333, high=-0.0309),
            Figure(metric="declined_share", champion=0.022, challenger=0.174, low=0.149, high=0.155),
            Figure(metric="log_loss", champion=0.45, challenger=0.38, low=-0.08, high=-0.06),
        ),
        slices=(
            slice_("AA", 9000, 0.08),
            slice_("B6", 14227, 0.055),
            Slice(column="carrier", value="YV", rows=12, positives=0),
        ),
        calibration={
            "champion": (Bin(predicted=0.1, realised=0.12, rows=43163), Bin(predicted=0.3, realised=0.28, rows=43163)),
            "challenger": (Bin(predicted=0.1, realised=0.1, rows=43163), Bin(predicted=0.3, realised=0.3, rows=43163)),
        },
        scores={"champion": (5, 4, 3, 2, 1, 0), "challenger": (1, 8, 0, 0, 0, 1)},
        flips={"offered->declined": 13414, "declined->offered": 283},
    )


def slice_(value: str, rows: int, gain: float) -> Slice:
    figure = SliceFigure(
        metric="auc", champion=0.7, challenger=0.7 + gain, low=gain - 0.01, high=gain + 0.01, error=0.005
    )
    return Slice(
        column="carrier", value=value, rows=rows, positives=rows // 5, figures=(figure,), flips={"offered->declined": 7}
    )


def material(**changes: Any) -> Material:
    least: dict[str, Any] = {
        "model": "late-arrival",
        "version": "2.0.0",
        "stage": "production",
        "replaces": "1.0.0",
        "plan": SHA,
        "findings": (
            Finding(gate="auc", outcome="passed", because="0.787 against at least 0.72"),
            Finding(gate="holdout:declined_share", outcome="warned", because="0.022 -> 0.174"),
            Finding(gate="approval:model-risk", outcome="missing", because="1 of model-risk"),
        ),
        "judged": judged(),
        "margins": {
            "auc": Margin(metric="auc", worse_by_at_most=0.005),
            "brier": Margin(metric="brier", worse_by_at_most=0.0),
            "declined_share": Margin(metric="declined_share", moves_by_at_most=0.05, weight="warn"),
        },
        "consents": (
            Consent(
                principal="ana@example.org",
                at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
                how="SSH signature",
                event="01K",
                groups=("science",),
                comment="looked at the slices",
            ),
            Consent(
                principal="mal@example.org",
                at=datetime(2026, 11, 24, 9, 31, tzinfo=UTC),
                how="SSH signature",
                event="01K",
                why_not="the key was revoked",
            ),
        ),
        "approvals_needed": 2,
        "holdout_uses": 1,
        "differences": Differences(
            a="late-arrival@v1.0.0",
            b="late-arrival@v2.0.0",
            params=(
                Change(name="model.kind", how="changed", a="linear", b="boosting"),
                Change(name="train.until", how="changed", a="2013-04-01", b="2013-07-01"),
            ),
            code=(Change(name="src/train.py", how="changed", a="a" * 40, b="b" * 40),),
        ),
        "code": {"src/train.py": "training"},
        "consumers": (Consumer(name="shop", owner="ana@example.org", purpose="offers delay cover"),),
        "rollback": "`actum promote late-arrival --to production --back`",
        "rebuilt": "bytes, today",
        "card": ModelCard(
            schema="model/1",
            model="late-arrival",
            owner="ana@example.org",
            artifact="models/m.skops",
            purpose="whether to offer delay cover",
            risk=Risk(exposure="medium", purpose="medium"),
            decision=DecisionRule(threshold=0.35, at_or_above="declined", below="offered"),
        ),
        "lineage": (("data/raw/flights.csv", "run/01J"), ("run/01J", "late-arrival@v2.0.0")),
        "digests": {"head": "a" * 40, "plan": SHA},
    }
    return Material(**least | changes)
