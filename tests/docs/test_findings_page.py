"""docs/findings.md says of every finding what the code says of it."""

from __future__ import annotations

import re
from pathlib import Path

from actum.checking.findings import KINDS

PAGE = (Path(__file__).parents[2] / "docs/findings.md").read_text()


def test_every_finding_is_on_the_page_with_its_words() -> None:
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.M)) == KINDS


def test_the_page_promises_no_finding_that_there_is_not() -> None:
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE)
    assert sorted(set(named) - KINDS.keys()) == []
