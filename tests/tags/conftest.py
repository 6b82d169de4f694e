"""The same release project as in ``tests/promotion``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "promotion"
sys.path.insert(0, str(_FOLDER))
_SPEC = importlib.util.spec_from_file_location("release_fixtures", _FOLDER / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_FIXTURES = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_FIXTURES)

release_template = _FIXTURES.release_template
project = _FIXTURES.project
