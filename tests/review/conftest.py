"""Pages compared with files, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.review.browser import picture

GOLDEN = Path(__file__).parent / "golden"
REFRESH = os.environ.get("ACTUM_GOLDEN") == "write"  # asked before the tests' surroundings hide it


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a page with its file; ``ACTUM_GOLDEN=write`` writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if REFRESH:
            path.write_text(text)
        assert text == path.read_text()

    return check


@pytest.fixture
def golden_page() -> str:
    return (GOLDEN / "promotion.md").read_text()


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Keep a picture of a page in the folder that ``--screenshots`` names; without it, nothing."""
    folder: str | None = request.config.getoption("--screenshots")

    def keep(name: str, page: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture(page, Path(folder, f"{name}.png"))

    return keep
