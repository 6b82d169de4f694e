"""Pages compared with files, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
