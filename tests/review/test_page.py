"""The page of a promotion: its first lines decide, it fits the forge, and foreign text stays text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actum.catalogue.consents import Consent
from actum.catalogue.differences import Change, Differences
from actum.catalogue.feature_changes import FeatureChange, Part
from actum.records.card import DecisionRule, ModelCard, Risk
from actum.records.event import Figure, Finding
from actum.records.judgement import Bin, Judged, Slice, SliceFigure
from actum.records.policy import Margin
from actum.review.markup import bars, code, text
from actum.review.material import Consumer, Material, Trouble
from actum.review.page import LARGEST, page

Golden = Callable[[str, str], None]
SHA = "sha256:" + "7c1e" * 16
NASTY = "|<b>@ana</b>\n#12 `x` [a](http://evil.example) \x1b[31m$x$"


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


def test_the_page_reads_as_agreed(golden: Golden) -> None:
    golden("promotion.md", page(material()))


def test_the_first_promotion_reads_as_agreed(golden: Golden) -> None:
    alone = dataclasses.replace(
        judged(), champion=None, figures=(Figure(metric="auc", challenger=0.7),), slices=(), flips={}, calibration={}
    )
    first = material(
        replaces=None, judged=alone, differences=None, code=None, rollback="", holdout_uses=0, findings=(), consents=()
    )
    golden("first.md", page(first))


def test_features_that_change_are_counted_in_the_head_and_told_with_those_who_take_them(golden: Golden) -> None:
    changes = (
        FeatureChange(name="hour", how="added", b=SHA),
        FeatureChange(name="late_share", how="renamed", was="delay_share", a=SHA, b=SHA),
        FeatureChange(name="delay_3h", how="changed", parts=(Part(name="where", a="", b="not cancelled"),)),
    )
    differences = Differences(a="late-arrival@v1.0.0", b="late-arrival@v2.0.0", features=changes, sets=("s",))
    users = {"delay_3h": ("claims", "staffing@v1.0.0")}
    whole = page(material(differences=differences, feature_users=users))
    assert "\nChanged: params 0 · features 3 · data 0 · environment 0 · code 0  \n" in whole
    start = whole.index("<details><summary>Features")
    golden("features.md", whole[start : whole.index("</details>", start)])


def test_the_head_has_twelve_lines_of_text_at_most() -> None:
    top = page(material()).split("<details>")[0].splitlines()
    told = [line for line in top if line.strip() and not line.startswith(("<!--", "| ---"))]
    assert len(told) <= 13, told  # the table's own head is one of them


def test_a_refusal_stands_in_the_second_line_with_its_reason() -> None:
    trouble = Trouble(weight="block", path="policies/p.yaml", message="changed with the promotion that it judges")
    lines = page(material(troubles=(trouble,))).splitlines()
    assert lines[1] == "### 🔴 late-arrival 2.0.0 → production (replaces 1.0.0)   2 block, 1 warn"
    assert lines[2].startswith(
        "Refused: policies/p.yaml: changed with the promotion that it judges; **approval:model-risk**"
    )


def test_break_glass_is_loud() -> None:
    lines = page(material(break_glass="the champion answers nonsense")).splitlines()
    assert lines[2] == "🚨 **Break-glass**: the champion answers nonsense"


def test_a_page_that_is_too_long_loses_details_in_a_stated_order_and_says_so() -> None:
    many = tuple(slice_(f"C{number}", 1000, 0.01) for number in range(1500))
    whole = page(material(judged=dataclasses.replace(judged(), slices=many)))
    assert len(whole) <= LARGEST
    assert "Left out to fit the page: lineage, code, calibration, card, consumers, slices." in whole
    assert "<details><summary>Checks" in whole
    assert whole.startswith("<!-- actum:promotion model=late-arrival stage=production -->\n### ")


def test_no_page_is_longer_than_the_forge_takes_even_when_its_head_is() -> None:
    endless = tuple(Finding(gate="g", outcome="failed", because="x" * 70_000) for _ in range(3))
    assert len(page(material(findings=endless))) <= LARGEST


def test_foreign_text_is_no_markup_no_mention_no_link_and_no_line() -> None:
    assert text(NASTY) == (r"\|&lt;b&gt;&#64;ana&lt;/b&gt; \#12 \`x\` \[a\](http:&#8203;//evil.example) \[31m\$x\$")
    assert code("a`|\nb") == r"`a'\|?b`"


def test_no_field_of_the_material_reaches_the_page_unescaped() -> None:
    bad = "<script>alert(1)</script>"
    whole = page(
        material(
            version=bad,
            findings=(Finding(gate=bad, outcome="failed", because=bad),),
            troubles=(Trouble(weight="warn", path=bad, message=bad, hint=bad),),
            consents=(
                Consent(
                    principal=bad, at=datetime(2026, 1, 1, tzinfo=UTC), how=bad, event=bad, comment=bad, why_not=bad
                ),
            ),
            consumers=(Consumer(name=bad, owner=bad, purpose=bad),),
            break_glass=bad,
            rebuilt=bad,
            lineage=((bad, bad),),
            differences=Differences(
                a=bad,
                b=bad,
                features=(
                    FeatureChange(name=bad, how="renamed", was=bad),
                    FeatureChange(name="f", how="changed", parts=(Part(name=bad, a=bad, b=bad),)),
                ),
            ),
            feature_users={"f": (bad,)},
        )
    )
    outside_code = "".join(part for number, part in enumerate(whole.split("`")) if number % 2 == 0)
    assert "<script" not in outside_code


def test_bars_are_as_high_as_their_counts() -> None:
    assert bars((0, 1, 4, 8)) == " ▂▅█"
    assert bars(()) == bars((0, 0)) == ""


def test_goldens_are_all_used() -> None:
    assert sorted(path.name for path in (Path(__file__).parent / "golden").iterdir()) == [
        "features.md",
        "first.md",
        "promotion.md",
    ]
