"""The page of a promotion in a real browser: what decides lies on the first screen, and foreign text is text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from actum.catalogue.consents import Consent
from actum.catalogue.differences import Change, Differences
from actum.records.card import ModelCard
from actum.records.event import Figure, Finding
from actum.records.judgement import Slice
from actum.records.policy import Margin, Weight
from actum.review.material import Consumer, Material, Trouble
from actum.review.page import page
from tests.review.browser import NO_BROWSER, SCREEN, Seen, browser, look
from tests.review.promotions import judged, material, slice_

pytestmark = pytest.mark.skipif(browser() is None, reason=NO_BROWSER)
WEIGHTS: tuple[Weight, ...] = ("block", "warn")
DECIDING = (
    *("late-arrival 2.0.0", "1 block, 1 warn", "Refused", "Approvals 1 of 2", "Holdout 2013-07-01"),
    *("AUC", "Brier", "Declined share", "Least gain: carrier B6", "Flips 13,697", "Rebuilt: bytes, today"),
    *("Roll back: ", "actum promote late-arrival --to production --back", "Changed: params 2", "Consumers: shop"),
)


def first_screen(seen: Seen) -> dict[str, bool]:
    """Return of each piece of text whether it can be seen on the first screen, whole."""
    width, height = SCREEN
    return {
        words: at is not None
        and at["visible"]
        and (0 <= at["left"] < at["right"] <= width)
        and (0 <= at["top"] < at["bottom"] <= height)
        for words, at in seen.lines.items()
    }


def test_what_decides_lies_on_the_first_screen_in_its_order_and_the_rest_is_folded(
    golden_page: str, screenshots: Callable[[str, str], None]
) -> None:
    screenshots("promotion", golden_page)
    seen = look(golden_page, DECIDING)
    assert first_screen(seen) == dict.fromkeys(DECIDING, True)
    tops = [at["top"] for at in seen.lines.values() if at]
    assert tops == sorted(tops)
    assert (seen.width, seen.wide) == (SCREEN[0], SCREEN[0]), "nothing sticks out at the side"
    titles = [fold["summary"].split(":")[0].split(",")[0] for fold in seen.folds]
    assert titles[:4] == ["Checks", "Slices", "Calibration and scores", "What changed from late-arrival@v1.0.0"]
    assert len(titles) == 10
    assert [fold for fold in seen.folds if fold["open"] or fold["shown"] != ["summary"]] == []


def test_the_fullest_head_still_fits_the_first_screen() -> None:
    """Broken glass, refused and warned for more than can be told, many names, and whatever is foreign is endless."""
    endless = "on and on " * 500
    troubles = [
        Trouble(weight=weight, path=f"registry/late-arrival/versions/{number}.0.0.yaml", message=endless)
        for weight in WEIGHTS
        for number in range(3)
    ]
    crowded = material(
        judged=dataclasses.replace(judged(), flips={f"{endless}->{endless}": 13697}),
        troubles=tuple(troubles),
        consumers=tuple(Consumer(name=f"application-{n} {endless}", owner=endless) for n in range(40)),
        break_glass=endless,
        rebuilt=endless,
        back=True,
        holds_from=datetime(2026, 12, 1, tzinfo=UTC),
        clock="simulated",
    )
    deciding = (
        *("late-arrival 2.0.0", "Break-glass", "Refused", "Warned", "Approvals 1 of 2", "holds from 2026-12-01"),
        *("Declined share", "Flips 13,697", "Roll back: ", "Consumers: ", "and 37 more"),
    )
    assert first_screen(look(page(crowded), deciding)) == dict.fromkeys(deciding, True)


HOSTILE = (
    "<img src=x onerror=document.title='gone'>",
    "<script>document.title='gone'</script>",
    "</details></main><h1>all is well</h1>",
    "</code></td><b>bold</b>",
    "![pixel](http://127.0.0.1/p.png) [go](javascript:alert(1)) <http://a.example>",
    "a | b | c \\| d \\\\| <i>e</i>",
    "x` <u>y</u> `z",
    "*stars* __lines__ ~~gone~~ $x$ #1 @ana &lt;b&gt;",
    "\n\n# heading\n\n- item\n\n```\nfence\n```\n\n| a |\n|---|\n",
    "--> <!-- \u202eevil \x00\x1b[31m",
)


def full_of(words: str) -> Material:
    """Return a promotion in which whatever a stranger may write is *words*."""
    one = Slice(column=words, value=words, rows=9000, figures=slice_("AA", 9000, 0.1).figures, flips={})
    metric = Figure(metric=words, champion=0.1, challenger=0.2, low=0.1, high=0.1)
    change = Change(name=words, how="changed", a=words, b=words)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return material(
        version=words,
        findings=(
            Finding(gate=words, outcome="failed", because=words),
            Finding(gate=f"approval:{words}", outcome="missing", because=words),
            Finding(gate=words, outcome="warned", because=words),
        ),
        troubles=(
            Trouble(weight="block", path=words, message=words, hint=words),
            Trouble(weight="warn", path=words, message=words, hint=words),
        ),
        judged=dataclasses.replace(judged(), figures=(metric,), slices=(one,), flips={f"{words}->{words}": 3}),
        margins={words: Margin(metric=words, moves_by_at_most=0.1)},
        consents=(
            Consent(principal=words, at=at, how=words, event=words, groups=(words,), why_not=words, comment=words),
        ),
        differences=Differences(a=words, b=words, params=(change,), metrics=(change,), unknown=(words,)),
        code={words: "training"},
        consumers=(Consumer(name=words, owner=words, purpose=words),),
        rebuilt=words,
        card=ModelCard(schema="model/1", model="late-arrival", owner=words, artifact="m.skops", purpose=words),
        lineage=((words, words),),
        digests={words: words},
        break_glass=words,
    )


@pytest.fixture(scope="module")
def harmless() -> Seen:
    return look(page(full_of("plain words")))


@pytest.mark.parametrize("words", HOSTILE)
def test_foreign_text_becomes_no_element_no_attribute_and_no_fold(words: str, harmless: Seen) -> None:
    seen = look(page(full_of(words)))
    assert seen.elements == harmless.elements
    assert words.isprintable() <= (words in seen.text.replace("\u200b", "")), "what can be shown is shown as it is"
    assert [fold["open"] for fold in seen.folds] == [False] * len(harmless.folds)
    assert (seen.title, seen.wide) == ("Page", SCREEN[0])
