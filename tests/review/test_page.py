"""The page of a promotion: its first lines decide, it fits the forge, and foreign text stays text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from actum.catalogue.consents import Consent
from actum.catalogue.differences import Differences
from actum.catalogue.feature_changes import FeatureChange, Part
from actum.records.event import Figure, Finding
from actum.review.markup import bars, code, text
from actum.review.material import Consumer, Trouble
from actum.review.page import LARGEST, page
from tests.review.promotions import SHA, judged, material, slice_

Golden = Callable[[str, str], None]
NASTY = "|<b>@ana</b>\n#12 `x` [a](http://evil.example) \x1b[31m$x$"


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
    assert lines[1] == "### 🔴 late-arrival 2.0.0 → production (replaces 1.0.0) · 2 block, 1 warn"
    assert lines[2].startswith(
        "🔴 Refused: policies/p.yaml: changed with the promotion that it judges; **approval:model-risk**"
    )


def test_break_glass_is_loud() -> None:
    lines = page(material(break_glass="the champion answers nonsense")).splitlines()
    assert lines[2] == "🚨 **Break-glass**: the champion answers nonsense  "


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
    assert code("plain <b>") == "`plain <b>`"
    assert code("a`|\nb") == r"<code>a\`\|?b</code>"


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
